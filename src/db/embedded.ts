import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../lib/log.ts";
import { baseFor, checkVersion, keptPassword, type Place, prepare } from "./embedded/place.ts";
import {
  answers,
  choosePort,
  createDatabase,
  endServer,
  initialise,
  isPostgres,
  launch,
  runningServer,
  type Server,
  stopChild,
  untilReady,
  urlOf,
} from "./embedded/server.ts";
import { livingUsers, lockStart, self, writeUsers } from "./embedded/users.ts";

/** Crash recovery of a server that another life left behind may take a while; it is not killed in the middle of it. */
const recoverWithinMs = 10_000;
/** After so many starts in a row without a quiet minute something is wrong that a restart does not mend. */
const restartsMax = 5;
const restartPauseMs = 300;
const quietMs = 60_000;
/** A server that another process launched tells us nothing when it dies. */
const lookEveryMs = 500;

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
  const password = keptPassword(place);
  const port = await choosePort(wantedPort, place);
  const url = urlOf(password, port);
  const child = launch(place, port);
  await untilReady(child, url, place);
  await createDatabase(url);
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
