import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import { z } from "zod";
import { cannotWrite } from "./lib/cannot-write.ts";
import { type TrustedProxies, trustedProxies } from "./lib/trusted-proxies.ts";
import { isTimeZone } from "./lib/zoned-time.ts";

/** The settings as they stand in the environment. README.md, "Settings", says the same for people. */
const text = z.string().trim().min(1);
const flag = z
  .enum(["true", "false", "1", "0", "on", "off"])
  .transform((value) => value === "true" || value === "1" || value === "on");
const url = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""));
const e164 = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be a number like +4670…");

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).optional(),
  HOST: text.default("127.0.0.1"),
  PUBLIC_URL: url.optional(),
  TRUST_PROXY: trustedProxies.optional(),
  ROLE: z.enum(["all", "web", "worker"]).default("all"),
  DATA_DIR: text.default(".data"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  SECRET_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  DEMO: flag.optional(),
  COMPANY_NAME: text.max(60).default("Paylark"),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(10, "must have at least 10 characters").optional(),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, "must look like AC and 32 hex digits")
    .optional(),
  TWILIO_AUTH_TOKEN: text.optional(),
  TWILIO_API_KEY: text.optional(),
  TWILIO_API_SECRET: text.optional(),
  TWILIO_API_URL: url.optional(),
  TWILIO_SMS_NUMBER: e164.optional(),
  TWILIO_WHATSAPP_NUMBER: e164.optional(),
  TWILIO_VOICE_NUMBER: e164.optional(),
  VOICE_TRANSPORT: z.enum(["relay", "gather"]).optional(),
  TWILIO_MESSAGING_SERVICE_SID: z
    .string()
    .regex(/^MG[0-9a-fA-F]{32}$/, "must look like MG and 32 hex digits")
    .optional(),
  WHATSAPP_CLOUD_TOKEN: text.optional(),
  WHATSAPP_CLOUD_APP_SECRET: text.optional(),
  WHATSAPP_CLOUD_VERIFY_TOKEN: text.optional(),
  WHATSAPP_CLOUD_PHONE_NUMBER_ID: z.string().regex(/^\d+$/, "must be digits").optional(),
  WHATSAPP_CLOUD_API_URL: url.optional(),
  WHATSAPP_WEB: flag.default(false),
  BOT_APP_ID: text.optional(),
  BOT_APP_PASSWORD: text.optional(),
  ASSISTANT_MODEL: z
    .string()
    .regex(/^(embedded|[a-z-]+:.+)$/, 'must be "embedded" or "provider:model"')
    .default("embedded"),
  ASSISTANT_API_KEY: text.optional(),
  ASSISTANT_BASE_URL: url.optional(),
  IDENTITY_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  IDENTITY_JWKS_URL: url.optional(),
  SIGN_IN_URL: url.optional(),
  CHAT_ORIGINS: z
    .string()
    .transform((value) =>
      value
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.url({ protocol: /^https?$/ }).transform((one) => new URL(one).origin)).min(1))
    .optional(),
  ACCOUNT_MCP_URL: url.optional(),
  ACCOUNT_MCP_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  CALL_COUNTRIES: z
    .string()
    .transform((value) =>
      value
        .split(",")
        .map((code) => code.trim().toUpperCase())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(/^[A-Z]{2}$/, "must be country codes like SE,DE")))
    .optional(),
  COUNTRY: z
    .string()
    .regex(/^[A-Z]{2}$/, "must be a country code like SE")
    .optional(),
  TIME_ZONE: z.string().refine(isTimeZone, "must be a zone like Europe/Stockholm").default("UTC"),
  BURST_WAIT_MS: z.coerce.number().int().min(0).max(30_000).optional(),
});

const usualPort = 3000;
/** Where the simulator's customers live. */
const simulatedCountries = ["US", "GB", "SE", "DE", "ES"] as const;

type Environment = Readonly<Record<string, string | undefined>>;
type Raw = z.output<typeof schema>;

export interface TwilioSettings {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
  readonly apiUrl: string | null;
  readonly smsNumber: string | null;
  readonly whatsappNumber: string | null;
  readonly voiceNumber: string | null;
  readonly messagingServiceSid: string | null;
}

export interface WhatsappCloudSettings {
  readonly token: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly phoneNumberId: string;
  readonly apiUrl: string | null;
}

