import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Redis } from "ioredis";
import { can } from "../../channels/channel.ts";
import { createChannels } from "../../channels/registry.ts";
import { connectModel } from "../assistant/model/language-model.ts";
import type { Config } from "../config.ts";
import { startEmbeddedPostgres } from "../db/embedded.ts";
import { migrationState } from "../db/migrate.ts";
import type { Log } from "../lib/log.ts";

const providerLimitMs = 5_000;
const diskMinBytes = 500 * 1024 * 1024;

/** Says in words what works and what does not; true when everything that is configured works. Changes nothing. */
export async function runDoctor(config: Config, log: Log, say: (line: string) => void): Promise<boolean> {
  const results = [
    await check(say, "Settings", async () => checkSettings(config)),
    await check(say, "Disk", () => checkDisk(config)),
    await check(say, "Database", () => checkDatabase(config, log)),
    await check(say, "Job queue", () => checkQueue(config)),
    await check(say, "Providers", () => checkProviders(config)),
    await check(say, "Assistant", () => checkAssistant(config)),
    await check(say, "Service", () => checkService(config)),
  ];
  return results.every(Boolean);
}

async function check(say: (line: string) => void, name: string, run: () => Promise<string>): Promise<boolean> {
  try {
    say(`✓ ${name}: ${await run()}`);
    return true;
  } catch (error) {
    say(`✗ ${name}: ${error instanceof Error ? error.message : "failed"}`);
    return false;
  }
}

function checkSettings({ withoutEffect }: Config): string {
  if (withoutEffect.length === 0) return "complete, and each has an effect.";
  throw new Error(`this version does nothing with ${withoutEffect.join(" and ")}: its channel is not there. Unset it.`);
}

async function checkDisk(config: Config): Promise<string> {
  const { bavail, bsize } = await statfs(config.dataDir).catch(() => statfs(dirname(config.dataDir)));
  const free = bavail * bsize;
  const words = `${Math.round(free / 1024 / 1024)} MB free where DATA_DIR is.`;
  if (free < diskMinBytes) throw new Error(`${words} Free some space, or set DATA_DIR to another disk.`);
  return words;
}

async function checkDatabase(config: Config, log: Log): Promise<string> {
  const embedded = config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
  try {
    const state = await migrationState(config.databaseUrl ?? embedded?.url ?? "");
    if (state.newer) throw new Error("it was migrated by a newer version of Everline. Start that version.");
    const engine = embedded === null ? "DATABASE_URL answers" : "the embedded PostgreSQL works";
    return `${engine}; ${state.applied} of ${state.known} migrations are applied (the rest at the next start).`;
  } finally {
    await embedded?.stop();
  }
}

async function checkQueue(config: Config): Promise<string> {
  if (config.redisUrl === null) return "on PostgreSQL. Set REDIS_URL for more throughput.";
  const redis = new Redis(config.redisUrl, {
    lazyConnect: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return "Redis answers.";
  } catch {
    throw new Error(
      "REDIS_URL does not answer. Start Redis or correct the address; messages are safe in PostgreSQL meanwhile.",
    );
  } finally {
    redis.disconnect();
  }
}

async function checkProviders(config: Config): Promise<string> {
  if (config.simulator) return "none configured; the built-in simulator plays Twilio and WhatsApp.";
  const { twilio, whatsappCloud, company, burstWaitMs, voiceTransport } = config;
  const publicUrl = (): string => config.publicUrl ?? "";
  if (twilio?.voiceNumber && voiceTransport === "relay" && !publicUrl().startsWith("https:"))
    throw new Error(
      "VOICE_TRANSPORT is relay, but Twilio opens sockets to https addresses alone. Set PUBLIC_URL to one, or VOICE_TRANSPORT to gather.",
    );
  const { channels, close } = createChannels({
    twilio,
    whatsappCloud,
    company,
    burstWaitMs,
    voiceTransport,
    publicUrl,
  });
  try {
    const able = channels.filter((channel) => can(channel, "health"));
    const states = await Promise.all(
      able.map(async (channel) => {
        const { state, detail } = await channel.health(AbortSignal.timeout(providerLimitMs));
        return { state, words: `${channel.name}: ${detail}` };
      }),
    );
    const words = states.map((one) => one.words).join(" ");
    if (states.some(({ state }) => state === "down" || state === "needs-action")) throw new Error(words);
    return words === "" ? "configured, but no number is set to write from." : words;
  } finally {
    await close();
  }
}

async function checkAssistant({ assistant }: Config): Promise<string> {
  if (assistant.model === "embedded")
    return "the embedded one; it needs nothing. ASSISTANT_MODEL chooses a language model.";
  const model = await connectModel(assistant);
  return `the language model ${assistant.model} answers (${await model.ping()} ms); the embedded one stands by.`;
}

async function checkService(config: Config): Promise<string> {
  const url = `http://${config.host}:${config.port}/readyz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  if (response === null) return "not running on this host and port (npm start).";
  if (!response.ok) throw new Error("it runs, but is not ready: the database or the queue does not answer.");
  return "running and ready.";
}
