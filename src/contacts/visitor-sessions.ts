import { createHash } from "node:crypto";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { createSharedReads } from "../db/shared-reads.ts";
import type { Log } from "../lib/log.ts";

/** safety.md asks for 5 s from the end of a session to the end of its sockets; a new one is looked at after two rounds. */
const lookEveryMs = 1_500;
/** All at once, ten thousand would hold up every message for some 40 ms. */
const looksPerRound = 20;
/** Rows of sessions that are long over keep nothing that anybody needs. */
const keepOverDays = 1;

/** Who opens a session: an address, and what the host site's signed token says about it (null for a stranger). */
export interface SessionRequest {
  readonly address: { readonly channel: string; readonly kind: string; readonly value: string };
  readonly proof: { readonly jti: string; readonly expiresAt: Date; readonly name: string | null } | null;
  readonly from: Whereabouts;
  readonly tokenSeconds: number;
  /** How long the same browser may come back; 0 for those who signed in. */
  readonly resumeSeconds: number;
}

export interface Whereabouts {
  /** Where the browser's clock is, as an IANA name; null: it did not say. */
  readonly timeZone: string | null;
  readonly ip: string;
}

export interface OpenedSession {
  readonly sessionId: string;
  readonly conversationId: string;
}

/**
 * Opens a session on the address's own conversation; person and conversation are made when they are new. Null when the
 * proof was used before (C3). The history of any other address is left where it is (C6).
 */
export function openVisitorSession(db: Db, request: SessionRequest): Promise<OpenedSession | null> {
  const { address, proof, from } = request;
  return db.transaction(async (sql) => {
    if (proof !== null && !(await useProof(sql, proof))) return null;
    await sql`select open_address(${sql.json(asJson([address]))}, ${proof?.name ?? null}, null)`;
    if (proof !== null) await recordProof(sql, address, proof.name);
    const [session] = await sql<OpenedSession[]>`
      insert into visitor_sessions (conversation_id, address_id, time_zone, ip, expires_at, resumable_until)
      select c.id, a.id, ${from.timeZone}, ${from.ip}, now() + ${request.tokenSeconds} * interval '1 second', now() + ${request.resumeSeconds} * interval '1 second'
      from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${address.channel} and a.kind = ${address.kind} and a.value = ${address.value}
      returning id as "sessionId", conversation_id as "conversationId"`;
    if (session === undefined) throw new Error("The conversation was not made.");
    if (proof !== null) await askAgain(sql, session.conversationId);
    return session;
  });
}

/** The database lets a token in once, also when two copies come at the same moment. */
async function useProof(sql: TransactionSql, proof: NonNullable<SessionRequest["proof"]>): Promise<boolean> {
  const hash = createHash("sha256").update(proof.jti).digest();
  const used = await sql`insert into used_identity_tokens (jti_hash, expires_at) values (${hash}, ${proof.expiresAt})
    on conflict do nothing returning 1`;
  return used.length > 0;
}

async function recordProof(sql: TransactionSql, address: SessionRequest["address"], name: string | null) {
  await sql`update contact_addresses set evidence = 'verified', verified_at = now()
    where channel = ${address.channel} and kind = ${address.kind} and value = ${address.value}`;
  if (name === null) return;
  await sql`update contacts set name = ${name} where id = (select contact_id from contact_addresses
    where channel = ${address.channel} and kind = ${address.kind} and value = ${address.value})`;
}

/** A question that waited for signing in again is answered now; the sweeper finds the turn. */
async function askAgain(sql: TransactionSql, conversationId: string): Promise<void> {
  await sql`
    with waited as (
      update conversations c set flow = c.flow - 'waiting' where c.id = ${conversationId} and c.owner = 'assistant'
        and c.flow ? 'waiting' and c.last_inbound_seq = (c.flow #>> '{waiting,seq}')::bigint
      returning c.last_inbound_seq as seq)
    insert into turns (conversation_id, first_seq, last_seq) select ${conversationId}, seq, seq from waited
    on conflict (conversation_id) do nothing`;
}

/** Lets a session go on for its next token; false when it has ended. */
export async function extendSession(db: Db, id: string, tokenSeconds: number): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`update visitor_sessions set expires_at = now() + ${tokenSeconds} * interval '1 second'
      where id = ${id} and ended_at is null and expires_at > now() returning 1`,
  );
  return rows.length > 0;
}

/** The same browser comes back after its token ran out; false when the session was ended or is too old. */
export async function resumeSession(
  db: Db,
  id: string,
  seconds: { readonly token: number; readonly resume: number },
  { timeZone, ip }: Whereabouts,
): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`update visitor_sessions set expires_at = now() + ${seconds.token} * interval '1 second',
        resumable_until = now() + ${seconds.resume} * interval '1 second', time_zone = coalesce(${timeZone}, time_zone), ip = ${ip}
      where id = ${id} and ended_at is null and resumable_until > now() returning 1`,
  );
  return rows.length > 0;
}