export interface Config {
  readonly role: Raw["ROLE"];
  readonly host: string;
  /** A worker that was given none takes any that is free, for nobody but the one who runs it looks there. */
  readonly port: number;
  /** As the outside sees us; null until the port is known when none was configured. */
  readonly publicUrl: string | null;
  /** Whose word about a caller's address is taken; null: nobody's, the connection itself tells. */
  readonly trustProxy: TrustedProxies | null;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly logLevel: Raw["LOG_LEVEL"];
  readonly demo: boolean;
  /** The built-in simulator plays Twilio and Meta for the demo, because no provider is configured. */
  readonly simulator: boolean;
  readonly company: string;
  readonly admin: { readonly email: string; readonly password: string } | null;
  readonly twilio: TwilioSettings | null;
  /** Calls over ConversationRelay's socket, which a Twilio account has to be enabled for, or in single requests. */
  readonly voiceTransport: "relay" | "gather";
  readonly whatsappCloud: WhatsappCloudSettings | null;
  /** Settings that are set and that nothing is done with, in this version or beside the others. */
  readonly withoutEffect: readonly string[];
  readonly assistant: { readonly model: string; readonly apiKey: string | null; readonly baseUrl: string | null };
  readonly identity: { readonly secret: string | null; readonly jwksUrl: string | null };
  /** The page where the company's customers sign in: a path on this service in the demo; null: there is none to link to. */
  readonly signInUrl: string | null;
  /** Sites whose pages may use the chat, as origins; null: any. */
  readonly chatOrigins: readonly string[] | null;
  /** The server of account data and the secret of its tokens; `url` null: the demo company's, on this service itself. */
  readonly account: { readonly url: string | null; readonly secret: string } | null;
  readonly callCountries: readonly string[];
  readonly timeZone: string;
  /** Overrides every channel's wait for the rest of a burst; null: the channel's own. */
  readonly burstWaitMs: number | null;
  /** 32 bytes derived from SECRET_KEY, or from the key kept in DATA_DIR. */
  readonly secretKey: Buffer;
  /** No SECRET_KEY was given: whoever has another DATA_DIR has another key. */
  readonly keyIsOwn: boolean;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads every setting once. Throws one ConfigError that names all faults together, by name and never by value. Who only
 * looks leaves no trace: without `keepKey` a key that is not there yet is made for this process alone.
 */
export function readConfig(environment: Environment, { keepKey = true } = {}): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(given);
  const faults = parsed.success ? [] : describeFaults(parsed.error);
  const missing = missingTogether(given);
  if (!parsed.success || missing.length > 0) throw new ConfigError(sentence(missing, faults));
  return toConfig(parsed.data, keepKey);
}

function toConfig(raw: Raw, keepKey: boolean): Config {
  const anyProvider = raw.TWILIO_ACCOUNT_SID !== undefined || raw.WHATSAPP_CLOUD_TOKEN !== undefined;
  const demo = raw.DEMO ?? (raw.DATABASE_URL === undefined && !anyProvider);
  const dataDir = resolve(raw.DATA_DIR);
  const key = hashed(raw.SECRET_KEY ?? keptKey(dataDir, keepKey));
  return {
    role: raw.ROLE,
    host: raw.HOST,
    port: raw.PORT ?? (raw.ROLE === "worker" ? 0 : usualPort),
    // Customers reach no worker: its links lead to where a web process usually is.
    publicUrl: raw.PUBLIC_URL ?? (raw.ROLE === "worker" ? `http://127.0.0.1:${raw.PORT ?? usualPort}` : null),
    trustProxy: raw.TRUST_PROXY ?? null,
    dataDir,
    databaseUrl: raw.DATABASE_URL ?? null,
    redisUrl: raw.REDIS_URL ?? null,
    logLevel: raw.LOG_LEVEL,
    demo,
    // Never for a company's own customers, whom nothing would reach. In one process only: a worker elsewhere could not ask it.
    simulator: demo && !anyProvider && raw.ROLE === "all",
    company: raw.COMPANY_NAME,
    admin: raw.ADMIN_EMAIL && raw.ADMIN_PASSWORD ? { email: raw.ADMIN_EMAIL, password: raw.ADMIN_PASSWORD } : null,
    twilio: twilioSettings(raw),
    voiceTransport: raw.VOICE_TRANSPORT ?? (raw.TWILIO_ACCOUNT_SID === undefined ? "relay" : "gather"),
    whatsappCloud: whatsappCloudSettings(raw),
    withoutEffect: withoutEffect(raw),
    assistant: {
      model: raw.ASSISTANT_MODEL,
      apiKey: raw.ASSISTANT_API_KEY ?? null,
      baseUrl: raw.ASSISTANT_BASE_URL ?? null,
    },
    identity: {
      // The demo company signs its customers in as well; nobody outside knows its secret.
      secret: raw.IDENTITY_SECRET ?? (demo ? createHmac("sha256", key).update("demo-identity").digest("hex") : null),
      jwksUrl: raw.IDENTITY_JWKS_URL ?? null,
    },
    signInUrl: raw.SIGN_IN_URL ?? (demo ? "/demo/sign-in" : null),
    chatOrigins: raw.CHAT_ORIGINS ?? null,
    account: accountSettings(raw, demo, key),
    callCountries: raw.CALL_COUNTRIES ?? usualCountries(raw, demo && !anyProvider),
    timeZone: raw.TIME_ZONE,
    burstWaitMs: raw.BURST_WAIT_MS ?? null,
    secretKey: key,
    keyIsOwn: raw.SECRET_KEY === undefined,
  };
}

