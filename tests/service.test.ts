import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readConfig } from "../src/config.ts";
import { type Service, startService } from "../src/service.ts";
import { dataFolder } from "./support/data-folder.ts";
import { freshDatabase, quiet } from "./support/database.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let service: Service;
let url: string;
const password = "correct-horse-battery";

beforeAll(async () => {
  database = await freshDatabase();
  const config = readConfig({
    PORT: "0",
    DATA_DIR: dataFolder("service"),
    DATABASE_URL: database.url,
    DEMO: "true",
    VOICE_TRANSPORT: "gather",
    BURST_WAIT_MS: "0",
    ADMIN_EMAIL: "ada@example.com",
    ADMIN_PASSWORD: password,
  });
  service = await startService(config, quiet);
  url = service.url ?? "";
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

async function text(from: string, body: string, channel = "sms", choice?: object): Promise<void> {
  const response = await fetch(`${url}/simulator/api/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ channel, from, body, ...(choice === undefined ? {} : { choice }) }),
  });
  expect(await response.json()).toEqual({ status: 200 });
}

async function replies(number: string, count: number, channel = "sms"): Promise<string[]> {
  return (await entries(number, count, channel)).map((one) => one.body);
}

interface Entry {
  readonly direction: string;
  readonly body: string;
  readonly options: readonly { readonly id: string; readonly title: string }[];
}

async function entries(number: string, count: number, channel: string): Promise<Entry[]> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(
      `${url}/simulator/api/thread?channel=${channel}&customer=${encodeURIComponent(number)}`,
    );
    const { entries: all } = (await response.json()) as { entries: Entry[] };
    const ours = all.filter((one) => one.direction === "out");
    if (ours.length >= count) return ours;
    await sleep(50);
  }
  return [];
}

async function signIn(): Promise<Record<string, string>> {
  const response = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ADA@example.com", password }),
  });
  const { token } = (await response.json()) as { token: string };
  return { authorization: `Bearer ${token}`, "content-type": "application/json" };
}

test("a text is answered from the articles, in the language it was asked in", async () => {
  await text("+12025550131", "hur betalar jag tillbaka en retur? jag menar hur returnerar jag min order");
  const [answer] = await replies("+12025550131", 1);
  expect(answer).toMatch(/retur/i);
});

test("WhatsApp: an unclear question gets buttons, and the tapped one is understood", async () => {
  const number = "+34600000001";
  await text(number, "what is the airspeed of a swallow?", "whatsapp");
  const [offered] = await entries(number, 1, "whatsapp");
  expect(offered?.options.map((one) => one.id)).toContain("callback");
  const callback = offered?.options.find((one) => one.id === "callback");
  await text(number, callback?.title ?? "", "whatsapp", callback);
  const [, noted] = await entries(number, 2, "whatsapp");
  expect(noted?.body).toContain(number);
});

test("a person who is asked for answers, and the assistant is silent", async () => {
  await text("+447700900123", "I want to talk to a human being please");
  await replies("+447700900123", 1);
  const headers = await signIn();
  const { conversations } = (await (await fetch(`${url}/api/v1/conversations?view=waiting`, { headers })).json()) as {
    conversations: { id: string; address: string }[];
  };
  const mine = conversations.find((one) => one.address === "+447700900123");
  expect(mine).toBeDefined();
  const send = (clientId: string) =>
    fetch(`${url}/api/v1/conversations/${mine?.id}/messages`, {
      method: "POST",
      headers,
      body: JSON.stringify({ clientId, kind: "reply", text: "Ada here." }),
    });
  const [first, again] = [await (await send("one")).json(), await (await send("one")).json()];
  expect(again).toEqual(first);
  await text("+447700900123", "where is my payment plan?");
  await sleep(500);
  expect((await replies("+447700900123", 2)).slice(1)).toEqual(["Ada here."]);
});

test("an answer over newer messages is asked about first", async () => {
  await text("+46701740605", "agent please, a real person");
  await replies("+46701740605", 1);
  const headers = await signIn();
  const { conversations } = (await (await fetch(`${url}/api/v1/conversations?view=waiting`, { headers })).json()) as {
    conversations: { id: string; address: string }[];
  };
  const id = conversations.find((one) => one.address === "+46701740605")?.id;
  const response = await fetch(`${url}/api/v1/conversations/${id}/messages`, {
    method: "POST",
    headers,
    body: JSON.stringify({ clientId: "late", kind: "reply", text: "Hi", afterSeq: 0 }),
  });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ newer: 2, error: { message: "2 newer messages: send anyway?" } });
});

test("a call back asked for by text is stored with the number and the wish", async () => {
  await text("+4915550100001", "please call me back tomorrow at 9");
  await replies("+4915550100001", 1);
  const { callbacks } = (await (await fetch(`${url}/api/v1/callbacks`, { headers: await signIn() })).json()) as {
    callbacks: { phone: string; wish: string }[];
  };
  expect(callbacks).toContainEqual(
    expect.objectContaining({ phone: "+4915550100001", wish: "please call me back tomorrow at 9" }),
  );
});

test("a caller asks, hears the answer, and is understood when a person is wanted", async () => {
  const post = async (path: string, body: object) =>
    (await (
      await fetch(`${url}/simulator/api${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json()) as { callSid: string; said: unknown; ended: boolean };
  const call = await post("/calls", { from: "+34600000001" });
  expect(JSON.stringify(call.said)).toMatch(/inteligencia artificial/i);
  const answer = await post(`/calls/${call.callSid}/input`, { speech: "¿dónde puedo ver mi plan de pagos?" });
  expect(JSON.stringify(answer.said)).toMatch(/Paylark/);
  await post(`/calls/${call.callSid}/input`, { speech: "quiero hablar con una persona por favor" });
  const { conversations } = (await (
    await fetch(`${url}/api/v1/conversations?view=waiting`, { headers: await signIn() })
  ).json()) as { conversations: { address: string; channel: string }[] };
  expect(conversations).toContainEqual(expect.objectContaining({ address: "+34600000001", channel: "voice" }));
});

test("R2 R7 R8 web chat over Direct Line: stored once, answered with its source, opened by its own token alone", async () => {
  const generate = async () =>
    (await (await fetch(`${url}/v3/directline/tokens/generate`, { method: "POST" })).json()) as {
      conversationId: string;
      token: string;
    };
  const [mine, other] = [await generate(), await generate()];
  const path = `${url}/v3/directline/conversations/${mine.conversationId}/activities`;
  const headers = { authorization: `Bearer ${mine.token}`, "content-type": "application/json" };
  const channelData = { clientActivityID: "browser-1" };
  const body = JSON.stringify({ type: "message", text: "where can I find my payment plan?", channelData });
  const post = async () => (await (await fetch(path, { method: "POST", headers, body })).json()) as { id: string };
  expect(await post()).toEqual(await post());
  type Seen = {
    from: { role: string };
    channelData: { clientActivityID?: string; everline: { sources: string[]; seq: number } };
  };
  let seen: Seen[] = [];
  for (let tries = 0; tries < 100 && seen.length < 2; tries++) {
    await sleep(50);
    seen = ((await (await fetch(path, { headers })).json()) as { activities: Seen[] }).activities;
  }
  expect(seen.map((one) => one.from.role)).toEqual(["user", "bot"]);
  expect(seen.map((one) => one.channelData.clientActivityID)).toEqual(["browser-1", undefined]);
  expect(seen[1]?.channelData.everline).toMatchObject({ seq: 2, kind: "answer", sources: ["find-payment-plan"] });
  const later = (await (await fetch(`${path}?watermark=1`, { headers })).json()) as {
    activities: Seen[];
    watermark: string;
  };
  expect(later).toMatchObject({ watermark: "2" });
  expect(later.activities).toHaveLength(1);
  const foreign = await fetch(path, { headers: { authorization: `Bearer ${other.token}` } });
  const missing = await fetch(path.replace(mine.conversationId, "01a20b68-32c3-7b17-a335-d1f249cadc2c"), { headers });
  expect([foreign.status, missing.status]).toEqual([404, 404]);
  expect(await foreign.text()).toBe(await missing.text());
});

test("a web chat socket catches up after its watermark, then goes on live", async () => {
  const { conversationId, token } = (await (
    await fetch(`${url}/v3/directline/tokens/generate`, { method: "POST" })
  ).json()) as { conversationId: string; token: string };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const seqs: number[] = [];
  const say = (text: string) =>
    fetch(`${url}/v3/directline/conversations/${conversationId}/activities`, {
      method: "POST",
      headers,
      body: JSON.stringify({ type: "message", text }),
    });
  await say("hello there");
  // Cut and opened again ten times, always from what was seen last.
  for (let round = 0; round < 10; round++) {
    const opened = (await (
      await fetch(`${url}/v3/directline/conversations/${conversationId}?watermark=${seqs.at(-1) ?? 0}`, { headers })
    ).json()) as { streamUrl: string };
    const socket = new WebSocket(opened.streamUrl);
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "") return;
      const { activities } = JSON.parse(text) as { activities: { channelData: { everline: { seq: number } } }[] };
      seqs.push(...activities.map((one) => one.channelData.everline.seq));
    });
    await say(`message ${round}`);
    await sleep(60);
    socket.terminate();
  }
  await sleep(800);
  const all = (await (
    await fetch(`${url}/v3/directline/conversations/${conversationId}/activities`, { headers })
  ).json()) as { activities: { channelData: { everline: { seq: number } } }[] };
  const stored = all.activities.map((one) => one.channelData.everline.seq);
  expect(stored.length).toBeGreaterThan(10);
  expect(seqs).toEqual(stored.slice(0, seqs.length));
  expect(new Set(seqs).size).toBe(seqs.length);
});

