import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { Pool } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { can } from "../../channels/channel.ts";
import { createChannels } from "../../channels/registry.ts";
import { buildProgram } from "../../src/cli/build.ts";
import { seededRandom } from "../../src/simulator/behaviour.ts";
import { metaJson, metaSignature } from "../../src/simulator/sign.ts";
import { dataFolder } from "../support/data-folder.ts";
import { freshDatabase } from "../support/database.ts";
import {
  absurd,
  absurdGenerator,
  diceOf,
  forge,
  type Genuine,
  genuineGenerators,
  junkBodies,
  marker,
  nastyTexts,
  type Provider,
  type Shot,
} from "../support/hostile.ts";

/** Replays everything: HOSTILE_SEED=… npx vitest run tests/failures/hostile-webhooks.test.ts */
const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 1e9);
const counts = { forged: 8_000, genuine: 1_500, absurd: 500 } as const;
const connections = 48;
const triesMax = 5;
/** What 10,000 requests may leave behind in the process: well under one of their megabyte bodies each. */
const growthMaxBytes = 200 * 1024 * 1024;

const provider: Provider = {
  publicUrl: "https://help.example",
  accountSid: `AC${"0".repeat(32)}`,
  authToken: "the-token-of-this-test",
  appSecret: "the-app-secret-of-this-test",
  phoneNumberId: "1234567890",
};
const admin = { email: "ada@example.com", password: "correct-horse-battery" };
const root = join(import.meta.dirname, "../..");
const dice = diceOf(seededRandom(seed));

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  process.stdout.write(`HOSTILE_SEED=${seed}\n`);
  service = await startService();
});
afterAll(() => service.stop());

test("S R1 P2 ten thousand hostile webhooks: no forged one is taken, no genuine one refused, nothing breaks", async () => {
  const generators = genuineGenerators(provider, dice, nastyTexts());
  const routes = webhookRoutes();
  for (const route of routes.filter(({ method }) => method === "POST")) {
    // A new route without words of its own is attacked all the same.
    generators[route.kind] ??= () => unknownRoute(route.path, route.kind);
  }
  const kinds = Object.keys(generators).filter((kind) => routes.some((route) => route.kind === kind));
  const spoken = kinds.filter((kind) => generators[kind]?.().stores !== undefined && !isUnknown(generators[kind]?.()));
  const make = (kind: string): Genuine => generators[kind]?.() ?? unknownRoute("/", kind);
  const weights = spoken.flatMap((kind) => (kind === "voice/gather" ? [kind] : [kind, kind, kind]));

  const genuine = Array.from({ length: counts.genuine }, () => make(dice.pick(weights)));
  const junk = junkBodies();
  const paths = routes.filter(({ method }) => method === "POST").map(({ path }) => path);
  const forged = Array.from({ length: counts.forged }, () => forge(make(dice.pick(kinds)), dice, junk, paths));
  const before = service.memory();
  const makeAbsurd = absurdGenerator(provider, dice, nastyTexts(), junk);
  const odd = Array.from({ length: counts.absurd }, () => ({ shot: makeAbsurd(), how: "absurd" }));

  // One in three is delivered again, as providers do: at once or much later.
  const replayed = genuine.flatMap((shot) => (dice.roll() < 0.33 ? [shot, shot] : [shot]));
  const all = shuffled([
    ...replayed.map((shot) => ({ shot, how: null })),
    ...forged.map((shot) => ({ shot, how: shot.how })),
    ...odd,
  ]);
  const answers = await service.shoot(all.map(({ shot }) => shot));

  const taken = all.flatMap(({ shot, how }, index) =>
    how !== null && how !== "absurd" && isTaken(answers[index]) ? [`${how}: ${shot.path}`] : [],
  );
  const refused = all.flatMap(({ shot, how }, index) =>
    how === null && !isTaken(answers[index]) ? [`${answers[index]}: ${(shot as Genuine).kind}`] : [],
  );
  const broken = all.flatMap(({ shot, how }, index) =>
    (answers[index] ?? 500) >= 500 ? [`${answers[index]}: ${how} ${shot.path}`] : [],
  );
  expect(counted(taken)).toEqual({});
  expect(counted(refused)).toEqual({});
  expect(counted(broken)).toEqual({});

  const expected = genuine.flatMap(({ stores }) => stores).sort();
  expect(await service.storedIds()).toEqual(expected);
  expect(expected.length).toBeGreaterThan(counts.genuine / 2);

  const refusals = service.refusedAnswers();
  await service.waitForRefusals(refusals);
  expect(service.refusals()).toHaveLength(refusals);
  expect(counted(service.refusals().map(({ reason }) => String(typeof reason)))).toEqual({ string: refusals });
  expect(Object.keys(counted(service.refusals().map(({ reason }) => String(reason)))).length).toBeGreaterThan(2);
  const leaked = service
    .lines()
    .filter((line) => line.includes(marker) || /\+?1202555|4670174|SM[0-9a-f]{32}/.test(line));
  expect(leaked.slice(0, 3)).toEqual([]);

  expect(service.isAlive()).toBe(true);
  expect(await service.get("/healthz")).toBe(200);
  expect(service.memory() - before).toBeLessThan(growthMaxBytes);
}, 120_000);