function withoutEffect(raw: Raw): string[] {
  const idle = {
    WHATSAPP_WEB: raw.WHATSAPP_WEB,
    BOT_APP_ID: raw.BOT_APP_ID,
    ...(raw.ASSISTANT_MODEL === "embedded"
      ? { ASSISTANT_API_KEY: raw.ASSISTANT_API_KEY, ASSISTANT_BASE_URL: raw.ASSISTANT_BASE_URL }
      : {}),
    ...(raw.TWILIO_ACCOUNT_SID === undefined ? { TWILIO_API_URL: raw.TWILIO_API_URL } : {}),
    ...(raw.WHATSAPP_CLOUD_TOKEN === undefined ? { WHATSAPP_CLOUD_API_URL: raw.WHATSAPP_CLOUD_API_URL } : {}),
  };
  return Object.entries(idle).flatMap(([name, value]) => (value === undefined || value === false ? [] : [name]));
}

/** M1: those that were configured, if only by our own numbers. The simulated telephones cost nobody anything. */
function usualCountries(raw: Raw, simulated: boolean): readonly string[] {
  const named = raw.COUNTRY === undefined ? [] : [raw.COUNTRY];
  if (simulated) return [...new Set([...named, ...simulatedCountries])];
  if (named.length > 0) return named;
  const numbers = [raw.TWILIO_VOICE_NUMBER, raw.TWILIO_SMS_NUMBER, raw.TWILIO_WHATSAPP_NUMBER];
  return [...new Set(numbers.flatMap((number) => (number === undefined ? [] : countryOf(number))))];
}

/** None for a number that belongs to no country. One that is not told apart counts as its code's first: +1 is the US. */
function countryOf(number: string): readonly string[] {
  const parsed = parsePhoneNumberFromString(number);
  return parsed?.country === undefined ? (parsed?.getPossibleCountries() ?? []).slice(0, 1) : [parsed.country];
}

/** Without a secret of its own it is made of ours; `npm run everline -- account-secret` tells it to the company's server. */
function accountSettings(raw: Raw, demo: boolean, key: Buffer): Config["account"] {
  const derived = (purpose: string) => createHmac("sha256", key).update(purpose).digest("hex");
  if (raw.ACCOUNT_MCP_URL !== undefined)
    return { url: raw.ACCOUNT_MCP_URL, secret: raw.ACCOUNT_MCP_SECRET ?? derived("account") };
  return demo ? { url: null, secret: derived("demo-account") } : null;
}

function twilioSettings(raw: Raw): TwilioSettings | null {
  if (!raw.TWILIO_ACCOUNT_SID || !raw.TWILIO_AUTH_TOKEN) return null;
  return {
    accountSid: raw.TWILIO_ACCOUNT_SID,
    authToken: raw.TWILIO_AUTH_TOKEN,
    apiKey: raw.TWILIO_API_KEY ?? null,
    apiSecret: raw.TWILIO_API_SECRET ?? null,
    apiUrl: raw.TWILIO_API_URL ?? null,
    smsNumber: raw.TWILIO_SMS_NUMBER ?? null,
    whatsappNumber: raw.TWILIO_WHATSAPP_NUMBER ?? null,
    voiceNumber: raw.TWILIO_VOICE_NUMBER ?? null,
    messagingServiceSid: raw.TWILIO_MESSAGING_SERVICE_SID ?? null,
  };
}

