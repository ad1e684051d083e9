import { writeFileSync } from "node:fs";
import { benchCalls } from "./calls/main.ts";
import type { Contestant, Round, Stage } from "./contestants/contestant.ts";
import { type Everline, startEverline } from "./contestants/everline.ts";
import { startLimits } from "./contestants/limits.ts";
import { startPeer } from "./contestants/peer.ts";
import { makeFolder } from "./lib/engines.ts";
import { startGenerator } from "./lib/generator.ts";
import type { RunReport } from "./lib/orders.ts";
import { answeredQuestions } from "./lib/questions.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { profileEverline } from "./profile.ts";
import { type Figures, faultsOf, goalsOf, machine, mediansOf, names, table } from "./report.ts";
import { benchSockets } from "./sockets/main.ts";

/** Long enough that the hot functions are compiled and every connection is open. */
const warmUpSeconds = 4;
const latencyPerSecond = 100;
const latencySeconds = 10;

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "sockets") return benchSockets(rest);
  if (first === "calls") return benchCalls(rest);
  const options = readOptions(process.argv.slice(2));
  const folder = makeFolder();
  const generator = await startGenerator(await answeredQuestions());
  const stage: Stage = { generator, folder: folder.path, inFlight: options.inFlight };
  const started: Contestant[] = [];
  try {
    if (options.profile) return await profileEverline(stage, options.seconds);
    const figures = await measure(stage, options, started);
    return report(figures, options);
  } finally {
    for (const contestant of started.reverse()) await contestant.stop();
    await generator.stop();
    if (options.keep) say(`Data and logs: ${folder.path}`);
    else folder.remove();
  }
}

async function measure(stage: Stage, options: Options, started: Contestant[]): Promise<Figures> {
  const { only } = options;
  const add = <One extends Contestant>(contestant: One): One => {
    started.push(contestant);
    say(`  ${contestant.name} is ready`);
    return contestant;
  };
  const needsEverline = only.has("everline") || only.has("latency") || only.has("memory");
  const everline = needsEverline
    ? add(await startEverline(stage, { name: names.own, roles: ["all"], queue: "redis" }))
    : null;
  const memory = everline !== null && only.has("memory") ? await everline.idleMb() : null;
  for (const queue of ["redis", "postgres"] as const) {
    if (!only.has(`${queue}-queue`)) continue;
    add(await startEverline(stage, { name: names.queue[queue], roles: ["web", "worker"], queue }));
  }
  if (only.has("peer")) add(await startPeer(stage));
  if (only.has("limit")) for (const limit of await startLimits(stage)) add(limit);

  const compared = started.filter((contestant) => contestant !== everline || only.has("everline"));
  const faults: RunReport[] = [];
  const rounds = await runRounds(compared, options, faults);
  const latency = everline !== null && only.has("latency") ? await measureLatency(everline, faults) : null;
  return { rounds, latency, memory, faults: faultsOf(faults) };
}

/** One after the other in every round, so that a slow minute of the machine meets them all. */
async function runRounds(
  contestants: readonly Contestant[],
  { rounds, seconds }: Options,
  seen: RunReport[],
): Promise<Figures["rounds"]> {
  const results: Record<string, Round[]> = {};
  const run = async (contestant: Contestant, howLong: number): Promise<Round> => {
    const round = await contestant.measure(howLong);
    if (round.seen !== undefined) seen.push(round.seen);
    return round;
  };
  for (const contestant of contestants) await run(contestant, warmUpSeconds);
  for (let number = 1; number <= rounds; number += 1) {
    for (const contestant of contestants) {
      const round = await run(contestant, seconds);
      results[contestant.name] = [...(results[contestant.name] ?? []), round];
      say(`  round ${number}: ${contestant.name} ${Math.round(round.perSecond)}/s, ${Math.round(round.cpuMicros)} µs`);
    }
  }
  return results;
}

async function measureLatency(everline: Everline, seen: RunReport[]): Promise<RunReport> {
  const report = await everline.atRate(latencyPerSecond, latencySeconds);
  seen.push(report);
  return report;
}

function report(figures: Figures, options: Options): number {
  const goals = goalsOf(figures);
  say(`\n${machine()}\n\n${table(mediansOf(figures.rounds))}\n`);
  for (const goal of goals) say(`${goal.reached ? "reached    " : "NOT REACHED"}  ${goal.text}: ${goal.measured}`);
  if (options.json !== null) {
    const medians = mediansOf(figures.rounds);
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), ...figures, medians, goals }, null, 2)}\n`);
  }
  const broken = figures.faults.total > 0;
  const missed = options.assert && goals.some((goal) => !goal.reached);
  return broken || missed ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${text}\n\n${usage}`);
    process.exitCode = 1;
  },
);
