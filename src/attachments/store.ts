import { createHash } from "node:crypto";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { atOnce } from "../lib/at-once.ts";
import type { StoredFile } from "../lib/attachment.ts";
import type { FileReason } from "../lib/message.ts";
import type { Verdict } from "./inspect.ts";

/** Ten messages full of telephone photographs; a script gets no further on one token. */
const visitorDayMaxBytes = 100 * 1024 * 1024;
/** What one conversation may hold over the years. */
const conversationMaxBytes = 500 * 1024 * 1024;
/** Ten megabytes take PostgreSQL a good part of a second on a small disk; no customer waits for this one. */
const writeWithinMs = 10_000;
/** An upload whose message did not follow by then never will. */
const unplacedMs = 60 * 60_000;

export interface NewFile {
  readonly id: string;
  readonly name: string;
  readonly declaredMime: string | null;
  readonly bytes: Buffer;
  readonly verdict: Verdict;
}

/** Large writes go one after the other, so that they never take the connections that messages need. */
const writing = atOnce(1);

/**
 * Keeps the files of one upload, all or none, before their message is stored. A file that is there already (the same
 * upload once more) is left as it is. "quota": the conversation has no room; nothing was kept.
 */
export function storeUpload(db: Db, conversationId: string, files: readonly NewFile[]): Promise<"stored" | "quota"> {
  const work = async (sql: TransactionSql): Promise<"stored" | "quota"> => {
    const fresh = await withoutKnown(sql, files);
    const added = fresh.reduce((sum, file) => sum + (file.verdict.state === "ready" ? file.bytes.length : 0), 0);
    if (!(await hasRoom(sql, conversationId, added))) return "quota";
    for (const file of fresh) await insertFile(sql, conversationId, file);
    return "stored";
  };
  return writing(() => db.transaction(work, { deadlineMs: writeWithinMs }));
}

async function withoutKnown(sql: TransactionSql, files: readonly NewFile[]): Promise<readonly NewFile[]> {
  const ids = files.map((file) => file.id);
  const rows = await sql<{ id: string }[]>`select id from attachments where id = any (${ids}::uuid[])`;
  const known = new Set(rows.map((row) => row.id));
  return files.filter((file) => !known.has(file.id));
}