function whatsappCloudSettings(raw: Raw): WhatsappCloudSettings | null {
  const { WHATSAPP_CLOUD_TOKEN, WHATSAPP_CLOUD_APP_SECRET, WHATSAPP_CLOUD_VERIFY_TOKEN } = raw;
  const { WHATSAPP_CLOUD_PHONE_NUMBER_ID } = raw;
  if (!WHATSAPP_CLOUD_TOKEN || !WHATSAPP_CLOUD_APP_SECRET) return null;
  if (!WHATSAPP_CLOUD_VERIFY_TOKEN || !WHATSAPP_CLOUD_PHONE_NUMBER_ID) return null;
  return {
    token: WHATSAPP_CLOUD_TOKEN,
    appSecret: WHATSAPP_CLOUD_APP_SECRET,
    verifyToken: WHATSAPP_CLOUD_VERIFY_TOKEN,
    phoneNumberId: WHATSAPP_CLOUD_PHONE_NUMBER_ID,
    apiUrl: raw.WHATSAPP_CLOUD_API_URL ?? null,
  };
}

/** Settings that make sense only together: naming one of a group asks for the rest (no secret, no start: safety.md). */
const groups: readonly { readonly names: readonly string[]; readonly optional?: readonly string[] }[] = [
  {
    names: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
    optional: [
      "TWILIO_API_KEY",
      "TWILIO_API_SECRET",
      "TWILIO_SMS_NUMBER",
      "TWILIO_WHATSAPP_NUMBER",
      "TWILIO_VOICE_NUMBER",
      "TWILIO_MESSAGING_SERVICE_SID",
    ],
  },
  { names: ["TWILIO_API_KEY", "TWILIO_API_SECRET"] },
  {
    names: [
      "WHATSAPP_CLOUD_TOKEN",
      "WHATSAPP_CLOUD_APP_SECRET",
      "WHATSAPP_CLOUD_VERIFY_TOKEN",
      "WHATSAPP_CLOUD_PHONE_NUMBER_ID",
    ],
  },
  { names: ["ADMIN_EMAIL", "ADMIN_PASSWORD"] },
  { names: ["BOT_APP_ID", "BOT_APP_PASSWORD"] },
  { names: ["ACCOUNT_MCP_URL"], optional: ["ACCOUNT_MCP_SECRET"] },
];

function missingTogether(given: Readonly<Record<string, unknown>>): string[] {
  const missing = new Set<string>();
  for (const { names, optional = [] } of groups) {
    if (![...names, ...optional].some((name) => name in given)) continue;
    for (const name of names) if (!(name in given)) missing.add(name);
  }
  const provider = "TWILIO_ACCOUNT_SID" in given || "WHATSAPP_CLOUD_TOKEN" in given;
  if (provider && !("PUBLIC_URL" in given)) missing.add("PUBLIC_URL");
  for (const name of missingForModel(given)) missing.add(name);
  return [...missing];
}

/** OpenAI's own address is known and asks for a key; every other provider has to say where it is. */
function missingForModel(given: Readonly<Record<string, unknown>>): string[] {
  const model = String(given.ASSISTANT_MODEL ?? "embedded");
  if (model === "embedded" || "ASSISTANT_BASE_URL" in given) return [];
  if (!model.startsWith("openai:")) return ["ASSISTANT_BASE_URL"];
  return "ASSISTANT_API_KEY" in given ? [] : ["ASSISTANT_API_KEY"];
}

function describeFaults(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${withoutValue(issue.message)}`);
}

/** zod quotes nothing of ours by default; this keeps it so should a message ever carry the input. */
function withoutValue(message: string): string {
  return message.split(", received")[0] ?? message;
}

function sentence(missing: readonly string[], faults: readonly string[]): string {
  const lines = ["The environment is not complete:"];
  if (missing.length > 0) lines.push(`  ${missing.join(", ")}: missing`);
  for (const fault of faults) lines.push(`  ${fault}`);
  lines.push('See README.md, "Settings".');
  return lines.join("\n");
}

function hashed(key: string): Buffer {
  return createHash("sha256").update(`everline:${key}`).digest();
}

/** A key that is made once and kept beside the data, readable by its owner alone. */
function keptKey(dataDir: string, keep: boolean): string {
  const file = join(dataDir, "secret-key");
  try {
    if (!existsSync(file)) {
      const made = randomBytes(32).toString("base64url");
      if (!keep) return made;
      mkdirSync(dataDir, { recursive: true });
      writeNew(file, made);
    }
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`${cannotWrite(dataDir, error)} The secret key is kept there, unless SECRET_KEY is set.`, {
      cause: error,
    });
  }
}

/** Of two processes the first wins; a full disk leaves no half key. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    rmSync(file, { force: true });
    throw error;
  }
}
