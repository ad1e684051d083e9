import { isAmongBest, type Skills, speaks } from "../agents/fit.ts";
import { freeSkills } from "../agents/free-agents.ts";
import { presentSummary } from "../conversations/present-summary.ts";
import type { Db } from "../db/client.ts";
import { shownName } from "../lib/shown-name.ts";
import { wantedFirstSeconds } from "./offers.ts";

/** Who calls and what about. */
interface About {
  readonly id: string;
  readonly conversationId: string;
  readonly contactName: string | null;
  readonly address: string | null;
  readonly locale: string | null;
  /** What the assistant handed over. */
  readonly summary: unknown;
}

export interface ShownOffer extends About {
  readonly callId: string;
  readonly kind: "caller" | "colleague" | "callback";
  /** What a promised call is about. */
  readonly topic: string | null;
  /** Who asks, when a colleague does. */
  readonly byName: string | null;
  readonly since: Date;
  /** The agent speaks the customer's language. */
  readonly spoken: boolean;
}

interface OfferRow extends Omit<ShownOffer, "spoken">, Skills {
  /** Made just now, and to nobody by name. */
  readonly fresh: boolean;
  readonly declined: readonly string[];
}

export interface ShownLine {
  readonly leg: "customer" | "agent" | "supervisor";
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly state: string;
  readonly joined: boolean;
  readonly muted: boolean;
  readonly held: boolean;
  readonly since: Date;
}

export interface ShownCall extends About {
  readonly lines: readonly ShownLine[];
  /** My own line is over and I have not said yet what came of it. */
  readonly wrapUp: boolean;
}

/**
 * The calls that are offered to this agent now, who waits longest first. A caller is offered to those first who speak
 * their language, when any of them is free; soon after to everybody.
 */
export async function offersFor(db: Db, agentId: string): Promise<ShownOffer[]> {
  const rows = await db.run(
    (sql) => sql<OfferRow[]>`
      select o.id, o.conference as "callId", o.kind, c.id as "conversationId", p.name as "contactName",
        coalesce(k.phone, x.value) as address, coalesce(k.locale, l.locale, c.locale) as locale, ${presentSummary(sql)} as summary,
        k.topic, b.name as "byName", coalesce(l.waiting_since, o.made_at) as since, me.languages, me.team, o.declined,
        o.wanted_id is null and o.made_at > now() - ${wantedFirstSeconds} * interval '1 second' as fresh
      from offers o ${aboutFrom(sql, sql`o.conversation_id`)}
      left join agents b on b.id = o.by_id
      left join callbacks k on o.kind = 'callback' and k.id = o.conference::uuid
      left join calls l on l.id = o.conference::uuid and l.stage is not null
      join agents me on me.id = ${agentId} and me.presence = 'available' and me.kind = 'person'
      where o.state = 'open' and not ${agentId}::uuid = any (o.declined)
        and (o.wanted_id = ${agentId}
          or (o.kind = 'caller' and (o.wanted_id is null or o.made_at < now() - ${wantedFirstSeconds} * interval '1 second')))
      order by since, o.id limit 20`,
  );
  const free = rows.some(({ fresh }) => fresh)
    ? await db.run((sql) => sql<(Skills & { id: string })[]>`${freeSkills(sql)}`)
    : [];
  return rows.filter((row) => !row.fresh || isFirst(row, free)).map(shownOffer);
}

function isFirst(row: OfferRow, free: readonly (Skills & { id: string })[]): boolean {
  const others = free.filter(({ id }) => !row.declined.includes(id));
  return isAmongBest(row, others, { locale: row.locale, team: null });
}

function shownOffer({ languages, team: _, fresh: __, declined: ___, ...row }: OfferRow): ShownOffer {
  return { ...named(row), spoken: speaks({ languages }, row.locale) };
}

/** The call that this agent is in, rings for, or has not wrapped up; null: none. */
export async function callOf(db: Db, agentId: string): Promise<ShownCall | null> {
  const [row] = await db.run(
    (sql) => sql<{ conference: string }[]>`
      select conference from calls where agent_id = ${agentId} and leg <> 'customer' and conference is not null and (ended_at is null
        or (joined_at is not null and wrapped_at is null and leg = 'agent' and ended_at > now() - interval '10 minutes'))
      order by ended_at is null desc, started_at desc limit 1`,
  );
  return row === undefined ? null : shownCall(db, agentId, row.conference);
}

/** Calls that agents talk in now: a supervisor may listen to them. */
export async function liveCalls(db: Db, agentId: string): Promise<ShownCall[]> {
  const rows = await db.run(
    (sql) => sql<{ conference: string }[]>`
      select distinct conference from calls where leg = 'agent' and joined_at is not null and ended_at is null
        and agent_id is distinct from ${agentId} limit 50`,
  );
  const shown = await Promise.all(rows.map(({ conference }) => shownCall(db, agentId, conference)));
  return shown.filter((one) => one !== null);
}

async function shownCall(db: Db, agentId: string, conference: string): Promise<ShownCall | null> {
  const [about, lines] = await db.run((sql) =>
    Promise.all([
      sql<About[]>`select l.conference as id, ${aboutColumns(sql)}
        from (select * from calls where conference = ${conference} order by started_at limit 1) l
        ${aboutFrom(sql, sql`l.conversation_id`)}`,
      sql<(ShownLine & { wraps: boolean; ended: boolean })[]>`
        select l.leg, l.agent_id as "agentId", a.name as "agentName", l.state, l.joined_at is not null as joined, l.muted,
          l.held, coalesce(l.joined_at, l.started_at) as since,
          l.agent_id = ${agentId} and l.leg = 'agent' and l.joined_at is not null and l.ended_at is not null
            and l.wrapped_at is null as wraps, l.ended_at is not null as ended
        from calls l left join agents a on a.id = l.agent_id
        where l.conference = ${conference} and (l.ended_at is null or l.agent_id = ${agentId}) order by l.started_at`,
    ]),
  );
  if (about[0] === undefined) return null;
  const open = lines.filter((one) => !one.ended);
  const isOn = open.some((one) => one.agentId === agentId);
  return {
    ...named(about[0]),
    lines: open.map(({ wraps: _, ended: __, ...line }) => line),
    wrapUp: !isOn && lines.some((one) => one.wraps),
  };
}

function named<Row extends About>(row: Row): Row {
  return { ...row, contactName: shownName(row.contactName) };
}

function aboutColumns(sql: Parameters<Parameters<Db["run"]>[0]>[0]) {
  return sql`c.id as "conversationId", p.name as "contactName", x.value as address, c.locale,
    ${presentSummary(sql)} as summary`;
}

function aboutFrom(sql: Parameters<Parameters<Db["run"]>[0]>[0], conversation: ReturnType<typeof aboutColumns>) {
  return sql`join conversations c on c.id = ${conversation} join contacts p on p.id = c.contact_id
    left join contact_addresses x on x.id = c.address_id`;
}
