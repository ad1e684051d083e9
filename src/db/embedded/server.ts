import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import postgres from "postgres";
import { EngineError } from "../errors.ts";
import { keptPassword, type Place } from "./place.ts";
import { identity, readIfThere } from "./users.ts";

const run = promisify(execFile);
const database = "everline";
const startWithinMs = 30_000;
const stopWithinMs = 10_000;

/** The server on our directory; `child` where this process launched it. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  readonly child: ChildProcess | null;
}

/** What postmaster.pid says, if that process is alive and works on this directory. */
export function runningServer(place: Place): Server | null {
  const file = join(place.data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (Number.isInteger(pid) && pid > 0 && isPostgres(pid, place)) return { pid, port, child: null };
  rmSync(file, { force: true });
  return null;
}

/** Is it alive and a PostgreSQL on this directory? (Without /proc: alive is all we can see.) */
export function isPostgres(pid: number, place: Place): boolean {
  if (identity(pid) === null) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  return readIfThere(`/proc/${pid}/cmdline`).includes(place.data);
}

/** Asks more and more firmly, and waits. Leaves a process alone that is no server of ours. */
export async function endServer(pid: number, place: Place): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (!isPostgres(pid, place)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < stopWithinMs && isPostgres(pid, place); waited += 20) await sleep(20);
  }
}

/** A new, empty database directory. Throws an EngineError whose sentence says what to do. */
export async function initialise(place: Place): Promise<void> {
  // Made beside its place and moved there whole: an initdb that was cut off is never taken for a database.
  const fresh = `${place.data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const command = join(place.bin, "initdb");
  const settings = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"];
  // PostgreSQL's own C.UTF-8: knows upper and lower case of every language and sorts alike on every system.
  const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  try {
    keptPassword(place);
    await run(command, [...settings, ...locale, `--pwfile=${place.passwordFile}`, "-D", fresh], spawnOptions(place));
    renameSync(fresh, place.data);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    const output =
      error instanceof Error && "stderr" in error ? `${error.message} ${String(error.stderr)}` : String(error);
    throw explain(output, place, error);
  }
}

/** The wanted port if it is free, otherwise any free one. */
export async function choosePort(wanted: number | undefined, place: Place): Promise<number> {
  if (wanted === undefined) return freePort(0);
  try {
    return await freePort(wanted);
  } catch {
    const port = await freePort(0);
    place.notes.push(`Port ${wanted} is taken by another program; PostgreSQL listens on ${port}.`);
    return port;
  }
}

function freePort(wanted: number): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(wanted, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Starts the server; it may not answer yet. Its output goes to a log beside the data. */
export function launch(place: Place, port: number): ChildProcess {
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "128MB",
    max_wal_size: "1GB",
    wal_compression: "on",
    jit: "off",
    // P2: errors quote values and statements carry customers' text; the caller gets them, the log must not.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    checkpoint_completion_target: 0.9,
    timezone: "UTC",
    log_timezone: "UTC",
    // Behind a healed network, a half-dead client must not hold locks.
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const logFile = join(dirname(place.data), "postgres.log");
  const output = openSync(logFile, "a");
  const server = spawn(join(place.bin, "postgres"), ["-D", place.data, ...args], {
    ...spawnOptions(place),
    stdio: ["ignore", output, output],
    // Ctrl-C in the terminal must reach us first: we stop it after the service.
    detached: true,
  });
  closeSync(output);
  return server;
}

function spawnOptions(place: Place) {
  return {
    cwd: dirname(place.data),
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
    ...(place.account ?? {}),
  };
}

/** Until it answers. Throws an EngineError where it ends instead, or takes longer than a start may. */
export async function untilReady(server: ChildProcess, url: string, place: Place): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  while (Date.now() < deadline) {
    if (server.exitCode !== null || server.signalCode !== null) throw explain(logTail(place), place, null);
    if (await answers(url, place)) return;
    await sleep(20);
  }
  server.kill("SIGQUIT");
  throw explain(logTail(place), place, null);
}

function logTail(place: Place): string {
  return readIfThere(join(dirname(place.data), "postgres.log")).slice(-2_000);
}

function explain(output: string, place: Place, cause: unknown): EngineError {
  if (/No space left|disk full/i.test(output)) {
    return new EngineError(
      `The disk that holds ${place.data} is full. Free some space or set DATA_DIR to another disk.`,
      {
        cause,
      },
    );
  }
  if (/Address already in use|could not bind/i.test(output)) {
    return new EngineError("The port for PostgreSQL was taken by another program. Start again.", { cause });
  }
  if (/Permission denied|Read-only file system/i.test(output)) {
    return new EngineError(`PostgreSQL may not write to ${place.data}. Set DATA_DIR to a folder that it may write.`, {
      cause,
    });
  }
  const log = join(dirname(place.data), "postgres.log");
  return new EngineError(`The embedded PostgreSQL did not start; ${log} says why. DATABASE_URL can name another one.`, {
    cause,
  });
}

/** Answers with our password, and from our directory: another program may sit on an old port. */
export async function answers(url: string, place: Place): Promise<boolean> {
  const client = postgres(url.replace(`/${database}`, "/postgres"), {
    max: 1,
    connect_timeout: 1,
    onnotice: () => undefined,
  });
  try {
    const [row] = await client<{ data_directory: string }[]>`show data_directory`;
    return row?.data_directory === place.data;
  } catch {
    return false;
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** Our database, if it is not there. */
export async function createDatabase(url: string): Promise<void> {
  const client = postgres(url.replace(`/${database}`, "/postgres"), { max: 1, onnotice: () => undefined });
  try {
    const found = await client`select 1 from pg_database where datname = ${database}`;
    if (found.length === 0) await client.unsafe(`create database ${database}`);
  } finally {
    await client.end({ timeout: 2 });
  }
}

/** The address of our database. */
export function urlOf(password: string, port: number): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** Ends a server that this process launched, and waits for its end. */
export async function stopChild(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    server.kill(signal);
    await Promise.race([ended, sleep(stopWithinMs, undefined, { ref: false })]);
    if (server.exitCode !== null || server.signalCode !== null) return;
  }
}