/** Two uploads at once are counted one after the other. */
async function hasRoom(sql: TransactionSql, conversationId: string, bytes: number): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${conversationId}, 11))`;
  const [used] = await sql<{ day: number; total: number }[]>`
    select coalesce(sum(size), 0)::float8 as total,
      coalesce(sum(size) filter (where created_at > now() - interval '1 day'), 0)::float8 as day
    from attachments where conversation_id = ${conversationId} and state = 'ready'`;
  const { day, total } = used ?? { day: 0, total: 0 };
  return day + bytes <= visitorDayMaxBytes && total + bytes <= conversationMaxBytes;
}

async function insertFile(sql: TransactionSql, conversationId: string, file: NewFile): Promise<void> {
  const { verdict } = file;
  const inserted = await sql`
    insert into attachments (id, conversation_id, state, declared_mime, mime, name, size, sha256, reason)
    values (${file.id}, ${conversationId}, ${verdict.state}, ${file.declaredMime},
      ${verdict.state === "ready" ? verdict.mime : null}, ${file.name}, ${file.bytes.length}, ${digest(file.bytes)},
      ${verdict.state === "blocked" ? verdict.reason : null})
    on conflict (id) do nothing returning 1`;
  if (inserted.length > 0 && verdict.state === "ready") await insertBytes(sql, file.id, file.bytes);
}

async function insertBytes(sql: TransactionSql, id: string, bytes: Buffer): Promise<void> {
  await sql`insert into attachment_contents (attachment_id, bytes) values (${id}, ${bytes})`;
}

export interface MessagePlace {
  readonly conversationId: string;
  readonly seq: number;
}

/** Says which message the files belong to. Lost in a crash, it is found again from the message (removeUnplaced). */
export async function placeUpload(
  db: Db,
  ids: readonly string[],
  { conversationId, seq }: MessagePlace,
): Promise<void> {
  await db.run(
    (sql) => sql`update attachments set conversation_id = ${conversationId}, seq = ${seq}
      where id = any (${[...ids]}::uuid[]) and seq is null`,
  );
}

/** Removes files whose message was never stored. Safe at any time: a message keeps the ids of its files. */
export async function removeUnplaced(db: Db): Promise<number> {
  const removed = await db.run(
    (sql) => sql`delete from attachments a
      where a.seq is null and a.state <> 'pending' and a.created_at < now() - ${unplacedMs} * interval '1 ms'
        and not exists (select 1 from messages m where m.conversation_id = a.conversation_id
          and m.parts @> jsonb_build_array(jsonb_build_object('assetId', a.id)))`,
  );
  return removed.count;
}

export interface Claim {
  readonly id: string;
  readonly conversationId: string;
  /** Rises with each claim; a result under an older one changes nothing. */
  readonly attempts: number;
}

export type Settled =
  | { readonly state: "ready"; readonly mime: string; readonly bytes: Buffer }
  | { readonly state: "failed" | "blocked"; readonly reason: FileReason };

/**
 * Ends a pending file: its bytes, its state, the timeline's event and that the provider's copy may go are one write. Gives the conversation that has it
 * now; null when somebody else ended it or holds it under a later claim.
 */
export function settleFile(db: Db, claimed: Claim, settled: Settled): Promise<string | null> {
  const work = async (sql: TransactionSql): Promise<string | null> => {
    const claim = await whereItIs(sql, claimed);
    const fits = settled.state !== "ready" || (await hasRoom(sql, claim.conversationId, settled.bytes.length));
    const result: Settled = fits ? settled : { state: "blocked", reason: "quota" };
    const [conversation] = await sql`select 1 from conversations where id = ${claim.conversationId} for update`;
    if (conversation === undefined) return null;
    const [file] = await updateFile(sql, claim, result);
    if (file === undefined) return null;
    if (result.state === "ready") await insertBytes(sql, claim.id, result.bytes);
    await appendFileEvent(sql, claim, { of: file.seq, state: result.state, reason: reasonOf(result) });
    return claim.conversationId;
  };
  return writing(() => db.transaction(work, { deadlineMs: writeWithinMs }));
}

/** Its customer may have signed in while it was fetched, and taken it along. */
async function whereItIs(sql: TransactionSql, claim: Claim): Promise<Claim> {
  const [file] = await sql<{ conversationId: string }[]>`
    select conversation_id as "conversationId" from attachments where id = ${claim.id}`;
  return { ...claim, ...file };
}

function updateFile(sql: TransactionSql, claim: Claim, result: Settled) {
  const ready = result.state === "ready" ? result : null;
  return sql<{ seq: number | null }[]>`
    update attachments a set state = ${result.state}, mime = ${ready?.mime ?? null}, size = ${ready?.bytes.length ?? null},
      sha256 = ${ready === null ? null : digest(ready.bytes)}, reason = ${reasonOf(result)},
      remove_at = case when ${ready !== null} and a.source is not null then now() end,
      seq = (select m.seq from messages m where m.conversation_id = a.conversation_id
        and m.parts @> jsonb_build_array(jsonb_build_object('assetId', a.id)) limit 1)
    where a.id = ${claim.id} and a.conversation_id = ${claim.conversationId} and a.state = 'pending' and a.attempts = ${claim.attempts} returning a.seq`;
}

async function appendFileEvent(sql: TransactionSql, claim: Claim, data: object): Promise<void> {
  await sql`
    with taken as (update conversations set next_seq = next_seq + 1 where id = ${claim.conversationId} returning next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, data)
    select ${claim.conversationId}, seq, 'attachment', 'system', ${sql.json(asJson({ attachmentId: claim.id, ...data }))} from taken`;
}

/** A file of this conversation that may be handed out; null for a foreign, missing, blocked or pending one alike (A3). */
export async function fileForContact(db: Db, conversationId: string, id: string): Promise<StoredFile | null> {
  return readFile(db, id, conversationId);
}

/** The same for agents, who may see every conversation. */
export async function fileForAgent(db: Db, id: string): Promise<StoredFile | null> {
  return readFile(db, id, null);
}

async function readFile(db: Db, id: string, conversationId: string | null): Promise<StoredFile | null> {
  const [file] = await db.run(
    (sql) => sql<StoredFile[]>`
      select a.id, a.mime, c.bytes from attachments a join attachment_contents c on c.attachment_id = a.id
      where a.id = ${id} and a.state = 'ready' and (${conversationId}::uuid is null or a.conversation_id = ${conversationId}::uuid)`,
    { deadlineMs: writeWithinMs },
  );
  return file ?? null;
}

function reasonOf(result: Settled): FileReason | null {
  return result.state === "ready" ? null : result.reason;
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
