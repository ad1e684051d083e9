import type { Db, Sql } from "../db/client.ts";
import { afterAll, beforeAll, decodeCursor, encodeCursor, type Position } from "../lib/cursor.ts";
import { shownName } from "../lib/shown-name.ts";

export const views = ["mine", "queue", "open", "assistant", "snoozed", "resolved", "all"] as const;
export type View = (typeof views)[number];

const pageSize = 50;
/** Beyond this a count is "more": counting stops there, so that it costs the same at any size. */
const countMax = 200;
/** A badge says no more than this; see `countMax`. */
const unreadMax = 10;

export interface ListedConversation {
  readonly id: string;
  readonly status: "open" | "snoozed" | "resolved";
  readonly owner: "assistant" | "queue" | "agent";
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly contactName: string | null;
  readonly address: string | null;
  readonly channel: string | null;
  readonly locale: string | null;
  readonly fence: number;
  readonly lastSeq: number;
  readonly lastInboundSeq: number;
  readonly lastInboundAt: Date | null;
  readonly lastActivityAt: Date;
  readonly waitingSince: Date | null;
  readonly snoozedUntil: Date | null;
  readonly episode: number;
  readonly preview: string | null;
  /** Messages of the customer that this agent has not seen; stops counting at ten. */
  readonly unread: number;
}

interface Row extends ListedConversation {
  /** What a page continues after, with microseconds. */
  readonly position: string;
}

/**
 * A page of a view: the queue in the order in which people wait, everything else newest activity first. `cursor` is what
 * the page before gave. Null when the cursor is not one of this view. Every agent may see every conversation.
 */
export async function conversationsForAgent(
  db: Db,
  agentId: string,
  view: View,
  cursor: string | null,
): Promise<{ readonly conversations: readonly ListedConversation[]; readonly cursor: string | null } | null> {
  const first = view === "queue" ? beforeAll : afterAll;
  const after = cursor === null ? first : decodeCursor(cursor, view);
  if (after === null) return null;
  const rows = await db.run((sql) => page(sql, agentId, view, after));
  const last = rows.length === pageSize ? rows.at(-1) : undefined;
  const conversations = rows.map(({ position: _, ...row }) => ({ ...row, contactName: shownName(row.contactName) }));
  return { conversations, cursor: last === undefined ? null : encodeCursor(view, { at: last.position, id: last.id }) };
}

/** How many conversations each view holds; stops counting at a limit and then says `more`. */
export async function viewCounts(
  db: Db,
  agentId: string,
): Promise<{ readonly view: View; readonly count: number; readonly more: boolean }[]> {
  const counted = views.filter((view) => view !== "resolved" && view !== "all");
  const rows = await db.run((sql) =>
    Promise.all(
      counted.map(
        (view) => sql<{ count: number }[]>`select count(*)::int as count from (
          select 1 from conversations c where ${filter(sql, view, agentId)} limit ${countMax + 1}) counted`,
      ),
    ),
  );
  return counted.map((view, index) => {
    const count = rows[index]?.[0]?.count ?? 0;
    return { view, count: Math.min(count, countMax), more: count > countMax };
  });
}

/** The columns of a row in a list, for statements that name conversations `c`. */
export function listedColumns(sql: Sql) {
  return sql`c.id, c.status, c.owner, c.agent_id as "agentId", g.name as "agentName", p.name as "contactName",
    a.value as address, c.channel, c.locale, c.fence, c.next_seq - 1 as "lastSeq", c.last_inbound_seq as "lastInboundSeq",
    c.last_inbound_at as "lastInboundAt", c.last_activity_at as "lastActivityAt", c.waiting_since as "waitingSince",
    c.snoozed_until as "snoozedUntil", c.episode, c.preview,
    (select count(*)::int from (select 1 from messages m where m.conversation_id = c.id and m.author = 'contact'
      and m.seq > coalesce(r.seq, 0) and c.last_inbound_seq > coalesce(r.seq, 0) limit ${unreadMax}) unread) as unread`;
}

/** The tables that `listedColumns` reads. */
export function listedFrom(sql: Sql, agentId: string) {
  return sql`from conversations c join contacts p on p.id = c.contact_id left join agents g on g.id = c.agent_id
    left join contact_addresses a on a.id = c.address_id
    left join conversation_reads r on r.conversation_id = c.id and r.agent_id = ${agentId}`;
}

/** The position goes through as text: the driver would turn a timestamptz into a Date and lose the microseconds. */
function page(sql: Sql, agentId: string, view: View, after: Position) {
  const inLine = view === "queue";
  const key = inLine ? sql`coalesce(c.waiting_since, c.created_at)` : sql`c.listed_at`;
  return sql<Row[]>`select ${listedColumns(sql)}, ${key}::text as position ${listedFrom(sql, agentId)}
    where ${filter(sql, view, agentId)} and (${key}, c.id) ${inLine ? sql`>` : sql`<`} (${after.at}::text::timestamptz, ${after.id}::uuid)
    order by ${inLine ? sql`${key}, c.id` : sql`${key} desc, c.id desc`} limit ${pageSize}`;
}

/** A conversation begins with its first event: a page that was opened and left is nobody's work. */
function filter(sql: Sql, view: View, agentId: string) {
  return sql`${inView(sql, view, agentId)} and c.next_seq > 1`;
}

function inView(sql: Sql, view: View, agentId: string) {
  switch (view) {
    case "mine":
      return sql`c.status = 'open' and c.owner = 'agent' and c.agent_id = ${agentId}`;
    case "queue":
      return sql`c.status = 'open' and c.owner = 'queue'`;
    case "open":
      return sql`c.status = 'open'`;
    case "assistant":
      return sql`c.status = 'open' and c.owner = 'assistant'`;
    case "snoozed":
      return sql`c.status = 'snoozed'`;
    case "resolved":
      return sql`c.status = 'resolved'`;
    case "all":
      return sql`true`;
  }
}
