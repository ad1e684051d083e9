import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import postgres from "postgres";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/db/embedded.ts";
import { migrate } from "../../../src/db/migrate.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Behaviour } from "../../../src/simulator/behaviour.ts";
import type { Callee, LoggedCall } from "../../../src/simulator/calls-api.ts";
import type { Seen } from "../../../src/simulator/journal.ts";
import { type OwnRedis, startRedis } from "../../support/redis.ts";
import { bundledService } from "./bundle.ts";
import { createClock, type SharedClock } from "./clock.ts";
import type { Point, Role } from "./points.ts";
import { type ServiceProcess, superviseProcess } from "./service-process.ts";

const silent = createLog({ level: "silent" });
const doubleMain = fileURLToPath(new URL("../../../src/simulator/double-main.ts", import.meta.url));
/** What the service calls itself; signatures cover it. The processes listen elsewhere, as behind a load balancer. */
export const publicUrl = "https://line.example";
export const provider = { accountSid: `AC${"0".repeat(31)}1`, authToken: "the crash harness signs with this" };
export const secretKey = "the same for all processes of a crash run";
export const companyNumber = "+12025550100";
/** People type on: long enough that some messages share a turn, short enough that many do not. */
const burstWaitMs = 60;
const databaseBackWithinMs = 20_000;

