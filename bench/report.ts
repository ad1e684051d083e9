import { cpus } from "node:os";
import type { Round } from "./contestants/contestant.ts";
import type { RunReport } from "./lib/orders.ts";

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
      text: "nothing lost, twice, out of order or wrong",
      measured: `${faults.lost} / ${faults.duplicated} / ${faults.outOfOrder} / ${faults.wrong}`,
      reached: faults.total === 0,
    },
  ];
  const own = medians.everline;
  if (own !== undefined) goals.push(atLeast("messages a second", own.perSecond, 1_500, "/s"));
  const peer = medians["peer: chat-sdk"];
  if (own !== undefined && peer !== undefined) {
    goals.push(atLeast("times the peer's messages a second", own.perSecond / peer.perSecond, 3, " times"));
  }
  const limit = limitMicros(medians);
  if (own !== undefined && limit !== null) {
    goals.push(atLeast("share of the raw limit (processor time)", (100 * limit) / own.cpuMicros, 50, " %"));
  }
  const onPostgres = medians["everline-postgres"];
  if (onPostgres !== undefined) {
    goals.push(atLeast("messages a second on the PostgreSQL queue", onPostgres.perSecond, 600, "/s"));
  }
  if (latency !== null) {
    goals.push(below("acknowledgement p99 at 100 messages a second", latency.acknowledgementMs.p99, 30, " ms"));
    goals.push(below("first answer p50 at 100 messages a second", latency.answerMs.p50, 15, " ms"));
  }
  if (memory !== null) goals.push(below("memory of the idle service", memory, 300, " MB"));
  return goals;
}

/** All steps of a message together; null when they were not measured. */
function limitMicros(medians: Readonly<Record<string, Medians>>): number | null {
  const steps = Object.entries(medians).filter(([name]) => name.startsWith("limit: "));
  return steps.length === 0 ? null : steps.reduce((sum, [, step]) => sum + step.cpuMicros, 0);
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
  if (limit !== null) rows.push(["limit: all steps", "", figure(limit), "", ""]);
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
