import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { newId } from "../src/lib/ids.ts";
import { type Agent, type Everline, startEverline } from "./support/everline.ts";
import { type PushService, startPushService } from "./support/push-service.ts";

let everline: Everline;
let push: PushService;
let agent: Agent;
let publicKey = "";

beforeAll(async () => {
  push = await startPushService(async () => publicKey);
  everline = await startEverline({ CALL_COUNTRIES: "US,SE" }, { pushOrigin: push.origin });
  agent = await everline.agent();
  publicKey = ((await call("GET", "/push", await visit())) as { publicKey: string }).publicKey;
});
afterAll(async () => {
  await everline.stop();
  push.close();
});

const soon = { timeout: 15_000, interval: 50 };

interface Visitor {
  readonly conversationId: string;
  readonly token: string;
  readonly resume: string;
}

async function request(method: string, path: string, { token }: { token?: string }, body?: object) {
  return fetch(`${everline.url}/v3/directline${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
async function call(method: string, path: string, visitor: { token?: string }, body?: object): Promise<unknown> {
  const response = await request(method, path, visitor, body);
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return response.json();
}
const visit = async () => (await call("POST", "/tokens/generate", {}, {})) as Visitor;
/** A visitor asks for a person, an agent takes over: from then on nobody but the agent writes. */
async function chatWithAgent(): Promise<Visitor> {
  const visitor = await visit();
  await call("POST", `/conversations/${visitor.conversationId}/activities`, visitor, {
    type: "message",
    text: "I would like to talk to a person, please",
    locale: "en",
  });
  await expect.poll(() => lastSeqOf(visitor), soon).toBeGreaterThan(1);
  await agent("POST", `/conversations/${visitor.conversationId}/claim`);
  return visitor;
}
const lastSeqOf = async ({ conversationId }: Visitor) =>
  (await everline.sql`select next_seq::int - 1 as seq from conversations where id = ${conversationId}`)[0]
    ?.seq as number;
const reply = ({ conversationId }: Visitor, text = "Here is your answer, Ann.") =>
  agent("POST", `/conversations/${conversationId}/messages`, { clientId: newId(), kind: "reply", text });
const nudgeOf = async ({ conversationId }: Visitor) =>
  (
    await everline.sql`select state, push from nudges where conversation_id = ${conversationId} order by id desc limit 1`
  )[0];
/** The clock goes on: what waits is due. */
const hurry = ({ conversationId }: Visitor) =>
  everline.sql`update nudges set due_at = now() where conversation_id = ${conversationId}`;
const untilNudged = (visitor: Visitor) => expect.poll(() => nudgeOf(visitor), soon).toBeDefined();
const timelineOf = async ({ conversationId }: Visitor) =>
  everline.sql`select data from events where conversation_id = ${conversationId} and type = 'reach' order by seq`.then(
    (rows) => rows.map(({ data }) => data),
  );
const textsTo = async (number: string) =>
  everline.sql<{ body: string; state: string }[]>`
    select d.item->'body'->>'body' as body, d.state from deliveries d where d.address->>'value' = ${number}`;
async function leaveNumber(visitor: Visitor, phone: string, zone = "Etc/UTC") {
  return request("POST", "/reach", visitor, { phone, channel: "sms", locale: "sv-SE", zone });
}
/** Awake in every zone of this file, whatever the hour of the test. */
const settings = (value: object) =>
  everline.sql`insert into settings (key, value) values ('reach', ${JSON.stringify({ quiet: { from: 0, to: 0 }, ...value })}::text::jsonb)
    on conflict (key) do update set value = excluded.value`;
const templates = (value: object) =>
  everline.sql`insert into settings (key, value) values ('templates', ${JSON.stringify(value)}::text::jsonb)
    on conflict (key) do update set value = excluded.value`;
/** What a simulated telephone shows of us, oldest first. */
async function onTelephone(channel: string, customer: string): Promise<string[]> {
  const query = new URLSearchParams({ channel, customer });
  const answer = await fetch(`${everline.url}/simulator/api/thread?${query}`);
  const { entries } = (await answer.json()) as { entries: { direction: string; body: string }[] };
  return entries.filter((one) => one.direction === "out").map((one) => one.body);
}

test("a message that nobody saw is pushed once, without its words, to every browser that the visitor allowed", async () => {
  await settings({});
  const visitor = await chatWithAgent();
  const [phone, laptop] = [push.browser(), push.browser()];
  for (const { subscription } of [phone, laptop, phone]) await call("POST", "/push", visitor, { subscription });
  await reply(visitor);
  await reply(visitor, "And one thing more.");
  await untilNudged(visitor);
  expect(phone.received).toEqual([]);
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "pushed", push: "taken" });
  expect(push.faults).toEqual([]);
  expect(laptop.received).toHaveLength(1);
  expect(phone.received).toEqual([
    expect.objectContaining({ title: "Paylark", body: "You have a new message from Paylark.", lang: "en" }),
  ]);
  expect(JSON.stringify(phone.received)).not.toContain("Ann");
  expect(await timelineOf(visitor)).toEqual([{ way: "push", state: "sent" }]);

  // The browser says that it has shown it; a forged word and a repeated one change nothing.
  const { shown = "" } = phone.received[0] ?? {};
  await call("POST", "/push/shown", {}, { shown: `${shown}x` });
  expect(await nudgeOf(visitor)).toMatchObject({ state: "pushed" });
  for (let twice = 0; twice < 2; twice += 1) await call("POST", "/push/shown", {}, { shown });
  expect(await nudgeOf(visitor)).toMatchObject({ state: "told" });
  expect(await timelineOf(visitor)).toEqual([
    { way: "push", state: "sent" },
    { way: "push", state: "shown" },
  ]);

  // The same burst is told once, whatever comes after it.
  await reply(visitor, "Are you there?");
  const upTo = async () =>
    (await everline.sql`select to_seq::int as seq from nudges where conversation_id = ${visitor.conversationId}`)[0]
      ?.seq;
  await expect.poll(upTo, soon).toBe(await lastSeqOf(visitor));
  expect(await nudgeOf(visitor)).toMatchObject({ state: "told" });
  expect(phone.received).toHaveLength(1);
});

test("who has the conversation before them is not told, and who comes back in time is not told either", async () => {
  await settings({});
  const visitor = await chatWithAgent();
  const browser = push.browser();
  await call("POST", "/push", visitor, { subscription: browser.subscription });
  const open = async () => {
    const { streamUrl } = (await call("GET", `/conversations/${visitor.conversationId}`, visitor)) as {
      streamUrl: string;
    };
    const socket = new WebSocket(streamUrl);
    await new Promise((done, fail) => socket.on("open", done).on("error", fail));
    return socket;
  };
  const socket = await open();
  await reply(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "seen" });
  // Another window before it: the socket is open but nobody looks.
  socket.send('{"visible":false}');
  await reply(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting" });
  socket.send('{"visible":true}');
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "seen" });
  socket.close();
  await reply(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting" });
  // They come back by writing.
  await call("POST", `/conversations/${visitor.conversationId}/activities`, visitor, { type: "message", text: "Yes" });
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "seen" });
  expect(browser.received).toEqual([]);
});

test("a window of ours that comes back behind others counts as away until it says that it is seen", async () => {
  await settings({});
  const visitor = await chatWithAgent();
  const browser = push.browser();
  await call("POST", "/push", visitor, { subscription: browser.subscription });
  const open = async ({ conversationId, token }: Visitor, query = "", frame = "") => {
    const opened = (await call("GET", `/conversations/${conversationId}?watermark=0`, { token })) as {
      streamUrl: string;
    };
    const socket = new WebSocket(opened.streamUrl + query);
    const caughtUp = new Promise((done) => socket.once("message", done));
    await new Promise((done, fail) => socket.on("open", done).on("error", fail));
    socket.send(frame);
    await caughtUp;
    return socket;
  };
  // Whoever came back first is known first: when this one is seen, a word about the other would have been written.
  const other = await chatWithAgent();
  await call("POST", "/push", other, { subscription: push.browser().subscription });
  await reply(other);
  await expect.poll(() => nudgeOf(other), soon).toMatchObject({ state: "waiting" });

  await reply(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting" });
  const hidden = await open(visitor, "&state=1", '{"visible":false}');
  const stock = await open(other);
  await expect.poll(() => nudgeOf(other), soon).toMatchObject({ state: "seen" });
  expect(await nudgeOf(visitor)).toMatchObject({ state: "waiting" });
  await hurry(visitor);
  await expect.poll(() => browser.received.length, soon).toBe(1);

  const shown = await open(visitor, "&state=1", '{"visible":true}');
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "seen" });
  for (const socket of [hidden, stock, shown]) socket.close();
});

test("A6 an unconfirmed push is followed by an SMS whose link resumes the conversation by POST, once", async () => {
  await settings({ confirmSeconds: 5 });
  const number = "+46701740605";
  const visitor = await chatWithAgent();
  await call("POST", "/push", visitor, { subscription: push.browser().subscription });
  expect((await leaveNumber(visitor, "+46 70 174 06 05")).status).toBe(200);
  const [consent] =
    await everline.sql`select words, number from reach_numbers where conversation_id = ${visitor.conversationId}`;
  expect(consent).toMatchObject({
    number,
    words: expect.stringContaining(`via SMS på ${number} när Paylark har svarat`),
  });
  await reply(visitor);
  await untilNudged(visitor);
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "pushed" });
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "told" });
  expect(await timelineOf(visitor)).toEqual([
    { way: "push", state: "sent" },
    { way: "sms", state: "sent" },
  ]);
  await expect.poll(async () => (await textsTo(number))[0]?.state, soon).toMatch(/sent|delivered/);

  // The simulator's telephone has the real link; the database does not.
  const seen = await phoneOf(number);
  const link = /https?:\/\/[^\s"\\]+\/resume\/([\w-]{22})/.exec(seen);
  expect(link).not.toBeNull();
  const [address = "", token = ""] = link ?? [];
  const [stored] = await textsTo(number);
  expect(stored?.body).toContain("Du har ett nytt meddelande från Paylark.");
  expect(stored?.body).not.toContain(token);

  // A scanner opens it as often as it likes; another site cannot use it up.
  for (let twice = 0; twice < 2; twice += 1) {
    const page = await fetch(address);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain("Öppna min konversation");
    expect(html).not.toContain("Ann");
  }
  const press = (origin: string) =>
    fetch(address, {
      method: "POST",
      redirect: "manual",
      headers: { origin, "content-type": "application/x-www-form-urlencoded" },
    });
  expect((await press("https://evil.example")).status).toBe(403);
  const both = await Promise.all([press(everline.url), press(everline.url)]);
  expect(both.map(({ status }) => status).sort()).toEqual([303, 410]);
  const location = both.find(({ status }) => status === 303)?.headers.get("location") ?? "";
  const resume = location.split("#resume=")[1];
  const resumed = (await call("POST", "/tokens/generate", {}, { resume })) as Visitor;
  expect(resumed.conversationId).toBe(visitor.conversationId);
  const { activities } = (await call("GET", `/conversations/${resumed.conversationId}/activities`, resumed)) as {
    activities: { text: string }[];
  };
  expect(activities.map(({ text }) => text)).toContain("Here is your answer, Ann.");
  expect(await nudgeOf(visitor)).toMatchObject({ state: "seen" });
  const gone = await fetch(address);
  expect(gone.status).toBe(410);
  expect((await fetch(`${everline.url}/resume/${"A".repeat(22)}`)).status).toBe(410);
});

/** What stands on the simulated telephone. */
async function phoneOf(number: string): Promise<string> {
  const answer = await fetch(`${everline.url}/simulator/api/thread?channel=sms&customer=${encodeURIComponent(number)}`);
  return answer.text();
}

test("M2 M5 a number is told at most so often a day, never after STOP, and nothing tells whether it is known", async () => {
  await settings({ order: "message-only", perNumber: 2 });
  const number = "+12025550131";
  const answers = new Set<string>();
  for (let visits = 0; visits < 3; visits += 1) {
    const visitor = await chatWithAgent();
    const left = await leaveNumber(visitor, number);
    answers.add(`${left.status} ${await left.text()}`);
    await reply(visitor);
    await untilNudged(visitor);
    await hurry(visitor);
    await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: visits < 2 ? "told" : "unreachable" });
    if (visits === 2) expect(await timelineOf(visitor)).toEqual([{ way: "sms", state: "not-sent", why: "capped" }]);
  }
  expect(await textsTo(number)).toHaveLength(2);

  await everline.sql`delete from reach_counts`;
  await everline.sql`insert into contacts default values`;
  await everline.sql`insert into contact_addresses (contact_id, channel, kind, value, opted_out_at)
    select id, 'sms', 'e164', ${number}, now() from contacts order by created_at desc limit 1`;
  const visitor = await chatWithAgent();
  const left = await leaveNumber(visitor, number);
  answers.add(`${left.status} ${await left.text()}`);
  await reply(visitor);
  await untilNudged(visitor);
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "unreachable" });
  expect(await textsTo(number)).toHaveLength(2);
  expect(answers).toEqual(new Set(["200 {}"]));

  for (const [phone, code] of [
    ["+491701234567", "CountryNotReached"],
    ["+19005550123", "NumberNotReached"],
    ["12", "NotANumber"],
  ] as const) {
    const refused = await leaveNumber(visitor, phone);
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([400, code]);
  }
});

/** The customer was told, or could not be, so many hours ago. */
const hoursPass = ({ conversationId }: Visitor, hours: number) =>
  everline.sql`update nudges set ended_at = ended_at - ${hours} * interval '1 hour',
    due_at = due_at - ${hours} * interval '1 hour' where conversation_id = ${conversationId}`;

test("who was told and did not come back is told of what is said hours later, and not of what is said before", async () => {
  await settings({ order: "push-only", againHours: 6 });
  const visitor = await chatWithAgent();
  const browser = push.browser();
  await call("POST", "/push", visitor, { subscription: browser.subscription });
  await reply(visitor);
  await untilNudged(visitor);
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "pushed" });
  const { shown = "" } = browser.received[0] ?? {};
  await call("POST", "/push/shown", {}, { shown });
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "told" });

  const seqs = async () =>
    (
      await everline.sql`select from_seq::int as first, to_seq::int as last from nudges
        where conversation_id = ${visitor.conversationId}`
    )[0];
  await hoursPass(visitor, 5);
  await reply(visitor, "Are you there?");
  await expect.poll(async () => (await seqs())?.last, soon).toBe(await lastSeqOf(visitor));
  expect(await nudgeOf(visitor)).toMatchObject({ state: "told" });

  await hoursPass(visitor, 2);
  await reply(visitor, "Here is the rest of it.");
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting", push: "untried" });
  const last = await lastSeqOf(visitor);
  expect(await seqs()).toEqual({ first: last, last });
  // A late word about the first push says nothing of this one.
  await call("POST", "/push/shown", {}, { shown });
  expect(await nudgeOf(visitor)).toMatchObject({ state: "waiting" });
  await hurry(visitor);
  await expect.poll(() => browser.received.length, soon).toBe(2);
  await call("POST", "/push/shown", {}, { shown: browser.received[1]?.shown });
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "told" });
  expect(await timelineOf(visitor)).toEqual(
    ["sent", "shown", "sent", "shown"].map((state) => ({ way: "push", state })),
  );
});

test("M2 telling again counts for the caps, waits for the end of quiet hours, and finds who could not be reached", async () => {
  const number = "+12025550144";
  await settings({ order: "message-only", perNumber: 1 });
  const visitor = await chatWithAgent();
  await leaveNumber(visitor, number);
  const again = async (state: string) => {
    await reply(visitor);
    await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting" });
    await hurry(visitor);
    await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state });
    await hoursPass(visitor, 5);
  };
  await again("told");
  await again("unreachable");
  expect(await textsTo(number)).toHaveLength(1);
  await settings({ order: "message-only", perNumber: 2 });
  await again("told");
  expect(await textsTo(number)).toHaveLength(2);

  const hour = new Date().getUTCHours();
  await settings({ order: "message-only", perNumber: 3, quiet: { from: hour, to: (hour + 2) % 24 } });
  await reply(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "waiting" });
  await hurry(visitor);
  const dueIn = async () =>
    (
      await everline.sql`select extract(epoch from due_at - now())::int as s from nudges
        where conversation_id = ${visitor.conversationId}`
    )[0]?.s as number;
  await expect.poll(dueIn, soon).toBeGreaterThan(3_000);
  expect(await textsTo(number)).toHaveLength(2);
});

test("quiet hours of the customer's zone are waited for", async () => {
  const hour = new Date().getUTCHours();
  await settings({ order: "message-only", quiet: { from: hour, to: (hour + 2) % 24 } });
  const visitor = await chatWithAgent();
  await leaveNumber(visitor, "+12025550177");
  await reply(visitor);
  await untilNudged(visitor);
  await hurry(visitor);
  const dueIn = async () =>
    (
      await everline.sql`select extract(epoch from due_at - now())::int as s from nudges where conversation_id = ${visitor.conversationId}`
    )[0]?.s as number;
  await expect.poll(dueIn, soon).toBeGreaterThan(3_000);
  expect(await nudgeOf(visitor)).toMatchObject({ state: "waiting" });
  expect(await textsTo("+12025550177")).toEqual([]);
});

test("N1 R8 only push services are asked, a browser belongs to the last visitor, and what is gone is forgotten", async () => {
  await settings({ order: "push-only" });
  const visitor = await chatWithAgent();
  const { keys } = push.browser().subscription;
  for (const endpoint of [
    "http://127.0.0.1:9/x",
    "https://169.254.169.254/latest",
    "https://fcm.googleapis.com.evil.example/x",
    "https://user@evil.example/fcm.googleapis.com",
    "http://fcm.googleapis.com/x",
  ]) {
    const { status } = await request("POST", "/push", visitor, { subscription: { endpoint, keys } });
    expect([endpoint, status]).toEqual([endpoint, 400]);
  }
  const count = async ({ conversationId }: Visitor) =>
    (await everline.sql`select count(*)::int as n from push_subscriptions where conversation_id = ${conversationId}`)[0]
      ?.n;
  const browser = push.browser();
  const other = await visit();
  await call("POST", "/push", visitor, { subscription: browser.subscription });
  await call("DELETE", "/push", other, { endpoint: browser.subscription.endpoint });
  expect(await count(visitor)).toBe(1);
  await call("POST", "/push", other, { subscription: browser.subscription });
  expect([await count(visitor), await count(other)]).toEqual([0, 1]);
  // Signing out ends it.
  await call("POST", "/tokens/end", other);
  expect(await count(other)).toBe(0);

  await call("POST", "/push", visitor, { subscription: browser.subscription });
  const next = push.browser();
  const old = { endpoint: browser.subscription.endpoint, auth: browser.subscription.keys.auth };
  await call("POST", "/push/moved", {}, { old: { ...old, auth: keys.auth }, subscription: next.subscription });
  expect(await count(visitor)).toBe(1);
  await call("POST", "/push/moved", {}, { old, subscription: next.subscription });
  push.answer(next, 410);
  await reply(visitor);
  await untilNudged(visitor);
  await hurry(visitor);
  await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "unreachable", push: "failed" });
  expect(await count(visitor)).toBe(0);
  expect(browser.received).toEqual([]);
});

test("out of WhatsApp's reply window an approved template goes, in the customer's language; without one an SMS", async () => {
  await settings({ order: "message-only" });
  const left = async (phone: string, locale: string) => {
    const visitor = await chatWithAgent();
    const body = { phone, channel: "whatsapp", locale, zone: "Etc/UTC" };
    expect((await request("POST", "/reach", visitor, body)).status).toBe(200);
    await reply(visitor);
    await untilNudged(visitor);
    await hurry(visitor);
    await expect.poll(() => nudgeOf(visitor), soon).toMatchObject({ state: "told" });
    return visitor;
  };
  const sent = async (phone: string) =>
    everline.sql`select channel, state, item->'body' as body from deliveries where address->>'value' = ${phone}
      order by created_at`;
  await left("+46701740701", "sv-SE");
  expect(await sent("+46701740701")).toMatchObject([{ channel: "sms" }]);

  const name = "everline_new_message";
  await templates({ newMessage: { en: { name, language: "en_US" }, sv: { name } } });
  const visitor = await left("+46701740605", "sv-SE");
  const latest = async () => (await sent("+46701740605")).at(-1);
  await expect.poll(async () => (await latest())?.state, soon).toMatch(/sent|delivered|read/);
  const delivery = await latest();
  expect(delivery).toMatchObject({ channel: "whatsapp", body: { template: { name, language: { code: "sv" } } } });
  expect(await timelineOf(visitor)).toEqual([{ way: "whatsapp", state: "sent" }]);
  // The link in it is whole on the customer's telephone, and nowhere in the database.
  const shown = /Du har ett nytt meddelande från Paylark\. Läs och svara här: (\S+\/resume\/[\w-]{22}) /;
  const linkShown = async () => shown.exec((await onTelephone("whatsapp", "+46701740605")).join("\n"))?.[1];
  await expect.poll(linkShown, soon).toBeDefined();
  const link = (await linkShown()) ?? "";
  expect((await fetch(link)).status).toBe(200);
  expect(JSON.stringify(delivery)).not.toContain(link.split("/").at(-1));

  // A language without one gets the English one; a name that this provider does not know is none.
  await left("+46701740703", "de-DE");
  expect(await sent("+46701740703")).toMatchObject([
    { channel: "whatsapp", body: { template: { language: { code: "en_US" } } } },
  ]);
  await templates({ newMessage: { en: { contentSid: `HX${"0".repeat(31)}1` } } });
  await left("+46701740704", "en");
  expect(await sent("+46701740704")).toMatchObject([{ channel: "sms" }]);
});

test("the reminder of a call, a day after the customer wrote on WhatsApp, goes as a template, else by SMS", async () => {
  const phone = "+46701740605";
  const before = (await onTelephone("whatsapp", phone)).length;
  const posted = await fetch(`${everline.url}/simulator/api/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: everline.url },
    body: JSON.stringify({ channel: "whatsapp", from: phone, body: "hello" }),
  });
  expect(posted.ok).toBe(true);
  await expect.poll(async () => (await onTelephone("whatsapp", phone)).length, soon).toBe(before + 1);
  const [{ id = "" } = {}] = await everline.sql`select m.conversation_id as id from messages m
    join contact_addresses a on a.id = m.address_id where a.channel = 'whatsapp' and a.value = ${phone}`;
  const localTime = `${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)}T12:00`;
  await agent("POST", "/callbacks", { conversationId: id, localTime, customerPicked: true });
  await everline.sql`update messages set at = at - interval '25 hours' where conversation_id = ${id}`;
  const told = async () => {
    const rows = await everline.sql`select channel, item->'body' as body from deliveries
      where conversation_id = ${id} order by seq`;
    return rows.at(-1);
  };
  /** Ten minutes before the promised time. */
  const comesNear = () =>
    everline.sql`update callbacks set wanted_at = now() + interval '10 minutes', due_at = now() + interval '10 minutes',
      asked_at = now() - interval '1 day', reminded_at = null where conversation_id = ${id}`;
  await comesNear();
  await expect
    .poll(told, soon)
    .toMatchObject({ channel: "sms", body: { body: expect.stringMatching(/snart|soon now/) } });
  const name = "everline_call_reminder";
  await templates({ calls: { reminder: { en: { name, language: "en_US" } } } });
  await comesNear();
  await expect.poll(told, soon).toMatchObject({ channel: "whatsapp", body: { template: { name } } });
  await expect
    .poll(async () => (await onTelephone("whatsapp", phone)).at(-1), soon)
    .toMatch(/^Paylark: we will call you on .+, soon now\. Another time or no call: http\S+\/call\/\S+ Thank you\.$/);
});
