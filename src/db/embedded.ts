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
  renameSync,
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
import { cannotWrite } from "../lib/cannot-write.ts";
import type { Log } from "../lib/log.ts";
import { EngineError } from "./errors.ts";

const run = promisify(execFile);
const major = "18";
const database = "everline";
const startWithinMs = 30_000;
const stopWithinMs = 10_000;
/** Crash recovery of a server that another life left behind may take a while; it is not killed in the middle of it. */
const recoverWithinMs = 10_000;
/** After so many starts in a row without a quiet minute something is wrong that a restart does not mend. */
const restartsMax = 5;
const restartPauseMs = 300;
const quietMs = 60_000;
/** A server that another process launched tells us nothing when it dies. */
const lookEveryMs = 500;
/**
 * Where `nobody` can reach programs and data when the project lies below a private home.
 * Only root can write there: in /var/tmp anybody could prepare a folder for us to trust.
 */
const reachableRoot = "/var/lib/everline";

export interface EmbeddedPostgres {
  readonly url: string;
  /** What an operator should know, in sentences (data kept elsewhere, a server adopted). */
  readonly notes: readonly string[];
  /** Of the server; changes when it had to be started again. */
  readonly pid: number;
  /** Stops the server, unless another living process uses it. */
  stop(): Promise<void>;
}

/** Is there one for this data directory already? Looks, and makes nothing. */
export function hasEmbeddedDatabase(dataDir: string): boolean {
  return existsSync(join(baseFor(resolve(dataDir, "postgres"), process.getuid?.() === 0), "data", "PG_VERSION"));
}

interface Place {
  readonly bin: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly account: { readonly uid: number; readonly gid: number } | null;
  readonly notes: string[];
}

/** The server on our directory; `child` where this process launched it. */
interface Server {
  readonly pid: number;
  readonly port: number;
  readonly child: ChildProcess | null;
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
  const { log } = options;
  const place = prepare(options.dataDir);
  const unlock = await lockStart(place);
  try {
    const server = (await adopt(place)) ?? (await startOwn(place, options.port, log));
    writeUsers(place, [...livingUsers(place), self()]);
    return keep(place, server, log);
  } finally {
    unlock();
  }
}

/** The server that already runs on our directory, if it answers with our password; one that does not is ended. */
async function adopt(place: Place): Promise<Server | null> {
  const running = runningServer(place);
  if (running === null) return null;
  const { pid, port } = running;
  const url = urlOf(keptPassword(place), port);
  for (const until = Date.now() + recoverWithinMs; Date.now() < until && isPostgres(pid, place); await sleep(50)) {
    if (!(await answers(url, place))) continue;
    place.notes.push(`Uses the PostgreSQL that already runs on ${place.data} (process ${pid}).`);
    return running;
  }
  await endServer(pid, place);
  rmSync(join(place.data, "postmaster.pid"), { force: true });
  return null;
}

async function startOwn(place: Place, wantedPort: number | undefined, log: Log): Promise<Server> {
  if (!existsSync(join(place.data, "PG_VERSION"))) await initialise(place);
  checkVersion(place);
  const url = (port: number) => urlOf(keptPassword(place), port);
  const port = await choosePort(wantedPort, place);
  const child = launch(place, port);
  await untilReady(child, url(port), place);
  await createDatabase(url(port));
  log.info({ component: "embedded-postgres", port, pid: child.pid ?? 0 }, "engine-started");
  return { pid: child.pid ?? 0, port, child };
}

/**
 * Looks after the server while this process uses it, whoever launched it: one that dies by itself (out of memory, killed)
 * comes back on the same port, where the pools find it again. The last process that lets go of it stops it.
 */
function keep(place: Place, first: Server, log: Log): EmbeddedPostgres {
  const component = "embedded-postgres";
  let server = first;
  let stopped: Promise<void> | null = null;
  let restarts = 0;

  function watch(): void {
    const began = Date.now();
    whenGone(server, place, (code, signal) => {
      if (stopped !== null) return;
      restarts = Date.now() - began > quietMs ? 1 : restarts + 1;
      log.error({ component, code, signal, count: restarts }, "engine-died");
      if (restarts <= restartsMax) setTimeout(() => void bringBack(), restartPauseMs * restarts);
    });
  }

  async function bringBack(): Promise<void> {
    await alone(place, async () => {
      if (stopped !== null) return;
      // Another process that uses it may have been quicker.
      server = runningServer(place) ?? (await relaunch(place, server.port));
      log.warn({ component, port: server.port, pid: server.pid }, "engine-restarted");
      watch();
    });
  }

  async function letGo(): Promise<void> {
    await alone(place, async () => {
      const others = livingUsers(place);
      // One line of this process, which may use it more than once.
      if (others.includes(self())) others.splice(others.indexOf(self()), 1);
      writeUsers(place, others);
      if (others.length > 0) return;
      if (server.child !== null) await stopChild(server.child);
      // Launched by somebody else, at first or after it died.
      const running = runningServer(place);
      if (running !== null) await endServer(running.pid, place);
    });
  }

  watch();
  return {
    url: urlOf(keptPassword(place), first.port),
    notes: place.notes,
    get pid() {
      return server.pid;
    },
    stop() {
      stopped ??= letGo();
      return stopped;
    },
  };
}

