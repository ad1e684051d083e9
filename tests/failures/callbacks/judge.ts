import type postgres from "postgres";
import { callWords } from "../../../src/callbacks/words.ts";
import { localTimeOf } from "../../../src/lib/zoned-time.ts";
import type { LoggedCall } from "../../../src/simulator/calls-api.ts";
import type { SharedClock } from "../crash/clock.ts";
import { groupBy } from "../crash/judge.ts";
import type { Promised } from "./customers.ts";

const minute = 60_000;
/** What the customer was told: half an hour from the time, and ten minutes between attempts at least. */
const windowMs = 30 * minute;
const betweenMs = 10 * minute;
/** A leg is written, then the provider is asked: its time limit, and a little. */
const askedWithinMs = 14_000;
/** The issue's figure. */
export const onTimeMs = 30_000;

export type FaultKind = "twice" | "outside" | "unwanted" | "stuck" | "broken" | "late" | "torn";

export interface Fault {
  readonly kind: FaultKind;
  readonly callbackId: string;
  readonly what: string;
}

export interface Judgement {
  readonly faults: readonly Fault[];
  /** Ms of the machine's clock from the promised time until the first telephone rang for it. */
  readonly starts: readonly number[];
  /** Of those whose dialling nothing had disturbed. */
  readonly undisturbed: readonly number[];
  readonly states: Readonly<Record<string, number>>;
  readonly rings: number;
}

export interface Leg {
  readonly id: string;
  readonly callbackId: string;
  readonly attempt: number;
  readonly leg: string;
  readonly state: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly code: string | null;
}

export interface Stored {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  /** When the customer was written to that they keep their place: the promise holds longer from then on. */
  readonly toldLateAt: readonly number[];
  readonly last: boolean;
  readonly nextSeq: number;
  readonly events: number;
}

/** What is still under way; nothing once the run has come to rest. */
export async function openWork(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ open: number }[]>`select (
    (select count(*) from callbacks where state in ('requested', 'scheduled', 'due', 'dialling', 'connected')) +
    (select count(*) from calls where ended_at is null) +
    (select count(*) from deliveries where state in ('ready', 'sending', 'unknown')))::int as open`;
  return row?.open ?? 0;
}

/** What PostgreSQL says about promised calls. */
export interface Truth {
  readonly legs: readonly Leg[];
  readonly callbacks: readonly Stored[];
}

export async function readTruth(sql: postgres.Sql): Promise<Truth> {
  return { legs: await readLegs(sql), callbacks: await readStored(sql) };
}

/** Compares what customers were promised, what the provider's log shows that rang, and what PostgreSQL says about both. */
export function judge(
  promises: readonly Promised[],
  log: readonly LoggedCall[],
  clock: SharedClock,
  { legs, callbacks }: Truth,
): Judgement {
  const byId = new Map(legs.map((leg) => [leg.id, leg]));
  const byCallback = groupBy(legs, (leg) => leg.callbackId);
  const stored = new Map(callbacks.map((row) => [row.id, row]));
  const byCall = groupBy(log, (call) => call.callId ?? "");
  const byNumber = groupBy(log, (call) => call.to);
  const faults: Fault[] = [];
  const fault = (kind: FaultKind, callbackId: string, what: string) => faults.push({ kind, callbackId, what });

  // R5: each leg that was written was dialled once, and nothing was dialled that was not written.
  for (const [id, calls] of byCall) {
    const leg = byId.get(id);
    if (calls.length > 1) fault("twice", leg?.callbackId ?? "none", `leg ${id} was dialled ${calls.length} times`);
    if (leg === undefined) fault("torn", "none", `the provider dialled ${id}, which was never written`);
  }
  for (const leg of legs) {
    if (leg.endedAt === null) fault("stuck", leg.callbackId, `its ${leg.leg}'s line is still ${leg.state}`);
  }

  const starts: number[] = [];
  const undisturbed: number[] = [];
  const states: Record<string, number> = {};
  let rings = 0;
  for (const one of promises) {
    const truth = stored.get(one.id);
    const own = byCallback.get(one.id) ?? [];
    const rung = (byNumber.get(one.number) ?? []).toSorted((a, b) => a.at - b.at);
    rings += rung.length;
    if (truth === undefined) {
      fault("torn", one.id, "it is gone");
      continue;
    }
    states[truth.state] = (states[truth.state] ?? 0) + 1;
    for (const [kind, what] of [
      ...stateFaults(one, truth, rung),
      ...repeated(one, rung, clock),
      ...rung.flatMap((call, at) => ringFaults(one, truth, call, byId.get(call.callId ?? ""), at === 0, clock)),
    ]) {
      fault(kind, one.id, what);
    }
    const started = startOf(one, own, byCall);
    if (started === null) continue;
    starts.push(started);
    if (own.some(({ code, startedAt, endedAt }) => code !== null || (endedAt ?? 0) - startedAt > 20_000)) continue;
    undisturbed.push(started);
    if (started > onTimeMs) fault("late", one.id, `nothing rang until ${Math.round(started / 1_000)} s after its time`);
  }
  return { faults, starts, undisturbed, states, rings };
}

type Found = readonly [FaultKind, string];

