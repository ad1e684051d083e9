import { type Channel, can, type LineChange, type PlacesCalls } from "../../channels/channel.ts";
import { freeAgents } from "../agents/free-agents.ts";
import type { Aftermath } from "../callbacks/aftermath.ts";
import type { CallDesk } from "../callbacks/desk.ts";
import { appendEvent } from "../conversations/append-event.ts";
import { giveToAssistant } from "../conversations/change.ts";
import type { TransactionSql } from "../db/client.ts";
import { makeLive } from "./make-live.ts";
import { noteOnCall } from "./note.ts";
import { ringAgent } from "./offers.ts";
import { lockLiveCall, lockOffer } from "./store.ts";

/** An agent waits for the click to do something: after this it is said that it did not. */
const providerLimitMs = 1_600;

export type CallChange =
  | { readonly do: "hold" | "mute"; readonly on: boolean }
  | { readonly do: "keys"; readonly keys: string }
  | { readonly do: "invite"; readonly agentId: string }
  | { readonly do: "leave" | "give-back" | "hang-up" }
  | { readonly do: "wrap-up"; readonly disposition: string | null; readonly note: string }
  /** Listens to one agent; `heard`: that agent, and nobody else, hears the supervisor. */
  | { readonly do: "coach"; readonly agentId: string | null; readonly heard: boolean };

export interface ChangeOutcome {
  readonly outcome:
    | "done"
    | "not-found"
    /** Nobody would be left with the customer. */
    | "alone"
    /** The colleague takes no calls now. */
    | "not-free"
    /** The line is gone, or not there yet. */
    | "no-line"
    | "still-on"
    /** The provider did not answer. */
    | "later";
}

interface Line {
  readonly id: string;
  readonly conversationId: string;
  readonly conference: string;
  readonly leg: "customer" | "agent" | "supervisor";
  readonly agentId: string | null;
  readonly externalId: string | null;
  readonly joined: boolean;
  readonly ended: boolean;
  readonly wrapped: boolean;
}

/** What an agent does with a call that they are in. The same once more changes nothing. */
export async function changeCall(
  desk: CallDesk,
  agentId: string,
  callId: string,
  change: CallChange,
  after: Aftermath,
): Promise<ChangeOutcome> {
  const lines = await linesOf(desk, callId);
  if (change.do === "coach") return coach(desk, agentId, callId, lines, change, after);
  if (change.do === "wrap-up") return wrapUp(desk, agentId, lines, change, after);
  const mine = lines.find((one) => one.agentId === agentId && one.leg !== "customer" && one.joined && !one.ended);
  if (mine === undefined) return { outcome: "not-found" };
  // A supervisor is with one agent, not with the customer: all they can do to the call is leave it.
  if (mine.leg === "supervisor")
    return change.do === "hang-up" || change.do === "leave" ? end(desk, mine) : { outcome: "not-found" };
  const customer = lines.find((one) => one.leg === "customer" && !one.ended);
  after.conversations.add(mine.conversationId);
  switch (change.do) {
    case "hold":
      return hold(desk, mine, customer, change.on);
    case "mute":
      return mute(desk, mine, change.on);
    case "keys":
      return onLine(desk, customer, { keys: change.keys });
    case "invite":
      return invite(desk, mine, change.agentId);
    case "leave":
      return leave(desk, mine, lines);
    case "give-back":
      return giveBack(desk, mine, lines);
    case "hang-up":
      return hangUp(desk, mine, lines);
  }
}

async function linesOf(desk: CallDesk, conference: string): Promise<Line[]> {
  return desk.db.run(
    (sql) => sql<Line[]>`
      select id, conversation_id as "conversationId", conference, leg, agent_id as "agentId", external_id as "externalId",
        joined_at is not null as joined, ended_at is not null as ended, wrapped_at is not null as wrapped
      from calls where conference = ${conference} order by started_at desc`,
  );
}

async function onLine(desk: CallDesk, line: Line | undefined, change: LineChange): Promise<ChangeOutcome> {
  const phone = desk.phone();
  if (line === undefined || line.externalId === null || phone === null || !can(phone, "changeLine"))
    return { outcome: "no-line" };
  const { conference, externalId } = line;
  const changed = await phone.changeLine({ conference, externalId }, change, AbortSignal.timeout(providerLimitMs));
  return { outcome: changed === "gone" ? "no-line" : changed };
}