function whenGone(
  { pid, child }: Server,
  place: Place,
  then: (code: number | null, signal: string | null) => void,
): void {
  if (child !== null) {
    // It is stopped by us, not by the end of our event loop; after kill -9 of us the next start adopts it.
    child.unref();
    if (child.exitCode === null && child.signalCode === null) child.once("exit", then);
    else setImmediate(then, child.exitCode, child.signalCode);
    return;
  }
  const timer = setInterval(() => {
    if (isPostgres(pid, place)) return;
    clearInterval(timer);
    then(null, null);
  }, lookEveryMs);
  timer.unref();
}

/** Until it holds its directory or is gone again: only then may another process look who is there. */
async function relaunch(place: Place, port: number): Promise<Server> {
  const child = launch(place, port);
  const server = { pid: child.pid ?? 0, port, child };
  for (const until = Date.now() + recoverWithinMs; Date.now() < until; await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null || runningServer(place)?.pid === server.pid) break;
  }
  return server;
}

/** While nobody else starts or stops the server. On a disk that takes no lock the work is done without. */
async function alone(place: Place, work: () => Promise<void>): Promise<void> {
  const unlock = await lockStart(place).catch(() => () => undefined);
  try {
    await work();
  } finally {
    unlock();
  }
}

/** Two processes that start at once on one directory: the second waits, then adopts what the first started. */
async function lockStart(place: Place): Promise<() => void> {
  const file = join(dirname(place.data), "starting.lock");
  for (const until = Date.now() + 2 * startWithinMs; ; await sleep(50)) {
    try {
      writeFileSync(file, self(), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST"))
        throw unwritable(dirname(place.data), error);
      if (!lives(readIfThere(file)) || Date.now() > until) rmSync(file, { force: true });
    }
  }
}

/** Who uses the server, a line each. The name is that of versions which knew one user alone. */
function usersFile(place: Place): string {
  return join(dirname(place.data), "owner");
}

function livingUsers(place: Place): string[] {
  return readIfThere(usersFile(place)).split("\n").filter(lives);
}

function writeUsers(place: Place, users: readonly string[]): void {
  if (users.length === 0) rmSync(usersFile(place), { force: true });
  else writeFileSync(usersFile(place), users.join("\n"));
}

function self(): string {
  return identity(process.pid) ?? "";
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Process id and start time: ids are given out again, in containers at once. */
function identity(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return null;
  }
  const stat = readIfThere(`/proc/${pid}/stat`);
  return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
}

function lives(written: string): boolean {
  const pid = Number.parseInt(written, 10);
  return Number.isInteger(pid) && pid > 0 && identity(pid) === written;
}

function unwritable(folder: string, cause: unknown): EngineError {
  return new EngineError(cannotWrite(folder, cause), { cause });
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
  const base = baseFor(wanted, isRoot);
  if (base !== wanted)
    notes.push(
      `The database is kept in ${base}, because "nobody" cannot reach ${wanted}. Set DATA_DIR to choose the place.`,
    );
  try {
    mkdirSync(base, { recursive: true });
    if (account !== null) chownSync(base, account.uid, account.gid);
  } catch (error) {
    throw unwritable(base, error);
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
  const hint = "Run `npm rebuild` as the owner of node_modules, or set DATABASE_URL.";
  for (const { source, target } of links) {
    const link = join(native, "..", target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(join(native, "..", source), link);
    } catch (error) {
      if (existsSync(link)) continue;
      throw new EngineError(`The embedded PostgreSQL misses the link ${link}, and it cannot be made. ${hint}`, {
        cause: error,
      });
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

function baseFor(wanted: string, isRoot: boolean): string {
  if (!isRoot || reachableByOthers(dirname(wanted))) return wanted;
  return join(reachableRoot, `everline-${wanted.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "")}`);
}

function keptPassword(place: Place): string {
  if (!existsSync(place.passwordFile)) {
    if (existsSync(join(place.data, "PG_VERSION"))) {
      throw new EngineError(
        `The database in ${place.data} is there, but its password file ${place.passwordFile} is gone. Put it back from the ` +
          "backup, or set DATA_DIR to an empty folder to start anew.",
      );
    }
    writeFileSync(place.passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (place.account !== null) chownSync(place.passwordFile, place.account.uid, place.account.gid);
  }
  return readFileSync(place.passwordFile, "utf8").trim();
}

/** What postmaster.pid says, if that process is alive and works on this directory. */
function runningServer(place: Place): Server | null {
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
function isPostgres(pid: number, place: Place): boolean {
  if (identity(pid) === null) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  return readIfThere(`/proc/${pid}/cmdline`).includes(place.data);
}

async function endServer(pid: number, place: Place): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (!isPostgres(pid, place)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < stopWithinMs && isPostgres(pid, place); waited += 20) await sleep(20);
  }
}

async function initialise(place: Place): Promise<void> {
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

function checkVersion(place: Place): void {
  const version = readFileSync(join(place.data, "PG_VERSION"), "utf8").trim();
  if (version === major) return;
  throw new EngineError(
    `The data in ${place.data} was written by PostgreSQL ${version}, and this version brings ${major}. ` +
      "Start the Everline that wrote it and export, or set DATA_DIR to an empty folder.",
  );
}

/** The wanted port if it is free, otherwise any free one. */
async function choosePort(wanted: number | undefined, place: Place): Promise<number> {
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

async function untilReady(server: ChildProcess, url: string, place: Place): Promise<void> {
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
async function answers(url: string, place: Place): Promise<boolean> {
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

async function stopChild(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    server.kill(signal);
    await Promise.race([ended, sleep(stopWithinMs, undefined, { ref: false })]);
    if (server.exitCode !== null || server.signalCode !== null) return;
  }
}
