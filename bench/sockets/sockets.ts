import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { issueToken } from "../../channels/web-chat/tokens.ts";
import { freePort, startPostgres, untilOk } from "../lib/engines.ts";
import { cpuSince, residentMb } from "../lib/processes.ts";
import { type Program, startProgram } from "../lib/program.ts";
import { serviceArgs } from "../lib/service.ts";
import type { Answer, Order, Seat } from "./generator.ts";

const secret = "a-key-of-the-bench-with-more-than-32-characters";
const admin = { email: "bench@example.com", password: "correct-horse-battery" };
/** Handshakes under way at a time while the windows are opened for the first time. */
const atOnce = 64;
/** Windows that are opened first, so that code is compiled and pools are full before memory is read. */
const warmUp = 500;
/** V8 gives memory of the handshakes back when nothing happens for some seconds. */
const settleMs = 20_000;
const messages = 400;
/** Sent before those that are timed, so that every connection of the pool knows every statement. */
const warmUpMessages = 30;
const backWithinMs = 60_000;
const probeEveryMs = 50;
/** safety.md R9. */
const probeLimitMs = 2_000;

export interface SocketFigures {
  readonly windows: number;
  readonly kilobytesEach: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same, of a bare program on the same database, in turns with ours. */
  readonly limit: { readonly p50Ms: number; readonly p99Ms: number };
  readonly backSeconds: number;
  readonly handshakesFailed: number;
  readonly others: { readonly asked: number; readonly failed: number; readonly slowestMs: number };
}

/** Idle windows on one process: what each costs, how fast a message reaches one of them, and all coming back at once. */
export async function measureSockets(
  folder: string,
  windows: number,
  say: (line: string) => void,
): Promise<SocketFigures> {
  const database = await startPostgres(folder, "sockets");
  const port = await freePort();
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  const generator = startGenerator();
  const limit = await startLimit(folder, database.url);
  let service = await startService(folder, port, database.url);
  try {
    await untilOk(`http://127.0.0.1:${port}/readyz`);
    const seats = await makeVisitors(sql, windows + warmUp);
    await generator.ask({ do: "open", port, visitors: seats.slice(windows), atOnce });
    await sleep(settleMs);
    const before = residentMb([service.pid]);
    const opened = await generator.ask({ do: "open", port, visitors: seats.slice(0, windows), atOnce });
    await sleep(settleMs);
    const kilobytesEach = ((residentMb([service.pid]) - before) * 1024) / windows;
    say(`  ${JSON.stringify(opened)}; ${kilobytesEach.toFixed(1)} kB each`);
    await untilOk(limit.url);
    await generator.ask({ do: "open", port: limit.port, visitors: [limitSeat], atOnce: 1 });
    const { times, limits } = await timeMessages(generator, port, seats.slice(0, windows), limit.port);
    const whole = times.map(({ ms }) => ms);
    const stored = times.map(({ storedMs }) => storedMs);
    say(`  a message is stored and answered after p50 ${inMs(stored, 50)}, p99 ${inMs(stored, 99)}`);

    await generator.ask({ do: "leave", conversationId: limitSeat.conversationId });
    await limit.stop();
    await generator.ask({ do: "come-back", port });
    await service.stop();
    service = await startService(folder, port, database.url);
    await untilOk(`http://127.0.0.1:${port}/readyz`);
    const upAt = Date.now();
    const spent = cpuSince({ service: service.pid, generator: generator.pid, postgres: database.pid });
    const others = probeOthers(port);
    const back = await untilBack(generator, windows + warmUp);
    const { cpuBy } = spent(1);
    const seen = await others.stop();
    const seconds = Object.entries(cpuBy).map(([name, micros]) => `${name} ${(micros / 1e6).toFixed(1)} s`);
    say(`  processor time while they came back: ${seconds.join(", ")}`);
    return {
      windows,
      kilobytesEach,
      p50Ms: percentile(whole, 50),
      p99Ms: percentile(whole, 99),
      limit: { p50Ms: percentile(limits, 50), p99Ms: percentile(limits, 99) },
      backSeconds: (back.lastOpenAt - upAt) / 1_000,
      handshakesFailed: back.failed,
      others: seen,
    };
  } finally {
    generator.stop();
    await limit.stop();
    await service.stop();
    await sql.end();
    await database.stop();
  }
}

async function startService(folder: string, port: number, databaseUrl: string): Promise<Program> {
  return startProgram({
    command: process.execPath,
    args: [...(await serviceArgs())],
    env: {
      NODE_ENV: "production",
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      DATA_DIR: join(folder, "sockets"),
      DATABASE_URL: databaseUrl,
      SECRET_KEY: secret,
      DEMO: "false",
      LOG_LEVEL: "warn",
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
    },
    logFile: openSync(join(folder, "sockets.log"), "a"),
  });
}

const limitSeat: Seat = { conversationId: "limit", token: "none" };

