import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import postgres from "postgres";
import type { Log } from "../lib/log.ts";
import { EngineError } from "./errors.ts";

const run = promisify(execFile);
const major = "18";
const database = "everline";
const startWithinMs = 30_000;
const stopWithinMs = 10_000;
/** A folder that `nobody` can reach when the project lies below a private home. */
const reachableRoot = "/var/tmp";

export interface EmbeddedPostgres {
  readonly url: string;
  /** What an operator should know, in sentences (data kept elsewhere, a server adopted). */
  readonly notes: readonly string[];
  readonly pid: number;
  /** Stops the server if this process started it. */
  stop(): Promise<void>;
}

interface Place {
  readonly bin: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly account: { readonly uid: number; readonly gid: number } | null;
  readonly notes: string[];
}

/**
 * Starts real PostgreSQL from the npm platform package, or adopts the server that already runs on this data directory.
 * Throws an EngineError whose sentence says what to do.
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly port?: number;
  readonly log: Log;
}): Promise<EmbeddedPostgres> {
  const place = prepare(options.dataDir);
  const password = keptPassword(place);
  const running = runningServer(place);
  if (running !== null) {
    const url = urlOf(password, running.port);
    if (await answers(url)) {
      place.notes.push(`Uses the PostgreSQL that already runs on ${place.data} (process ${running.pid}).`);
      return { url, notes: place.notes, pid: running.pid, stop: async () => undefined };
    }
    await endOrphan(running.pid);
    rmSync(join(place.data, "postmaster.pid"), { force: true });
  }
  if (!existsSync(join(place.data, "PG_VERSION"))) await initialise(place);
  checkVersion(place);
  const port = options.port ?? (await freePort());
  const server = launch(place, port);
  const url = urlOf(password, port);
  await untilReady(server, url, place);
  await createDatabase(url);
  options.log.info({ component: "embedded-postgres", port, pid: server.pid ?? 0 }, "engine-started");
  return { url, notes: place.notes, pid: server.pid ?? 0, stop: () => stop(server) };
}

function prepare(dataDir: string): Place {
  const notes: string[] = [];
  const native = nativeFolder();
  makeMissingLinks(native);
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root.
  const account = isRoot ? nobody() : null;
  const home = account === null ? native : reachableBinaries(native, notes);
  const wanted = resolve(dataDir, "postgres");
  const base = account === null || reachableByOthers(dirname(wanted)) ? wanted : elsewhere(wanted, notes);
  try {
    mkdirSync(base, { recursive: true });
    if (account !== null) chownSync(base, account.uid, account.gid);
  } catch (error) {
    throw new EngineError(
      `The data directory ${base} cannot be written. Set DATA_DIR to a writable folder, or DATABASE_URL to a PostgreSQL.`,
      { cause: error },
    );
  }
  return { bin: join(home, "bin"), data: join(base, "data"), passwordFile: join(base, "password"), account, notes };
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const hint = "Set DATABASE_URL to a PostgreSQL 18 instead.";
  if (process.platform === "linux" && !isGlibc()) {
    throw new EngineError(`The embedded PostgreSQL needs glibc, and this system has another C library. ${hint}`);
  }
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve(name)), "..", "native");
  } catch (error) {
    throw new EngineError(`There is no embedded PostgreSQL for ${platform}-${process.arch} (${name}). ${hint}`, {
      cause: error,
    });
  }
}

function isGlibc(): boolean {
  const header: unknown = process.report?.getReport();
  const text = JSON.stringify(header ?? {});
  return text.includes("glibcVersionRuntime");
}

/** npm's install with --ignore-scripts leaves the libraries' links out. */
function makeMissingLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, "..", target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(join(native, "..", source), link);
    } catch (error) {
      if (!existsSync(link)) throw error;
    }
  }
}

function nobody(): { uid: number; gid: number } {
  const uid = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
  const gid = Number(execFileSync("id", ["-g", "nobody"], { encoding: "utf8" }));
  return { uid, gid };
}

