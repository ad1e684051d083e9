import { constants, existsSync } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Redis } from "ioredis";
import { request } from "undici";
import { z } from "zod";
import { can } from "../../channels/channel.ts";
import { createChannels } from "../../channels/registry.ts";
import { connectModel } from "../assistant/model/language-model.ts";
import { createAccountServer } from "../assistant/tools/account-client.ts";
import type { Config } from "../config.ts";
import { hasEmbeddedDatabase, startEmbeddedPostgres } from "../db/embedded.ts";
import { editedWords, engineMin, migrationState, oldEngineWords } from "../db/migrate.ts";
import { cannotWrite } from "../lib/cannot-write.ts";
import type { Log } from "../lib/log.ts";

const providerLimitMs = 5_000;
const diskMinBytes = 500 * 1024 * 1024;
/** From a range that is reserved for fiction. */
const nobodysNumber = "+12025550199";
const readiness = z.object({ checks: z.array(z.object({ name: z.string(), works: z.boolean() })) });

/** What a check found: that it works, in words; or what is not there and need not be. */
type Finding = string | { readonly aside: string };

/**
 * Says in words what works and what does not; true when everything that is configured works. Makes nothing: an embedded
 * database that is there already is started for the look.
 */
export async function runDoctor(config: Config, log: Log, say: (line: string) => void): Promise<boolean> {
  const results = [
    await check(say, "Settings", async () => checkSettings(config)),
    await check(say, "Disk", () => checkDisk(config)),
    await check(say, "Database", () => checkDatabase(config, log)),
    await check(say, "Job queue", () => checkQueue(config)),
    await check(say, "Providers", () => checkProviders(config)),
    await check(say, "Countries", async () => checkCountries(config)),
    await check(say, "Assistant", () => checkAssistant(config)),
    await check(say, "Sign-in", () => checkSignIn(config)),
    await check(say, "Account data", () => checkAccountData(config)),
    await check(say, "Service", () => checkService(config)),
  ];
  return results.every(Boolean);
}

async function check(say: (line: string) => void, name: string, run: () => Promise<Finding>): Promise<boolean> {
  try {
    const found = await run();
    say(typeof found === "string" ? `✓ ${name}: ${found}` : `○ ${name}: ${found.aside}`);
    return true;
  } catch (error) {
    say(`✗ ${name}: ${error instanceof Error ? error.message : "failed"}`);
    return false;
  }
}

function checkSettings({ withoutEffect }: Config): string {
  if (withoutEffect.length === 0) return "complete.";
  throw new Error(
    `nothing is done with ${withoutEffect.join(" and ")}, as the rest is set. Unset it, or see README.md.`,
  );
}

async function checkDisk({ dataDir }: Config): Promise<string> {
  const folder = nearest(dataDir);
  // The slash: a file of that name is no folder.
  await access(`${folder}/`, constants.W_OK).catch((error) => {
    throw new Error(cannotWrite(dataDir, error));
  });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const words = `${Math.round(free / 1024 / 1024)} MB free where DATA_DIR is.`;
  if (free < diskMinBytes) throw new Error(`${words} Free some space, or set DATA_DIR to another disk.`);
  return words;
}

/** The folder itself, or the first above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}

async function checkDatabase({ databaseUrl, dataDir }: Config, log: Log): Promise<Finding> {
  if (databaseUrl === null && !hasEmbeddedDatabase(dataDir))
    return { aside: "none yet; the first start makes one in DATA_DIR." };
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log }) : null;
  try {
    const { applied, known, newer, edited, engine } = await migrationState(databaseUrl ?? embedded?.url ?? "");
    if (engine < engineMin) throw new Error(oldEngineWords(engine));
    if (newer) throw new Error("it was migrated by a newer version of Everline. Start that version.");
    if (edited.length > 0) throw new Error(editedWords(edited));
    const works = embedded === null ? `DATABASE_URL answers (PostgreSQL ${engine})` : "the embedded PostgreSQL works";
    const rest = applied < known ? " (the rest at the next start)" : "";
    return `${works}; ${applied} of ${known} migrations are applied${rest}.`;
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

async function checkProviders(config: Config): Promise<Finding> {
  if (config.simulator) return "none configured; the built-in simulator plays Twilio and WhatsApp.";
  const { twilio, whatsappCloud, company, burstWaitMs, voiceTransport } = config;
  if (twilio === null && whatsappCloud === null)
    return {
      aside: "none configured: customers have the web chat alone. TWILIO_… and WHATSAPP_CLOUD_… bring the others.",
    };
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

function checkCountries({ twilio, simulator, callCountries }: Config): Finding {
  if (twilio === null && !simulator) return { aside: "without Twilio nobody is called or texted." };
  if (callCountries.length > 0) return `calls, codes and texts with links go to ${callCountries.join(", ")} alone.`;
  throw new Error(
    "nobody may be called or sent a code, because no country is configured. Set CALL_COUNTRIES, like SE,DE.",
  );
}

async function checkSignIn({ identity: { secret, jwksUrl }, demo }: Config): Promise<Finding> {
  if (jwksUrl !== null) {
    const keys = z.object({ keys: z.array(z.object({ kty: z.string() })).min(1) });
    const answer = await ask(jwksUrl, providerLimitMs);
    if (!keys.safeParse(answer?.said).success)
      throw new Error("IDENTITY_JWKS_URL answers with no keys, so no customer can sign in. Correct the address.");
    return "IDENTITY_JWKS_URL answers with keys.";
  }
  if (secret !== null) return demo ? "the demo's, or by IDENTITY_SECRET where it is set." : "by IDENTITY_SECRET.";
  return { aside: "not set up: nobody signs in to the chat (docs/account-data.md)." };
}

async function checkAccountData({ account }: Config): Promise<Finding> {
  if (account === null) return { aside: "no server: nobody is told about their own account (docs/account-data.md)." };
  const { url, secret } = account;
  if (url === null) return "the demo's own.";
  const server = createAccountServer({ url: () => url, secret }, () => undefined);
  try {
    await server.customerWith(nobodysNumber);
  } catch {
    throw new Error(
      "ACCOUNT_MCP_URL does not answer find_customer as docs/account-data.md says. Its log may tell why; " +
        "`npm run everline -- account-secret` prints the secret of our tokens.",
    );
  }
  return "ACCOUNT_MCP_URL answers.";
}

async function checkService({ role, host, port, publicUrl }: Config): Promise<Finding> {
  if (port === 0) return { aside: "it takes any free port; the lines of its start name it." };
  const running = await ask(`http://${asCalledHere(host)}:${port}/readyz`);
  if (running === null) return { aside: "not running on this host and port (npm start)." };
  if (!running.ok) {
    const { data } = readiness.safeParse(running.said);
    const failed = data?.checks.filter(({ works }) => !works).map(({ name }) => name) ?? ["something else answers"];
    throw new Error(`it runs, but is not ready: ${failed.join(", ")}.`);
  }
  if (role === "worker" || publicUrl === null || (await ask(`${publicUrl}/healthz`))?.ok) return "running and ready.";
  throw new Error(
    "running and ready, but PUBLIC_URL does not lead to it from this machine: customers and providers may not reach it either.",
  );
}

/** Asks an address that the operator configured (N1 is about those that others may choose); null: nobody answers. */
async function ask(url: string, limitMs = 2_000): Promise<{ readonly ok: boolean; readonly said: unknown } | null> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(limitMs) });
    const said: unknown = await body.json().catch(() => null);
    return { ok: statusCode >= 200 && statusCode < 300, said };
  } catch {
    return null;
  }
}

/** An address to listen on, as one to call. */
function asCalledHere(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
