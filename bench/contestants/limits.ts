import { openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Engine, freePort, startPostgres, startRedis, untilOk } from "../lib/engines.ts";
import { account } from "../lib/orders.ts";
import { cpuSince } from "../lib/processes.ts";
import { startProgram } from "../lib/program.ts";
import type { Contestant, Stage } from "./contestant.ts";
import type { LimitSettings } from "./limit/program.ts";

/** Enough work side by side that each small program runs at its best. */
const sideBySide = 128;

/** The least each step of a message costs: small programs without product code, one for every step. */
export async function startLimits(stage: Stage): Promise<Contestant[]> {
  return [
    await startWebhook(stage),
    await startStep(stage, "store", await startPostgres(stage.folder, "limit")),
    await startStep(stage, "queue", await startRedis(stage.folder, "limit")),
    await startStep(stage, "send", null),
  ];
}

/** The customers write to it as they do to the others, but nobody replies. */
async function startWebhook(stage: Stage): Promise<Contestant> {
  const step = await launch(stage, "webhook", null);
  const order = {
    target: { port: step.port, publicUrl: step.url, path: "/webhook" },
    replies: "none",
    inFlight: stage.inFlight,
    rate: null,
  } as const;
  return {
    name: "limit: webhook",
    async measure(seconds) {
      const spent = cpuSince(step.roots);
      const seen = await stage.generator.run({ ...order, seconds });
      return { perSecond: seen.perSecond, ...spent(seen.answered), seen };
    },
    stop: step.stop,
  };
}

/** It works for itself for as long as it is told and says how much it did. */
async function startStep(stage: Stage, name: "store" | "queue" | "send", engine: Engine | null): Promise<Contestant> {
  const step = await launch(stage, name, engine);
  return {
    name: `limit: ${name}`,
    async measure(seconds) {
      const spent = cpuSince(step.roots);
      const response = await fetch(`${step.url}/work?seconds=${seconds}`);
      const done = Number(await response.text());
      return { perSecond: done / seconds, ...spent(done) };
    },
    stop: step.stop,
  };
}

async function launch(stage: Stage, name: string, engine: Engine | null) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings: LimitSettings = {
    port,
    engineUrl: engine?.url ?? "",
    sinkUrl: stage.generator.sinkUrl,
    publicUrl: url,
    authToken: account.token,
    sideBySide,
  };
  const program = startProgram({
    command: process.execPath,
    args: ["--import", "tsx", fileURLToPath(new URL(`limit/${name}.ts`, import.meta.url)), JSON.stringify(settings)],
    env: { NODE_ENV: "production" },
    logFile: openSync(join(stage.folder, `limit-${name}.log`), "a"),
  });
  await untilOk(`${url}/ready`);
  return {
    port,
    url,
    roots: { program: program.pid, ...(engine === null ? {} : { engine: engine.pid }) },
    async stop() {
      await program.stop();
      await engine?.stop();
    },
  };
}
