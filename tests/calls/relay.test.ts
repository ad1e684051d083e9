import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { hoursSetting } from "../../src/settings/hours.ts";
import { writeSetting } from "../../src/settings/settings.ts";
import type { RelayLine, TheirFrame } from "../../src/simulator/relay-line.ts";
import { twilioSignature } from "../../src/simulator/sign.ts";
import { alwaysOpenHours } from "../support/always-open.ts";
import { type CallCentre, openCallCentre, ourNumber } from "../support/call-centre.ts";

const authToken = "token-for-tests";
const socketUrl = "wss://help.example/channels/voice/default/relay";
let centre: CallCentre;

beforeAll(async () => {
  centre = await openCallCentre({ VOICE_TRANSPORT: "relay", DEMO: "true", COMPANY_NAME: "Tom & <Co>\u0001" });
});
afterAll(() => centre.close());

interface Dialled {
  readonly callSid: string;
  readonly line: RelayLine;
}

async function dial(from: string): Promise<Dialled> {
  const { callSid } = await centre.double.customer.call({ from, to: ourNumber });
  const line = centre.double.customer.line(callSid);
  if (line === null) throw new Error("The call was not connected to the socket.");
  // Those who are greeted in another language are told how to get English.
  if (from.startsWith("+46")) await centre.until("the greeting", async () => line.frames.length > 0);
  return { callSid, line };
}

const textsOf = (frames: readonly TheirFrame[]) => frames.flatMap((one) => (one.type === "text" ? [one] : []));
const wordsOf = (frames: readonly TheirFrame[]) =>
  textsOf(frames)
    .map(({ token }) => token)
    .join("");

/** The frames of one turn of ours: up to the next one that says that it is the last, "one moment" passed over. */
async function answerTo(line: RelayLine, ask: () => void): Promise<readonly TheirFrame[]> {
  const before = line.frames.length;
  ask();
  return centre.until("an answer", async () => {
    const since = line.frames.slice(before);
    const ends = since.findIndex((one) => one.type === "text" && one.last === true && one.preemptible !== true);
    return ends >= 0 && since.slice(0, ends + 1).filter((one) => one.type !== "text" || one.preemptible !== true);
  });
}

async function messagesOf(number: string) {
  return centre.desk.db.run(
    (sql) => sql<{ seq: number; author: string; parts: { t: string; text?: string; name?: string }[] }[]>`
      select m.seq, m.author, m.parts from contact_addresses a join conversations c on c.contact_id = a.contact_id
      join messages m on m.conversation_id = c.id
      where a.channel = 'voice' and a.value = ${number} order by m.seq`,
  );
}

async function countRows(): Promise<string> {
  const [row] = await centre.desk.db.run(
    (sql) => sql<
      { rows: string }[]
    >`select concat_ws(' ', (select count(*) from messages), (select count(*) from events),
      (select count(*) from contacts), (select count(*) from turns), (select count(*) from deliveries)) as rows`,
  );
  return row?.rows ?? "";
}

test("the caller is greeted in the likely language by an AI, and answered sentence by sentence in one timeline", async () => {
  const { callSid, line } = await dial("+46701740605");
  const greeting = centre.double.customer.view(callSid, 0)?.said[0];
  expect(greeting).toEqual({ language: "sv-SE", text: expect.stringContaining("AI-assistent") });
  expect(greeting?.text).toContain("Tom & <Co>");
  const frames = await answerTo(line, () => line.say("Var hittar jag min betalningsplan?"));
  const texts = textsOf(frames);
  expect(texts.length).toBeGreaterThan(1);
  expect(texts.map(({ last }) => last)).toEqual(texts.map((_, at) => at === texts.length - 1));
  expect(new Set(texts.map(({ lang }) => lang))).toEqual(new Set(["sv-SE"]));
  const messages = await messagesOf("+46701740605");
  expect(messages.map(({ author }) => author)).toEqual(["contact", "contact", "assistant"]);
  expect(messages[0]?.parts).toMatchObject([{ t: "event", name: "call-started" }]);
  expect(messages[1]?.parts).toMatchObject([{ t: "text", text: "Var hittar jag min betalningsplan?" }]);
  expect(line.faults).toEqual([]);
  line.hangUp();
});

