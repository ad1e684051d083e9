import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { freePort, makeFolder, startPostgres, untilOk } from "../lib/engines.ts";
import { cpuSince, residentMb } from "../lib/processes.ts";
import { startProgram } from "../lib/program.ts";
import { answeredQuestions } from "../lib/questions.ts";
import { serviceArgs } from "../lib/service.ts";
import { account, type Caller, call } from "./caller.ts";

/** One says something every six seconds or so on the telephone. */
const turnEveryMs = 6_000;
const spokenWith = 100;
const held = 500;
const goalMs = 20;
const warmUpTurns = 2;
const turnsDefault = 5;
/** Calls that are being connected at the same time. */
const atOnce = 16;
const commits = 300;
const commitEveryMs = 20;

/** `npm run bench -- calls [turns]`: what we add to each turn of a call. Exits with 1 when a goal is not reached. */
export async function benchCalls(args: readonly string[]): Promise<number> {
  const turns = Number(args[0] ?? turnsDefault);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const folder = makeFolder();
  // The service finds its models made: training is the first start's affair, not a call's.
  const [questions = []] = await answeredQuestions(join(folder.path, "calls", "models"));
  const database = await startPostgres(folder.path, "calls");
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const service = startProgram({
    command: process.execPath,
    args: [...(await serviceArgs())],
    env: {
      ...{ NODE_ENV: "production", PORT: String(port), PUBLIC_URL: publicUrl, LOG_LEVEL: "warn", DEMO: "true" },
      ...{ DATA_DIR: join(folder.path, "calls"), DATABASE_URL: database.url, VOICE_TRANSPORT: "relay" },
      ...{ TWILIO_ACCOUNT_SID: account.sid, TWILIO_AUTH_TOKEN: account.token, TWILIO_VOICE_NUMBER: account.number },
    },
    logFile: openSync(join(folder.path, "calls.log"), "a"),
  });
  const callers: Caller[] = [];
  try {
    await untilOk(`${publicUrl}/readyz`);
    await dial(publicUrl, callers, spokenWith);
    const asked = (at: number) => questions[at % questions.length]?.text ?? "";
    await talk(callers, warmUpTurns, asked);
    const spent = cpuSince({ service: service.pid, database: database.pid });
    const times = (await talk(callers, turns, asked)).sort((a, b) => a - b);
    const { service: own = 0, database: sql = 0 } = spent(times.length).cpuBy;
    const at = (percent: number) => quantile(times, percent);
    say(`  ${times.length} turns: p50 ${at(50).toFixed(1)} ms, p90 ${at(90).toFixed(1)}, p99 ${at(99).toFixed(1)} ms`);
    say(`  processor time of a turn: ${Math.round(own)} µs here, ${Math.round(sql)} µs in the database`);
    const raw = await commitTimes(database.url);
    say(
      `  a commit alone on this database: p50 ${quantile(raw, 50).toFixed(1)} ms, p99 ${quantile(raw, 99).toFixed(1)} ms`,
    );
    await dial(publicUrl, callers, held);
    await sleep(turnEveryMs);
    const answered = await talk(callers, 1, asked);
    const open = callers.filter((one) => one.open).length;
    const mb = Math.round(residentMb([service.pid]));
    const reached = [
      [
        at(99) < goalMs,
        `frame in to first token out at ${spokenWith} calls: p99 ${at(99).toFixed(1)} ms (under ${goalMs})`,
      ],
      [open === held && answered.length === held, `${open} of ${held} calls held, each of them answered; ${mb} MB`],
    ] as const;
    for (const [ok, line] of reached) say(`${ok ? "reached    " : "NOT REACHED"}  ${line}`);
    return reached.every(([ok]) => ok) ? 0 : 1;
  } finally {
    for (const one of callers) one.hangUp();
    await service.stop();
    await database.stop();
    folder.remove();
  }
}

function quantile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/** The limit of a turn in the same minute: what was said is on disk before it is answered. */
async function commitTimes(url: string): Promise<number[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const times: number[] = [];
  try {
    await sql`create table bench_commits (at timestamptz)`;
    for (let left = commits; left > 0; left--) {
      const began = performance.now();
      await sql`insert into bench_commits values (now())`;
      times.push(performance.now() - began);
      await sleep(commitEveryMs);
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
  return times.sort((a, b) => a - b);
}

async function dial(publicUrl: string, callers: Caller[], upTo: number): Promise<void> {
  while (callers.length < upTo) {
    const next = Array.from({ length: Math.min(atOnce, upTo - callers.length) }, (_, at) => callers.length + at);
    callers.push(...(await Promise.all(next.map((index) => call(publicUrl, index)))));
  }
}

/** Each caller at their own pace, as people on different telephones. */
async function talk(callers: readonly Caller[], turns: number, words: (at: number) => string): Promise<number[]> {
  const times = await Promise.all(
    callers.map(async (caller, index) => {
      const mine: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        await sleep(Math.random() * turnEveryMs);
        mine.push(await caller.ask(words(index * turns + turn)));
        await sleep(turnEveryMs / 2);
      }
      return mine;
    }),
  );
  return times.flat();
}
