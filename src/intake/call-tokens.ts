import { createHash, randomBytes } from "node:crypto";
import type { ContactAddress } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";

/** From the announcement to the first frame of the socket; the provider takes a second. */
const tokenSeconds = 60;
/** A replay is told from a token that never was for so long. */
const keptHours = 24;

export interface AnnouncedCall {
  readonly conversationId: string;
  readonly callId: string;
  readonly from: ContactAddress;
  readonly locale: string;
  readonly lastSeq: number;
}

/** Makes the token that binds a socket to one announced call (A6): random, short-lived, stored as a hash alone. */
export async function makeCallToken(db: Db, call: AnnouncedCall): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await db.run(
    (sql) => sql`
      insert into call_tokens (token_hash, conversation_id, call_id, kind, value, locale, last_seq, expires_at)
      values (${hashOf(token)}, ${call.conversationId}, ${call.callId}, ${call.from.kind}, ${call.from.value},
        ${call.locale}, ${call.lastSeq}, now() + ${tokenSeconds} * interval '1 second')`,
  );
  return token;
}

/** Uses a token up; null: unknown, used before, too late or another call's. */
export async function redeemCallToken(
  db: Db,
  shown: { readonly token: string; readonly callId: string; readonly sessionId: string; readonly channel: string },
): Promise<AnnouncedCall | null> {
  const [row] = await db.run(
    (sql) => sql<(Omit<AnnouncedCall, "from"> & { kind: ContactAddress["kind"]; value: string })[]>`
      update call_tokens set used_at = now(), session_id = ${shown.sessionId}
      where token_hash = ${hashOf(shown.token)} and call_id = ${shown.callId} and used_at is null and expires_at > now()
      returning conversation_id as "conversationId", call_id as "callId", kind, value, locale, last_seq as "lastSeq"`,
  );
  if (row === undefined) return null;
  const { kind, value, ...call } = row;
  return { ...call, from: { channel: shown.channel, kind, value } };
}

export async function removeOldCallTokens(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from call_tokens where expires_at < now() - ${keptHours} * interval '1 hour'`);
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