test("a genuine message that nobody understands is in the inbox, as unsupported", async () => {
  const { from, path, sign } = cloudMessages();
  const ids = ["wamid.hologram", "wamid.typeless"];
  const odd = [{ type: "hologram", hologram: { size: 3 } }, { type: 7 }];
  const body = sign(odd.map((content, index) => ({ id: ids[index], from, timestamp: "1700000000", ...content })));
  expect(await service.shoot([{ ...body, path }])).toEqual([200]);
  const agent = await service.signIn();
  const [row] = await service.sql<{ id: string }[]>`
    select distinct conversation_id as id from messages where external_id in ${service.sql(ids)}`;
  const timeline = JSON.stringify(await agent(`/conversations/${row?.id}/events?after=0`));
  expect(timeline.match(/"t":"unsupported"/g)).toHaveLength(2);
  expect(timeline).toContain("hologram");
});

test("R1 a recorded request whose fields are cut anew under the same signature stores nothing more", async () => {
  const generators = genuineGenerators(provider, dice, ["hello"]);
  const made = generators["sms/webhook"]?.();
  if (made === undefined) throw new Error("There is no generator of text messages.");
  const form = [...new URLSearchParams(made.body.toString())].sort(([a], [b]) => (a < b ? -1 : 1));
  const cuts = form.flatMap((_, index) => [joined(form, index), ...[1, 5, 12].map((at) => parted(form, index, at))]);
  const shots = cuts.map((cut): Shot => ({ ...made, body: Buffer.from(new URLSearchParams(cut).toString()) }));
  expect(await service.shoot([made])).toEqual([200]);
  const count = async () => (await service.sql`select 1 from messages where author = 'contact'`).length;
  const before = await count();
  const answers = await service.shoot(shots);
  // Some cuts are in another order and so not signed any more; the others have to be there, or this proves nothing.
  expect(answers.filter(isTaken).length).toBeGreaterThan(form.length);
  expect(await count()).toBe(before);
});

test("a request that finds no webhook is refused with a reason as well", async () => {
  const shot = { headers: ["content-type", "application/json"], body: Buffer.from("{}") } as const;
  const before = service.refusals().filter((line) => line.reason === "no-such-webhook").length;
  const paths = ["/channels/sms/other/webhook", "/channels/fax/default/webhook", `/channels/${marker}`];
  expect(await service.shoot(paths.map((path) => ({ ...shot, method: "POST", path })))).toEqual([404, 404, 404]);
  expect(await service.get("/channels/sms/default/webhook")).toBe(404);
  await service.waitForRefusals(service.refusedAnswers() + 1);
  const refused = service.refusals().filter((line) => line.reason === "no-such-webhook");
  expect(refused.length - before).toBe(4);
  expect(JSON.stringify(refused)).not.toContain(marker);
});

