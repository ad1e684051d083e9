import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import { createDb, type Db } from "../../../src/db/client.ts";
import { type Hours, hoursSetting } from "../../../src/settings/hours.ts";
import type { Behaviour } from "../../../src/simulator/behaviour.ts";
import { quiet } from "../../support/database.ts";
import { type ChaosCount, type ChaosPlan, type Pace, planChaos, wreak } from "../crash/chaos.ts";
import { type Point, pointsOf } from "../crash/points.ts";
import { startWorld, type World } from "../crash/world.ts";
import { createCustomers, type Promised } from "./customers.ts";
import { accountsOf, type Judgement, judge, openWork, readTruth } from "./judge.ts";
import { type Day, type Plan, type PlanScale, planDays } from "./plan.ts";

/** A lost report is made up for once a minute. */
const calmMs = 100_000;
const afterthoughtMs = 2_500;
const lookEveryMs = 200;
/** Nothing at all happened for so long: it is stuck, and the judge says so. */
const patienceMs = 150_000;
/** Nobody waits on the telephone while the clock leaps; a few that a crash holds up have half an hour. */
const stragglersMax = 12;
const leapAmongStragglersMs = 3 * 60_000;
/** What is left to those who wait: their half hour passes as everybody's does, a crash or two and a clock set forward. */
const leftToStragglersMs = 18 * 60_000;
const stragglersRestMs = 2_000;
/** So little makes no difference to anybody who waits. */
const smallLeapMs = 30_000;
/** The clock shows the time just before it is somebody's. */
const beforeTheirTimeMs = 300;
const lanes = 12;

const misbehaving: Partial<Behaviour> = {
  timeoutAfterAccepting: 0.02,
  failAfter: 0.03,
  failBefore: 0.03,
  tooMany: 0.03,
  retryAfterSeconds: 1,
  duplicateWebhooks: 0.1,
  reorderStatuses: 0.2,
  statusDelayMs: 40,
  answeringMachine: 0.05,
  busy: 0.05,
  noAnswer: 0.05,
  callFails: 0.02,
};
const behaving: Partial<Behaviour> = { timeoutAfterAccepting: 0, failAfter: 0, failBefore: 0, tooMany: 0 };

/** Most calls are taken and not admitted to, few customers answer, and nobody reports: only the look-up tells. */
const neverSure: Partial<Behaviour> = { failAfter: 0.7, failBefore: 0, tooMany: 0, noAnswer: 0.9, statuses: false };

/** What can be taken away to prove that the judge sees its absence. */
export const sabotages = ["look-up", "unique-leg", "opt-out"] as const;
export type Sabotage = (typeof sabotages)[number];

export interface Scale extends ChaosPlan, PlanScale {
  readonly agents: number;
  /** The run ends after so long, whatever is still open: what is broken on purpose may never come to rest. */
  readonly forMs?: number;
}

const full = { callbacks: 10_000, kills: 300, databaseCrashes: 5, flushes: 20, freezes: 5, clockJumps: 20 };
export const scales = {
  full: { ...full, perSecond: 8, agents: 120 },
  small: {
    ...{ callbacks: 20, perSecond: 6, agents: 20, oneDay: true },
    ...{ kills: 3, databaseCrashes: 1, flushes: 1, freezes: 0, clockJumps: 1 },
  },
  /** Enough for a part that is missing to show. */
  sabotage: {
    ...{ callbacks: 15, perSecond: 6, agents: 20, oneDay: true, forMs: 50_000 },
    ...{ kills: 0, databaseCrashes: 0, flushes: 0, freezes: 0, clockJumps: 0 },
  },
} as const satisfies Record<string, Scale>;

export interface RunOptions extends Scale {
  readonly seed: number;
  readonly queue: "redis" | "postgres";
  readonly sabotage: Sabotage | null;
  readonly onProgress?: (state: Progress) => void;
}

export interface Progress {
  readonly ended: number;
  readonly promised: number;
  readonly clock: number;
  readonly blows: number;
}

