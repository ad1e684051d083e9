import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Part } from "./parts.ts";
import { findProgram } from "./programs.ts";

const program = findProgram("redis-server", "valkey-server");

export const redis: Part = { missing: program === null ? "needs redis-server on the PATH" : null };

export interface OwnRedis {
  readonly url: string;
  /** Kills it, as a crash would. It keeps nothing on disk, so what comes up after `start` is empty. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis of our own on a free port that stores nothing. */
export async function startRedis(): Promise<OwnRedis> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "everline-redis-"));
  let server = await launch(port, folder);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async start() {
      server = await launch(port, folder);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, folder: string): Promise<ChildProcess> {
  const settings = { port: String(port), bind: "127.0.0.1", dir: folder, save: "", appendonly: "no" };
  const server = spawn(
    program ?? "redis-server",
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  // The run may end without its clean-up, but not without this.
  process.once("exit", () => server.kill("SIGKILL"));
  for await (const line of createInterface(server.stdout)) if (line.includes("Ready to accept connections")) break;
  server.stdout.resume();
  if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode} before it was ready.`);
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