test("A6 a socket without the right signature is refused before it opens, and a token opens one session once", async () => {
  const { origin } = new URL(centre.desk.url);
  const open = (headers: Record<string, string>, query = "") =>
    new Promise<{ status: number; socket: WebSocket }>((resolve) => {
      const path = `/channels/voice/default/relay${query}`;
      const socket = new WebSocket(origin.replace("http", "ws") + path, { headers });
      socket.on("unexpected-response", (_, response) => resolve({ status: response.statusCode ?? 0, socket }));
      socket.on("open", () => resolve({ status: 101, socket }));
      socket.on("error", () => undefined);
    });
  const signature = twilioSignature(authToken, socketUrl, null);
  expect((await open({})).status).toBe(403);
  expect((await open({ "x-twilio-signature": twilioSignature("another", socketUrl, null) })).status).toBe(403);
  expect((await open({ "x-twilio-signature": signature }, "?a=1")).status).toBe(403);

  const closedWith = async (setup: object) => {
    const { socket } = await open({ "x-twilio-signature": signature });
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    socket.send(JSON.stringify(setup));
    return closed;
  };
  const form = new Map(
    Object.entries({ CallSid: "CAreplay", From: "+46700000001", To: ourNumber, CallStatus: "ringing" }),
  );
  const { body } = await centre.double.customer.postForm("https://help.example/channels/voice/default/incoming", form);
  expect(body).toContain('language="sv-SE" transcriptionLanguage="sv-SE"');
  const token = /name="token" value="([^"]+)"/.exec(body)?.[1] ?? "";
  expect(token.length).toBeGreaterThan(30);
  const setup = { type: "setup", sessionId: "VX1", callSid: "CAreplay", customParameters: { token } };
  // Neither a made-up token nor another call's opens anything, nor uses it up.
  expect(await closedWith({ ...setup, customParameters: { token: "made-up" } })).toBe(1008);
  expect(await closedWith({ ...setup, customParameters: {} })).toBe(1008);
  expect(await closedWith({ ...setup, callSid: "CAother" })).toBe(1008);
  expect(await closedWith({ type: "prompt", voicePrompt: "hello", last: true })).toBe(1008);
  const { socket } = await open({ "x-twilio-signature": signature });
  socket.send(JSON.stringify(setup));
  socket.send(JSON.stringify({ type: "prompt", voicePrompt: "hello", last: true, lang: "en-US" }));
  await centre.until("the one session", async () => (await messagesOf("+46700000001")).length > 1);
  expect(await closedWith(setup)).toBe(1008);
  expect(
    await centre.desk.db.run((sql) => sql`select 1 from call_tokens where token_hash = ${Buffer.from(token)}`),
  ).toEqual([]);
  socket.close();
});

test("a caller who speaks over an answer stops it, and what was not heard was not said", async () => {
  const number = "+46701740606";
  const { line } = await dial(number);
  const frames = await answerTo(line, () => line.say("Var hittar jag min betalningsplan?"));
  const [first = ""] = textsOf(frames).map(({ token }) => token);
  const before = line.frames.length;
  line.interrupt(first.trim().slice(0, -5));
  const cut = await centre.until("the shorter transcript", async () => {
    const reply = (await messagesOf(number)).find(({ author }) => author === "assistant");
    const text = reply?.parts[0]?.text ?? "";
    return text.length < wordsOf(frames).trim().length && text;
  });
  expect(first.startsWith(cut)).toBe(true);
  expect(cut.length).toBeGreaterThan(5);
  expect(line.frames.length - before).toBeLessThanOrEqual(1);
  const [event] = await centre.desk.db.run(
    (sql) => sql<{ data: object }[]>`select e.data from events e join conversations c on c.id = e.conversation_id
      join contact_addresses a on a.contact_id = c.contact_id
      where a.value = ${number} and e.type = 'change' and e.data->>'change' = 'interrupted'`,
  );
  expect(event?.data).toMatchObject({ change: "interrupted", heardChars: cut.length });
  line.hangUp();
});

test("the call follows a caller into another language", async () => {
  const { line } = await dial("+46701740607");
  await answerTo(line, () => line.say("Var hittar jag min betalningsplan?"));
  const frames = await answerTo(line, () =>
    line.say("Could you please answer me in English, where is my payment plan?", "en-US"),
  );
  expect(frames[0]).toEqual({ type: "language", ttsLanguage: "en-US", transcriptionLanguage: "en-US" });
  expect(textsOf(frames)[0]?.lang).toBe("en-US");
  // What they say next is understood in it as well, and the call back into the first is one more message.
  const back = await answerTo(line, () => line.say("Svara mig på svenska tack, var hittar jag min betalningsplan?"));
  expect(back[0]).toEqual({ type: "language", ttsLanguage: "sv-SE", transcriptionLanguage: "sv-SE" });
  expect(line.faults).toEqual([]);
  line.hangUp();
});