export interface Verdict extends Judgement {
  readonly chaos: ChaosCount;
  readonly settledAfterMs: number | null;
  readonly seconds: number;
  readonly died: readonly string[];
  readonly failedStarts: number;
  readonly neverPassed: readonly Point[];
  /** What PostgreSQL holds of those with a fault, and what the customer's telephone heard, to find out why. */
  readonly accounts: readonly string[];
}

/** Round the clock, with room for all: the calling hours of the customers decide, not the desk's. */
const hours: Hours = {
  ...hoursSetting.fallback,
  teams: hoursSetting.fallback.teams.map((team) => {
    const day: [string, string][] = [["00:00", "24:00"]];
    return { ...team, week: [day, day, day, day, day, day, day], capacity: 10_000 };
  }),
};

/** One whole run: promises, their days, chaos, calm, judgement. Time passes while anybody is dialled, and leaps between. */
export async function runCallbacks(options: RunOptions): Promise<Verdict> {
  const began = performance.now();
  const days = planDays(options, options.seed);
  const world = await startWorld({
    ...options,
    ...{ webs: 2, workers: 2 },
    behaviour: { ...misbehaving, ...(options.sabotage === "look-up" ? neverSure : {}) },
    startAt: days[0]?.opens ?? 0,
    environment: {
      ...{ CALL_COUNTRIES: "DE,US,IN,AU", TIME_ZONE: "Europe/Berlin", TWILIO_VOICE_NUMBER: "+12025550100" },
      ...(options.sabotage === null ? {} : { CRASH_BROKEN: options.sabotage }),
    },
    prepare: (sql) => prepare(sql, options),
  });
  try {
    const agents = Array.from({ length: options.agents }, (_, at) => agentNumber(at));
    const atDesk = { key: "1", talkMs: 45_000, ...(options.sabotage === null ? {} : { outcome: "human" as const }) };
    await world.answerAs(Object.fromEntries(agents.map((number) => [number, atDesk])));
    const { promises, chaos } = await storm(world, days, options);
    await world.behave(behaving);
    const settledAfterMs = options.sabotage === null ? await calm(world) : null;
    await sleep(afterthoughtMs);
    const log = await world.calls(0);
    const judgement = judge(promises, log, world.clock, await world.ask(readTruth));
    const faulty = promises.filter(({ id }) => judgement.faults.some(({ callbackId }) => callbackId === id));
    const accounts = await world.ask((sql) => accountsOf(faulty, log, sql));
    const all = [...pointsOf("web", "calls"), ...pointsOf("worker", "calls")];
    return {
      ...judgement,
      chaos,
      settledAfterMs,
      seconds: (performance.now() - began) / 1_000,
      died: world.died,
      failedStarts: world.failedStarts(),
      accounts,
      neverPassed: all.filter((point) => !world.passed.has(point)),
    };
  } finally {
    await world.close();
  }
}

function agentNumber(at: number): string {
  return `+1646555${String(at).padStart(4, "0")}`;
}

async function prepare(sql: postgres.Sql, { agents, sabotage }: RunOptions): Promise<void> {
  await sql`insert into settings (key, value) values ('hours', ${sql.json(hours as never)})`;
  for (let at = 0; at < agents; at++) {
    await sql`insert into agents (email, name, role, presence, phone)
      values (${`agent-${at}@example.com`}, ${`Agent ${at}`}, 'agent', 'available', ${agentNumber(at)})`;
  }
  if (sabotage === "unique-leg") await sql`drop index calls_once`;
}

async function storm(world: World, days: readonly Day[], options: RunOptions) {
  const events = planChaos(options, options.seed, "calls");
  const pace = paceBy(options.callbacks, events.length);
  const customers = createCustomers(world, options.seed, hours);
  const db = createDb({ url: world.databaseUrl, log: quiet, poolSize: 2 });
  const promises: Promised[] = [];
  let stopped = false;
  async function live(): Promise<void> {
    for (const day of days) {
      if (world.clock.now() < day.opens) world.clock.move(day.opens - world.clock.now());
      await liveThrough(day, { world, customers, db, promises, pace, options });
    }
  }
  try {
    const [, chaos] = await Promise.all([
      live().finally(() => {
        stopped = true;
        pace.end();
      }),
      wreak(world, events, pace),
    ]);
    return { promises, chaos };
  } finally {
    if (!stopped) pace.end();
    await customers.close();
    await db.close();
  }
}