async function hold(desk: CallDesk, mine: Line, customer: Line | undefined, on: boolean): Promise<ChangeOutcome> {
  const locale = customer === undefined ? null : await localeOf(desk, customer);
  const changed = await onLine(desk, customer, { heldIn: on ? locale : null });
  if (changed.outcome === "done" && customer !== undefined)
    await set(desk, mine, async (sql) => {
      const held = await sql`update calls set held = ${on} where id = ${customer.id} and held <> ${on} returning 1`;
      return held.length > 0 ? (on ? "held" : "resumed") : null;
    });
  return changed;
}

async function localeOf(desk: CallDesk, { id }: Line): Promise<string> {
  const [row] = await desk.db.run(
    (sql) => sql<{ locale: string | null }[]>`select coalesce(l.locale, c.locale) as locale
      from calls l join conversations c on c.id = l.conversation_id where l.id = ${id}`,
  );
  return row?.locale ?? "en";
}

async function mute(desk: CallDesk, mine: Line, on: boolean): Promise<ChangeOutcome> {
  const changed = await onLine(desk, mine, { muted: on });
  if (changed.outcome === "done")
    await set(desk, mine, async (sql) => {
      const muted = await sql`update calls set muted = ${on} where id = ${mine.id} and muted <> ${on} returning 1`;
      return muted.length > 0 ? (on ? "muted" : "unmuted") : null;
    });
  return changed;
}

/** Writes what was done, and says so in the timeline when it is new. */
async function set(desk: CallDesk, mine: Line, work: (sql: TransactionSql) => Promise<string | null>): Promise<void> {
  await desk.db.transaction(async (sql) => {
    await sql`select 1 from conversations where id = ${mine.conversationId} for update`;
    const change = await work(sql);
    if (change !== null) await noteOnCall(sql, mine, change, mine.agentId);
  });
}

/** Asks a colleague into the call; their inbox rings. */
async function invite(desk: CallDesk, mine: Line, colleague: string): Promise<ChangeOutcome> {
  return desk.db.transaction(async (sql): Promise<ChangeOutcome> => {
    await sql`select 1 from conversations where id = ${mine.conversationId} for update`;
    const [free] = await sql`${freeAgents(sql)} and a.id = ${colleague}`;
    if (free === undefined) return { outcome: "not-free" };
    const asked = await sql`insert into offers (conference, conversation_id, kind, wanted_id, by_id)
      select ${mine.conference}, ${mine.conversationId}, 'colleague', ${colleague}, ${mine.agentId}
      where not exists (select 1 from offers where conference = ${mine.conference} and wanted_id = ${colleague}
        and kind = 'colleague' and state in ('open', 'taken'))
      returning 1`;
    if (asked.length > 0) await noteOnCall(sql, mine, "colleague-asked", mine.agentId, { to: colleague });
    return { outcome: "done" };
  });
}

async function leave(desk: CallDesk, mine: Line, lines: readonly Line[]): Promise<ChangeOutcome> {
  const stays = lines.some((one) => one.id !== mine.id && one.leg === "agent" && one.joined && !one.ended);
  return stays ? end(desk, mine) : { outcome: "alone" };
}

/** The assistant goes on with the customer, who hears so. */
async function giveBack(desk: CallDesk, mine: Line, lines: readonly Line[]): Promise<ChangeOutcome> {
  if (lines.some((one) => one.id !== mine.id && one.leg === "agent" && one.joined && !one.ended))
    return end(desk, mine);
  const given = await desk.db.transaction(async (sql) => {
    await sql`select 1 from conversations where id = ${mine.conversationId} for update`;
    const own = await lockLiveCall(sql, { id: mine.conference });
    const call = own ?? (await makeLive(sql, mine.conference, "talking"));
    if (call === null || call.ended) return false;
    await giveToAssistant(sql, mine.conversationId, {}, mine.agentId);
    return true;
  });
  return given ? end(desk, mine) : { outcome: "alone" };
}