test("R9 requests that are broken below a webhook end at once and leave the service as it was", async () => {
  const path = "/channels/sms/default/webhook";
  const head = (lines: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`;
  const broken = [
    "\u0000\u0001\u0002\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    head("Content-Length: -1"),
    head("Content-Length: 5\r\nContent-Length: 6"),
    head("Transfer-Encoding: chunked\r\nContent-Length: 5"),
    `${head("Transfer-Encoding: chunked")}ZZZ\r\n`,
    head(`X-Long: ${"a".repeat(100_000)}`),
    head("X-Twilio-Signature: a\u0000b\r\nContent-Length: 0"),
    `POST ${path}%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`,
  ];
  for (const bytes of broken) expect(await rawStatus(bytes), bytes.slice(0, 60)).toMatch(/^4\d\d$/);
  // Cut off in the middle of its body: nobody is left to be answered.
  await cutOff(`${head("Content-Length: 1000")}Body=${marker}`);
  expect(await service.get("/healthz")).toBe(200);
  expect(service.isAlive()).toBe(true);
});

/** The same signed words, with a field swallowed by the one before it. */
function joined(form: readonly (readonly [string, string])[], index: number): [string, string][] {
  const [name = "", value = ""] = form[index] ?? [];
  const [nextName = "", nextValue = ""] = form[index + 1] ?? [];
  return [...form.slice(0, index), [name, value + nextName + nextValue], ...form.slice(index + 2)].map(([a, b]) => [
    a,
    b,
  ]);
}

/** The same signed words, with a value cut off: what is left of it becomes a field that swallows all the rest. */
function parted(form: readonly (readonly [string, string])[], index: number, at: number): [string, string][] {
  const [name = "", value = ""] = form[index] ?? [];
  const rest =
    value.slice(at) +
    form
      .slice(index + 1)
      .flat()
      .join("");
  return [...form.slice(0, index), [name, value.slice(0, at)], [rest.slice(0, 3), rest.slice(3)]].map(([a, b]) => [
    a ?? "",
    b ?? "",
  ]);
}

function cloudMessages() {
  return {
    from: "46701749999",
    path: "/channels/whatsapp/default/webhook",
    sign: (messages: readonly object[]): Omit<Shot, "path"> => {
      const metadata = { phone_number_id: provider.phoneNumberId };
      const body = metaJson({ entry: [{ changes: [{ field: "messages", value: { metadata, messages } }] }] });
      const headers = [
        "content-type",
        "application/json",
        "x-hub-signature-256",
        metaSignature(provider.appSecret, body),
      ];
      return { method: "POST", headers, body: Buffer.from(body) };
    },
  };
}

/** The status that a request in bytes is answered with. */
async function rawStatus(bytes: string): Promise<string> {
  const socket = connect(service.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.end(Buffer.from(bytes, "latin1"));
  await new Promise((done) => socket.once("close", done));
  return /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? `nothing but ${answer.slice(0, 40)}`;
}

async function cutOff(bytes: string): Promise<void> {
  const socket = connect(service.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((done) => socket.write(bytes, () => done()));
  socket.destroy();
}

/** Every webhook of every channel that can be configured, straight from the registry. */
function webhookRoutes(): { readonly kind: string; readonly method: string; readonly path: string }[] {
  const { accountSid, authToken, appSecret, phoneNumberId, publicUrl } = provider;
  const number = "+12025550100";
  const twilio = {
    ...{ accountSid, authToken, apiKey: null, apiSecret: null, apiUrl: null, messagingServiceSid: null },
    ...{ smsNumber: number, whatsappNumber: number, voiceNumber: number },
  };
  const cloud = { token: "token", appSecret, verifyToken: "verify", phoneNumberId, apiUrl: null };
  const { channels } = createChannels({
    publicUrl: () => publicUrl,
    company: "Paylark",
    burstWaitMs: 0,
    voiceTransport: "gather",
    twilio,
    whatsappCloud: cloud,
  });
  return channels.flatMap((channel) =>
    can(channel, "webhooks")
      ? channel.webhooks.map(({ method, path }) => ({
          kind: `${channel.name}${path}`,
          method,
          path: `/channels/${channel.name}/${channel.account}${path}`,
        }))
      : [],
  );
}

const unknownHeaders = ["content-type", "application/json", "x-signature", "unknown"] as const;

function unknownRoute(path: string, kind: string): Genuine {
  return { kind, method: "POST", path, headers: unknownHeaders, body: Buffer.from("{}"), stores: [] };
}

function isUnknown(shot: Genuine | undefined): boolean {
  return shot?.headers === unknownHeaders;
}

function isTaken(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: dice.roll() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

interface LogLine {
  readonly event?: string;
  readonly reason?: unknown;
}

/** The real program as a process of its own, so that a crash is a crash. Nobody answers: the messages are what counts. */
/** The address at which a caller's telephone asks again, with how often it has. */
const askedAgain = /(?:\?|&amp;)x=[1-9]/;

async function startService() {
  const database = await freshDatabase();
  const dataDir = dataFolder("hostile");
  const port = await freePort();
  const program = join(root, "node_modules/.cache/everline/main.mjs");
  await buildProgram(join(root, "src/main.ts"), program);
  const child = spawn(process.execPath, [program], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...{ PATH: process.env.PATH, PORT: String(port), DATA_DIR: dataDir, DATABASE_URL: database.url, ROLE: "web" },
      ...{ DEMO: "true", PUBLIC_URL: provider.publicUrl, ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password },
      ...{ TWILIO_ACCOUNT_SID: provider.accountSid, TWILIO_AUTH_TOKEN: provider.authToken },
      ...{ TWILIO_SMS_NUMBER: "+12025550100", TWILIO_VOICE_NUMBER: "+12025550100" },
      ...{ WHATSAPP_CLOUD_TOKEN: "token", WHATSAPP_CLOUD_APP_SECRET: provider.appSecret },
      ...{ WHATSAPP_CLOUD_VERIFY_TOKEN: "verify", WHATSAPP_CLOUD_PHONE_NUMBER_ID: provider.phoneNumberId },
    },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const origin = `http://127.0.0.1:${port}`;
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  await ready(child, origin);

  const refusals = (): LogLine[] =>
    lines.filter((line) => line.includes('"webhook-refused"')).map((line) => JSON.parse(line) as LogLine);
  let refusedAnswers = 0;
  const shootOne = async ({ method, path, headers, body }: Shot, tries = 1): Promise<number> => {
    const answer = await pool.request({ method, path, headers: [...headers], body });
    const said = await answer.body.text();
    if (answer.statusCode >= 400) refusedAnswers += 1;
    // A quick 503 asks the provider to try again (R9), and so do words to a caller, who stays on the line, on a busy machine.
    const again = answer.statusCode === 503 || askedAgain.test(said);
    if (!again || tries === triesMax) return answer.statusCode;
    await sleep(tries * 200);
    return shootOne({ method, path, headers, body }, tries + 1);
  };
  return {
    port,
    sql,
    lines: () => lines,
    refusals,
    refusedAnswers: () => refusedAnswers,
    isAlive: () => child.exitCode === null,
    memory: () => residentBytes(child.pid ?? 0),
    get: async (path: string) => (await fetch(origin + path)).status,
    async shoot(shots: readonly Shot[]): Promise<number[]> {
      const answers: number[] = [];
      let next = 0;
      const shooter = async (): Promise<void> => {
        for (let index = next++; index < shots.length; index = next++)
          answers[index] = await shootOne(shots[index] as Shot);
      };
      await Promise.all(Array.from({ length: connections }, shooter));
      return answers;
    },
    async storedIds(): Promise<string[]> {
      const rows = await sql<{ id: string }[]>`select external_id as id from messages 
        where author = 'contact' and external_id not like ${`%${absurd}%`}`;
      return rows.map(({ id }) => id).sort();
    },
    async waitForRefusals(count: number): Promise<void> {
      for (let tries = 0; refusals().length < count && tries < 40; tries++) await sleep(50);
    },
    async signIn() {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${origin}/api/v1/session`, { method: "POST", headers, body: JSON.stringify(admin) });
      const { token } = (await answer.json()) as { token: string };
      return async (path: string): Promise<unknown> =>
        (await fetch(`${origin}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
    },
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      if (child.exitCode === null) await new Promise((done) => child.once("exit", done));
      await pool.destroy();
      await sql.end();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, origin: string): Promise<void> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
    const response = await fetch(`${origin}/readyz`).catch(() => null);
    if (response?.ok === true) return;
    await sleep(50);
  }
  throw new Error("The service did not become ready.");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}