test("coughs and rooms start no turn, and key 2 at first is English", async () => {
  const number = "+46701740608";
  const { line } = await dial(number);
  for (const noise of ["", " ", "hm", "Uh, um.", "…", "x"]) line.say(noise);
  const frames = await answerTo(line, () => line.press("2"));
  expect(frames[0]).toMatchObject({ type: "language", ttsLanguage: "en-US" });
  expect(wordsOf(frames)).toContain("AI assistant");
  await answerTo(line, () => line.say("what is a late fee?"));
  expect((await messagesOf(number)).filter(({ author }) => author === "contact")).toHaveLength(2);
  line.hangUp();
});

test("a hand-off leaves the session by its action, and the call goes on", async () => {
  const { callSid, line } = await dial("+447700900123");
  const frames = await answerTo(line, () => line.press("0"));
  expect(wordsOf(frames)).toContain("person");
  const end = await line.over;
  expect(JSON.parse(end.handoffData ?? "{}")).toMatchObject({ reason: "handoff", locale: "en" });
  // Nobody is left in silence while people are rung.
  await centre.until("a word", async () => (centre.double.customer.view(callSid, 2)?.said.length ?? 0) > 0);
});

/** What was heard after `from`, once it holds these words. */
const hears = (callSid: string, from: number, words: RegExp) =>
  centre.until(`they hear ${words}`, async () => {
    const said = (centre.double.customer.view(callSid, from)?.said ?? []).map(({ text }) => text).join(" ");
    return words.test(said) && said;
  });
const heardCount = (callSid: string) => centre.double.customer.view(callSid, 0)?.count ?? 0;
/** The session that took the place of another. */
const nextLine = (callSid: string, old: RelayLine | null) =>
  centre.until("another session", async () => {
    const line = centre.double.customer.line(callSid);
    return line !== null && line !== old && line;
  });

test("a dropped socket ends in a spoken sentence and another session; when that breaks again and again, in single requests", async () => {
  const number = "+447700900124";
  const { callSid, line } = await dial(number);
  const first = wordsOf(await answerTo(line, () => line.say("what is a late fee?")));
  await centre.until("it was played", async () => !line.speaking);
  let heard = heardCount(callSid);
  line.drop();
  // What was heard to its end is not said again: the caller is asked.
  expect(await hears(callSid, heard, /press 0/)).toMatch(/cut off.*say that again/s);
  let open = await nextLine(callSid, line);
  expect(wordsOf(await answerTo(open, () => open.say("how do I close my account?")))).toContain("Close balance");
  expect(wordsOf(open.frames)).not.toContain(first);
  // The token of the first session opens nothing for the second (A6).
  const [tokens] = await centre.desk.db.run(
    (sql) =>
      sql<
        { all: number; used: number }[]
      >`select count(*)::int as all, count(distinct session_id)::int as used from call_tokens where call_id = ${callSid}`,
  );
  expect(tokens).toEqual({ all: 2, used: 2 });
  heard = heardCount(callSid);
  open.drop();
  const again = await nextLine(callSid, open);
  await hears(callSid, heard, /cut off.*say that again/s);
  open = again;
  heard = heardCount(callSid);
  open.drop();
  expect(await hears(callSid, heard, /press 0/)).toMatch(/cut off/);
  expect(centre.double.customer.line(callSid)).toBe(null);
  const turn = await centre.double.customer.gather({ callSid, speech: "what is a late fee?" });
  expect(turn.said.map(({ text }) => text).join(" ")).toContain("late");
  expect(turn.ended).toBe(false);
});

test("who chooses a time while nobody is free comes back to the assistant over a socket", async () => {
  const number = "+12025550177";
  const { callSid, line } = await dial(number);
  line.press("0");
  await hears(callSid, 0, /Nobody/i);
  await centre.double.customer.gather({ callSid, digits: "2" });
  const open = await nextLine(callSid, line);
  await hears(callSid, 0, /When|which time|what time/i);
  const frames = await answerTo(open, () => open.say("tomorrow at three in the afternoon"));
  expect(wordsOf(frames)).toMatch(/call you|\d/);
  // What was said, and the text with the link to change it.
  expect((await messagesOf(number)).slice(-2).map(({ author }) => author)).toEqual(["assistant", "system"]);
  open.hangUp();
});

