import type { Db } from "../db/client.ts";
import type { Author, Part, ReplyMeta } from "../lib/message.ts";
import { appendEvent } from "./append-event.ts";

/** More at once is not listened to; the next look finds the rest. */
const pageMax = 50;
/** A caller whose line broke hears nothing meanwhile. */
const standingLimitMs = 800;

export type Owner = "assistant" | "queue" | "agent";

export interface SpokenNews {
  readonly replies: readonly {
    readonly seq: number;
    readonly parts: readonly Part[];
    readonly meta: ReplyMeta | null;
    readonly author: Exclude<Author, "contact">;
  }[];
  readonly lastSeq: number;
  readonly owner: Owner;
  /** The caller signed in meanwhile: their call goes on in their account's conversation. */
  readonly movedTo: MovedTo | null;
}

interface MovedTo {
  readonly conversationId: string;
  /** Up to here it is what was said before they signed in. */
  readonly knownSeq: number;
}

interface Address {
  readonly channel: string;
  readonly kind: string;
  readonly value: string;
}

/**
 * What is to be said on a live call after a seq, and who has the conversation: replies that go this way or no other, but
 * not what was said and kept as such. One statement, because a caller waits for it.
 */
export async function spokenNews(
  db: Db,
  conversationId: string,
  channel: string,
  afterSeq: number,
  from: Omit<Address, "channel">,
): Promise<SpokenNews> {
  const rows = await db.run(
    (sql) => sql<({ owner: Owner; is: string | null } & { [Key in keyof SpokenNews["replies"][number]]: never })[]>`
      select c.owner, m.seq, m.parts, m.meta, m.author,
        (select n.id from contact_addresses a join conversations n on n.contact_id = a.contact_id
          where a.channel = ${channel} and a.kind = ${from.kind} and a.value = ${from.value}) as "is"
      from conversations c
      left join messages m on m.conversation_id = c.id and m.seq > ${afterSeq} and m.author <> 'contact'
        and m.visibility = 'public' and (m.channel is null or m.channel = ${channel})
        and (m.author <> 'assistant' or m.turn_id is not null)
      where c.id = ${conversationId} order by m.seq limit ${pageMax}`,
  );
  const [first] = rows;
  if (first === undefined) throw new Error("The conversation is gone.");
  const replies = rows.flatMap(({ owner: _, is: __, ...reply }) => (reply.seq === null ? [] : [reply]));
  const moved = first.is !== null && first.is !== conversationId;
  const movedTo = moved ? await movedConversation(db, conversationId, { ...from, channel }) : null;
  return { replies, lastSeq: replies.at(-1)?.seq ?? afterSeq, owner: first.owner, movedTo };
}

/** Where whoever is at this address goes on, when that is not this conversation any more. */
export async function movedConversation(db: Db, was: string, from: Address): Promise<MovedTo | null> {
  const [row] = await db.run(
    (sql) => sql<MovedTo[]>`
      select c.id as "conversationId", coalesce((select max(j.last_seq) from history_joins j
        where j.from_conversation_id = ${was} and j.into_conversation_id = c.id and j.undone_at is null),
        c.next_seq - 1) as "knownSeq"
      from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${from.channel} and a.kind = ${from.kind} and a.value = ${from.value} and c.id <> ${was}`,
  );
  return row ?? null;
}

/** How things stand with whoever is at this address; null: nobody is known there. */
export async function standingOf(
  db: Db,
  address: Address,
): Promise<{ readonly owner: Owner; readonly lastInboundSeq: number; readonly locale: string | null } | null> {
  const [row] = await db.run(
    (sql) => sql<{ owner: Owner; lastInboundSeq: number; locale: string | null }[]>`
      select c.owner, c.last_inbound_seq as "lastInboundSeq", c.locale
      from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${address.channel} and a.kind = ${address.kind} and a.value = ${address.value}`,
    { deadlineMs: standingLimitMs },
  );
  return row ?? null;
}

/** In the place of words that nobody heard. */
const notHeard: Part = { t: "event", name: "not-heard" };

/**
 * A caller spoke over a reply: what they did not hear of it was not said. The timeline keeps what was heard and says that
 * the rest was not. An agent's words stay as they wrote them. Doing it again changes nothing.
 */
export async function keepHeard(db: Db, conversationId: string, seq: number, words: string): Promise<void> {
  await db.transaction(async (sql) => {
    await sql`select 1 from conversations where id = ${conversationId} for update`;
    const text = words.trim();
    const parts: Part[] = text === "" ? [notHeard] : [{ t: "text", text, format: "plain" }];
    const [known] = await sql`select 1 from events
      where conversation_id = ${conversationId} and seq > ${seq} and type = 'change'
        and data->>'change' = 'interrupted' and (data->>'of')::bigint = ${seq}`;
    if (known !== undefined) return;
    await sql`update messages set parts = ${sql.json(parts as never)}
      where conversation_id = ${conversationId} and seq = ${seq} and author in ('assistant', 'system')`;
    const data = { change: "interrupted", of: seq, heardChars: text.length };
    await appendEvent(sql, conversationId, { type: "change", agentId: null, data });
  });
}

/** Keeps the beginning of an answer that was heard before the caller spoke over it, or before it came out otherwise. */
export async function keepSpoken(
  db: Db,
  conversationId: string,
  spoken: {
    readonly words: string;
    readonly locale: string;
    readonly interrupted: boolean;
    readonly channel: string;
    readonly account: string;
  },
): Promise<void> {
  const { words, locale, interrupted, channel, account } = spoken;
  const parts: Part[] = [{ t: "text", text: words, format: "plain" }];
  const meta: ReplyMeta = { kind: "answer", sources: [], choices: [], flow: null, locale };
  await db.transaction(async (sql) => {
    const seq = await appendEvent(sql, conversationId, {
      type: "message",
      agentId: null,
      byAssistant: true,
      data: {},
    });
    await sql`insert into messages (conversation_id, seq, author, channel, account, parts, meta, locale)
      values (${conversationId}, ${seq}, 'assistant', ${channel}, ${account}, ${sql.json(parts as never)},
        ${sql.json(meta as never)}, ${locale})`;
    if (!interrupted) return;
    await appendEvent(sql, conversationId, {
      type: "change",
      agentId: null,
      data: { change: "interrupted", of: seq, heardChars: words.length },
    });
  });
}
