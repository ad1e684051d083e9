import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startEmbeddedPostgres } from "../../src/db/embedded.ts";
import { createLog } from "../../src/lib/log.ts";
import { startProgram } from "./program.ts";

/** A started engine: its address, its first process, and how to end it. */
export interface Engine {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const log = createLog({ level: "error" });

/** A folder that PostgreSQL's account can reach; goes with `remove`. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "everline-bench-"));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** PostgreSQL as the service embeds it, with every commit on disk before it counts. */
export async function startPostgres(folder: string, name: string): Promise<Engine> {
  const { url, pid, stop } = await startEmbeddedPostgres({ dataDir: join(folder, `${name}-postgres`), log });
  return { url, pid, stop };
}

/** Redis with an append-only file, as compose.yaml runs it. */
export async function startRedis(folder: string, name: string): Promise<Engine> {
  const port = await freePort();
  const directory = join(folder, `${name}-redis`);
  mkdirSync(directory);
  const settings = { port, bind: "127.0.0.1", dir: directory, appendonly: "yes", save: "" };
  const program = startProgram({
    command: "redis-server",
    args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    logFile: openSync(join(folder, `${name}-redis.log`), "a"),
  });
  const url = `redis://127.0.0.1:${port}`;
  await untilAnswers(url);
  return { url, pid: program.pid, stop: program.stop };
}

async function untilAnswers(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  redis.on("error", () => undefined);
  await redis.ping().finally(() => redis.disconnect());
}

/** A port that nobody has now. Those who need to know theirs before they listen take the small risk of losing it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Resolves when the address answers with 2xx. */
export async function untilOk(url: string, withinMs = 60_000): Promise<void> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(50)) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
  }
  throw new Error(`${url} was not ready within ${withinMs / 1000} s. Its log stands in the bench's folder (--keep).`);
}