test("the help page shows every article without script, in the reader's language", async () => {
  const page = await (await fetch(`${url}/`, { headers: { "accept-language": "de-DE,de;q=0.9" } })).text();
  expect(page).toContain('<html lang="de"');
  expect(new Set(page.match(/href="\/help\/de\/[a-z0-9-]+"/g)).size).toBeGreaterThanOrEqual(50);
});

test("a forged webhook is refused and stores nothing", async () => {
  const body = new URLSearchParams({
    MessageSid: "SMforged",
    AccountSid: "AC0",
    From: "+12025550199",
    To: "+12025550100",
    Body: "hi",
  });
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/channels/sms/default/webhook`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body,
    });
  expect((await post({})).status).toBe(400);
  expect((await post({ "x-twilio-signature": "bm90IHR3aWxpbw==" })).status).toBe(403);
  const { conversations } = (await (
    await fetch(`${url}/api/v1/conversations?view=all`, { headers: await signIn() })
  ).json()) as { conversations: { address: string }[] };
  expect(conversations.length).toBeGreaterThan(0);
  expect(conversations.map((one) => one.address)).not.toContain("+12025550199");
});

test("A1 nothing of the agents' API opens without signing in", async () => {
  for (const path of [
    "/session",
    "/conversations",
    "/callbacks",
    "/agents",
    "/conversations/01a20b68-32c3-7b17-a335-d1f249cadc2c/events",
  ]) {
    expect((await fetch(`${url}/api/v1${path}`)).status, path).toBe(401);
  }
  const foreign = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://evil.example" },
    body: "{}",
  });
  expect(foreign.status).toBe(403);
});

test("it says that it is alive, ready, and how much it does", async () => {
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'everline_inbound_total{channel="sms",outcome="stored"}',
  );
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: object[]; responses: Record<string, { content?: object }> }>>;
    security: object[];
  };
  // What every operation answers is said, and read on the page; files are bytes.
  const untold = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { responses }]) =>
        Object.entries(responses).every(
          ([status, { content }]) => !/^2/.test(status) || (status !== "204" && !content),
        ),
      )
      .map(([method]) => `${method} ${path}`),
  );
  expect(untold.sort()).toEqual(["get /api/v1/articles-archive", "get /api/v1/attachments/{id}"]);
  const page = await (await fetch(`${url}/api/docs`)).text();
  for (const words of ["<code>wantedAt</code>", "Null: as soon as possible.", "WS /api/v1/live", "hints"])
    expect(page).toContain(words);
  expect(Object.keys(document.paths)).toContain("/api/v1/conversations/{id}/messages");
  expect(Object.keys(document.paths).filter((path) => !path.startsWith("/api/v1/"))).toEqual([]);
  // Signing in opens everything but what says that it is open.
  expect(document.security).toEqual([{ cookie: [] }, { bearer: [] }]);
  expect(document.paths["/api/v1/session"]?.post?.security).toEqual([]);
  expect(document.paths["/api/v1/conversations"]?.get).not.toHaveProperty("security");
});
