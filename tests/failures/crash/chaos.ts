import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../../src/simulator/behaviour.ts";
import { type Point, pointsOf, type Role, type Way } from "./points.ts";
import type { ServiceProcess } from "./service-process.ts";
import type { World } from "./world.ts";

/** A point that is not passed in this time (nothing to look up just now) becomes a kill at random. */
const passedWithinMs = 5_000;
/** Longer than the leases of turns, deliveries and legs: another worker takes over before this one goes on. */
const frozenMs: Readonly<Record<Way, number>> = { messages: 22_000, calls: 22_000 };
/** A clock that is set right, or a machine that slept; within the half hour that a promise holds. */
const jumpMaxMs = 8 * 60_000;

export interface ChaosPlan {
  /** Processes that are web and worker in one, beside those that are either; none when left out. */
  readonly alls?: number;
  readonly kills: number;
  readonly databaseCrashes: number;
  readonly flushes: number;
  readonly freezes: number;
  /** Only where the run has a clock of its own. */
  readonly clockJumps?: number;
}

export type ChaosEvent =
  | { readonly kind: "kill-at"; readonly role: Role; readonly point: Point; readonly pass: number }
  | { readonly kind: "kill"; readonly role: Role; readonly draw: number }
  | { readonly kind: "freeze"; readonly role: Role; readonly way: Way; readonly draw: number }
  | { readonly kind: "jump-clock"; readonly byMs: number }
  /** The provider stops or goes on to report what became of messages: without its word only the look-up tells. */
  | { readonly kind: "reports"; readonly on: boolean }
  | { readonly kind: "crash-database" }
  | { readonly kind: "flush-queue" };

export interface ChaosCount {
  /** Kills by where they struck; `random` ones anywhere. */
  readonly kills: ReadonlyMap<Point | "random", number>;
  readonly databaseCrashes: number;
  readonly flushes: number;
  readonly freezes: number;
  readonly clockJumps: number;
}

/** The events of a run, in order; the same seed gives the same ones. Three of four kills are at named points. */
export function planChaos(plan: ChaosPlan, seed: number, way: Way): ChaosEvent[] {
  const random = seededRandom(seed + 2);
  const alls = (plan.alls ?? 0) > 0;
  const roles: readonly Role[] = alls ? ["web", "worker", "all"] : ["web", "worker"];
  const named = roles.flatMap((role) => pointsOf(role, way).map((point) => ({ role, point })));
  const shuffled = shuffle(named, random);
  const kills = Array.from({ length: plan.kills }, (_, index): ChaosEvent => {
    const at = shuffled[index % shuffled.length];
    if (index % 4 === 3 || at === undefined) {
      return { kind: "kill", role: roleOfKill(random(), alls), draw: random() };
    }
    return { kind: "kill-at", ...at, pass: 1 + Math.floor(random() * 2) };
  });
  const others: ChaosEvent[] = [
    ...Array.from({ length: plan.databaseCrashes }, () => ({ kind: "crash-database" as const })),
    ...Array.from({ length: plan.flushes }, () => ({ kind: "flush-queue" as const })),
    ...Array.from({ length: plan.freezes }, () => {
      const role = alls && random() < 0.5 ? ("all" as const) : ("worker" as const);
      return { kind: "freeze" as const, role, way, draw: random() };
    }),
    ...Array.from({ length: plan.clockJumps ?? 0 }, () => {
      return { kind: "jump-clock" as const, byMs: Math.round((2 * random() - 1) * jumpMaxMs) };
    }),
  ];
  const events = spread(kills, shuffle(others, random));
  // Without reports a call is asked after once a minute: for messages alone that is a fit pace.
  return way === "messages" ? withSilence(events) : events;
}

function roleOfKill(draw: number, alls: boolean): Role {
  if (alls && draw >= 0.6) return "all";
  return draw < (alls ? 0.25 : 0.4) ? "web" : "worker";
}

/** In the middle third of a run the provider reports nothing. */
function withSilence(events: readonly ChaosEvent[]): ChaosEvent[] {
  const third = Math.floor(events.length / 3);
  return [
    ...events.slice(0, third),
    { kind: "reports", on: false },
    ...events.slice(third, 2 * third),
    { kind: "reports", on: true },
    ...events.slice(2 * third),
  ];
}

/**
 * Carries the events out, each when it is due, until `over` ends it early; resolves when the last one is over and
 * every process runs again.
 */