test("R5 an assistant-first callback is held over a socket: whom we called may say never again, and ask for a person", async () => {
  await writeSetting(centre.desk.db, hoursSetting.key, { ...alwaysOpenHours, mode: "assistant-first" }, null);
  const phone = "+12025550166";
  centre.double.answerAs(phone, { outcome: "human", talkMs: 60_000 });
  const ben = await centre.desk.agent("Ben");
  const { conversationId } = await centre.desk.says(phone, "Please call me");
  expect((await ben.call("POST", "/callbacks", { conversationId })).status).toBe(201);
  const placed = await centre.until("the call", async () => centre.double.calls.find(({ to }) => to === phone));
  const line = await centre.until("its session", async () => placed.relay);
  await centre.until("the greeting", async () => placed.heard.join(" ").includes("AI assistant"));
  expect(wordsOf(await answerTo(line, () => line.say("what is a late fee?")))).toContain("late");
  expect(wordsOf(await answerTo(line, () => line.say("please do not contact me any more")))).toContain("never call");
  expect(await centre.desk.db.run((sql) => sql`select 1 from never_call where phone = ${phone}`)).toHaveLength(1);
  line.press("0");
  await centre.until("looked for", async () => placed.heard.join(" ").includes("Nobody"));
  const [offer] = await centre.desk.db.run(
    (sql) => sql<{ state: string }[]>`select state from offers where conversation_id = ${conversationId}`,
  );
  expect(offer?.state).toBe("open");
  centre.double.hangUp(placed.sid);
  await centre.until("nobody is rung for who hung up", async () => {
    const [row] = await centre.desk.db.run(
      (sql) => sql<{ state: string }[]>`select state from offers where conversation_id = ${conversationId}`,
    );
    return row?.state === "withdrawn";
  });
  expect(centre.double.faults).toEqual([]);
});

test("C4 R7 who signs in by a code over the socket goes on in their account's conversation: answers, an agent's words and people reach the call", async () => {
  const number = "+12025550131";
  const { callSid, line } = await dial(number);
  const conversation = async () => {
    const [row] = await centre.desk.db.run(
      (sql) => sql<
        { id: string }[]
      >`select c.id from contact_addresses a join conversations c on c.contact_id = a.contact_id
        where a.channel = 'voice' and a.value = ${number}`,
    );
    return row?.id ?? "";
  };
  await answerTo(line, () => line.say("What is my balance?"));
  const before = await conversation();
  const texts = () => centre.double.journal.of("sms", number).map(({ body }) => /^(\d{6}) /.exec(body ?? "")?.[1]);
  const code = await centre.until("the code", async () => texts().find(Boolean));
  expect(wordsOf(await answerTo(line, () => [...code].forEach((digit) => void line.press(digit))))).toMatch(/\d/);
  const after = await conversation();
  expect(after).not.toBe(before);
  const place = async () => {
    const [row] = await centre.desk.db.run(
      (sql) => sql<{ id: string }[]>`select conversation_id as id from calls where external_id = ${callSid}`,
    );
    return row?.id === after;
  };
  await centre.until("the line is the account's", place);
  expect(wordsOf(await answerTo(line, () => line.say("what is a late fee?")))).toContain("late");
  // What is said over is shortened where it stands now.
  line.interrupt("A late");
  await centre.until("kept as heard", async () => {
    const rows = await centre.desk.db.run(
      (sql) => sql`select 1 from events where conversation_id = ${after} and data->>'change' = 'interrupted'`,
    );
    return rows.length > 0;
  });
  const eva = await centre.desk.agent("Eva");
  const written = await answerTo(line, () => {
    void eva.call("POST", `/conversations/${after}/messages`, {
      clientId: "1",
      kind: "reply",
      text: "Hello from Eva.",
    });
  });
  expect(wordsOf(written)).toContain("Hello from Eva.");
  // She has the conversation, so the call is people's.
  const end = await line.over;
  expect(JSON.parse(end.handoffData ?? "{}")).toMatchObject({ reason: "handoff" });
  expect(line.faults).toEqual([]);
});

