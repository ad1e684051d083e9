import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createTwilioClient, type TwilioClient } from "../../channels/twilio/client.ts";
import { twilioMessages } from "../../channels/twilio/messages.ts";
import { isFromTwilio } from "../../channels/twilio/verify.ts";
import { wellBehaved } from "../../src/simulator/behaviour.ts";
import { type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";
import { quiet } from "../support/database.ts";

const accountSid = `AC${"0".repeat(32)}`;
const message = {
  to: "+12025550131",
  from: "+12025550100",
  body: "Hej 😀",
  statusCallback: "https://everline.example/channels/sms/default/status?d=x.1",
};
const publicUrl = "https://everline.example";
let double: ProviderDouble;
let client: TwilioClient;
/** What Twilio reported to us; the first report meets a service that cannot take it. */
const reports: { state: string | null; genuine: boolean; url: string }[] = [];
const service = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += String(chunk)));
  request.on("end", () => {
    const { url = "", headers } = request;
    const form = new URLSearchParams(body);
    const raw = { method: "POST", url, headers, body: Buffer.from(body) } as const;
    const genuine = isFromTwilio({ authToken: "token", publicUrl, request: raw, form });
    reports.push({ state: form.get("MessageStatus"), genuine, url });
    response.writeHead(reports.length === 1 ? 503 : 204).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((done) => service.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  double = await startProviderDouble({
    port: 0,
    seed: 3,
    log: quiet,
    accountSid,
    authToken: "token",
    service: { publicUrl: () => publicUrl, origin: () => origin },
  });
  client = clientFor(double.url);
});
afterAll(async () => {
  await client.close();
  await double.close();
  await new Promise((done) => service.close(done));
});
beforeEach(() => double.behave({ ...wellBehaved, statuses: false }));

function clientFor(apiUrl: string, authToken = "token"): TwilioClient {
  return createTwilioClient({ accountSid, authToken, apiKey: null, apiSecret: null, apiUrl });
}

const soon = () => AbortSignal.timeout(5_000);

test("R2 a message that was sent is found again by address and words, and no other is", async () => {
  const since = new Date();
  const sent = await client.sendMessage(message, soon());
  expect(sent).toMatchObject({ outcome: "accepted" });
  const query = { from: message.from, to: message.to, body: message.body };
  expect(await client.findMessages(query, since, soon())).toEqual({
    found: [{ externalId: sent.outcome === "accepted" ? sent.externalId : "", state: "sent" }],
  });
  expect(await client.findMessages({ ...query, body: "Hej" }, since, soon())).toEqual({ found: [] });
  expect(await client.findMessages(query, new Date(Date.now() + 60 * 60_000), soon())).toEqual({ found: [] });
});

test("R2 a message is found again although our clock is a minute ahead of the provider's", async () => {
  const to = "+12025550134";
  expect(await client.sendMessage({ ...message, to }, soon())).toMatchObject({ outcome: "accepted" });
  const aheadOfTwilio = new Date(Date.now() + 60_000);
  const query = { from: message.from, to, body: message.body };
  expect(await client.findMessages(query, aheadOfTwilio, soon())).toMatchObject({ found: [{ state: "sent" }] });
});

test("R2 a message that a messaging service sent from a number of its choice is found again", async () => {
  const messages = twilioMessages({
    callbackUrl: () => `${publicUrl}/channels/sms/default`,
    client,
    prefix: "",
    from: message.from,
    messagingServiceSid: `MG${"0".repeat(32)}`,
  });
  const to = { channel: "sms", kind: "e164", value: "+12025550135" } as const;
  const outgoing = { deliveryId: "m1.1", to, item: { body: { body: "Hello" } } };
  const since = new Date();
  const sent = await messages.send(outgoing, soon());
  expect(await messages.lookUp(outgoing, since, soon())).toMatchObject({
    found: [{ externalId: sent.outcome === "accepted" ? sent.externalId : "" }],
  });
});

test("R6 a report that we could not take is made again, and its signature fits", async () => {
  reports.length = 0;
  double.behave({ statuses: true, statusDelayMs: 1 });
  const callbackUrl = () => `${publicUrl}/channels/sms/default`;
  const messages = twilioMessages({ callbackUrl, client, prefix: "", from: message.from, messagingServiceSid: null });
  const to = { channel: "sms", kind: "e164", value: "+12025550136" } as const;
  await messages.send({ deliveryId: "m2.1", to, item: { body: { body: "Hello" } } }, soon());
  await vi.waitFor(() => expect(reports).toHaveLength(4), 5_000);
  expect(reports.map(({ state }) => state).sort()).toEqual(["delivered", "queued", "queued", "sent"]);
  expect(new Set(reports.map(({ url }) => url))).toEqual(new Set(["/channels/sms/default/status?d=m2.1"]));
  expect(reports.every(({ genuine }) => genuine)).toBe(true);
});

test.each([
  ["a refused number is final", { to: "nonsense" }, {}, { outcome: "rejected", error: { code: "21211" } }],
  ["a refused text is a fault of content", { body: "x".repeat(1_601) }, {}, { error: { class: "content" } }],
  ["429 waits as long as it is told", {}, { tooMany: 1, retryAfterSeconds: 7 }, { outcome: "retry", afterMs: 7_000 }],
  ["500 may have been taken", {}, { failAfter: 1 }, { outcome: "unknown" }],
  ["500 looks the same when it was not taken", {}, { failBefore: 1 }, { outcome: "unknown" }],
])("%s", async (_name, change, behaviour, expected) => {
  double.behave(behaviour);
  expect(await client.sendMessage({ ...message, ...change }, soon())).toMatchObject(expected);
});

test("a silent provider is given up at the signal, and what it took is unknown", async () => {
  double.behave({ timeoutAfterAccepting: 1 });
  const began = performance.now();
  expect(await client.sendMessage(message, AbortSignal.timeout(150))).toMatchObject({ outcome: "unknown" });
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(
    await client.findMessages({ from: null, to: message.to, body: "" }, new Date(), AbortSignal.timeout(150)),
  ).toBe("later");
});

test("a provider that cannot be reached took nothing", async () => {
  const away = clientFor("http://127.0.0.1:9");
  expect(await away.sendMessage(message, soon())).toMatchObject({ outcome: "retry", error: { code: "ECONNREFUSED" } });
  expect(await away.health(soon())).toMatchObject({ state: "down" });
  await away.close();
});

test("wrong credentials are the operator's to mend", async () => {
  const stranger = clientFor(double.url, "wrong");
  expect(await stranger.sendMessage(message, soon())).toMatchObject({ outcome: "rejected", error: { class: "auth" } });
  expect(await stranger.health(soon())).toMatchObject({ state: "needs-action" });
  await stranger.close();
});
