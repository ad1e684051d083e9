import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSms } from "../channels/sms/index.ts";
import { createTwilioClient } from "../channels/twilio/client.ts";
import { removeAtProvider } from "../src/attachments/remove-at-provider.ts";
import { readConfig } from "../src/config.ts";
import { createDb } from "../src/db/client.ts";
import { type Service, startService } from "../src/service.ts";
import { type ProviderDouble, startProviderDouble } from "../src/simulator/provider-double.ts";
import { dataFolder } from "./support/data-folder.ts";
import { freshDatabase, quiet } from "./support/database.ts";
import { png } from "./support/files.ts";

const accountSid = `AC${"0".repeat(32)}`;
const authToken = "token";
const ours = "+12025550100";
const [ann, ben] = ["+12025550131", "+12025550132"];
const publicUrl = "https://everline.example";
const nobody = "http://127.0.0.1:9";
/** How far the provider's messages are back: its webhooks are given up by then, and the service looks at none younger. */
let agoMs = 60_000;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let sql: postgres.Sql;
let double: ProviderDouble;
let service: Service | null = null;
const dataDir = dataFolder("catch-up");

beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  double = await startProviderDouble({
    ...{ port: 0, seed: 1, log: quiet, accountSid, authToken },
    clock: () => Date.now() - agoMs,
    service: { publicUrl: () => publicUrl, origin: () => service?.address ?? nobody },
  });
});
afterAll(async () => {
  await service?.stop();
  await double.close();
  await sql.end();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const twilio = {
    PUBLIC_URL: publicUrl,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_URL: double.url,
    TWILIO_SMS_NUMBER: ours,
    TWILIO_WHATSAPP_NUMBER: ours,
  };
  const settings = { PORT: "0", DATA_DIR: dataDir, DATABASE_URL: database.url, DEMO: "true", BURST_WAIT_MS: "0" };
  service = await startService(readConfig({ ...settings, ...twilio }), quiet);
}

function openSms(from: string) {
  const client = createTwilioClient({ accountSid, authToken, apiKey: null, apiSecret: null, apiUrl: double.url });
  const account = { account: "default", authToken, from, messagingServiceSid: null };
  const sms = createSms({ ...account, publicUrl: () => publicUrl, client, burstWaitMs: null });
  return { sms, close: () => client.close() };
}

async function stop(): Promise<void> {
  await service?.stop();
  service = null;
}

const written = async () =>
  (
    await sql<{ words: string }[]>`select m.parts -> 0 ->> 'text' as words from messages m
      where m.author = 'contact' order by m.conversation_id, m.seq`
  ).map(({ words }) => words);
/** Pieces of one answer count as one. */
const answersTo = (number: string, channel = "sms") => {
  const sent = double.journal.of(channel, number).filter(({ direction }) => direction === "out");
  return new Set(sent.map(({ deliveryId }) => deliveryId?.split(".")[0])).size;
};
/** Nobody waits for an answer or for a piece of one. */
async function allAnswered(): Promise<void> {
  const open = await sql`select 1 from turns where state = 'open'
    union all select 1 from deliveries where state in ('ready', 'sending', 'unknown')`;
  expect(open.length).toBe(0);
}
const failed = (posted: Promise<unknown>) => expect(posted).rejects.toThrow();

test("R1 R3 what customers wrote while nobody took webhooks is stored once, in order, and answered after the start", async () => {
  // Before we were there at all: another program's, or nobody's.
  agoMs = 60 * 60_000;
  await failed(double.customer.sms({ from: ben, to: ours, body: "long ago" }));
  agoMs = 60_000;
  await start();
  const sid = `SM${"a".repeat(32)}`;
  await double.customer.sms({ from: ann, to: ours, body: "hello", sid });
  await vi.waitFor(() => expect(answersTo(ann)).toBeGreaterThan(0), 10_000);
  await vi.waitFor(allAnswered, 10_000);
  // Its first look was two minutes ago.
  const moved = await sql`update inbound_looks set begins_at = begins_at - interval '2 minutes' returning 1`;
  expect(moved.length).toBe(2);
  await stop();

  await failed(double.customer.sms({ from: ann, to: ours, body: "hello", sid }));
  await failed(double.customer.sms({ from: ann, to: ours, body: "how can I pay?" }));
  await failed(double.customer.sms({ from: ann, to: ours, body: "how do I return an item?" }));
  await failed(double.customer.sms({ from: ben, to: "+12025550177", body: "to another number of the account" }));
  await failed(double.customer.whatsapp({ from: ben, to: ours, body: "how do I return an item?" }));
  await failed(double.customer.sms({ from: ben, to: ours, body: "STOP" }));
  await start();
  await vi.waitFor(() => {
    expect(answersTo(ann)).toBeGreaterThan(1);
    expect(answersTo(ben, "whatsapp")).toBe(1);
  }, 15_000);
  await vi.waitFor(allAnswered, 10_000);
  await vi.waitFor(async () => {
    const [optedOut] = await sql`select 1 from contact_addresses
      where channel = 'sms' and value = ${ben} and opted_out_at is not null`;
    expect(optedOut).toBeDefined();
  }, 10_000);
  const all = [...["hello", "how can I pay?", "how do I return an item?"], ...["STOP", "how do I return an item?"]];
  const stored = await written();
  expect(stored.toSorted()).toEqual(all.toSorted());
  expect(stored.indexOf("how can I pay?")).toBe(stored.indexOf("hello") + 1);

  // Once more: all of it is known.
  const before = double.log().length;
  await sql`update inbound_looks set begins_at = begins_at - interval '15 minutes'`;
  await stop();
  await start();
  await vi.waitFor(async () => {
    const open = await sql`select 1 from inbound_looks where begins_at < now() - interval '11 minutes'`;
    expect(open.length).toBe(0);
  }, 10_000);
  await stop();
  expect((await written()).length).toBe(all.length);
  expect(double.log().length).toBe(before);
}, 60_000);

test("R2 R6 a telephone that was off gets the reply when it is due again, once", async () => {
  const cyd = "+12025550133";
  await start();
  double.behave({ lost: 1, statusDelayMs: 5 });
  await double.customer.sms({ from: cyd, to: ours, body: "how do I return an item?" });
  const waiting = () => sql<{ messageId: string; piece: number; minutes: number; error: { code: string } }[]>`
    select message_id as "messageId", piece, extract(epoch from due_at - now()) / 60 as minutes, error from deliveries
    where address ->> 'value' = ${cyd} and state = 'ready' and again`;
  await vi.waitFor(async () => expect((await waiting())[0]).toMatchObject({ error: { code: "30003" } }), 10_000);
  const [lost] = await waiting();
  expect(Math.round(Number(lost?.minutes))).toBe(15);
  double.behave({ lost: 0 });
  await sql`update deliveries set due_at = now(), updated_at = now() - interval '1 minute'
    where message_id = ${lost?.messageId ?? ""} and piece = ${lost?.piece ?? 0}`;
  await vi.waitFor(async () => {
    const [row] = await sql`select state from deliveries
      where message_id = ${lost?.messageId ?? ""} and piece = ${lost?.piece ?? 0}`;
    expect(row?.state).toBe("delivered");
  }, 10_000);
  const tries = double.journal.of("sms", cyd).filter((one) => one.deliveryId === `${lost?.messageId}.${lost?.piece}`);
  expect(tries.map(({ status }) => status)).toEqual(["undelivered", "delivered"]);
  await stop();
}, 40_000);

test("R1 a picture that came while nobody took webhooks is fetched, and removed at the provider once it is kept here", async () => {
  const dan = "+12025550134";
  const bytes = png(40, 30);
  await failed(double.customer.sms({ from: dan, to: ours, body: "look", media: [{ mime: "image/png", bytes }] }));
  const held = () => double.journal.of("sms", dan).find(({ direction }) => direction === "in")?.media?.length;
  await start();
  const file = () => sql<{ state: string; sha: string; removes: boolean }[]>`
    select a.state, encode(a.sha256, 'hex') as sha, a.remove_at is not null as removes from attachments a
    join messages m on m.conversation_id = a.conversation_id where m.parts -> 0 ->> 'text' = 'look'`;
  const sha = createHash("sha256").update(bytes).digest("hex");
  await vi.waitFor(async () => expect(await file()).toEqual([{ state: "ready", sha, removes: true }]), 15_000);
  await stop();

  const db = createDb({ url: database.url, log: quiet });
  const { sms, close } = openSms(ours);
  const remove = async () => {
    await sql`update attachments set remove_at = now() where remove_at is not null`;
    await removeAtProvider({ db, channelFor: () => sms, log: quiet });
  };
  double.behave({ failBefore: 1 });
  await remove();
  expect([held(), await file()]).toEqual([1, [{ state: "ready", sha, removes: true }]]);
  double.behave({ failBefore: 0 });
  await remove();
  expect([held(), await file()]).toEqual([0, [{ state: "ready", sha, removes: false }]]);
  // The process died before it took that down: gone is done.
  await sql`update attachments set remove_at = now()`;
  await remove();
  expect(await file()).toEqual([{ state: "ready", sha, removes: false }]);
  const foreign = `${double.url}/2010-04-01/Accounts/AC${"9".repeat(32)}/Messages/MM1/Media/ME1`;
  const asked = { channel: "sms", account: "default", reference: foreign };
  expect(await sms.removeMedia(asked, AbortSignal.timeout(5_000))).toBe("refused");
  await close();
  await db.close();
}, 40_000);

test("R1 R3 the provider's list is read page by page up to a time, the oldest first, without what is known", async () => {
  const to = "+12025550109";
  const sids = Array.from({ length: 250 }, (_, index) => `SM${index.toString(16).padStart(32, "0")}`);
  for (const sid of sids) {
    const entry = { channel: "sms", direction: "in", customer: ann, ours: to, sid, body: sid } as const;
    double.journal.add({ ...entry, deliveryId: null, options: [], status: "received" });
  }
  const { sms, close } = openSms(to);
  const known = async (keys: readonly string[]) =>
    new Set(keys.filter((key) => sids.indexOf(key.replace("twilio:in:", "")) % 2 === 0));
  const list = async (since: Date, until: Date) => {
    const { events } = await sms.listInbound({ since, until }, known, AbortSignal.timeout(5_000));
    return events.map((event) => (event.kind === "message" ? event.externalId : event.kind));
  };
  const at = (afterMs: number) => new Date(Date.now() - agoMs + afterMs);
  expect(await list(at(-30_000), at(30_000))).toEqual(sids.filter((_, index) => index % 2 === 1));
  expect(await list(at(-30_000), at(-20_000))).toEqual([]);
  expect(await list(at(20_000), at(30_000))).toEqual([]);
  double.behave({ failBefore: 1 });
  await expect(list(at(-30_000), at(30_000))).rejects.toThrow();
  double.behave({ failBefore: 0 });
  await close();
});
