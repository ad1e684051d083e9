import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import twilio from "twilio";
import { request } from "undici";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { wellBehaved } from "../../src/simulator/behaviour.ts";
import { simulatorRoutes } from "../../src/simulator/phone-routes.ts";
import { type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";

const accountSid = `AC${"0".repeat(32)}`;
const authToken = "token-for-tests";
const cloud = { appSecret: "app-secret", phoneNumberId: "4242", token: "bearer-token" };
const form = "application/x-www-form-urlencoded";
const ok = { To: "+46701234567", From: "+46800000000", Body: "hello" };

interface Hook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}
const hooks: Hook[] = [];
const service = createServer((incoming, response) => {
  let body = "";
  incoming.on("data", (chunk) => (body += String(chunk)));
  incoming.on("end", () => {
    hooks.push({ url: incoming.url ?? "", headers: incoming.headers, body });
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(
      '<Response><Gather action="/channels/voice/default/gather?n=0"><Say language="sv-SE">Hej &amp; hej</Say></Gather></Response>',
    );
  });
});
let publicUrl = "";
let laterMs = 0;
let double: ProviderDouble;

beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  publicUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  double = await startProviderDouble({
    port: 0,
    seed: 7,
    log: createLog({ level: "error" }),
    accountSid,
    authToken,
    cloud,
    clock: () => Date.now() + laterMs,
    senders: [ok.From],
    service: { publicUrl: () => publicUrl },
  });
});
afterAll(async () => {
  await double.close();
  await new Promise((resolve) => service.close(resolve));
});
beforeEach(() => {
  hooks.length = 0;
  laterMs = 0;
  double.behave({ ...wellBehaved, statuses: false, statusDelayMs: 1 });
});