/** Can another account walk down to this folder? (0700 homes such as root's forbid it.) */
function reachableByOthers(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function reachableBinaries(native: string, notes: string[]): string {
  if (reachableByOthers(join(native, "bin"))) return native;
  const copy = join(reachableRoot, `everline-postgres-${major}-${process.getuid?.() ?? 0}`);
  if (!existsSync(join(copy, "complete"))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: false, dereference: true });
    writeFileSync(join(copy, "complete"), "");
  }
  chmodSync(copy, 0o755);
  notes.push(
    `PostgreSQL runs as "nobody" from a copy of its programs in ${copy}, because the project is in a private folder.`,
  );
  return copy;
}

function elsewhere(wanted: string, notes: string[]): string {
  const place = join(reachableRoot, `everline-${wanted.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "")}`);
  notes.push(
    `The database is kept in ${place}, because "nobody" cannot reach ${wanted}. Set DATA_DIR to choose the place.`,
  );
  return place;
}

function keptPassword(place: Place): string {
  if (!existsSync(place.passwordFile)) {
    writeFileSync(place.passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (place.account !== null) chownSync(place.passwordFile, place.account.uid, place.account.gid);
  }
  return readFileSync(place.passwordFile, "utf8").trim();
}

/** What postmaster.pid says, if that process is alive and works on this directory. */
function runningServer(place: Place): { pid: number; port: number } | null {
  const file = join(place.data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (Number.isInteger(pid) && pid > 0 && isPostgres(pid)) return { pid, port };
  rmSync(file, { force: true });
  return null;
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const commandFile = `/proc/${pid}/cmdline`;
  return !existsSync(commandFile) || readFileSync(commandFile, "utf8").includes("postgres");
}

async function endOrphan(pid: number): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (!isPostgres(pid)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < 3_000 && isPostgres(pid); waited += 50) await sleep(50);
  }
}

async function initialise(place: Place): Promise<void> {
  rmSync(place.data, { recursive: true, force: true });
  const command = join(place.bin, "initdb");
  const settings = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${place.passwordFile}`, "--encoding=UTF8"];
  try {
    await run(command, [...settings, "--locale=C", "-D", place.data], spawnOptions(place));
  } catch (error) {
    rmSync(place.data, { recursive: true, force: true });
    throw explain(error instanceof Error ? error.message : "", place, error);
  }
}

function checkVersion(place: Place): void {
  const version = readFileSync(join(place.data, "PG_VERSION"), "utf8").trim();
  if (version === major) return;
  throw new EngineError(
    `The data in ${place.data} was written by PostgreSQL ${version}, and this version brings ${major}. ` +
      "Start the Everline that wrote it and export, or set DATA_DIR to an empty folder.",
  );
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function launch(place: Place, port: number): ChildProcess {
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "128MB",
    max_wal_size: "1GB",
    wal_compression: "on",
    jit: "off",
    log_min_messages: "warning",
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

async function untilReady(server: ChildProcess, url: string, place: Place): Promise<void> {
  const deadline = Date.now() + startWithinMs;
  while (Date.now() < deadline) {
    if (server.exitCode !== null || server.signalCode !== null) throw explain(logTail(place), place, null);
    if (await answers(url)) return;
    await sleep(20);
  }
  server.kill("SIGQUIT");
  throw explain(logTail(place), place, null);
}

function logTail(place: Place): string {
  return readFileSync(join(dirname(place.data), "postgres.log"), "utf8").slice(-2_000);
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

async function answers(url: string): Promise<boolean> {
  const client = postgres(url.replace(`/${database}`, "/postgres"), {
    max: 1,
    connect_timeout: 1,
    onnotice: () => undefined,
  });
  try {
    await client`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await client.end({ timeout: 1 });
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = postgres(url.replace(`/${database}`, "/postgres"), { max: 1, onnotice: () => undefined });
  try {
    const found = await client`select 1 from pg_database where datname = ${database}`;
    if (found.length === 0) await client.unsafe(`create database ${database}`);
  } finally {
    await client.end({ timeout: 2 });
  }
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  server.kill("SIGINT");
  await Promise.race([ended, sleep(stopWithinMs)]);
  if (server.exitCode === null && server.signalCode === null) server.kill("SIGQUIT");
}
