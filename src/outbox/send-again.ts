import type { DeliveryError } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import { recalled } from "../conversations/recall-replies.ts";
import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

interface Piece {
  readonly conversationId: string;
  readonly messageId: string;
  readonly piece: number;
}

/** A try that the provider took, and that its carrier did not deliver. */
export interface LostTry {
  readonly externalId: string;
  readonly error: DeliveryError;
  /** Before the second try, the third, … */
  readonly againAfterMs: readonly number[];
}

/**
 * Takes a lost try down and plans the next one. False: there is none, because there were enough, because the conversation
 * is not the assistant's any more (R4), because what was written later has arrived (R3), or because this is no news.
 * Words that came of an event of their own (a call that is about to be made) are too late by then.
 */
export async function loseTry(sql: TransactionSql, { conversationId, messageId, piece }: Piece, lost: LostTry) {
  const { externalId, error, againAfterMs } = lost;
  const [conversation] = await sql<{ owner: string }[]>`
    select owner from conversations where id = ${conversationId} for update`;
  const [delivery] = await sql<{ seq: number; author: string; tries: number }[]>`
    select d.seq, m.author, (select count(*)::int from lost_tries t
        where t.message_id = d.message_id and t.piece = d.piece) as tries
    from deliveries d join messages m on m.id = d.message_id
    where d.message_id = ${messageId} and d.piece = ${piece} and d.state in ('sending', 'unknown', 'sent')
      and coalesce(d.external_id, ${externalId}) = ${externalId} and d.recalled_at is null
      and not exists (select 1 from lost_tries t where t.external_id = ${externalId})
    for update of d`;
  if (conversation === undefined || delivery === undefined) return false;
  const waitMs = againAfterMs[delivery.tries];
  const isWanted =
    delivery.author === "agent" || (delivery.author === "assistant" && conversation.owner === "assistant");
  if (waitMs === undefined || !isWanted || (await isOvertaken(sql, messageId, piece, ["delivered", "read"])))
    return false;
  await sql`insert into lost_tries (external_id, conversation_id, message_id, piece, error)
    values (${externalId}, ${conversationId}, ${messageId}, ${piece}, ${sql.json(asJson(error))})`;
  await sql`update deliveries set state = 'ready', again = true, external_id = null, error = ${sql.json(asJson(error))},
      due_at = now() + ${waitMs} * interval '1 ms', lease_token = null, lease_until = null, updated_at = now()
    where message_id = ${messageId} and piece = ${piece}`;
  const data = { of: delivery.seq, piece, state: "ready", error, again: true };
  await appendEvent(sql, conversationId, { type: "receipt", agentId: null, data });
  return true;
}

/** Why a try after the first must not be made: a person took over (R4), or what was written later went out (R3). */
export async function whyNotAgain(
  db: Db,
  { messageId, piece }: Pick<Piece, "messageId" | "piece">,
): Promise<DeliveryError | null> {
  const [row] = await db.run(
    (sql) => sql<{ isRecalled: boolean; isOvertaken: boolean; lost: DeliveryError | null }[]>`
      select d.recalled_at is not null as "isRecalled", (select t.error from lost_tries t
        where t.message_id = d.message_id and t.piece = d.piece order by t.lost_at desc limit 1) as lost
      from deliveries d where d.message_id = ${messageId} and d.piece = ${piece}`,
  );
  if (row?.isRecalled === true) return recalled;
  const lost = row?.lost ?? null;
  if (lost === null) return null;
  const gone = await db.run((sql) => overtaking(sql, messageId, piece, ["sent", "delivered", "read"]));
  return gone.length > 0 ? lost : null;
}

async function isOvertaken(...asked: Parameters<typeof overtaking>): Promise<boolean> {
  return (await overtaking(...asked)).length > 0;
}

function overtaking(sql: Sql | TransactionSql, messageId: string, piece: number, states: readonly string[]) {
  return sql`select 1 from messages m
    join messages n on n.conversation_id = m.conversation_id and n.seq >= m.seq
    join deliveries o on o.message_id = n.id and (o.seq, o.piece) > (m.seq, ${piece}::int) and o.state = any (${[...states]}::text[])
    where m.id = ${messageId} limit 1`;
}