function stateFaults(one: Promised, truth: Stored, rung: readonly LoggedCall[]): Found[] {
  const faults: Found[] = [];
  const { state } = truth;
  if (!["done", "missed", "cancelled", "expired"].includes(state)) faults.push(["stuck", `it is still ${state}`]);
  if (truth.events !== truth.nextSeq - 1) faults.push(["torn", "its timeline has gaps"]);
  const spoken = rung.some((call) => call.answeredAt !== null && call.answeredBy === "human");
  if (state === "done" && !spoken) faults.push(["torn", "it is done, and nobody ever answered"]);
  if (state === "missed" && !truth.last && rung.length < 3)
    faults.push(["broken", `given up after ${rung.length} rings`]);
  if (state === "expired" && !one.struck && rung.length === 0)
    faults.push(["broken", "it was never rung, with agents free"]);
  if (state === "cancelled" && one.cancelledAt === null && one.stoppedAt === null)
    faults.push(["broken", "it was cancelled, and nobody had asked for that"]);
  return faults;
}

/** R5 with the customer's ears: not again within ten minutes, and never again after we spoke. */
function repeated(one: Promised, rung: readonly LoggedCall[], clock: SharedClock): Found[] {
  return rung.flatMap((call, index): Found[] => {
    const before = rung[index - 1];
    if (before === undefined || (one.movedAt !== null && one.movedAt > before.at)) return [];
    if (before.answeredAt !== null && before.answeredBy === "human")
      return [["twice", "rung again after they had answered"]];
    const gap = clock.passed(before.at, call.at);
    return gap < betweenMs - 1_000 ? [["twice", `rung again after ${Math.round(gap / 1_000)} s`]] : [];
  });
}

/** Was this ring decided within the promise and the hours, before anybody had taken it back? */
function ringFaults(
  one: Promised,
  truth: Stored,
  call: LoggedCall,
  leg: Leg | undefined,
  isFirst: boolean,
  clock: SharedClock,
): Found[] {
  if (leg === undefined || leg.callbackId !== one.id || leg.leg !== "customer")
    return [["torn", "a ring without its leg"]];
  const faults: Found[] = [];
  if (call.at - leg.startedAt > askedWithinMs)
    faults.push(["outside", `dialled ${call.at - leg.startedAt} ms after it was decided`]);
  const takenBack = Math.min(one.cancelledAt ?? Number.POSITIVE_INFINITY, one.stoppedAt ?? Number.POSITIVE_INFINITY);
  if (leg.startedAt > takenBack) faults.push(["unwanted", `rung ${leg.startedAt - takenBack} ms after they said no`]);
  const wishes = one.wishes.filter((wish) => leg.startedAt >= wish.from && leg.startedAt <= wish.until);
  const fits = wishes.some((wish) =>
    clock.shownAt(leg.startedAt).some((at) => {
      const local = Number(localTimeOf(new Date(at), one.zone).slice(11, 13));
      const begins = wish.wantedAt ?? one.askedAt;
      const inWindow = at >= begins && at <= begins + windowMs;
      const byDay = local >= 8 && local < 20;
      if (at < begins || !(byDay || (inWindow && (wish.picked || wish.wantedAt === null)))) return false;
      const toldLate = truth.toldLateAt.some((told) => told >= wish.from && told <= leg.startedAt);
      return inWindow || wish.wantedAt === null || !isFirst || toldLate || one.struck;
    }),
  );
  if (!fits) {
    const shown = localTimeOf(new Date(clock.shownAt(leg.startedAt)[0] ?? 0), one.zone);
    faults.push(["outside", `rung at ${shown} in ${one.zone}; wishes ${JSON.stringify(one.wishes)}`]);
  }
  return faults;
}

/** Until the first telephone rang for it: the agent's, where agents are rung first. Null where nothing can be said. */
function startOf(
  one: Promised,
  own: readonly Leg[],
  byCall: ReadonlyMap<string, readonly LoggedCall[]>,
): number | null {
  if (one.struck || one.dueReal === null || one.movedAt !== null) return null;
  const first = Math.min(...own.flatMap((leg) => (byCall.get(leg.id) ?? []).map((call) => call.at)));
  return Number.isFinite(first) ? first - one.dueReal : null;
}

/** All that is known of some promises, for whoever looks for the reason of a fault; a line each. */
export async function accountsOf(
  promises: readonly Promised[],
  log: readonly LoggedCall[],
  sql: postgres.Sql,
): Promise<string[]> {
  const accounts: string[] = [];
  for (const promised of promises) {
    const [row] = await sql`select * from callbacks where id = ${promised.id}`;
    const legs = await sql`select * from calls where callback_id = ${promised.id} order by started_at`;
    const events = await sql`select seq, type, at, data from events
      where conversation_id = ${row?.conversation_id ?? null} order by seq`;
    const rung = log.filter(({ to, callId }) => to === promised.number || legs.some(({ id }) => id === callId));
    accounts.push(JSON.stringify({ promised, row, legs, events, rung }));
  }
  return accounts;
}

async function readLegs(sql: postgres.Sql): Promise<Leg[]> {
  return sql<Leg[]>`select id, callback_id as "callbackId", attempt, leg, state, error->>'code' as code,
    (extract(epoch from started_at) * 1000)::float8 as "startedAt", (extract(epoch from ended_at) * 1000)::float8 as "endedAt"
    from calls where callback_id is not null`;
}

async function readStored(sql: postgres.Sql): Promise<Stored[]> {
  const late = callWords("en").late.split("{link}")[0]?.replace("{company}", "%") ?? "";
  return sql<Stored[]>`select k.id, k.state, k.attempts, k.last, c.next_seq::int as "nextSeq",
      array(select (extract(epoch from m.at) * 1000)::float8 from messages m where m.conversation_id = c.id
        and m.author = 'system' and m.parts->0->>'text' like ${`${late}%`}) as "toldLateAt",
      (select count(*)::int from events e where e.conversation_id = c.id) as events
    from callbacks k join conversations c on c.id = k.conversation_id`;
}
