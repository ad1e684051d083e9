import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Channel } from "../channels/channel.ts";
import { createChannels } from "../channels/registry.ts";
import { seedDemoAgents } from "./agents/demo-agents.ts";
import { ensureFirstAdmin } from "./agents/sessions.ts";
import { callsOff, callWish } from "./assistant/call-wish.ts";
import type { EmbeddedBrain } from "./assistant/embedded/brain.ts";
import { asksForCall } from "./assistant/hand-off-words.ts";
import { type CallDesk, phoneAmong } from "./callbacks/desk.ts";
import { createDialler } from "./callbacks/dialler.ts";
import { usualPolicy } from "./callbacks/machine.ts";
import { dropCallsSaidToPeople } from "./callbacks/never-call.ts";
import { usualCaps } from "./callbacks/phone-policy.ts";
import { liveLines } from "./calls/lines.ts";
import { createLiveLines } from "./calls/live-lines.ts";
import { type Config, ConfigError, type TwilioSettings, type WhatsappCloudSettings } from "./config.ts";
import { createHideCode } from "./contacts/hide-code.ts";
import { createPatience } from "./db/wait-for-database.ts";
import { type Engines, openEngines } from "./engines.ts";
import { callInstead } from "./escalations/call-instead.ts";
import { seedArticles } from "./help-centre/articles.ts";
import { openLibrary } from "./help-centre/library.ts";
import { companyName, readArticles, readTopics } from "./help-centre/read-articles.ts";
import { createMetrics } from "./http/health.ts";
import { createAccept, type Unwanted } from "./intake/accept.ts";
import { startCatchUp } from "./intake/catch-up.ts";
import type { Log } from "./lib/log.ts";
import type { Part } from "./lib/message.ts";
import { createBell } from "./queues/bell.ts";
import { hoursSetting } from "./settings/hours.ts";
import { signsAsOthersDo } from "./settings/secret-key.ts";
import { readSetting, readSettingIn } from "./settings/settings.ts";
import { startProviderDouble } from "./simulator/provider-double.ts";
import { createAtOnce } from "./turns/at-once.ts";
import { createWeb, createWorkerPages } from "./web.ts";
import { createSharedOutbox, startWorker, type TurnAssistant } from "./worker.ts";