async function startLimit(folder: string, databaseUrl: string) {
  const port = await freePort();
  const program = startProgram({
    command: process.execPath,
    args: [
      ...["--import", "tsx", new URL("./limit.ts", import.meta.url).pathname],
      JSON.stringify({ port, databaseUrl }),
    ],
    logFile: openSync(join(folder, "limit.log"), "a"),
  });
  return { port, url: `http://127.0.0.1:${port}`, stop: program.stop };
}

/**
 * Visitors whose tokens were issued as the service issues them; each has a conversation with one message. Most are the
 * assistant's; one in fifty waits for a person, and hears how the line moves.
 */
async function makeVisitors(sql: postgres.Sql, count: number): Promise<Seat[]> {
  const key = createHash("sha256").update(`everline:${secret}`).digest();
  const rows = await sql<{ sessionId: string; conversationId: string; value: string }[]>`
    with people as (insert into contacts (name) select 'bench' from generate_series(1, ${count}) returning id),
    addresses as (insert into contact_addresses (contact_id, channel, kind, value)
      select id, 'web-chat', 'web-visitor', 'dl_' || replace(id::text, '-', '') from people returning id, contact_id, value),
    talks as (insert into conversations (contact_id, channel, account, address_id, owner, next_seq)
      select contact_id, 'web-chat', 'default', id, case when row_number() over () % 50 = 0 then 'queue' else 'assistant' end, 2
        from addresses returning id, contact_id, address_id),
    said as (insert into messages (conversation_id, seq, author, channel, parts)
      select id, 1, 'contact', 'web-chat', '[{"t":"text","text":"Hello","format":"plain"}]' from talks),
    logged as (insert into events (conversation_id, seq, type, actor) select id, 1, 'message', 'contact' from talks)
    insert into visitor_sessions (conversation_id, address_id, expires_at, resumable_until)
      select t.id, t.address_id, now() + interval '1 hour', now() + interval '1 day' from talks t
    returning id as "sessionId", conversation_id as "conversationId",
      (select value from addresses where addresses.id = address_id) as value`;
  await sql`analyze`;
  return rows.map(({ sessionId, conversationId, value }) => ({
    conversationId,
    token: issueToken(
      key,
      { sessionId, conversationId, visitorId: value, address: { kind: "web-visitor", value } },
      Date.now(),
    ),
  }));
}

/** Ours and the limit's in turns, so that both meet the machine as it is. */
async function timeMessages(generator: Generator, port: number, seats: readonly Seat[], limitPort: number) {
  const session = await fetch(`http://127.0.0.1:${port}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(admin),
  });
  const { token } = (await session.json()) as { token: string };
  const times: { readonly ms: number; readonly storedMs: number }[] = [];
  const limits: number[] = [];
  for (let number = -warmUpMessages; number < messages; number += 1) {
    const seat = seats[((number + warmUpMessages) * 7_919) % seats.length];
    if (seat === undefined) break;
    const { conversationId } = seat;
    const text = `bench message ${number}`;
    const answer = await generator.ask({ do: "message", conversationId, port, token, text });
    if ("ms" in answer && number >= 0) times.push(answer);
    await sleep(10);
    const bare = await generator.ask({ do: "message", ...limitSeat, port: limitPort, text });
    if ("ms" in bare && number >= 0) limits.push(bare.ms);
    await sleep(10);
  }
  return { times, limits };
}

interface Generator {
  readonly pid: number;
  ask(order: Order): Promise<Answer>;
  stop(): void;
}

function startGenerator(): Generator {
  const child: ChildProcess = fork(new URL("./generator.ts", import.meta.url).pathname, {
    execArgv: ["--import", "tsx"],
  });
  return {
    pid: child.pid ?? 0,
    async ask(order) {
      const answered = once(child, "message") as Promise<[Answer | { readonly error: string }]>;
      child.send(order);
      const [answer] = await answered;
      if ("error" in answer) throw new Error(answer.error);
      return answer;
    },
    stop: () => void child.kill("SIGKILL"),
  };
}

async function untilBack(generator: Generator, windows: number) {
  for (const until = Date.now() + backWithinMs; ; await sleep(100)) {
    const answer = await generator.ask({ do: "count" });
    if (!("open" in answer)) throw new Error("The generator answered something else.");
    if (answer.open >= windows || Date.now() > until) return answer;
  }
}

/** Somebody else who uses the service meanwhile: the help page and a question for health. */
function probeOthers(port: number) {
  let stopped = false;
  const seen = { asked: 0, failed: 0, slowestMs: 0 };
  const running = (async () => {
    for (; !stopped; await sleep(probeEveryMs)) {
      const began = performance.now();
      const path = seen.asked % 2 === 0 ? "/" : "/readyz";
      seen.asked += 1;
      const ok = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(probeLimitMs) }).then(
        (response) => response.arrayBuffer().then(() => response.ok),
        () => false,
      );
      if (!ok) seen.failed += 1;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - began);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
      return seen;
    },
  };
}

function inMs(values: readonly number[], percent: number): string {
  return `${percentile(values, percent).toFixed(1)} ms`;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