/** Where the browser is that used this address last: its clock, as far as one said, and its network address. */
export async function whereVisitorIs(
  db: Db,
  addressId: string,
): Promise<{ readonly timeZone: string | null; readonly ip: string | null }> {
  const [latest] = await db.run(
    (sql) => sql<{ timeZone: string | null; ip: string | null }[]>`
      select (array_agg(time_zone order by expires_at desc) filter (where time_zone is not null))[1] as "timeZone",
        (array_agg(ip order by expires_at desc))[1] as ip
      from visitor_sessions where address_id = ${addressId}`,
  );
  return latest ?? { timeZone: null, ip: null };
}

/** Ends a session for good: its tokens open nothing any more, its sockets close within seconds. */
export async function endSession(db: Db, id: string): Promise<void> {
  await db.run((sql) => sql`update visitor_sessions set ended_at = now() where id = ${id} and ended_at is null`);
}

export interface SessionWatch {
  /** Is this session open? A yes may be some seconds old (twice lookEveryMs); "gone" when the person was erased. */
  state(id: string): Promise<SessionState>;
  /** Calls back once when the session is over, until the returned function is called. */
  onEnd(id: string, listener: () => void): () => void;
  /** This process ended it: known here at once, and in the others within twice lookEveryMs. */
  ended(id: string): void;
  close(): void;
}

export type SessionState = "open" | "ended" | "gone";

/** Watches sessions with one statement for all sockets of this process. */
export function watchSessions(deps: { readonly db: Db; readonly log: Log }): SessionWatch {
  const listeners = new Map<string, Set<() => void>>();
  // After a restart everybody comes back at once.
  const readState = createSharedReads((ids) => statesOf(deps.db, ids));
  const known = new Set<string>();
  let round: readonly string[] = [];
  let next = 0;
  let troubled = false;

  /** The next part of those who listen; after the last one begins with the first. */
  async function look(): Promise<void> {
    const part = Math.ceil(round.length / looksPerRound);
    const ids = round.slice(next * part, (next + 1) * part);
    next = (next + 1) % looksPerRound;
    if (next === 0) {
      round = [...listeners.keys()];
      // Nobody looks after those without a listener: they are asked for anew.
      for (const id of known) if (!listeners.has(id)) known.delete(id);
    }
    if (ids.length > 0) for (const id of await overAmong(deps.db, ids)) ended(id);
    troubled = false;
  }

  function ended(id: string): void {
    known.delete(id);
    const told = listeners.get(id);
    listeners.delete(id);
    for (const listener of told ?? []) listener();
  }

  const timer = setInterval(() => {
    // Without the database nothing flows over the sockets either; the next look decides.
    look().catch((error: unknown) => {
      known.clear();
      if (!troubled) deps.log.warn({ component: "visitor-sessions", error }, "session-look-failed");
      troubled = true;
    });
  }, lookEveryMs / looksPerRound);
  timer.unref();

  return {
    async state(id) {
      if (known.has(id)) return "open";
      const state = (await readState(id)) ?? "gone";
      if (state === "open") known.add(id);
      return state;
    },
    onEnd(id, listener) {
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(id) === set) listeners.delete(id);
      };
    },
    ended,
    close: () => clearInterval(timer),
  };
}

async function statesOf(db: Db, ids: readonly string[]): Promise<Map<string, SessionState>> {
  const rows = await db.run(
    (sql) => sql<{ id: string; open: boolean }[]>`select id, ended_at is null and expires_at > now() as open
      from visitor_sessions where id = any (${[...ids]}::uuid[])`,
  );
  return new Map(rows.map(({ id, open }) => [id, open ? "open" : "ended"]));
}

/** Those that are not open any more, or not there. */
async function overAmong(db: Db, ids: readonly string[]): Promise<string[]> {
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`select id from unnest(${[...ids]}::uuid[]) as asked (id)
      where not exists (select from visitor_sessions s where s.id = asked.id and s.ended_at is null and s.expires_at > now())`,
  );
  return rows.map(({ id }) => id);
}

/** Removes sessions and used proofs that nobody can use any more. */
export async function removeOldSessions(db: Db): Promise<void> {
  await db.run(
    (sql) => sql`delete from visitor_sessions where resumable_until < now() - ${keepOverDays} * interval '1 day'
      and expires_at < now() - ${keepOverDays} * interval '1 day'`,
  );
  await db.run((sql) => sql`delete from used_identity_tokens where expires_at < now() - interval '1 hour'`);
}

/** What one round of housekeeping takes at most: much is removed with each of them. */
const silentMax = 500;

/** Removes visitors whose browser asked for a token, never wrote and is gone for a day: there is nothing to come back to. */
export async function removeSilentVisitors(db: Db): Promise<void> {
  await db.run(
    (sql) => sql`delete from contacts p using (
        select c.contact_id from visitor_sessions s join conversations c on c.id = s.conversation_id
        where s.expires_at < now() - ${keepOverDays} * interval '1 day' and c.next_seq = 1
          and not exists (select 1 from contact_addresses a where a.contact_id = c.contact_id and a.kind <> 'web-visitor')
          and not exists (select 1 from visitor_sessions o where o.conversation_id = c.id
            and o.expires_at >= now() - ${keepOverDays} * interval '1 day')
        limit ${silentMax} for update of c skip locked) silent
      where p.id = silent.contact_id`,
  );
}
