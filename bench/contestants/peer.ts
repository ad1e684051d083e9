import { execFileSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, startRedis, untilOk } from "../lib/engines.ts";
import { account } from "../lib/orders.ts";
import { cpuSince } from "../lib/processes.ts";
import { startProgram } from "../lib/program.ts";
import type { Contestant, Stage } from "./contestant.ts";

const folder = fileURLToPath(new URL("../peers", import.meta.url));

/**
 * The nearest thing that others publish: Chat SDK with its Twilio adapter and its state in Redis. It echoes, so it
 * understands nothing and stores nothing on disk; its packages are installed when they are not there yet.
 */
export async function startPeer(stage: Stage): Promise<Contestant> {
  install();
  const redis = await startRedis(stage.folder, "peer");
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const settings = { port, engineUrl: redis.url, sinkUrl: stage.generator.sinkUrl, publicUrl, account };
  const program = startProgram({
    command: process.execPath,
    args: [join(folder, "chat-sdk.js"), JSON.stringify(settings)],
    env: { NODE_ENV: "production" },
    logFile: openSync(join(stage.folder, "peer.log"), "a"),
  });
  await untilOk(`${publicUrl}/ready`);
  const order = {
    target: { port, publicUrl, path: "/webhook" },
    replies: "echo",
    inFlight: stage.inFlight,
    rate: null,
  } as const;
  return {
    name: "peer: chat-sdk",
    async measure(seconds) {
      const spent = cpuSince({ program: program.pid, redis: redis.pid });
      const seen = await stage.generator.run({ ...order, seconds });
      return { perSecond: seen.perSecond, ...spent(seen.answered), seen };
    },
    async stop() {
      await program.stop();
      await redis.stop();
    },
  };
}

function install(): void {
  if (existsSync(join(folder, "node_modules"))) return;
  execFileSync("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], { stdio: "inherit" });
}