interface Life {
  readonly world: World;
  readonly customers: ReturnType<typeof createCustomers>;
  readonly db: Db;
  readonly promises: Promised[];
  readonly pace: CountingPace;
  readonly options: RunOptions;
}

/** A day: everybody asks and changes their mind when it is time to, until nobody waits for a call any more. */
async function liveThrough(day: Day, { world, customers, db, promises, pace, options }: Life): Promise<void> {
  const { clock } = world;
  const own = new Map<Plan, Promised>();
  const work = createLanes(lanes);
  const asks = day.plans.toSorted((a, b) => a.askAt - b.askAt);
  const acts = day.plans
    .filter(({ change }) => change !== null)
    .toSorted((a, b) => (a.change?.at ?? 0) - (b.change?.at ?? 0));
  let lastLeap = 0;
  let last = { at: Date.now(), standing: "" };
  const until = Date.now() + (options.forMs ?? Number.POSITIVE_INFINITY);
  const struck = new Set(day.strikes);
  for (;;) {
    const now = clock.now();
    while ((asks[0]?.askAt ?? Number.POSITIVE_INFINITY) <= now) {
      const plan = asks.shift() as Plan;
      work.add(async () => {
        const promised = await customers.ask(plan);
        if (plan.wantedAt === null) promised.dueReal = Date.now();
        own.set(plan, promised);
        promises.push(promised);
      });
    }
    while ((acts[0]?.change?.at ?? Number.POSITIVE_INFINITY) <= now && (acts[0] === undefined || own.has(acts[0]))) {
      const plan = acts.shift() as Plan;
      work.add(() => customers.act(plan, own.get(plan) as Promised));
    }
    const strike = [...struck].find(({ from }) => now >= from - 2_000);
    if (strike !== undefined) {
      struck.delete(strike);
      await goOnStrike(strike.from + strike.forMs, { world, db, own });
    }
    const standing = await look(db, now);
    if (standing === null) continue;
    pace.count(standing.ended);
    if (JSON.stringify(standing) !== last.standing) last = { at: Date.now(), standing: JSON.stringify(standing) };
    if (Date.now() - last.at > patienceMs || Date.now() > until) break;
    options.onProgress?.({ ended: standing.ended, promised: promises.length, clock: now, blows: pace.blows() });
    if (asks.length === 0 && acts.length === 0 && work.idle() && standing.open === 0) break;
    const next = Math.min(
      standing.nextDue ?? Number.POSITIVE_INFINITY,
      asks[0]?.askAt ?? Number.POSITIVE_INFINITY,
      acts[0]?.change?.at ?? Number.POSITIVE_INFINITY,
      ...[...struck].map(({ from }) => from - 2_000),
    );
    const leap = Math.min(
      next - beforeTheirTimeMs - clock.now(),
      standing.waiting === 0 ? Number.POSITIVE_INFINITY : leapAmongStragglersMs,
      (standing.soonestOver ?? Number.POSITIVE_INFINITY) - leftToStragglersMs - clock.now(),
    );
    const rested =
      standing.waiting === 0 ||
      (standing.waiting <= stragglersMax && (leap <= smallLeapMs || Date.now() - lastLeap > stragglersRestMs));
    if (work.idle() && rested && Number.isFinite(leap) && leap > beforeTheirTimeMs) {
      clock.move(leap);
      lastLeap = Date.now();
    }
    await sleep(lookEveryMs);
  }
  for (const [plan, promised] of own) {
    if (plan.wantedAt !== null) promised.dueReal = clock.reached(Math.max(plan.wantedAt, promised.askedAt));
  }
}