export interface World {
  /** Of promised calls. */
  readonly clock: SharedClock;
  /** Of the database, for work beside `ask`. */
  readonly databaseUrl: string;
  readonly processes: readonly ServiceProcess[];
  readonly passed: ReadonlySet<Point>;
  /** Processes that served and ended although nobody had killed them, in words. */
  readonly died: readonly string[];
  failedStarts(): number;
  /** Where customers' webhooks can be posted to right now. */
  origins(): string[];
  /** What customers saw, after the first `from` of it. */
  log(from: number): Promise<Seen[]>;
  /** Calls that the provider took, after the first `from` of them. */
  calls(from: number): Promise<LoggedCall[]>;
  behave(change: Partial<Behaviour>): Promise<void>;
  /** What happens when these numbers ring. */
  answerAs(callees: Readonly<Record<string, Partial<Callee>>>): Promise<void>;
  /** kill -9 of PostgreSQL; resolves when it answers again, on the same data. */
  crashDatabase(): Promise<void>;
  /** Loses every job and every queue's state at once; does nothing without Redis. */
  flushQueue(): Promise<void>;
  /** Runs work on a connection of its own. */
  ask<Result>(work: (sql: postgres.Sql) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly queue: "redis" | "postgres";
  readonly seed: number;
  readonly webs: number;
  readonly workers: number;
  /** Processes that are both, as `npm start` runs it; none when left out. */
  readonly alls?: number;
  readonly behaviour: Partial<Behaviour>;
  /** What the processes are told beside the usual. */
  readonly environment: Readonly<Record<string, string>>;
  /** What is to stand in the database before they start. */
  readonly prepare?: (sql: postgres.Sql) => Promise<unknown>;
  /** What the clock of promises shows first; the machine's time when left out. */
  readonly startAt?: number;
}

/** Starts PostgreSQL, Redis if asked for, the provider's double and the service's processes, all of them real. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "everline-crash-"));
  // mkdtemp makes 0700, which the account that runs PostgreSQL could not enter.
  chmodSync(folder, 0o755);
  const serving = [...rolesOf("web", options.webs), ...rolesOf("all", options.alls ?? 0)];
  const places = await Promise.all(serving.map(async (role) => ({ role, port: await freePort() })));
  const [program, redis, double, started] = await Promise.all([
    bundledService(),
    options.queue === "redis" ? startRedis() : null,
    startDouble(
      options,
      places.map(({ port }) => `http://127.0.0.1:${port}`),
    ),
    startEmbeddedPostgres({ dataDir: folder, log: silent }),
  ]);
  let database = started;
  const databasePort = Number(new URL(database.url).port);
  await migrate(database.url, silent);
  const { prepare } = options;
  if (prepare !== undefined) await ask(database.url, prepare);
  const clock = createClock(join(folder, "clock"), options.startAt ?? Date.now());

  // The run may end without its clean-up, but not without this. The service's own processes notice by themselves.
  const atExit = (): void => {
    signal(double.child.pid, "SIGKILL");
    signal(database.pid, "SIGQUIT");
  };
  process.once("exit", atExit);
  const passed = new Set<Point>();
  const died: string[] = [];
  let failedStarts = 0;
  const launch = ({ role, port }: { readonly role: Role; readonly port: number }, index: number) => {
    const name = `${role}-${index + 1}`;
    const environment = environmentOf(options, { role, port, folder, database, redis, doubleUrl: double.url, clock });
    const origin = role === "worker" ? null : `http://127.0.0.1:${port}`;
    const events = {
      onPassed: (point: Point) => void passed.add(point),
      onDied: (account: string) => void died.push(account),
      onStartFailed: () => void failedStarts++,
    };
    return superviseProcess({ name, program, role, origin, environment, logFile: join(folder, `${name}.log`) }, events);
  };
  const working = rolesOf("worker", options.workers).map((role) => ({ role, port: 0 }));
  const processes = [...places, ...working].map(launch);
  await Promise.all(processes.map((one) => one.untilReady()));

  return {
    clock,
    databaseUrl: database.url,
    processes,
    passed,
    died,
    failedStarts: () => failedStarts,
    origins: () => processes.flatMap((one) => (one.origin !== null && one.serves() ? [one.origin] : [])),
    log: async (from) => (await (await fetch(`${double.url}/_double/log?from=${from}`)).json()) as Seen[],
    calls: async (from) => (await (await fetch(`${double.url}/_double/calls?from=${from}`)).json()) as LoggedCall[],
    async answerAs(callees) {
      await fetch(`${double.url}/_double/callees`, { method: "POST", body: JSON.stringify(callees) });
    },
    async behave(change) {
      await fetch(`${double.url}/_double/behaviour`, { method: "POST", body: JSON.stringify(change) });
    },
    async crashDatabase() {
      process.kill(database.pid, "SIGKILL");
      if (await answersWithin(database.url, databaseBackWithinMs)) return;
      // Its launcher gives up after some deaths in a row; whoever operates it would start it again.
      database = await startEmbeddedPostgres({ dataDir: folder, port: databasePort, log: silent });
    },
    async flushQueue() {
      if (redis === null) return;
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    ask: (work) => ask(database.url, work),
    async close() {
      await Promise.all(processes.map((one) => one.stop()));
      double.child.kill("SIGKILL");
      await redis?.stop();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
      process.off("exit", atExit);
    },
  };
}

function rolesOf(role: Role, count: number): Role[] {
  return Array.from({ length: count }, () => role);
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

function environmentOf(
  options: WorldOptions,
  place: {
    readonly role: Role;
    readonly port: number;
    readonly folder: string;
    readonly database: EmbeddedPostgres;
    readonly redis: OwnRedis | null;
    readonly doubleUrl: string;
    readonly clock: SharedClock;
  },
): Record<string, string> {
  return {
    ROLE: place.role,
    PORT: String(place.port),
    PUBLIC_URL: publicUrl,
    DATA_DIR: place.folder,
    DATABASE_URL: place.database.url,
    ...(place.redis === null ? {} : { REDIS_URL: place.redis.url }),
    SECRET_KEY: secretKey,
    DEMO: "false",
    LOG_LEVEL: "warn",
    // What waits for more of a burst goes by the queue: only what does not is answered at once.
    BURST_WAIT_MS: String(place.role === "all" ? 0 : burstWaitMs),
    TWILIO_ACCOUNT_SID: provider.accountSid,
    TWILIO_AUTH_TOKEN: provider.authToken,
    TWILIO_API_URL: place.doubleUrl,
    TWILIO_SMS_NUMBER: companyNumber,
    ADMIN_EMAIL: "ada@example.com",
    ADMIN_PASSWORD: "correct-horse-battery",
    CRASH_SEED: String(options.seed),
    CRASH_CLOCK: place.clock.file,
    ...options.environment,
  };
}

async function startDouble(
  options: WorldOptions,
  origins: readonly string[],
): Promise<{ url: string; child: ChildProcess }> {
  const { seed, behaviour } = options;
  const settings = { ...provider, senders: [companyNumber], seed, publicUrl, origins, behaviour };
  const child = spawn(process.execPath, ["--import", "tsx", doubleMain, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return { url, child };
}

async function ask<Result>(url: string, work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function answersWithin(url: string, ms: number): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until; await sleep(100)) {
    const answered = await ask(url, (sql) => sql`select 1`).then(
      () => true,
      () => false,
    );
    if (answered) return true;
  }
  return false;
}

/** Below the range from which systems take ports for outgoing connections: a process that is restarted needs its own. */
const portsFrom = 10_240;
const portsTo = 32_000;

async function freePort(): Promise<number> {
  for (;;) {
    const port = portsFrom + Math.floor(Math.random() * (portsTo - portsFrom));
    const probe = createServer().listen(port, "127.0.0.1");
    const listens = await Promise.race([
      once(probe, "listening").then(() => true),
      once(probe, "error").then(() => false),
    ]).catch(() => false);
    if (!listens) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