export async function wreak(
  world: World,
  events: readonly ChaosEvent[],
  pace: Pick<Pace, "due" | "struck" | "over">,
): Promise<ChaosCount> {
  const kills = new Map<Point | "random", number>();
  const count = { databaseCrashes: 0, flushes: 0, freezes: 0, clockJumps: 0 };
  const frozen: Promise<void>[] = [];
  const struck = (where: Point | "random") => kills.set(where, (kills.get(where) ?? 0) + 1);
  for (const [index, event] of events.entries()) {
    await pace.due(index);
    if (pace.over?.aborted === true) break;
    switch (event.kind) {
      case "kill-at":
        struck(await killAt(world, event, () => pace.struck(index)));
        break;
      case "kill":
        struck(await killAny(world, event));
        break;
      case "freeze":
        frozen.push(readyOf(world, event.role, event.draw).freeze(frozenMs[event.way]));
        count.freezes += 1;
        break;
      case "jump-clock":
        world.clock.move(event.byMs);
        count.clockJumps += 1;
        break;
      case "reports":
        await world.behave({ statuses: event.on });
        break;
      case "crash-database":
        await world.crashDatabase();
        count.databaseCrashes += 1;
        break;
      case "flush-queue":
        await world.flushQueue();
        count.flushes += 1;
        break;
    }
    pace.struck(index);
  }
  await Promise.all(frozen);
  await Promise.all(world.processes.map((one) => one.untilReady()));
  return { kills, ...count };
}

/** Ties traffic and chaos to each other, so that every part of the one meets every part of the other. */
export interface Pace {
  /** Ends everything early: nobody waits for anybody any more. */
  readonly over?: AbortSignal;
  /** Resolves when the customers are far enough for this event, or have nothing more to send. */
  due(index: number): Promise<void>;
  /** The event happened, or waits for traffic to trigger it: the next messages may be sent. */
  struck(index: number): void;
  /** Resolves when the chaos has caught up with the customers. */
  gate(): Promise<void>;
  acknowledged(): void;
  allSent(): void;
  readonly state: { readonly acknowledged: number; readonly events: number };
}

export function createPace(messages: number, events: number, over: AbortSignal): Pace {
  const perEvent = messages / (events + 1);
  const state = { acknowledged: 0, events: 0 };
  /** Lets so many messages begin; those that wait to be acknowledged count, or all lanes would pass at once. */
  let begun = 0;
  let sent = false;
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds() && !over.aborted) await sleep(10);
  };
  return {
    over,
    state,
    due: (index) => until(() => sent || state.acknowledged >= index * perEvent),
    struck(index) {
      state.events = index + 1;
    },
    async gate() {
      await until(() => state.events >= events || begun < (state.events + 1) * perEvent);
      begun += 1;
    },
    acknowledged() {
      state.acknowledged += 1;
    },
    allSent() {
      sent = true;
    },
  };
}

async function killAt(
  world: World,
  event: Extract<ChaosEvent, { kind: "kill-at" }>,
  onArmed: () => void,
): Promise<Point | "random"> {
  const candidates = world.processes.filter((one) => one.role === event.role);
  await Promise.all(candidates.map((one) => one.untilReady()));
  for (const one of candidates) one.order({ dieAt: { point: event.point, pass: event.pass } });
  onArmed();
  const died = await Promise.race([
    ...candidates.map((one) => one.killed().then(() => true)),
    sleep(passedWithinMs, false, { ref: false }),
  ]);
  for (const one of candidates) one.order({ dieAt: null });
  if (died) return event.point;
  return killAny(world, { role: event.role, draw: 0 });
}

async function killAny(
  world: World,
  { role, draw }: { readonly role: Role; readonly draw: number },
): Promise<"random"> {
  const victim = readyOf(world, role, draw);
  await victim.untilReady();
  const killed = victim.killed();
  victim.kill();
  await killed;
  return "random";
}

/** A process of this role, rather one that serves. */
function readyOf(world: World, role: Role, draw: number): ServiceProcess {
  const all = world.processes.filter((one) => one.role === role);
  const ready = all.filter((one) => one.ready());
  const from = ready.length > 0 ? ready : all;
  const chosen = from[Math.floor(draw * from.length)];
  if (chosen === undefined) throw new Error(`There is no ${role} process.`);
  return chosen;
}

/** The rare events at even distances among the many. */
function spread(many: readonly ChaosEvent[], rare: readonly ChaosEvent[]): ChaosEvent[] {
  const distance = (many.length + rare.length) / (rare.length + 1);
  const all = [...many];
  rare.forEach((event, index) => {
    all.splice(Math.floor((index + 1) * distance), 0, event);
  });
  return all;
}

function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
