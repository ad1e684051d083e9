import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { type FileState, withFileStates } from "../lib/attachment.ts";
import type { Part } from "../lib/message.ts";
import { fileStates } from "./timeline.ts";

export const views = ["open", "waiting", "mine", "assistant", "resolved", "all"] as const;
export type View = (typeof views)[number];

const pageSize = 50;
const eventsMax = 500;

export interface ConversationRow {
  readonly id: string;
  readonly status: string;
  readonly owner: string;
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly contactName: string | null;
  readonly address: string | null;
  readonly channel: string | null;
  readonly locale: string | null;
  readonly fence: number;
  readonly lastSeq: number;
  readonly lastInboundSeq: number;
  readonly lastActivityAt: Date;
  /** The same with microseconds: what a page continues after. */
  readonly position?: string;
  readonly waitingSince: Date | null;
  readonly episode: number;
  readonly preview: string | null;
  readonly summary: unknown;
}

function columns(sql: Sql | TransactionSql) {
  return sql`c.id, c.status, c.owner, c.agent_id as "agentId", g.name as "agentName", p.name as "contactName", a.value as address,
    c.channel, c.locale, c.fence, c.next_seq - 1 as "lastSeq", c.last_inbound_seq as "lastInboundSeq",
    c.last_activity_at as "lastActivityAt", c.last_activity_at::text as position, c.waiting_since as "waitingSince", c.episode, c.preview, c.summary`;
}

function from(sql: Sql | TransactionSql) {
  return sql`from conversations c join contacts p on p.id = c.contact_id left join agents g on g.id = c.agent_id
    left join contact_addresses a on a.id = c.address_id`;
}

/** A page of a view, newest activity first; `cursor` is what the page before gave. Every agent may see every conversation. */
export async function conversationsForAgent(db: Db, agentId: string, view: View, cursor: string | null) {
  const [at, id] = cursor === null ? [null, null] : decodeCursor(cursor);
  const rows = await db.run((sql) => {
    const filter = {
      open: sql`c.status = 'open'`,
      waiting: sql`c.status = 'open' and c.owner = 'queue'`,
      mine: sql`c.status <> 'resolved' and c.agent_id = ${agentId}`,
      assistant: sql`c.status = 'open' and c.owner = 'assistant'`,
      resolved: sql`c.status = 'resolved'`,
      all: sql`true`,
    }[view];
    return sql<ConversationRow[]>`select ${columns(sql)} ${from(sql)} where ${filter}
      and (${at}::timestamptz is null or (c.last_activity_at, c.id) < (${at}::timestamptz, ${id}::uuid))
      order by c.last_activity_at desc, c.id desc limit ${pageSize}`;
  });
  const last = rows.length === pageSize ? rows.at(-1) : undefined;
  return { conversations: rows, cursor: last === undefined ? null : encodeCursor(last) };
}

/** One conversation, or null: the same for "not there" and "not yours" (A3). */
export async function conversationForAgent(db: Db, id: string): Promise<ConversationRow | null> {
  const [row] = await db.run((sql) => sql<ConversationRow[]>`select ${columns(sql)} ${from(sql)} where c.id = ${id}`);
  return row ?? null;
}

/** The timeline after a seq: every event in order, messages with their words, notes included. */
export async function timelineForAgent(db: Db, id: string, after: number) {
  const rows = await db.run(
    (sql) => sql<{ parts: Part[] | null; files: FileState[] | null }[]>`
      select e.seq, e.type, e.at, e.actor, coalesce(g.name, null) as "agentName", e.data,
        m.id as "messageId", m.parts, m.meta, m.channel, m.locale, m.visibility,
        ${fileStates(sql)} as files,
        (select coalesce(jsonb_agg(jsonb_build_object('piece', d.piece, 'state', d.state, 'error', d.error) order by d.piece), '[]')
          from deliveries d where d.message_id = m.id) as deliveries
      from events e
      left join messages m on m.conversation_id = e.conversation_id and m.seq = e.seq
      left join agents g on g.id = coalesce(m.agent_id, e.agent_id)
      where e.conversation_id = ${id} and e.seq > ${after} order by e.seq limit ${eventsMax}`,
  );
  return rows.map(({ files, parts, ...event }) => ({
    ...event,
    parts: parts === null ? null : withFileStates(parts, files),
  }));
}

