import type { Db, Sql } from "../db/client.ts";
import { afterAll, beforeAll, decodeCursor, encodeCursor } from "../lib/cursor.ts";
import { shownName } from "../lib/shown-name.ts";
import { type CallbackState, openStates } from "./states.ts";

export const callbackViews = ["open", "mine", "today", "overdue", "closed"] as const;
export type CallbackView = (typeof callbackViews)[number];

/** Whose "today", and whose "mine"; `of`: only those of one agent, or those of nobody. */
interface Desk {
  readonly deskZone: string;
  readonly agentId: string;
  readonly of: string | null;
}

const pageSize = 100;
const countMax = 200;

export interface ListedCallback {
  readonly id: string;
  readonly conversationId: string;
  readonly contactId: string;
  readonly contactName: string | null;
  readonly state: CallbackState;
  readonly phone: string | null;
  readonly wish: string | null;
  readonly wantedAt: Date | null;
  readonly zone: string | null;
  readonly localTime: string | null;
  readonly topic: string | null;
  readonly locale: string | null;
  readonly source: string;
  readonly outcome: string | null;
  readonly disposition: string | null;
  readonly attempts: number;
  /** Why it is not dialled although it is due, as a fixed word. */
  readonly held: string | null;
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly dueAt: Date;
  readonly overdue: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * A page of callbacks: open ones by when they are due (those without a time first: as soon as possible), closed ones by
 * when they were closed. "Today" is the desk's day. Null for a cursor that is not one of this view.
 */
export async function listCallbacks(
  db: Db,
  view: CallbackView,
  desk: Desk,
  cursor: string | null,
): Promise<{ readonly callbacks: readonly ListedCallback[]; readonly cursor: string | null } | null> {
  const closed = view === "closed";
  const after = cursor === null ? (closed ? afterAll : beforeAll) : decodeCursor(cursor, view);
  if (after === null) return null;
  const rows = await db.run((sql) => {
    const key = closed ? sql`k.updated_at` : sql`coalesce(k.wanted_at, k.created_at)`;
    return sql<(ListedCallback & { readonly position: string })[]>`
      select ${callbackColumns(sql)}, ${key}::text as position ${callbackFrom(sql)} where ${inView(sql, view, desk)}
        and (${key}, k.id) ${closed ? sql`<` : sql`>`} (${after.at}::text::timestamptz, ${after.id}::uuid)
      order by ${closed ? sql`${key} desc, k.id desc` : sql`${key}, k.id`} limit ${pageSize}`;
  });
  const last = rows.length === pageSize ? rows.at(-1) : undefined;
  return {
    callbacks: rows.map(({ position: _, ...row }) => withShownName(row)),
    cursor: last === undefined ? null : encodeCursor(view, { at: last.position, id: last.id }),
  };
}

/** How many callbacks each view holds; stops counting at a limit and then says `more`. */
export async function callbackCounts(db: Db, desk: Desk) {
  const counted = callbackViews.filter((view) => view !== "closed");
  const rows = await db.run((sql) =>
    Promise.all(
      counted.map(
        (view) => sql<{ count: number }[]>`select count(*)::int as count from (
          select 1 from callbacks k where ${inView(sql, view, desk)} limit ${countMax + 1}) counted`,
      ),
    ),
  );
  return counted.map((view, index) => {
    const count = rows[index]?.[0]?.count ?? 0;
    return { view, count: Math.min(count, countMax), more: count > countMax };
  });
}

function withShownName(row: ListedCallback): ListedCallback {
  return { ...row, contactName: shownName(row.contactName) };
}

function callbackColumns(sql: Sql) {
  return sql`k.id, k.conversation_id as "conversationId", k.contact_id as "contactId", p.name as "contactName", k.state,
    k.phone, k.wish, k.wanted_at as "wantedAt", k.zone, k.local_time as "localTime", k.topic, k.locale, k.source, k.outcome,
    k.disposition, k.attempts, k.held, k.agent_id as "agentId", g.name as "agentName", k.due_at as "dueAt",
    (k.state in ('requested', 'scheduled', 'due') and coalesce(k.wanted_at, k.due_at) < now()
      and (k.wanted_at is not null or k.told_late or k.held is not null)) as overdue,
    k.created_at as "createdAt", k.updated_at as "updatedAt"`;
}

function callbackFrom(sql: Sql) {
  return sql`from callbacks k join contacts p on p.id = k.contact_id left join agents g on g.id = k.agent_id`;
}

function inView(sql: Sql, view: CallbackView, desk: Desk) {
  const { of } = desk;
  const whose = of === "nobody" ? sql`and k.agent_id is null` : of === null ? sql`` : sql`and k.agent_id = ${of}`;
  return sql`${standsIn(sql, view, desk)} ${whose}`;
}

function standsIn(sql: Sql, view: CallbackView, { deskZone, agentId }: Desk) {
  const open = sql`k.state in ${sql([...openStates])}`;
  switch (view) {
    case "open":
      return open;
    case "mine":
      return sql`${open} and k.agent_id = ${agentId}`;
    case "today":
      return sql`${open} and (k.wanted_at is null
        or (k.wanted_at at time zone ${deskZone})::date <= (now() at time zone ${deskZone})::date)`;
    case "overdue":
      return sql`${open} and k.due_at < now() and (k.wanted_at < now() or k.told_late or k.held is not null)`;
    case "closed":
      return sql`k.state not in ${sql([...openStates])}`;
  }
}

/** One callback as the list shows it. */
export async function findCallback(db: Db, id: string): Promise<ListedCallback | null> {
  const [row] = await db.run(
    (sql) => sql<ListedCallback[]>`select ${callbackColumns(sql)} ${callbackFrom(sql)} where k.id = ${id}`,
  );
  return row === undefined ? null : withShownName(row);
}