const contentFolder = new URL("../content/", import.meta.url).pathname;
const version = (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
  .version;
/** The simulated company's own number: from the range reserved for fiction. */
const simulatedNumber = "+12025550100";
const simulatedNumbers = { sms: simulatedNumber, whatsapp: simulatedNumber, voice: simulatedNumber };
/** An unhurried voice. */
const spokenCharsPerSecond = 15;
/**
 * Connections that may wait to be taken, up to what the kernel allows. Node's own 511 overflow when all chat windows come
 * back after a restart; whoever is dropped there tries again after one, three, seven seconds.
 */
const backlog = 4_096;
/** People whose telephones the simulator holds; numbers from ranges reserved for fiction where a country has one. */
const simulatedCustomers = [
  { name: "Ann (United States)", number: "+12025550131" },
  { name: "Sam (United Kingdom)", number: "+447700900123" },
  { name: "Erik (Sweden)", number: "+46701740605" },
  { name: "Jonas (Germany)", number: "+4915550100001" },
  { name: "Lucía (Spain)", number: "+34600000001" },
  { name: "An agent's telephone", number: "+12025550160" },
];

const differentKeys =
  "SECRET_KEY: missing. The other processes on this database sign with another key than the one kept in DATA_DIR here, " +
  "so that links and codes of one would mean nothing to another. Give all of them the same SECRET_KEY.";
const whereSimulatorIs = "The demo's /simulator is there with ROLE=all alone; a process elsewhere could not ask it.";

export interface Service {
  /** As the outside calls it. */
  readonly url: string | null;
  /** Where it listens on this machine; a proxy may stand before it. */
  readonly address: string | null;
  /** Where the first administrator is made; null when there is one. */
  readonly setupUrl: string | null;
  readonly notes: readonly string[];
  stop(): Promise<void>;
}

/** Parts that a caller may wrap or put in the place of ours; the crash harness stands at these seams. */
export interface Substitutes {
  readonly engines?: (engines: Engines) => Engines;
  readonly channels?: (channels: readonly Channel[]) => readonly Channel[];
  readonly assistant?: TurnAssistant;
  /** A push service on this machine; without it only those of the browsers are ever asked (N1). */
  readonly pushOrigin?: string;
  /** The clock of promised calls. */
  readonly clock?: () => number;
}

/** Starts the configured role with everything it needs, in order; `stop` undoes it in reverse. */
export async function startService(config: Config, log: Log, substitutes: Substitutes = {}): Promise<Service> {
  const {
    engines: wrapEngines = itself,
    channels: wrapChannels = itself,
    assistant,
    pushOrigin = null,
    clock,
  } = substitutes;
  const patiently = createPatience(log);
  const engines = wrapEngines(await openEngines(config, log, patiently));
  const processes = config.role === "all" ? "one" : "many";
  if (!(await patiently(() => signsAsOthersDo(engines.db, config.secretKey, processes, config.keyIsOwn)))) {
    await engines.close();
    throw new ConfigError(differentKeys);
  }
  if (config.demo) {
    const read = (name: string) => readArticles(join(contentFolder, name), companyName);
    const articles = [...(await read("articles")), ...(await read("pages"))];
    const topics = await readTopics(join(contentFolder, "topics.json"));
    await patiently(() => seedArticles(engines.db, articles, topics));
    await patiently(() => seedDemoAgents(engines.db));
  }
  const library = await patiently(() => openLibrary({ db: engines.db, company: config.company, log }));
  let url = config.publicUrl;
  const publicUrl = (): string => url ?? `http://127.0.0.1:${config.port}`;
  const credentials = config.twilio ?? (config.simulator ? simulatedTwilio(config) : null);
  const cloud = config.whatsappCloud ?? (config.simulator ? simulatedCloud(config) : null);
  const double =
    config.simulator && credentials !== null
      ? await startProviderDouble({
          accountSid: credentials.accountSid,
          authToken: credentials.authToken,
          ...(cloud === null ? {} : { cloud }),
          port: 0,
          seed: 1,
          log,
          service: { publicUrl },
          senders: [simulatedNumber],
          charsPerSecond: spokenCharsPerSecond,
        })
      : null;
  const twilio = double === null || credentials === null ? credentials : { ...credentials, apiUrl: double.url };
  const { channels: configured, close: closeChannels } = createChannels({
    publicUrl,
    get company() {
      return library.current().company;
    },
    burstWaitMs: config.burstWaitMs,
    voiceTransport: config.voiceTransport,
    twilio,
    whatsappCloud: double === null || cloud === null ? cloud : { ...cloud, apiUrl: double.url },
  });
  const channels = wrapChannels(configured);
  const byName = new Map(channels.map((channel) => [`${channel.name}/${channel.account}`, channel]));
  const channelFor = (name: string, account: string) => byName.get(`${name}/${account}`) ?? null;
  const metrics = createMetrics();
  const bell = createBell({ addBulk: (jobs) => engines.queue.addBulk(jobs), log });
  let opened: Promise<EmbeddedBrain> | null = null;
  const brain = (): Promise<EmbeddedBrain> => {
    // Its table of languages takes a second to load; a process that answers nobody does without.
    opened ??= import("./assistant/embedded/open-brain.ts").then(({ openBrain }) =>
      openBrain(library, contentFolder, join(config.dataDir, "models")),
    );
    return opened;
  };
  const outbox = createSharedOutbox({ config, engines, channelFor, log, metrics });
  const pulledChannels = channels.filter(({ limits }) => limits.pulled).map(({ name }) => name);
  // The demo company's account server is this service itself.
  const accountUrl = (): string => config.account?.url ?? `${address ?? publicUrl()}/demo/mcp`;
  const atOnce = createAtOnce();
  const calls: CallDesk = {
    db: engines.db,
    now: clock ?? Date.now,
    channelFor,
    phone: () => phoneAmong(channels),
    lines: liveLines,
    countries: config.callCountries,
    ...(double === null ? {} : { madeUp: new Set(simulatedCustomers.map(({ number }) => number)) }),
    policy: usualPolicy,
    caps: usualCaps,
    hours: (sql) => (sql === undefined ? readSetting(engines.db, hoursSetting) : readSettingIn(sql, hoursSetting)),
    deskZone: config.timeZone,
    company: () => library.current().company,
    publicUrl,
    key: config.secretKey,
    ring: (conversationId) => bell.ring(conversationId),
    publish: (conversationId) => engines.live.publish(conversationId),
    log,
  };
  const dialler = createDialler(calls);
  const shared = {
    calls,
    dialler,
    lines: createLiveLines(calls, dialler),
    config,
    engines,
    atOnce,
    library,
    brain,
    bell,
    channelFor,
    outbox,
    metrics,
    log,
    publicUrl,
    pulledChannels,
    pushOrigin,
    accountUrl,
    assistant,
  };
  const accept = createAccept({
    db: engines.db,
    bell,
    publish: (id) => engines.live.publish(id),
    hideCode: createHideCode({ db: engines.db, key: config.secretKey }),
    noCalls: {
      asked: unwantedCalls,
      take: (id, seq, unwanted) => dropCallsSaidToPeople(calls, id, seq, unwanted),
    },
    callInstead: { asked: asksForCall, give: (id, seq) => callInstead(engines.db, id, seq) },
    atOnce,
  });

  // What blocks for a second while it is loaded is there before anybody knocks.
  if (config.role !== "web") await brain();
  const servesCustomers = config.role !== "worker";
  const app = servesCustomers
    ? await createWeb({
        ...shared,
        channels,
        accept,
        version,
        simulator: double === null ? null : { double, numbers: simulatedNumbers, customers: simulatedCustomers },
      })
    : await createWorkerPages({ ...shared, version });
  const { address, note } = await listen(app, config, log);
  if (servesCustomers) url ??= address;
  const stopWorker = config.role === "web" ? null : await startWorker(shared);
  const catchUp =
    config.role === "web"
      ? null
      : startCatchUp({
          db: engines.db,
          channels,
          accept,
          onAccepted: (channel, outcome) => metrics.inbound.inc({ channel, outcome }),
          log,
        });
  const setupToken = servesCustomers ? await patiently(() => ensureFirstAdmin(engines.db, config.admin)) : null;
  const notPromoted = setupToken !== null && config.admin !== null;
  log.info({ role: config.role, version, port: config.port }, "started");
  for (const name of config.withoutEffect) log.warn({ reason: name }, "setting-without-effect");
  return {
    url: servesCustomers ? url : null,
    address,
    setupUrl: setupToken === null ? null : `${publicUrl()}/inbox/setup?token=${setupToken}`,
    notes: [
      ...engines.notes,
      ...note,
      ...(lacksSimulator(config) ? [whereSimulatorIs] : []),
      ...(notPromoted ? [adminIsAgent] : []),
    ],
    async stop() {
      await app.close();
      await catchUp?.stop();
      await stopWorker?.();
      await dialler.idle();
      await outbox.idle();
      await bell.close();
      library.close();
      await closeChannels();
      await double?.close();
      await engines.close();
      log.info({ role: config.role }, "stopped");
    },
  };
}

/**
 * Where it listens, as this machine calls it. Health, metrics and the demo's account data are a worker's only pages: one
 * whose port is taken, by the web process beside it, works all the same and takes another.
 */
async function listen(app: FastifyInstance, { role, host, port }: Config, log: Log) {
  const at = async (wanted: number): Promise<string> =>
    (await app.listen({ host, port: wanted, backlog })).replace(/\[::1?\]/, "127.0.0.1");
  try {
    return { address: await at(port), note: [] };
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!taken || role !== "worker") throw error;
    const address = await at(0);
    log.warn({ role, port: Number(new URL(address).port) }, "port-taken");
    return {
      address,
      note: [`Port ${port} is taken; this worker's /healthz, /readyz and /metrics are at ${address}.`],
    };
  }
}