interface Standing {
  readonly open: number;
  readonly ended: number;
  /** Their time has come, or they are being dialled. */
  readonly waiting: number;
  /** When the first promise of those is over. */
  readonly soonestOver: number | null;
  readonly nextDue: number | null;
}

/** Null: the database is away just now. Agents who did not take a call come back, and wrap up those they took. */
async function look(db: Db, now: number): Promise<Standing | null> {
  const at = new Date(now);
  try {
    await db.run((sql) => sql`update agents set presence = 'available' where presence = 'away'`);
    await db.run(
      (sql) => sql`update calls set wrapped_at = now()
        where leg = 'agent' and joined_at is not null and ended_at is not null and wrapped_at is null`,
    );
    const [row] = await db.run((sql) => {
      // Where the clock was set back, those that were due are not any more.
      const waits = sql`state = 'dialling' or (state in ('requested', 'scheduled', 'due') and due_at <= ${at})`;
      return sql<Standing[]>`
        select count(*) filter (where state in ('requested', 'scheduled', 'due', 'dialling', 'connected'))::int as open,
          count(*) filter (where state not in ('requested', 'scheduled', 'due', 'dialling', 'connected'))::int as ended,
          count(*) filter (where ${waits})::int as waiting,
          (extract(epoch from min(until) filter (where ${waits})) * 1000)::float8 as "soonestOver",
          (extract(epoch from min(due_at) filter (where state in ('requested', 'scheduled', 'due') and due_at > ${at})) * 1000)::float8
            as "nextDue"
        from callbacks`;
    });
    return row ?? null;
  } catch {
    await sleep(lookEveryMs);
    return null;
  }
}

/** Nobody is at their desk until then; time passes in minutes. */
async function goOnStrike(
  until: number,
  { world, db, own }: Pick<Life, "world" | "db"> & { readonly own: ReadonlyMap<Plan, Promised> },
): Promise<void> {
  const set = async (presence: string): Promise<void> => {
    for (let done = false; !done; await sleep(100)) {
      done = await db
        .run((sql) => sql`update agents set presence = ${presence} where kind = 'person'`)
        .then(
          () => true,
          () => false,
        );
    }
  };
  await set("offline");
  const from = world.clock.now();
  while (world.clock.now() < until) {
    await sleep(3_000);
    world.clock.move(60_000);
  }
  for (const [plan, promised] of own) {
    const at = plan.wantedAt ?? plan.askAt;
    if (at > from - 10 * 60_000 && at < until) promised.struck = true;
  }
  await set("available");
}

interface CountingPace extends Pick<Pace, "due" | "struck"> {
  count(ended: number): void;
  blows(): number;
  end(): void;
}

/** Blows fall evenly over the calls: each when so many have ended. */
function paceBy(callbacks: number, events: number): CountingPace {
  const perEvent = callbacks / (events + 1);
  let ended = 0;
  let blows = 0;
  let over = false;
  return {
    async due(index) {
      while (!over && ended < index * perEvent) await sleep(20);
    },
    struck(index) {
      blows = index + 1;
    },
    count(now) {
      ended = now;
    },
    blows: () => blows,
    end() {
      over = true;
    },
  };
}

function createLanes(limit: number) {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  let failed: { readonly error: unknown } | null = null;
  const next = (): void => {
    while (running < limit && waiting.length > 0) {
      running += 1;
      void (waiting.shift() as () => Promise<void>)()
        .catch((error: unknown) => {
          failed = { error };
        })
        .finally(() => {
          running -= 1;
          next();
        });
    }
  };
  return {
    add(task: () => Promise<void>): void {
      waiting.push(task);
      next();
    },
    idle(): boolean {
      if (failed !== null) throw failed.error;
      return running === 0 && waiting.length === 0;
    },
  };
}

async function calm(world: World): Promise<number | null> {
  const began = Date.now();
  while (Date.now() - began < calmMs) {
    if ((await world.ask(openWork)) === 0) return Date.now() - began;
    await sleep(250);
  }
  return null;
}