async function sendForm(
  fields: Record<string, string> | [string, string][],
  options: { token?: string; type?: string; path?: string; timeoutMs?: number } = {},
) {
  const answer = await request(`${double.url}/2010-04-01/Accounts/${accountSid}/${options.path ?? "Messages.json"}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${options.token ?? authToken}`).toString("base64")}`,
      "content-type": options.type ?? form,
    },
    body: new URLSearchParams(fields).toString(),
    signal: AbortSignal.timeout(options.timeoutMs ?? 5_000),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (await answer.body.json()) as Record<string, unknown>,
  };
}

async function sendCloud(body: unknown, token = cloud.token) {
  const answer = await request(`${double.url}/v23.0/${cloud.phoneNumberId}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return {
    status: answer.statusCode,
    body: (await answer.body.json()) as { error?: { code: number }; messages?: { id: string }[] },
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

test.each([
  ["no recipient", { From: ok.From, Body: "x" }, 21604],
  ["a recipient that is no number", { ...ok, To: "0701234567" }, 21211],
  ["no sender", { To: ok.To, Body: "x" }, 21603],
  ["no text", { To: ok.To, From: ok.From }, 21602],
  ["1601 characters", { ...ok, Body: "x".repeat(1_601) }, 21617],
  ["a status address that is none", { ...ok, StatusCallback: "nowhere" }, 21609],
  ["a host with an underscore", { ...ok, StatusCallback: "https://a_b.example/s" }, 21609],
  ["SMS to WhatsApp", { ...ok, To: "whatsapp:+46701234567" }, 21910],
  ["a sender that is not the account's", { ...ok, From: "+46800000001" }, 21606],
  [
    "a WhatsApp sender that is not the account's",
    { ...ok, To: "whatsapp:+46701234567", From: "whatsapp:+46800000001" },
    63007,
  ],
])("Twilio refuses %s with its own code", async (_what, fields, code) => {
  const before = double.log().length;
  expect(await sendForm(fields as Record<string, string>)).toMatchObject({ status: 400, body: { code } });
  expect(double.log()).toHaveLength(before);
});

const template = { To: ok.To, From: ok.From, ContentSid: `HX${"0".repeat(31)}1` };
test.each([
  ["variables that are no JSON", { ...template, ContentVariables: "{1: Ada}" }, 21656],
  ["variables in a list", { ...template, ContentVariables: '["Ada", "https://x.example"]' }, 21656],
  ["a variable that is a number", { ...template, ContentVariables: '{"1": 5, "2": "https://x.example"}' }, 21656],
  ["a variable that is null", { ...template, ContentVariables: '{"1": null, "2": "https://x.example"}' }, 21656],
  ["an empty variable", { ...template, ContentVariables: '{"1": "", "2": "https://x.example"}' }, 21656],
  ["variables of no content", { ...ok, ContentVariables: '{"1": "Ada"}' }, 21654],
  ["a file without a host", { ...ok, MediaUrl: "/files/1" }, 21620],
  ["a file of this machine", { ...ok, MediaUrl: "file:///etc/passwd" }, 21620],
  ["a file over an open line", { ...ok, MediaUrl: "http://files.example/1" }, 21620],
  ["words in a file's place", { ...ok, MediaUrl: "a picture" }, 21620],
  ["eleven files", [...Object.entries(ok), ...Array(11).fill(["MediaUrl", "https://files.example/1"])], 21623],
  [
    "two files to WhatsApp",
    [
      ...Object.entries({ ...ok, To: `whatsapp:${ok.To}`, From: `whatsapp:${ok.From}` }),
      ...Array(2).fill(["MediaUrl", "https://files.example/1"]),
    ],
    21623,
  ],
])("Twilio refuses %s", async (_what, fields, code) => {
  const before = double.log().length;
  expect(await sendForm(fields as Record<string, string>)).toMatchObject({ status: 400, body: { code } });
  expect(double.log()).toHaveLength(before);
});

test("Twilio takes files from the web and from us, and a content with all its variables", async () => {
  const files = ["https://files.example/1", `${publicUrl}/files/2`].map((url): [string, string] => ["MediaUrl", url]);
  expect((await sendForm([...Object.entries(ok), ...files])).status).toBe(201);
  const variables = JSON.stringify({ "1": "Ada", "2": "https://x.example" });
  expect((await sendForm({ ...template, ContentVariables: variables })).status).toBe(201);
});

test("Meta takes a sticker, with nothing below it, as it takes sounds", async () => {
  const to = { messaging_product: "whatsapp", to: "46701234567" };
  const link = "https://files.example/1.webp";
  for (const type of ["sticker", "audio"]) {
    expect((await sendCloud({ ...to, type, [type]: { link } })).status).toBe(200);
    for (const wrong of [{ link, caption: "hi" }, { link: "ftp://files.example/1" }, { link: "1.webp" }, {}]) {
      const refused = await sendCloud({ ...to, type, [type]: wrong });
      expect([refused.status, refused.body.error?.code]).toEqual([400, 100]);
    }
  }
});

test("Twilio refuses wrong credentials, another content type and unknown paths", async () => {
  expect(await sendForm(ok, { token: "wrong" })).toMatchObject({ status: 401, body: { code: 20003 } });
  expect(await sendForm(ok, { type: "application/json" })).toMatchObject({ status: 400, body: { code: 21604 } });
  expect(await sendForm(ok, { path: "Nothing.json" })).toMatchObject({ status: 404, body: { code: 20404 } });
});

test("Twilio's list has what customers wrote as well, and its pages are followed, not counted", async () => {
  const to = "+12025550188";
  const bodies = Array.from({ length: 5 }, (_, index) => `number ${index}`);
  for (const body of bodies) await double.customer.sms({ from: "+46700000003", to, body });
  const client = twilio(accountSid, authToken, { accountSid });
  client.api.baseUrl = double.url;
  const listed = await client.messages.list({ to, pageSize: 2 });
  expect(listed.map(({ body }) => body)).toEqual(bodies.toReversed());
  expect(listed[0]).toMatchObject({
    direction: "inbound",
    from: "+46700000003",
    to,
    status: "received",
    numMedia: "0",
  });
  for (const wrong of ["Page=1", "PageToken=PASM0", "DateSent%3E=soon"]) {
    const answer = await request(`${double.url}/2010-04-01/Accounts/${accountSid}/Messages.json?${wrong}`, {
      headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}` },
    });
    expect(answer.statusCode).toBe(400);
    await answer.body.dump();
  }
});

test("Twilio's own client can send, and list what it sent", async () => {
  const client = twilio(accountSid, authToken);
  client.api.baseUrl = double.url;
  const sent = await client.messages.create({ to: "+46700000001", from: ok.From, body: "listed" });
  expect(sent.sid).toMatch(/^SM[0-9a-f]{32}$/);
  const found = await client.messages.list({ to: "+46700000001", from: ok.From, limit: 5 });
  expect(found.map((one) => one.sid)).toEqual([sent.sid]);
  expect(await client.messages.list({ to: "+46700000002" })).toEqual([]);
});

test("a call needs a place to take its words from", async () => {
  expect(await sendForm({ To: ok.To, From: ok.From }, { path: "Calls.json" })).toMatchObject({
    status: 400,
    body: { code: 21205 },
  });
  const impatient = { To: ok.To, From: ok.From, Url: "https://a.example", MachineDetectionSilenceTimeout: "1000" };
  expect(await sendForm(impatient, { path: "Calls.json" })).toMatchObject({ status: 400, body: { code: 20001 } });
  expect(await sendForm({ To: ok.To, From: ok.From, Url: "https://a.example" }, { path: "Calls.json" })).toMatchObject({
    status: 201,
  });
});

const buttons = (count: number, title = "ok") => ({
  messaging_product: "whatsapp",
  to: "46701234567",
  type: "interactive",
  interactive: {
    type: "button",
    body: { text: "choose" },
    action: {
      buttons: Array.from({ length: count }, (_, n) => ({
        type: "reply",
        reply: { id: `b${n}`, title: `${title}${n}` },
      })),
    },
  },
});

test("Meta refuses with its own codes and takes what is legal", async () => {
  const text = { messaging_product: "whatsapp", to: "46701234567", type: "text", text: { body: "hi" } };
  expect(await sendCloud(text, "wrong")).toMatchObject({ status: 401, body: { error: { code: 190 } } });
  expect(await sendCloud({ ...text, messaging_product: "x" })).toMatchObject({
    status: 400,
    body: { error: { code: 100 } },
  });
  expect(await sendCloud({ ...text, text: { body: "x".repeat(4_097) } })).toMatchObject({
    status: 400,
    body: { error: { code: 100 } },
  });
  expect(await sendCloud(buttons(4))).toMatchObject({ status: 400, body: { error: { code: 131009 } } });
  expect(await sendCloud(buttons(3, "x".repeat(20)))).toMatchObject({ status: 400, body: { error: { code: 131009 } } });
  expect(await sendCloud(buttons(3))).toMatchObject({ status: 200 });
  expect((await sendCloud({ ...text, biz_opaque_callback_data: "m.0" })).body.messages?.[0]?.id).toMatch(/^wamid\./);
  expect(double.log().at(-1)).toMatchObject({ channel: "whatsapp", to: "+46701234567", body: "hi", deliveryId: "m.0" });
});

test("Meta refuses a picture that is nowhere, and a medium needs an address or an id", async () => {
  const picture = { messaging_product: "whatsapp", to: "46701234567", type: "image" };
  expect(await sendCloud({ ...picture, image: { caption: "x" } })).toMatchObject({ body: { error: { code: 100 } } });
  expect(await sendCloud({ ...picture, image: { link: "https://a.example/b.png" } })).toMatchObject({ status: 200 });
});

const reported = () =>
  hooks
    .filter(({ url }) => url.includes("/status"))
    .map(({ body }) => new URLSearchParams(body))
    .map((hook) => [hook.get("MessageStatus"), hook.get("ErrorCode")]);

test("Twilio takes free words to WhatsApp at any time, and reports them undelivered when the window is closed", async () => {
  double.behave({ statuses: true, statusDelayMs: 10 });
  const person = "+46700000041";
  const StatusCallback = `${publicUrl}/channels/whatsapp/default/status?d=m.1`;
  const write = { To: `whatsapp:${person}`, From: `whatsapp:${ok.From}`, Body: "hi", StatusCallback };
  const send = async () => {
    hooks.length = 0;
    expect(await sendForm(write)).toMatchObject({ status: 201 });
    await until(() => reported().some(([state]) => state === "undelivered" || state === "read"));
    return reported().at(-1);
  };
  expect(await send()).toEqual(["undelivered", "63016"]);
  await double.customer.whatsapp({ from: person, to: ok.From, body: "hello" });
  expect(await send()).toEqual(["read", null]);
  laterMs = 25 * 60 * 60_000;
  expect(await send()).toEqual(["undelivered", "63016"]);
});

test("Meta reports free words as failed when the window is closed", async () => {
  double.behave({ statuses: true, statusDelayMs: 10 });
  const text = { messaging_product: "whatsapp", to: "46700000042", type: "text", text: { body: "hi" } };
  expect(await sendCloud(text)).toMatchObject({ status: 200 });
  const last = () => hooks.at(-1)?.body ?? "";
  await until(() => last().includes('"failed"'));
  expect(last()).toContain('"code":131047');
  await double.customer.whatsapp({ from: "+46700000042", to: ok.From, body: "hello" });
  expect(await sendCloud(text)).toMatchObject({ status: 200 });
  await until(() => last().includes('"read"'));
});

test("messages do not arrive when told so, each with a reason", async () => {
  double.behave({ statuses: true, statusDelayMs: 10, undelivered: 1 });
  await sendForm({ ...ok, StatusCallback: `${publicUrl}/channels/sms/default/status?d=m.2` });
  await until(() => reported().length === 3);
  expect(reported()).toEqual([
    ["queued", null],
    ["sent", null],
    ["undelivered", "30005"],
  ]);
});

test("what a customer sends carries a signature that Twilio's own validator accepts", async () => {
  await double.customer.sms({ from: ok.To, to: ok.From, body: "Hej å 😀 & = +" });
  const [hook] = hooks;
  const parameters = Object.fromEntries(new URLSearchParams(hook?.body));
  const signature = String(hook?.headers["x-twilio-signature"]);
  expect(twilio.validateRequest(authToken, signature, publicUrl + hook?.url, parameters)).toBe(true);
  expect(twilio.validateRequest(authToken, signature, publicUrl + hook?.url, { ...parameters, Body: "other" })).toBe(
    false,
  );
});

test("status reports are signed, in order, and carry our delivery id", async () => {
  double.behave({ statuses: true, statusDelayMs: 5 });
  const callback = `${publicUrl}/channels/sms/default/status?d=m1.0`;
  await sendForm({ ...ok, StatusCallback: callback });
  await until(() => hooks.length === 3);
  expect(hooks.map((hook) => new URLSearchParams(hook.body).get("MessageStatus"))).toEqual([
    "queued",
    "sent",
    "delivered",
  ]);
  for (const hook of hooks) {
    const parameters = Object.fromEntries(new URLSearchParams(hook.body));
    expect(twilio.validateRequest(authToken, String(hook.headers["x-twilio-signature"]), callback, parameters)).toBe(
      true,
    );
  }
  expect(double.log().at(-1)?.deliveryId).toBe("m1.0");
});

test("a customer who wrote STOP gets nothing until START", async () => {
  const to = "+46700000009";
  await double.customer.sms({ from: to, to: ok.From, body: " stop " });
  expect(await sendForm({ ...ok, To: to })).toMatchObject({ status: 400, body: { code: 21610 } });
  await double.customer.sms({ from: to, to: ok.From, body: "START" });
  expect(await sendForm({ ...ok, To: to })).toMatchObject({ status: 201 });
});

test("misbehaves as told: what was accepted is in the log, what was not is not", async () => {
  const count = () => double.log().length;
  const before = count();
  double.behave({ tooMany: 1, retryAfterSeconds: 3 });
  const limited = await sendForm(ok);
  expect(limited).toMatchObject({ status: 429, body: { code: 20429 } });
  expect(limited.headers["retry-after"]).toBe("3");
  double.behave({ tooMany: 0, failBefore: 1 });
  expect((await sendForm(ok)).status).toBe(500);
  double.behave({ failBefore: 0, hang: 1 });
  await expect(sendForm(ok, { timeoutMs: 1_000 })).rejects.toThrow();
  expect(count()).toBe(before);
  double.behave({ hang: 0, failAfter: 1 });
  expect((await sendForm(ok)).status).toBe(500);
  double.behave({ failAfter: 0, timeoutAfterAccepting: 1 });
  await expect(sendForm(ok, { timeoutMs: 1_000 })).rejects.toThrow();
  expect(count()).toBe(before + 2);
});

test("webhooks come twice when told to", async () => {
  double.behave({ duplicateWebhooks: 1 });
  await double.customer.sms({ from: ok.To, to: ok.From, body: "twice" });
  expect(hooks).toHaveLength(2);
  expect(hooks[0]?.body).toBe(hooks[1]?.body);
});

test("other processes read the log and set the behaviour", async () => {
  const set = (body: unknown) =>
    request(`${double.url}/_double/behaviour`, { method: "POST", body: JSON.stringify(body) }).then(
      (answer) => answer.statusCode,
    );
  expect(await set({ hang: 2 })).toBe(400);
  expect(await set({ failBefore: 1 })).toBe(200);
  expect((await sendForm(ok)).status).toBe(500);
  const log = await (await request(`${double.url}/_double/log`)).body.json();
  expect(log).toEqual(double.log());
});

test("the phone page sends, calls and shows what came back", async () => {
  const app = Fastify();
  await simulatorRoutes(app, {
    double,
    numbers: { sms: ok.From, whatsapp: ok.From, voice: ok.From },
    customers: [{ name: "Anna", number: "+46700000020" }],
  });
  const send = (url: string, payload: object, origin = "http://localhost") =>
    app.inject({ method: "POST", url, payload, headers: { origin, host: "localhost" } });
  const message = { channel: "sms", from: "+46700000020", body: "Hello" };
  expect((await app.inject("/simulator")).body).not.toMatch(/<script>|style=/);
  expect((await send("/simulator/api/messages", message)).statusCode).toBe(201);
  expect((await send("/simulator/api/messages", message, "https://evil.example")).statusCode).toBe(403);
  expect((await send("/simulator/api/messages", { ...message, from: "+46700000021" })).statusCode).toBe(400);
  await sendForm({ ...ok, To: "+46700000020", Body: "Hi Anna" });
  const thread = await app.inject("/simulator/api/thread?channel=sms&customer=%2B46700000020");
  expect(thread.json().entries.map((entry: { body: string }) => entry.body)).toEqual(["Hello", "Hi Anna"]);
  const call = await send("/simulator/api/calls", { from: "+46700000020" });
  expect(call.json()).toMatchObject({ said: [{ text: "Hej & hej", language: "sv-SE" }], ended: false });
  const input = await send(`/simulator/api/calls/${call.json().callSid}/input`, { speech: "Hallå" });
  expect(input.statusCode).toBe(200);
  expect(hooks.at(-1)?.url).toBe("/channels/voice/default/gather?n=0");
  expect(new URLSearchParams(hooks.at(-1)?.body).get("SpeechResult")).toBe("Hallå");
  await app.close();
});
