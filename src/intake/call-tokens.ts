import { createHash, randomBytes } from "node:crypto";
import type { ContactAddress } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** From the announcement to the first frame of the socket; the provider takes a second. */
const tokenSeconds = 60;
/** A replay is told from a token that never was for so long. */
const keptHours = 24;
/** A caller hears nothing meanwhile; without a token the call goes on in another way. */
const writeLimitMs = 600;

export interface AnnouncedCall {
  readonly callId: string;
  readonly from: ContactAddress;
  readonly locale: string;
  /** What came after this seq is said; null: only what comes from now on. */
  readonly afterSeq: number | null;
}

export interface OpenedCall {
  readonly conversationId: string;
  readonly from: ContactAddress;
  readonly locale: string;
  readonly lastSeq: number;
  readonly answerDue: boolean;
  readonly asked: "phone" | "code" | null;
}

/** Makes the token that binds a socket to one announced call (A6): random, short-lived, stored as a hash alone. */
export async function makeCallToken(db: Db, call: AnnouncedCall): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const { callId, from, locale, afterSeq } = call;
  const write = () =>
    db.run(
      (sql) => sql`
        insert into call_tokens (token_hash, conversation_id, call_id, kind, value, locale, last_seq, expires_at)
        select ${hashOf(token)}, c.id, ${callId}, ${from.kind}, ${from.value}, ${locale},
          coalesce(${afterSeq}, c.next_seq - 1), now() + ${tokenSeconds} * interval '1 second'
        from contact_addresses a join conversations c on c.contact_id = a.contact_id
        where a.channel = ${from.channel} and a.kind = ${from.kind} and a.value = ${from.value} returning 1`,
      { deadlineMs: writeLimitMs },
    );
  if ((await write()).length > 0) return token;
  // Whom we called never called us from there.
  await db.run((sql) => sql`select open_address(${sql.json(asJson([from]))}, null, ${locale})`);
  await write();
  return token;
}

/** Uses a token up; null: unknown, used before, too late or another call's. */
export async function redeemCallToken(
  db: Db,
  shown: { readonly token: string; readonly callId: string; readonly sessionId: string; readonly channel: string },
): Promise<OpenedCall | null> {
  const [row] = await db.run(
    (sql) => sql<(Omit<OpenedCall, "from"> & { kind: ContactAddress["kind"]; value: string })[]>`
      update call_tokens t set used_at = now(), session_id = ${shown.sessionId}
      from conversations c
      where t.token_hash = ${hashOf(shown.token)} and t.call_id = ${shown.callId} and t.used_at is null
        and t.expires_at > now() and c.id = t.conversation_id
      returning t.conversation_id as "conversationId", t.kind, t.value, t.locale,
        -- What a session of this call said to its end before is not said again.
        greatest(t.last_seq, (select max(o.heard_seq) from call_tokens o
          where o.call_id = t.call_id and o.conversation_id = t.conversation_id)) as "lastSeq",
        exists (select 1 from turns where conversation_id = c.id) as "answerDue",
        case when c.flow->>'asked' in ('phone', 'code') then c.flow->>'asked' end as asked`,
  );
  if (row === undefined) return null;
  const { kind, value, ...call } = row;
  return { ...call, from: { channel: shown.channel, kind, value } };
}

/** A session is gone: how far it was heard, for the one that takes its place. */
export async function keepHeardSeq(
  db: Db,
  { sessionId, callId }: { readonly sessionId: string; readonly callId: string },
  { conversationId, seq }: { readonly conversationId: string; readonly seq: number },
): Promise<void> {
  await db.run(
    (sql) => sql`update call_tokens set heard_seq = ${seq}, conversation_id = ${conversationId}
      where call_id = ${callId} and session_id = ${sessionId}`,
  );
}

export async function removeOldCallTokens(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from call_tokens where expires_at < now() - ${keptHours} * interval '1 hour'`);
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
