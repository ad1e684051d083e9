import { cpus } from "node:os";
import type { Round } from "./contestants/contestant.ts";
import type { RunReport } from "./lib/orders.ts";

/** The contestants that are ours: what `npm start` runs, and web and worker apart with the queue between them. */
export const names = {
  own: "everline",
  queue: { redis: "everline-redis-queue", postgres: "everline-postgres-queue" },
} as const;

export interface Figures {
  readonly rounds: Readonly<Record<string, readonly Round[]>>;
  readonly latency: RunReport | null;
  /** Resident memory of the service at rest. */
  readonly memory: number | null;
  readonly faults: Faults;
}

/** What no run may have, over all runs with the warm-ups. */
export interface Faults {
  readonly lost: number;
  /** Not acknowledged: Twilio does not send an SMS again unless it is told to, so to the customer it is lost. */
  readonly refused: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly wrong: number;
  readonly badSends: number;
  readonly total: number;
}

export interface Medians {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly cpuBy: Readonly<Record<string, number>>;
  readonly answerP50Ms: number | null;
  readonly answerP99Ms: number | null;
}

export interface Goal {
  readonly text: string;
  readonly measured: string;
  readonly reached: boolean;
}

export function faultsOf(reports: readonly RunReport[]): Faults {
  const sum = (name: Exclude<keyof Faults, "total">): number => reports.reduce((all, one) => all + one[name], 0);
  const faults = {
    lost: sum("lost"),
    refused: sum("refused"),
    duplicated: sum("duplicated"),
    outOfOrder: sum("outOfOrder"),
    wrong: sum("wrong"),
    badSends: sum("badSends"),
  };
  return { ...faults, total: Object.values(faults).reduce((all, one) => all + one, 0) };
}

export function mediansOf(rounds: Figures["rounds"]): Readonly<Record<string, Medians>> {
  return Object.fromEntries(
    Object.entries(rounds).map(([name, list]) => {
      const over = (pick: (round: Round) => number): number => median(list.map(pick));
      const groups = Object.keys(list[0]?.cpuBy ?? {});
      const written = list.every((round) => round.seen !== undefined);
      return [
        name,
        {
          perSecond: over((round) => round.perSecond),
          cpuMicros: over((round) => round.cpuMicros),
          cpuBy: Object.fromEntries(groups.map((group) => [group, over((round) => round.cpuBy?.[group] ?? 0)])),
          answerP50Ms: written ? over((round) => round.seen?.answerMs.p50 ?? 0) : null,
          answerP99Ms: written ? over((round) => round.seen?.answerMs.p99 ?? 0) : null,
        },
      ];
    }),
  );
}

/** The project's own aims; those whose figures were not measured are left out. */
export function goalsOf({ rounds, latency, memory, faults }: Figures): Goal[] {
  const medians = mediansOf(rounds);
  const goals: Goal[] = [
    {
      text: "nothing lost, refused, twice, out of order, wrong or sent badly",
      measured: Object.entries(faults)
        .flatMap(([name, count]) => (name === "total" ? [] : [count]))
        .join(" / "),
      reached: faults.total === 0,
    },
  ];
  const own = medians[names.own];
  const onRedis = medians[names.queue.redis];
  const onPostgres = medians[names.queue.postgres];
  if (own !== undefined) goals.push(atLeast("messages a second, answered at once", own.perSecond, 1_500, "/s"));
  if (onRedis !== undefined) {
    goals.push(atLeast("messages a second through the queue on Redis", onRedis.perSecond, 1_500, "/s"));
  }
  if (onPostgres !== undefined) {
    goals.push(atLeast("messages a second through the queue on PostgreSQL", onPostgres.perSecond, 600, "/s"));
  }
  const peer = medians["peer: chat-sdk"];
  if (own !== undefined && peer !== undefined) {
    goals.push(atLeast("times the peer's messages a second", own.perSecond / peer.perSecond, 3, " times"));
  }
  const limit = limitMicros(medians);
  const share = (micros: number, of: Medians): number => (100 * micros) / of.cpuMicros;
  if (own !== undefined && limit !== null) {
    const text = "share of the raw limit without its queue (processor time), answered at once";
    goals.push(atLeast(text, share(limit.withoutQueue, own), 50, " %"));
  }
  if (onRedis !== undefined && limit !== null) {
    const text = "share of the raw limit with its queue (processor time), through the queue on Redis";
    goals.push(atLeast(text, share(limit.all, onRedis), 50, " %"));
  }
  if (latency !== null) {
    goals.push(below("acknowledgement p99 at 100 messages a second", latency.acknowledgementMs.p99, 30, " ms"));
    goals.push(below("first answer p50 at 100 messages a second", latency.answerMs.p50, 15, " ms"));
  }
  if (memory !== null) goals.push(below("memory of the idle service", memory, 300, " MB"));
  return goals;
}

/** The steps of a message together: with the queue, and as whoever answers at once takes them; null: not measured. */
function limitMicros(medians: Readonly<Record<string, Medians>>) {
  const steps = Object.entries(medians).filter(([name]) => name.startsWith("limit: "));
  if (steps.length === 0) return null;
  const sum = (of: typeof steps): number => of.reduce((all, [, step]) => all + step.cpuMicros, 0);
  return { all: sum(steps), withoutQueue: sum(steps.filter(([name]) => name !== "limit: queue")) };
}

function atLeast(text: string, value: number, goal: number, unit: string): Goal {
  return { text: `${text}, at least ${goal}${unit}`, measured: figure(value) + unit, reached: value >= goal };
}

function below(text: string, value: number, goal: number, unit: string): Goal {
  return { text: `${text}, under ${goal}${unit}`, measured: figure(value) + unit, reached: value < goal };
}

export function machine(): string {
  const list = cpus();
  return `${list.length} × ${list[0]?.model.trim() ?? "unknown processor"}, Node.js ${process.version}, the generator on the same machine`;
}

/** The medians as a table for people. */
export function table(medians: Readonly<Record<string, Medians>>): string {
  const limit = limitMicros(medians);
  const rows = Object.entries(medians).map(([name, one]) => [
    name,
    figure(one.perSecond),
    figure(one.cpuMicros),
    Object.entries(one.cpuBy)
      .map(([group, micros]) => `${group} ${figure(micros)}`)
      .join(", "),
    one.answerP50Ms === null ? "" : `${figure(one.answerP50Ms)} / ${figure(one.answerP99Ms ?? 0)}`,
  ]);
  if (limit !== null) {
    rows.push(["limit: all steps", "", figure(limit.all), "", ""]);
    rows.push(["limit: without the queue", "", figure(limit.withoutQueue), "", ""]);
  }
  const heads = ["", "messages/s", "CPU µs each", "of which", "answer ms p50 / p99"];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [heads, ...rows].map(line).join("\n");
}

function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