test("R4 an answer that was said while it was stored, and then was not because an agent took over, is kept as what was said", async () => {
  const number = "+447700900140";
  const { callSid, line } = await dial(number);
  await answerTo(line, () => line.say("how do I close my account?"));
  const [{ id = "" } = {}] = await centre.desk.db.run(
    (sql) => sql<
      { id?: string }[]
    >`select c.id from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = 'voice' and a.value = ${number}`,
  );
  const fay = await centre.desk.agent("Fay");
  // Between the decision and its commit passes a second, in which she takes the conversation.
  await centre.desk.db.run((sql) => sql`alter function write_replies(jsonb) rename to write_replies_at_once`);
  await centre.desk.db.run(
    (sql) => sql`create function write_replies(batch jsonb)
      returns table (ord int, outcome text, conversation_id uuid, seq bigint, sends boolean, held boolean)
      language plpgsql as $$
      begin perform pg_sleep(1); return query select * from write_replies_at_once(batch); end $$`,
  );
  const heard = line.frames.length;
  line.say("what is a late fee?");
  const since = () => wordsOf(line.frames.slice(heard));
  await centre.until("said ahead", async () => since().includes("late"));
  expect((await fay.call("POST", `/conversations/${id}/claim`)).status).toBe(200);
  await line.over;
  await centre.until("kept as said", async () => (await messagesOf(number)).at(-1)?.author === "assistant");
  await centre.desk.db.run((sql) => sql`drop function write_replies(jsonb)`);
  await centre.desk.db.run((sql) => sql`alter function write_replies_at_once(jsonb) rename to write_replies`);
  const kept = (await messagesOf(number)).at(-1);
  expect(kept?.author).toBe("assistant");
  const letters = (text: string) => text.replace(/[^a-z]/gi, "").toLowerCase();
  expect(letters(kept?.parts[0]?.text ?? "")).toBe(letters(since()));
  expect(centre.double.customer.look(callSid)?.where).not.toBe("ended");
});

test("a thousand forged frames change nothing", async () => {
  const { line } = await dial("+447700900125");
  await answerTo(line, () => line.say("what is a late fee?"));
  await sleep(100);
  const before = await countRows();
  const kinds = ["", "{", "null", "[]", "7", '"prompt"', "{}", '{"type":"text","token":"hi"}', '{"type":"end"}'];
  const odd = [
    { type: "prompt" },
    { type: "prompt", voicePrompt: 7, last: true },
    { type: "prompt", voicePrompt: "hello", last: "yes" },
    { type: "dtmf", digit: "12" },
    { type: "dtmf", digit: "A" },
    { type: "interrupt", utteranceUntilInterrupt: { a: 1 } },
    { type: "setup", sessionId: 1 },
    { type: "setup", callSid: "CA1", customParameters: { token: { $ne: 1 } }, sessionId: "VX" },
    { type: "reply", seq: 1 },
    { type: "__proto__", voicePrompt: "x" },
    { type: "info", name: "tokensPlayed", value: "x".repeat(500) },
    { type: "error", description: "<Hangup/>" },
  ].map((one) => JSON.stringify(one));
  const all = [...kinds, ...odd];
  for (let number = 0; number < 1_000; number++) line.raw(all[number % all.length] ?? "");
  const frames = await answerTo(line, () => line.say("what is a late fee?"));
  expect(wordsOf(frames)).toContain("late");
  await sleep(100);
  const after = (await countRows()).split(" ").map(Number);
  const [messages = 0, events = 0, ...rest] = before.split(" ").map(Number);
  // The question and its answer, and nothing else.
  expect(after).toEqual([messages + 2, events + 2, ...rest]);
  line.hangUp();
});

test("a caller who wants a person leaves the socket, waits with words, and is joined with the agent who takes the call", async () => {
  const ada = await centre.desk.agent("Ada");
  await centre.desk.db.run(
    (sql) => sql`update agents set presence = 'available', open_at = now() where id = ${ada.id}`,
  );
  centre.double.behave({ musicMs: 300 });
  const { callSid } = await dial("+12025550188");
  await centre.double.customer.gather({ callSid, digits: "0" });
  const offer = await centre.until("the call is offered", async () =>
    (await ada.call("GET", "/calls")).body.offers.find((one: { address: string }) => one.address === "+12025550188"),
  );
  const heard = () => centre.double.customer.look(callSid)?.heard.join(" ") ?? "";
  await centre.until("words while waiting", async () => heard().includes("I am looking for a person"));
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  await centre.until("they talk", async () => centre.double.customer.look(callSid)?.where === "conference");
  expect(centre.double.customer.line(callSid)).toBe(null);
  await centre.double.customer.hangUp(callSid);
  expect(centre.double.faults).toEqual([]);
});