function lacksSimulator({ demo, simulator, twilio, whatsappCloud }: Config): boolean {
  return demo && !simulator && twilio === null && whatsappCloud === null;
}

const adminIsAgent =
  "ADMIN_EMAIL is the address of an agent, who was not made an administrator. Use the link, or set another address.";

function unwantedCalls(parts: readonly Part[]): Unwanted | null {
  const texts = parts.flatMap((part) => (part.t === "text" ? [part.text] : []));
  if (texts.some((text) => callWish(text) === "never")) return "all";
  return texts.some(callsOff) ? "promised" : null;
}

function itself<One>(part: One): One {
  return part;
}

/** Credentials of the built-in provider, different in every installation. */
function derive(config: Config, purpose: string): string {
  return createHmac("sha256", config.secretKey).update(purpose).digest("hex").slice(0, 32);
}

function simulatedTwilio(config: Config): TwilioSettings {
  return {
    accountSid: `AC${derive(config, "simulator-account")}`,
    authToken: derive(config, "simulator-token"),
    apiKey: null,
    apiSecret: null,
    apiUrl: null,
    smsNumber: simulatedNumber,
    whatsappNumber: simulatedNumber,
    voiceNumber: simulatedNumber,
    messagingServiceSid: null,
  };
}

function simulatedCloud(config: Config): WhatsappCloudSettings {
  return {
    token: derive(config, "simulator-cloud-token"),
    appSecret: derive(config, "simulator-cloud-secret"),
    verifyToken: derive(config, "simulator-cloud-verify"),
    phoneNumberId: "100000000000001",
    apiUrl: null,
  };
}
