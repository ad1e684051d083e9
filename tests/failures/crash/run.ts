import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviour } from "../../../src/simulator/behaviour.ts";
import type { Seen } from "../../../src/simulator/journal.ts";
import { type ChaosCount, type ChaosPlan, createPace, planChaos, wreak } from "./chaos.ts";
import { type Sent, sendAll } from "./customers.ts";
import { type EarlySeen, type Fault, type FaultKind, judge, openWork, readTruths } from "./judge.ts";
import { type Point, pointsOf, type Role } from "./points.ts";
import { type Sabotage, sabotageDatabase } from "./sabotage.ts";
import { startWorld, type World } from "./world.ts";

/** After the last message and the last blow, everything must come to its end within this. */
const calmMs = 30_000;
/** Longer than any lease and any look-up: whatever is mended at all is mended by then. */
const sabotagedCalmMs = 15_000;
/** How often a run that ends at its first fault looks for one. */
const lookEveryMs = 1_000;
/** When nothing is open any more, a late duplicate has this long to show itself. */
const afterthoughtMs = 2_500;
/** One delivery in ten is repeated; the provider fails in one call of five. */
const duplicates = 0.1;
const misbehaving: Partial<Behaviour> = {
  timeoutAfterAccepting: 0.05,
  failAfter: 0.05,
  failBefore: 0.05,
  tooMany: 0.05,
  retryAfterSeconds: 1,
  duplicateWebhooks: 0.1,
  reorderStatuses: 0.2,
};
/** Often accepts without saying so, then or later: only the look-up stands between this and a second reply. */
const neverSure: Partial<Behaviour> = { failAfter: 0.2, statuses: false };
const behaving: Partial<Behaviour> = { timeoutAfterAccepting: 0, failAfter: 0, failBefore: 0, tooMany: 0 };

export interface Scale extends ChaosPlan {
  readonly conversations: number;
  readonly messagesEach: number;
  readonly webs: number;
  readonly workers: number;
  readonly alls: number;
}

/** A second worker takes over from one that is frozen; a second web would only take processor time from a small run. */
const few = { webs: 1, workers: 2, alls: 1 };

export const scales = {
  full: {
    ...{ conversations: 1_000, messagesEach: 3, webs: 2, workers: 2, alls: 1 },
    ...{ kills: 240, databaseCrashes: 5, flushes: 3, freezes: 4 },
  },
  small: { conversations: 48, messagesEach: 3, ...few, kills: 11, databaseCrashes: 1, flushes: 1, freezes: 1 },
  /** Enough for a part that is missing to show. */
  sabotage: { conversations: 40, messagesEach: 3, ...few, kills: 6, databaseCrashes: 0, flushes: 0, freezes: 0 },
} as const satisfies Record<string, Scale>;

export interface RunOptions extends Scale {
  readonly seed: number;
  readonly queue: "redis" | "postgres";
  readonly sabotage: Sabotage | null;
  /** The run ends as soon as it sees a fault of this kind. */
  readonly until?: EarlySeen | undefined;
  readonly onProgress?: (state: Progress) => void;
}

export interface Progress {
  readonly acknowledged: number;
  readonly events: number;
  readonly answered: number;
  readonly phase: "traffic" | "calm";
}

export interface Verdict {
  readonly faults: readonly Fault[];
  readonly messages: number;
  readonly seen: number;
  readonly chaos: ChaosCount;
  /** How long after the last blow the last open work was done; null: never within the calm. */
  readonly settledAfterMs: number | null;
  readonly seconds: number;
  readonly died: readonly string[];
  readonly failedStarts: number;
  /** Crash points that no message came by: the harness lost sight of a step. */
  readonly neverPassed: readonly Point[];
}

/** One whole run: traffic under chaos, calm, judgement. */
export async function runCrash(options: RunOptions): Promise<Verdict> {
  const began = performance.now();
  const behaviour = options.sabotage === "look-up" ? { ...misbehaving, ...neverSure } : misbehaving;
  const { sabotage } = options;
  const world = await startWorld({
    ...options,
    behaviour,
    environment: sabotage === null ? {} : { CRASH_BROKEN: sabotage },
    prepare: (sql) => sabotageDatabase(sql, sabotage),
  });
  try {
    const { sent, chaos, seen: seenEarly } = await storm(world, options);
    await world.behave(behaving);
    const settledAfterMs = seenEarly ? null : await calm(world, sabotage === null ? calmMs : sabotagedCalmMs);
    if (!seenEarly) await sleep(afterthoughtMs);
    const { faults, log } = await judgeWorld(world, sent);
    const all = new Set(roles.flatMap((role) => pointsOf(role, "messages")));
    return {
      faults,
      messages: sent.reduce((sum, one) => sum + one.sids.length, 0),
      seen: log.length,
      chaos,
      settledAfterMs,
      seconds: (performance.now() - began) / 1000,
      died: world.died,
      failedStarts: world.failedStarts(),
      neverPassed: [...all].filter((point) => !world.passed.has(point)),
    };
  } finally {
    await world.close();
  }
}