async function hangUp(desk: CallDesk, mine: Line, lines: readonly Line[]): Promise<ChangeOutcome> {
  // Written first: whoever's line ends next, the caller is not offered to anybody again.
  await desk.db.transaction(async (sql) => {
    await sql`select 1 from conversations where id = ${mine.conversationId} for update`;
    await sql`update calls set stage = 'over' where conference = ${mine.conference} and leg = 'customer'`;
    await sql`update offers set state = 'withdrawn', ended_at = now()
      where conference = ${mine.conference} and state in ('open', 'taken')`;
  });
  const customer = lines.find((one) => one.leg === "customer" && !one.ended && one.externalId !== null);
  const first = await end(desk, customer ?? mine);
  if (first.outcome !== "done" || customer === undefined) return first;
  return end(desk, mine);
}

async function end(desk: CallDesk, { externalId }: Line): Promise<ChangeOutcome> {
  const phone: (Channel & PlacesCalls) | null = desk.phone();
  if (phone === null || externalId === null) return { outcome: "no-line" };
  return { outcome: (await phone.endCall(externalId, AbortSignal.timeout(providerLimitMs))) ? "done" : "later" };
}

/** What came of the call; the agent is free for the next one afterwards. */
async function wrapUp(
  desk: CallDesk,
  agentId: string,
  lines: readonly Line[],
  { disposition, note }: Extract<CallChange, { do: "wrap-up" }>,
  after: Aftermath,
): Promise<ChangeOutcome> {
  const own = lines.filter((one) => one.agentId === agentId && one.leg === "agent" && one.joined);
  const [last] = own;
  if (last === undefined) return { outcome: "not-found" };
  if (own.some((one) => !one.ended)) return { outcome: "still-on" };
  if (own.every((one) => one.wrapped)) return { outcome: "done" };
  after.conversations.add(last.conversationId);
  await desk.db.transaction(async (sql) => {
    await sql`select 1 from conversations where id = ${last.conversationId} for update`;
    const wrapped = await sql`update calls set wrapped_at = now(), disposition = ${disposition}
      where conference = ${last.conference} and agent_id = ${agentId} and leg = 'agent' and wrapped_at is null
        and ended_at is not null returning 1`;
    if (wrapped.length === 0) return;
    await sql`update callbacks set disposition = coalesce(${disposition}, disposition),
        outcome = coalesce(${note === "" ? null : note}, outcome)
      where id = ${last.conference}
        or id = (select callback_id from calls where id = ${last.conference} and leg = 'customer')`;
    const data = { call: last.conference, change: "wrapped-up", disposition, note };
    await appendEvent(sql, last.conversationId, { type: "call", agentId, data });
  });
  return { outcome: "done" };
}

/** Joins a supervisor to one agent of the call; while they are in it, only whether that agent hears them changes. */
async function coach(
  desk: CallDesk,
  adminId: string,
  callId: string,
  lines: readonly Line[],
  { agentId, heard }: Extract<CallChange, { do: "coach" }>,
  after: Aftermath,
): Promise<ChangeOutcome> {
  const agent = lines.find(
    (one) => one.leg === "agent" && one.joined && !one.ended && (agentId === null || one.agentId === agentId),
  );
  if (agent === undefined || agent.agentId === adminId) return { outcome: "not-found" };
  const mine = lines.find((one) => one.leg === "supervisor" && one.agentId === adminId && !one.ended);
  if (mine !== undefined) return mute(desk, mine, !heard);
  return desk.db.transaction(async (sql): Promise<ChangeOutcome> => {
    await sql`select 1 from conversations where id = ${agent.conversationId} for update`;
    const [busy] = await sql`select 1 from calls where agent_id = ${adminId} and ended_at is null limit 1`;
    if (busy !== undefined) return { outcome: "not-free" };
    const [made] = await sql<{ id: string }[]>`
      insert into offers (conference, conversation_id, kind, state, agent_id, wanted_id, by_id, coached_id, heard, taken_at)
      values (${callId}, ${agent.conversationId}, 'supervisor', 'taken', ${adminId}, ${adminId}, ${adminId}, ${agent.id},
        ${heard}, now()) returning id`;
    const offer = made === undefined ? null : await lockOffer(sql, made.id);
    if (offer !== null) await ringAgent(sql, offer, after);
    return { outcome: "done" };
  });
}
