import { parseArgs } from "node:util";
import { installDriverGuard } from "../../../src/db/guard.ts";
import { type Progress, runCrash, type Scale, scales, shortcomings, type Verdict } from "./run.ts";
import { type Sabotage, sabotages } from "./sabotage.ts";

/**
 * npm run crash -- [--queue redis|postgres] [--seed N] [--small] [--sabotage unique-key|fence|look-up|sweeper]
 * Without --queue it runs on both. Ends with 0 when nothing was lost, duplicated, out of order or stuck, no
 * process died by itself, and every blow of the plan was struck.
 */
// With its clean-up: the database and the processes would outlive us.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
// The databases that are crashed here are ours as well.
installDriverGuard(() => undefined);

const { values } = parseArgs({
  options: {
    queue: { type: "string" },
    seed: { type: "string" },
    small: { type: "boolean", default: false },
    sabotage: { type: "string" },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed);
const sabotage = sabotages.find((one) => one === values.sabotage) ?? null;
const queues = (["redis", "postgres"] as const).filter((one) => values.queue === undefined || values.queue === one);
if (!Number.isInteger(seed) || queues.length === 0 || (values.sabotage !== undefined && sabotage === null)) {
  process.stderr.write("usage: npm run crash -- [--queue redis|postgres] [--seed N] [--small] [--sabotage ");
  process.stderr.write(`${sabotages.join("|")}]\n`);
  process.exit(2);
}

let told = 0;
let red = false;
for (const queue of queues) {
  const scale = scaleFor(values.small, sabotage);
  const verdict = await report(queue, sabotage, scale);
  red ||= verdict.faults.length > 0 || shortcomings(verdict, scale).length > 0;
}
process.exit(red ? 1 : 0);

function scaleFor(small: boolean, broken: Sabotage | null): Scale {
  if (broken !== null) return scales.sabotage;
  return small ? scales.small : scales.full;
}

async function report(queue: "redis" | "postgres", broken: Sabotage | null, scale: Scale): Promise<Verdict> {
  const total = scale.conversations * scale.messagesEach;
  const without = broken === null ? "" : `, without the ${broken}`;
  say(`${queue} queue, seed ${seed}${without}: ${scale.conversations} conversations, ${total} messages`);
  const verdict = await runCrash({
    ...scale,
    seed,
    queue,
    sabotage: broken,
    onProgress: (state) => progress(state, total),
  });
  if (process.stdout.isTTY) process.stdout.write("\r\u001b[K");
  for (const line of describe(verdict, scale)) say(line);
  return verdict;
}

/** On a terminal one line that changes; in a log one line now and then. */
function progress({ acknowledged, events, answered }: Progress, total: number): void {
  const line = `  ${acknowledged} of ${total} acknowledged, ${answered} replies taken by the provider, ${events} blows`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
  else if (told++ % 15 === 0) say(line);
}

function describe(verdict: Verdict, scale: Scale): string[] {
  const { chaos, faults, settledAfterMs } = verdict;
  const kills = [...chaos.kills].sort(([one], [other]) => one.localeCompare(other));
  const sum = kills.reduce((total, [, count]) => total + count, 0);
  const settled = settledAfterMs === null ? "not within 30 s" : `after ${(settledAfterMs / 1000).toFixed(1)} s`;
  const count = (kind: string) => faults.filter((fault) => fault.kind === kind).length;
  return [
    `  ${verdict.messages} messages acknowledged, ${verdict.seen} replies taken, ${verdict.seconds.toFixed(0)} s`,
    `  ${sum} kills, ${chaos.databaseCrashes} database crashes, ${chaos.flushes} queue flushes, ${chaos.freezes} freezes`,
    `  kills: ${kills.map(([point, times]) => `${point} ${times}`).join(", ")}`,
    ...(verdict.failedStarts > 0 ? [`  ${verdict.failedStarts} starts failed and were repeated`] : []),
    ...shortcomings(verdict, scale).map((what) => `  ${what}`),
    `  all work was done ${settled} of calm`,
    ...faults.slice(0, 40).map((fault) => `  ${fault.kind}: conversation ${fault.conversationId}: ${fault.what}`),
    `${count("lost")} lost, ${count("duplicated")} duplicated, ${count("out of order")} out of order, ${count("stuck")} stuck${
      count("torn") > 0 ? `, ${count("torn")} torn` : ""
    } (seed ${seed})`,
  ];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
