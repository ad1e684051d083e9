import { parseArgs } from "node:util";
import { installDriverGuard } from "../../../src/db/guard.ts";
import { onTimeMs } from "./judge.ts";
import { type Progress, runCallbacks, type Scale, sabotages, scales, type Verdict } from "./run.ts";

/**
 * npm run callbacks -- [--queue redis|postgres] [--seed N] [--small] [--share 0.25] [--season spring|autumn] [--sabotage look-up|unique-leg|opt-out]
 * Without --queue it runs on both. Ends with 0 when every promised call was dialled once, in time, and only where wanted.
 */
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
// The databases that are crashed here are ours as well.
installDriverGuard(() => undefined);

const { values } = parseArgs({
  options: {
    queue: { type: "string" },
    seed: { type: "string" },
    small: { type: "boolean", default: false },
    share: { type: "string", default: "1" },
    season: { type: "string" },
    sabotage: { type: "string" },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed);
const share = Number(values.share);
const sabotage = sabotages.find((one) => one === values.sabotage) ?? null;
const queues = (["redis", "postgres"] as const).filter((one) => values.queue === undefined || values.queue === one);
const isMisspelt = values.sabotage !== undefined && sabotage === null;
const season = (["spring", "autumn"] as const).find((one) => one === values.season);
if (
  !Number.isInteger(seed) ||
  !(share > 0 && share <= 1) ||
  queues.length === 0 ||
  isMisspelt ||
  (values.season !== undefined && season === undefined)
) {
  process.stderr.write(
    "usage: npm run callbacks -- [--queue redis|postgres] [--seed N] [--small] [--share 0.25] [--season spring|autumn] [--sabotage ",
  );
  process.stderr.write(`${sabotages.join("|")}]\n`);
  process.exit(2);
}

let told = 0;
let red = false;
const scale: Scale =
  sabotage !== null
    ? scales.sabotage
    : values.small
      ? scales.small
      : { ...shareOf(scales.full), ...(season === undefined ? {} : { season }) };
for (const queue of queues) {
  const without = sabotage === null ? "" : `, without the ${sabotage}`;
  say(`${queue} queue, seed ${seed}${without}: ${scale.callbacks} callbacks, ${scale.agents} agents`);
  const verdict = await runCallbacks({ ...scale, seed, queue, sabotage, onProgress: progress });
  if (process.stdout.isTTY) process.stdout.write("\r\u001b[K");
  for (const line of describe(verdict)) say(line);
  for (const account of verdict.accounts.slice(0, 10)) say(`  account: ${account}`);
  red ||= verdict.faults.length > 0;
}
process.exit(red ? 1 : 0);

/** Fewer of everything, as close together. */
function shareOf(full: Scale): Scale {
  const part = (count: number) => Math.max(1, Math.round(count * share));
  return {
    ...full,
    callbacks: part(full.callbacks),
    kills: part(full.kills),
    databaseCrashes: part(full.databaseCrashes),
    flushes: part(full.flushes),
    freezes: part(full.freezes),
    clockJumps: part(full.clockJumps ?? 0),
  };
}

function progress({ ended, promised, clock, blows }: Progress): void {
  const line = `  ${new Date(clock).toISOString()}: ${ended} of ${promised} promises over, ${blows} blows`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
  else if (told++ % 60 === 0) say(line);
}

function describe({ chaos, faults, starts, undisturbed, ...verdict }: Verdict): string[] {
  const kills = [...chaos.kills].sort(([one], [other]) => one.localeCompare(other));
  const sum = kills.reduce((total, [, count]) => total + count, 0);
  const count = (kind: string) => faults.filter((fault) => fault.kind === kind).length;
  const settled =
    verdict.settledAfterMs === null ? "not in time" : `after ${(verdict.settledAfterMs / 1000).toFixed(1)} s`;
  return [
    `  ${verdict.rings} rings at customers in ${verdict.seconds.toFixed(0)} s; ${Object.entries(verdict.states)
      .map(([state, many]) => `${many} ${state}`)
      .join(", ")}`,
    `  ${sum} kills, ${chaos.databaseCrashes} database crashes, ${chaos.flushes} queue flushes, ${chaos.freezes} freezes, ${chaos.clockJumps} clock jumps`,
    `  kills: ${kills.map(([point, times]) => `${point} ${times}`).join(", ")}`,
    `  started within 30 s: ${inTime(starts)} of all, ${inTime(undisturbed)} of those that no crash held up`,
    ...(verdict.neverPassed.length > 0 ? [`  points never passed: ${verdict.neverPassed.join(", ")}`] : []),
    ...(verdict.failedStarts > 0 ? [`  ${verdict.failedStarts} starts failed and were repeated`] : []),
    ...verdict.died.map((account) => `  died by itself: ${account}`),
    `  all was over ${settled} of calm`,
    ...faults.slice(0, 40).map((fault) => `  ${fault.kind}: callback ${fault.callbackId}: ${fault.what}`),
    `${["twice", "outside", "unwanted", "stuck", "broken", "late", "torn"].map((kind) => `${count(kind)} ${kind}`).join(", ")} (seed ${seed})`,
  ];
}

function inTime(starts: readonly number[]): string {
  const sorted = starts.toSorted((a, b) => a - b);
  const at = (share: number) => ((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / 1000).toFixed(1);
  const kept = sorted.filter((one) => one <= onTimeMs).length;
  return `${kept} of ${sorted.length} (median ${at(0.5)} s, p99 ${at(0.99)} s, longest ${at(1)} s)`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