export type Change = "claim" | "assign" | "release" | "resolve" | "reopen" | "snooze";

/**
 * Changes the owner or the state in one transaction: fence up, event written, an open turn of the assistant dropped when
 * a person takes over (R4). Null when the conversation does not exist; "taken" when another agent has it.
 */
export async function changeConversation(
  db: Db,
  id: string,
  agentId: string,
  change: Change,
  options: { readonly assignTo?: string; readonly until?: Date } = {},
): Promise<"done" | "taken" | null> {
  return db.transaction(async (sql) => {
    const [row] = await sql<
      { owner: string; agent_id: string | null }[]
    >`select owner, agent_id from conversations where id = ${id} for update`;
    if (row === undefined) return null;
    if ((change === "claim" || change === "reopen") && row.owner === "agent" && row.agent_id !== agentId)
      return "taken";
    if (change === "claim" && row.agent_id === agentId) return "done";
    await applyChange(sql, id, agentId, change, options);
    return "done";
  });
}

export async function applyChange(
  sql: TransactionSql,
  id: string,
  agentId: string,
  change: Change,
  options: { readonly assignTo?: string; readonly until?: Date } = {},
): Promise<void> {
  const owner = options.assignTo ?? agentId;
  if (change === "claim" || change === "assign") {
    await sql`update conversations set status = 'open', owner = 'agent', agent_id = ${owner}, fence = fence + 1, waiting_since = null where id = ${id}`;
    await sql`update turns set state = 'dropped', ended_at = now() where conversation_id = ${id} and state = 'open'`;
  } else if (change === "release") {
    await sql`update conversations set owner = 'queue', agent_id = null, fence = fence + 1, waiting_since = now() where id = ${id}`;
  } else if (change === "resolve") {
    // The next message opens a new episode, and the assistant answers it afresh.
    await sql`update conversations set status = 'resolved', owner = 'assistant', agent_id = null, fence = fence + 1,
      waiting_since = null, snoozed_until = null, summary = null, flow = '{}' where id = ${id}`;
  } else if (change === "reopen") {
    await sql`update conversations set status = 'open', owner = 'agent', agent_id = ${agentId}, fence = fence + 1, snoozed_until = null where id = ${id}`;
  } else {
    await sql`update conversations set status = 'snoozed', snoozed_until = ${options.until ?? null}, fence = fence + 1 where id = ${id}`;
  }
  const type = {
    claim: "assignment",
    assign: "assignment",
    release: "assignment",
    resolve: "resolution",
    reopen: "reopened",
    snooze: "snoozed",
  }[change];
  await appendEvent(sql, id, {
    type,
    agentId,
    data: { change, to: change === "claim" || change === "assign" ? owner : null },
  });
}

/** Takes the next seq under the row's lock and writes the event there; gives the seq. */
export async function appendEvent(
  sql: TransactionSql,
  id: string,
  event: { readonly type: string; readonly agentId: string; readonly data: object },
): Promise<number> {
  const [row] = await sql<{ seq: number }[]>`
    update conversations set next_seq = next_seq + 1, last_activity_at = now() where id = ${id} returning next_seq - 1 as seq`;
  if (row === undefined) throw new Error("The conversation is gone.");
  await sql`insert into events (conversation_id, seq, type, actor, agent_id, data)
    values (${id}, ${row.seq}, ${event.type}, 'agent', ${event.agentId}, ${sql.json(asJson(event.data))})`;
  return row.seq;
}

function encodeCursor(row: ConversationRow): string {
  return Buffer.from(JSON.stringify([row.position, row.id])).toString("base64url");
}

function decodeCursor(cursor: string): [string | null, string | null] {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    return typeof at === "string" && typeof id === "string" ? [at, id] : [null, null];
  } catch {
    return [null, null];
  }
}
