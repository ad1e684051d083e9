import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startPostgres, startRedis, untilOk } from "../lib/engines.ts";
import { account, type RunOrder, type RunReport } from "../lib/orders.ts";
import { cpuSince, residentMb } from "../lib/processes.ts";
import { type Program, startProgram } from "../lib/program.ts";
import { company } from "../lib/questions.ts";
import { serviceArgs } from "../lib/service.ts";
import type { Contestant, Round, Stage } from "./contestant.ts";

/** The service trains one language after the other after its start, in 5 s on a quiet machine. */
const trainingMs = 15_000;
/** Nothing happens for so long before memory is read. */
const restMs = 5_000;

export interface Everline extends Contestant {
  /** Answers at this rate; tells what customers saw. */
  atRate(perSecond: number, seconds: number): Promise<RunReport>;
  /** Memory of the service's processes at rest, the engines apart, after every language was asked for. */
  idleMb(): Promise<number>;
}

/**
 * The real program on an embedded PostgreSQL that waits for the disk. `all` is what `npm start` runs: it answers what it
 * stores itself, and its queue stays idle. `web` and `worker` apart send every message through the queue.
 */
export async function startEverline(
  stage: Stage,
  options: {
    readonly name: string;
    readonly roles: readonly ["all"] | readonly ["web", "worker"];
    readonly queue: "redis" | "postgres";
    readonly profileTo?: string;
  },
): Promise<Everline> {
  const { name } = options;
  const postgres = await startPostgres(stage.folder, name);
  const redis = options.queue === "redis" ? await startRedis(stage.folder, name) : null;
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const args = [...(options.profileTo === undefined ? [] : profiling(options.profileTo)), ...(await serviceArgs())];
  const env = {
    NODE_ENV: "production",
    PUBLIC_URL: publicUrl,
    DATA_DIR: join(stage.folder, name),
    DATABASE_URL: postgres.url,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    SECRET_KEY: "the same for all processes of a contestant",
    DEMO: "true",
    COMPANY_NAME: company,
    BURST_WAIT_MS: "0",
    TWILIO_ACCOUNT_SID: account.sid,
    TWILIO_AUTH_TOKEN: account.token,
    TWILIO_SMS_NUMBER: account.number,
    TWILIO_API_URL: stage.generator.sinkUrl,
  };
  const programs: Program[] = [];
  for (const role of options.roles) {
    const logFile = openSync(join(stage.folder, `${name}-${role}.log`), "a");
    // Only the first of them is written to; another may listen for its health where it likes.
    const own = { ROLE: role, PORT: String(role === "worker" ? 0 : port) };
    programs.push(startProgram({ command: process.execPath, args, env: { ...env, ...own }, logFile }));
    if (role !== "worker") await untilOk(`${publicUrl}/readyz`);
  }
  await sleep(trainingMs);

  const engines = [postgres, redis].filter((engine) => engine !== null);
  const roots = {
    ...Object.fromEntries(programs.map((program, index) => [options.roles[index] ?? "", program.pid])),
    postgres: postgres.pid,
    ...(redis === null ? {} : { redis: redis.pid }),
  };
  const order = {
    target: { port, publicUrl, path: "/channels/sms/default/webhook" },
    replies: "assistant",
    inFlight: stage.inFlight,
  } satisfies Partial<RunOrder>;
  return {
    name,
    async measure(seconds): Promise<Round> {
      const spent = cpuSince(roots);
      const seen = await stage.generator.run({ ...order, seconds, rate: null });
      return { perSecond: seen.perSecond, ...spent(seen.answered), seen };
    },
    atRate: (perSecond, seconds) => stage.generator.run({ ...order, seconds, rate: perSecond }),
    async idleMb() {
      await stage.generator.run({ ...order, seconds: 1, rate: 20 });
      await sleep(restMs);
      return residentMb(programs.map(({ pid }) => pid));
    },
    async stop() {
      for (const program of programs) await program.stop();
      for (const engine of engines.reverse()) await engine.stop();
    },
  };
}

function profiling(folder: string): string[] {
  return ["--cpu-prof", "--cpu-prof-dir", folder];
}