const roles: readonly Role[] = ["web", "worker", "all"];

/** What beside a fault is wrong with a run: a process died by itself, or the harness struck less than it was to. */
export function shortcomings(verdict: Verdict, scale: Scale): string[] {
  const { chaos, died, neverPassed } = verdict;
  const planned = (what: string, count: number, wanted: number) =>
    count === wanted ? [] : [`${count} ${what} instead of ${wanted}`];
  const kills = [...chaos.kills.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...died.map((account) => `died by itself: ${account}`),
    ...(neverPassed.length > 0 ? [`points never passed: ${neverPassed.join(", ")}`] : []),
    ...(verdict.settledAfterMs === null ? ["work was open when the calm was over"] : []),
    ...planned("messages acknowledged", verdict.messages, scale.conversations * scale.messagesEach),
    ...planned("kills", kills, scale.kills),
    ...planned("database crashes", chaos.databaseCrashes, scale.databaseCrashes),
    ...planned("queue flushes", chaos.flushes, scale.flushes),
    ...planned("freezes", chaos.freezes, scale.freezes),
  ];
}

export function countOf(verdict: Verdict, kind: FaultKind): number {
  return verdict.faults.filter((fault) => fault.kind === kind).length;
}

/** The log is read last: what PostgreSQL says is done must be in it. */
function judgeWorld(world: World, sent: readonly Sent[]): Promise<{ faults: Fault[]; log: Seen[] }> {
  return world.ask(async (sql) => {
    const truths = await readTruths(sql);
    const log = await world.log(0);
    return { faults: judge(sent, log, truths), log };
  });
}

async function storm(world: World, options: RunOptions) {
  const events = planChaos(options, options.seed, "messages");
  const over = new AbortController();
  const pace = createPace(options.conversations * options.messagesEach, events.length, over.signal);
  const stopTelling = tellProgress(world, options, () => pace.state);
  const sent: Sent[] = [];
  const { until } = options;
  const looking = until === undefined ? Promise.resolve(false) : untilSeen(world, sent, until, over);
  try {
    const customers = sendAll({
      world,
      sent,
      signal: over.signal,
      seed: options.seed,
      conversations: options.conversations,
      messagesEach: options.messagesEach,
      duplicates,
      gate: pace.gate,
      onAcknowledged: pace.acknowledged,
    }).finally(pace.allSent);
    const [, chaos] = await Promise.all([customers, wreak(world, events, pace)]);
    over.abort();
    return { sent, chaos, seen: await looking };
  } finally {
    over.abort();
    stopTelling();
  }
}

/** Looks at the customers who have sent all they had; ends the storm at their first fault of this kind. */
async function untilSeen(world: World, sent: readonly Sent[], kind: EarlySeen, over: AbortController) {
  for (; !over.signal.aborted; await sleep(lookEveryMs)) {
    const faults = await judgeWorld(world, [...sent]).then(
      (judged) => judged.faults,
      // The database is away just now.
      () => [],
    );
    if (!faults.some((fault) => fault.kind === kind)) continue;
    over.abort();
    return true;
  }
  return false;
}

async function calm(world: World, withinMs: number): Promise<number | null> {
  const began = Date.now();
  while (Date.now() - began < withinMs) {
    if ((await world.ask(openWork)) === 0) return Date.now() - began;
    await sleep(250);
  }
  return null;
}

function tellProgress(
  world: World,
  options: RunOptions,
  state: () => { readonly acknowledged: number; readonly events: number },
): () => void {
  const { onProgress } = options;
  if (onProgress === undefined) return () => undefined;
  let answered = 0;
  const timer = setInterval(() => {
    world.log(answered).then(
      (more) => {
        answered += more.length;
        onProgress({ ...state(), answered, phase: "traffic" });
      },
      () => undefined,
    );
  }, 1_000);
  return () => clearInterval(timer);
}
