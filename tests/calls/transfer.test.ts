import { once } from "node:events";
import fc from "fast-check";
import { jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createTwilioClient } from "../../channels/twilio/client.ts";
import { noAftermath } from "../../src/callbacks/aftermath.ts";
import { liveLines } from "../../src/calls/lines.ts";
import { acceptOffer } from "../../src/calls/offers.ts";
import { type LiveFacts, nextStep } from "../../src/calls/stage.ts";
import type { CallTurn } from "../../src/simulator/caller-lines.ts";
import { twimlFault } from "../../src/simulator/check-twiml.ts";
import { type CallCentre, clearLines, openCallCentre, ourNumber } from "../support/call-centre.ts";
import { callDesk } from "../support/call-desk.ts";
import type { SignedIn } from "../support/desk.ts";

const agentPhone = "+46812345678";
let centre: CallCentre;
let ada: SignedIn;
let bob: SignedIn;
let root: SignedIn;
beforeAll(async () => {
  centre = await openCallCentre();
  centre.double.behave({ musicMs: 300 });
  [ada, bob, root] = await Promise.all([
    centre.desk.agent("Ada"),
    centre.desk.agent("Bob"),
    centre.desk.agent("Root", "admin"),
  ]);
  // The first answer trains the assistant, and the first request loads the provider's SDK.
  const first = await dial("+46701749999");
  await says(first, "hello");
  await centre.double.customer.hangUp(first.callSid);
}, 90_000);
afterAll(async () => {
  expect(centre.double.faults).toEqual([]);
  await centre.close();
});

const sql = <Row>(work: (sql: Parameters<Parameters<CallCentre["desk"]["db"]["run"]>[0]>[0]) => Promise<Row>) =>
  centre.desk.db.run(work);
const presence = (who: SignedIn, is: string, phone: string | null = null) =>
  sql((db) => db`update agents set presence = ${is}, phone = ${phone}, open_at = now() where id = ${who.id}`);
beforeEach(async () => {
  // Nobody is called back for an earlier test.
  await sql(
    (db) => db`update callbacks set state = 'cancelled', ended_at = now()
      where state in ('requested', 'scheduled', 'due', 'dialling', 'connected')`,
  );
  await sql((db) => db`update offers set state = 'withdrawn', ended_at = now() where state in ('open', 'taken')`);
  await clearLines(centre.desk.db);
  await sql((db) => db`update agents set presence = 'offline', phone = null`);
});

let numbers = 0;
const number = () => `+4670174${String(++numbers).padStart(4, "0")}`;
const dial = (from: string) => centre.double.customer.call({ from, to: ourNumber });
const says = ({ callSid }: Pick<CallTurn, "callSid">, speech: string) =>
  centre.double.customer.gather({ callSid, speech });
const presses = ({ callSid }: Pick<CallTurn, "callSid">, digits: string) =>
  centre.double.customer.gather({ callSid, digits });
const caller = ({ callSid }: Pick<CallTurn, "callSid">) => {
  const look = centre.double.customer.look(callSid);
  if (look === null) throw new Error("no such call");
  return look;
};
const spoken = (call: Pick<CallTurn, "callSid">) => caller(call).heard.join(" ");

/** A caller who asked for a person, and their call's and conversation's ids. */
async function wantsPerson(from = number()) {
  const call = await dial(from);
  await presses(call, "0");
  await centre.until(
    "the caller waits for people",
    async () => caller(call).where !== "listening" || /colega|kolleg|ledig/.test(spoken(call)),
  );
  const [row] = await sql(
    (db) => db<{ id: string; conversationId: string }[]>`
      select id, conversation_id as "conversationId" from calls where external_id = ${call.callSid}`,
  );
  if (row === undefined) throw new Error("The call is not stored.");
  return { ...call, ...row, from };
}
const offersOf = async (who: SignedIn) =>
  (await who.call("GET", "/calls")).body.offers as { id: string; callId: string }[];
const offerOf = (who: SignedIn, { id }: { id: string }) =>
  centre.until("the call is offered", async () => (await offersOf(who)).find((one) => one.callId === id));
const callOf = async (who: SignedIn) => (await who.call("GET", "/calls")).body.call;
const told = async (who: SignedIn, { conversationId }: { conversationId: string }) =>
  (
    (await who.call("GET", `/conversations/${conversationId}/events`)).body.events as {
      type: string;
      data: { change?: string };
    }[]
  )
    .filter(({ type }) => type === "call")
    .map(({ data }) => data.change)
    .filter(Boolean);
const talks = (call: Pick<CallTurn, "callSid">) =>
  centre.until("the caller talks with somebody", async () => caller(call).where === "conference");
const dialled = (who: SignedIn) =>
  centre.double.calls.filter((one) => one.to === `client:agent_${who.id.replaceAll("-", "_")}`);

/** What the dialler would have asked the provider for this line. */
async function placeLike(legId: string, to: string): Promise<void> {
  const account = `AC${"a".repeat(32)}`;
  const base = "https://help.example/channels/voice/default";
  const body = new URLSearchParams({
    To: to,
    From: ourNumber,
    Url: `${base}/answered?c=${legId}`,
    StatusCallback: `${base}/status?c=${legId}`,
  });
  const authorization = `Basic ${Buffer.from(`${account}:token-for-tests`).toString("base64")}`;
  const url = `${centre.double.url}/2010-04-01/Accounts/${account}/Calls.json`;
  expect((await fetch(url, { method: "POST", headers: { authorization }, body })).status).toBe(201);
}

/** Ada has the call in her browser. */
async function connected() {
  await presence(ada, "available");
  const call = await wantsPerson();
  const offer = await offerOf(ada, call);
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  await talks(call);
  return call;
}

test("R4 R5 of many agents one takes the call: dialled once, told what it is about, joined with the caller, and the assistant is silent", async () => {
  const agents = await Promise.all(Array.from({ length: 8 }, (_, index) => centre.desk.agent(`Taker ${index}`)));
  for (const agent of agents) await presence(agent, "available");
  const call = await wantsPerson();
  expect(spoken(call)).toContain("person som kan ta ditt samtal");
  const offer = await offerOf(agents[0] as SignedIn, call);
  const accept = async (agent: SignedIn): Promise<number> => {
    const { status } = await agent.call("POST", `/calls/offers/${offer.id}/accept`);
    // On a busy machine some are told to try again.
    return status === 503 ? accept(agent) : status;
  };
  const answers = await Promise.all(agents.map(accept));
  expect([...answers].sort()).toEqual([200, ...Array(7).fill(409)]);
  const winner = agents[answers.indexOf(200)] as SignedIn;
  await talks(call);
  expect(dialled(winner)).toHaveLength(1);
  expect(dialled(winner)[0]?.heard.join(" ")).toContain("Call with 4 6 7 0");
  expect(dialled(winner)[0]?.conference).toBe(call.id);
  expect((await winner.call("GET", `/conversations/${call.conversationId}`)).body).toMatchObject({
    owner: "agent",
    agentId: winner.id,
  });
  // What the caller says now is said to the agent, not to the assistant.
  await says(call, "hello, are you there?");
  expect(dialled(winner)[0]?.heard.at(-1)).toBe("hello, are you there?");
  // Taken again by the same agent, it is theirs already; a colleague is told.
  expect((await winner.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  expect(dialled(winner)).toHaveLength(1);
  await centre.double.customer.hangUp(call.callSid);
  await centre.until("the agent's line ends", async () => dialled(winner)[0]?.endedAt !== null);
}, 60_000);

test("an agent on a telephone hears who it is and accepts with a key; one who does not answer is set aside and the next is asked", async () => {
  await presence(ada, "available", agentPhone);
  centre.double.answerAs(agentPhone, { outcome: "no-answer", key: "1", talkMs: 60_000 });
  const call = await wantsPerson();
  const first = await offerOf(ada, call);
  await presence(bob, "available");
  expect((await ada.call("POST", `/calls/offers/${first.id}/accept`)).status).toBe(200);
  const second = await centre.until("the next is asked", async () =>
    (await offersOf(bob)).find((one) => one.callId === call.id && one.id !== first.id),
  );
  expect((await ada.call("GET", "/presence")).body.presence).toBe("away");
  expect(await offersOf(ada)).toEqual([]);
  await presence(bob, "available", agentPhone);
  centre.double.answerAs(agentPhone, { outcome: "human" });
  expect((await bob.call("POST", `/calls/offers/${second.id}/accept`)).status).toBe(200);
  await talks(call);
  const line = centre.double.calls.filter((one) => one.to === agentPhone).at(-1);
  expect(line?.heard.join(" ")).toContain("Press 1 to take the call");
  // Whoever puts the telephone down has ended the call: the caller hears a goodbye.
  await centre.double.hangUp(line?.sid ?? "");
  await centre.until("the call is over", async () => caller(call).where === "ended");
  expect(await told(bob, call)).toEqual(expect.arrayContaining(["offered", "taken", "missed", "joined"]));
}, 60_000);

test("during the call: hold with words, mute, keys, hang-up; then wrap-up, and only then the next call", async () => {
  const call = await connected();
  const act = (path: string, body: object = {}) => ada.call("POST", `/calls/${call.id}/${path}`, body);
  const line = dialled(ada).at(-1);
  expect((await act("hold", { on: true })).status).toBe(204);
  await centre.until("hold words", async () => spoken(call).includes("Vänta kvar, vi är strax tillbaka"));
  centre.double.conferences.say(line?.sid ?? "", "said behind the customer's back");
  expect(spoken(call)).not.toContain("behind the customer's back");
  expect((await callOf(ada)).lines.find((one: { leg: string }) => one.leg === "customer").held).toBe(true);
  expect((await act("hold", { on: false })).status).toBe(204);
  centre.double.conferences.say(line?.sid ?? "", "Here I am again.");
  expect(spoken(call)).toContain("Here I am again.");
  expect((await act("mute")).status).toBe(204);
  centre.double.conferences.say(line?.sid ?? "", "said while muted");
  expect(spoken(call)).not.toContain("said while muted");
  expect((await act("keys", { keys: "12#" })).status).toBe(204);
  await centre.until("keys are played", async () => spoken(call).includes("[keys 12#]"));
  expect((await act("leave")).body.error.code).toBe("Alone");
  expect((await act("wrap-up", { note: "too early" })).body.error.code).toBe("StillOn");
  expect((await bob.call("POST", `/calls/${call.id}/hang-up`)).status).toBe(404);
  expect((await act("hang-up")).status).toBe(204);
  await centre.until("it is over for both", async () => caller(call).where === "ended" && line?.endedAt !== null);
  const next = await wantsPerson();
  const offer = await offerOf(ada, next);
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).body.error.code).toBe("NotFree");
  await centre.until("wrap-up is due", async () => (await callOf(ada))?.wrapUp === true);
  expect((await act("wrap-up", { disposition: "Solved", note: "Sent the <b>bill</b> again." })).status).toBe(204);
  expect(await callOf(ada)).toBe(null);
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  await talks(next);
  const events = await told(ada, call);
  for (const change of ["offered", "taken", "joined", "held", "resumed", "muted", "left", "wrapped-up"])
    expect(events).toContain(change);
}, 60_000);

test("a colleague is asked in, talks, and keeps the call when the first agent leaves; a supervisor is heard by one agent alone", async () => {
  const call = await connected();
  const act = (path: string, body: object = {}) => ada.call("POST", `/calls/${call.id}/${path}`, body);
  expect((await act("invite", { agentId: bob.id })).body.error.code).toBe("NotFree");
  await presence(bob, "available");
  expect((await act("invite", { agentId: bob.id })).status).toBe(204);
  // Bob does not hear it: it rings no more, Ada reads so, and may ask him again.
  const unheard = await offerOf(bob, call);
  await sql((db) => db`update offers set made_at = now() - interval '1 minute' where id = ${unheard.id}`);
  await centre.until("it rings no more", async () => (await offersOf(bob)).length === 0);
  expect((await bob.call("POST", `/calls/offers/${unheard.id}/accept`)).body.error.code).toBe("Taken");
  expect(await told(ada, call)).toContain("colleague-missed");
  expect((await act("invite", { agentId: bob.id })).status).toBe(204);
  const asked = await offerOf(bob, call);
  // Asked by name: it is nobody else's, and a call that is there already.
  expect((await root.call("POST", `/calls/offers/${asked.id}/accept`)).status).toBe(404);
  expect((await bob.call("POST", `/calls/offers/${asked.id}/accept`)).status).toBe(200);
  await centre.until("both are in", async () => centre.double.conferences.look(call.id)?.lines.length === 3);
  const [ofAda, ofBob] = [dialled(ada).at(-1), dialled(bob).at(-1)];
  expect(ofBob?.heard.join(" ")).toContain("Ada asks you into a call");
  expect((await ada.call("POST", `/calls/${call.id}/coach`, { heard: true })).status).toBe(403);
  expect((await root.call("POST", `/calls/${call.id}/coach`, { agentId: ada.id, heard: true })).status).toBe(204);
  await centre.until("the supervisor is in", async () => centre.double.conferences.look(call.id)?.lines.length === 4);
  const ofRoot = dialled(root).at(-1);
  const heardBefore = caller(call).heard.length;
  centre.double.conferences.say(ofRoot?.sid ?? "", "offer them a discount");
  expect(ofAda?.heard.at(-1)).toBe("offer them a discount");
  expect(ofBob?.heard.at(-1)).not.toBe("offer them a discount");
  expect(caller(call).heard).toHaveLength(heardBefore);
  expect((await root.call("POST", `/calls/${call.id}/coach`, { heard: false })).status).toBe(204);
  centre.double.conferences.say(ofRoot?.sid ?? "", "said while listening");
  expect(ofAda?.heard.at(-1)).not.toBe("said while listening");
  // Whoever listens can do nothing to the call but stop listening.
  expect((await root.call("POST", `/calls/${call.id}/hold`, { on: true })).status).toBe(404);
  expect((await root.call("POST", `/calls/${call.id}/hang-up`)).status).toBe(204);
  await centre.until("the supervisor is gone", async () => ofRoot?.endedAt !== null);
  expect(caller(call).where).toBe("conference");
  expect((await act("leave")).status).toBe(204);
  await centre.until("the call is Bob's", async () => {
    const { body } = await bob.call("GET", `/conversations/${call.conversationId}`);
    return body.agentId === bob.id;
  });
  expect(caller(call).where).toBe("conference");
  await centre.double.customer.hangUp(call.callSid);
  await centre.until("nobody stays behind", async () => centre.double.conferences.look(call.id) === null);
}, 60_000);

test("a browser that goes away loses the call, not the caller: they hear so and somebody else is asked", async () => {
  const call = await connected();
  centre.double.hangUp(dialled(ada).at(-1)?.sid ?? "");
  await centre.until("told", async () => spoken(call).includes("Linjen till min kollega bröts"));
  await presence(bob, "available");
  const offer = await offerOf(bob, call);
  expect((await bob.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  await talks(call);
  await centre.double.customer.hangUp(call.callSid);
}, 60_000);

test.each([null, agentPhone])(
  "R4 an agent who is done (on %s) gives the caller back to the assistant: they hear so, and are answered or looked after again",
  async (phone) => {
    if (phone !== null) centre.double.answerAs(phone, { outcome: "human", key: "1", talkMs: 60_000 });
    await presence(ada, "available", phone);
    const call = await wantsPerson();
    const offer = await offerOf(ada, call);
    expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
    await talks(call);
    expect((await ada.call("POST", `/calls/${call.id}/give-back`)).status).toBe(204);
    await centre.until("told", async () => spoken(call).includes("Nu talar du med vår AI-assistent igen"));
    expect(spoken(call)).not.toContain("Linjen till min kollega bröts");
    expect((await ada.call("GET", `/conversations/${call.conversationId}`)).body.owner).toBe("assistant");
    expect(await told(ada, call)).toContain("left");
    const answer = await says(call, "Hur betalar jag?");
    expect(answer.said.map(({ text }) => text).join(" ")).not.toBe("");
    expect(answer.ended).toBe(false);
    // People can have the call again.
    await presses(call, "0");
    await centre.until(
      "looked for again",
      async () => spoken(call).split("Jag letar efter").length > 1 || /ledig/.test(spoken(call)),
    );
    await centre.double.customer.hangUp(call.callSid);
  },
  60_000,
);

test("R4 a conversation that is given to the assistant in the middle of a call: a lost line goes back to the assistant", async () => {
  const call = await connected();
  expect((await ada.call("POST", `/conversations/${call.conversationId}/release`, { to: "assistant" })).status).toBe(
    200,
  );
  // They still talk: the assistant says nothing.
  expect(caller(call).where).toBe("conference");
  centre.double.hangUp(dialled(ada).at(-1)?.sid ?? "");
  await centre.until("told", async () => spoken(call).includes("Nu talar du med vår AI-assistent igen"));
  // Silence is asked after, then ends in a goodbye: never dead air.
  for (let times = 0; times < 4 && caller(call).where !== "ended"; times++)
    await centre.double.customer.gather({ callSid: call.callSid });
  expect(caller(call).where).toBe("ended");
  expect(spoken(call)).toContain("Tack för att du ringde");
}, 60_000);

test("an agent takes the call of somebody who still talks with the assistant", async () => {
  const call = await dial(number());
  await says(call, "Hur betalar jag?");
  const [row] = await sql(
    (db) => db<{ id: string; conversationId: string }[]>`
      select id, conversation_id as "conversationId" from calls where external_id = ${call.callSid}`,
  );
  const conversationId = row?.conversationId ?? "";
  expect((await ada.call("POST", "/calls", { conversationId })).body.error.code).toBe("NotFree");
  await presence(ada, "available");
  expect((await ada.call("POST", "/calls", { conversationId })).status).toBe(200);
  await talks(call);
  expect((await ada.call("GET", `/conversations/${conversationId}`)).body.agentId).toBe(ada.id);
  expect((await bob.call("POST", "/calls", { conversationId })).body.error.code).toBe("Taken");
  await centre.double.customer.hangUp(call.callSid);
}, 60_000);

test("P4 nobody there: a message is left after it was said that it is recorded, and is in the timeline as sound and words", async () => {
  const call = await wantsPerson();
  expect(spoken(call)).toContain("Tryck 3 för att lämna ett meddelande, som vi spelar in");
  await presses(call, "3");
  expect(spoken(call)).toContain("spelas in och sparas");
  expect(caller(call).where).toBe("recording");
  await says(call, "Jag har fått fel faktura.");
  await centre.until("the line is closed", async () => caller(call).where === "ended");
  expect(spoken(call)).toContain("Ditt meddelande finns hos vår personal");
  const parts = await centre.until("sound and words", async () => {
    const { body } = await ada.call("GET", `/conversations/${call.conversationId}/events`);
    const all = body.events.flatMap(
      (event: { parts: { t: string; state?: string; text?: string }[] | null }) => event.parts ?? [],
    );
    const sound = all.find((part: { t: string; state?: string }) => part.t === "media" && part.state === "ready");
    const text = all.find((part: { text?: string }) => part.text === "Jag har fått fel faktura.");
    return sound !== undefined && text !== undefined ? { sound, text } : null;
  });
  expect(parts.sound).toMatchObject({ kind: "voice", mime: "audio/mpeg" });
  expect(await told(ada, call)).toContain("recording-announced");
  // Their conversation still waits for people, who answer it.
  expect((await ada.call("GET", `/conversations/${call.conversationId}`)).body.owner).toBe("queue");
}, 60_000);

test("nobody there: the place is kept by a word, a time is chosen in words, and silence ends in a goodbye", async () => {
  const kept = await wantsPerson();
  await says(kept, "Ring upp mig");
  await centre.until("over", async () => caller(kept).where === "ended");
  expect(spoken(kept)).toContain("Du behåller din plats");
  const promised = await sql(
    (db) => db<{ phone: string; source: string; wanted_at: Date | null; proven: boolean }[]>`
    select phone, source, wanted_at, proven from callbacks where conversation_id = ${kept.conversationId}`,
  );
  // What a line shows of a number proves nothing (channels.md 5.1).
  expect(promised).toEqual([{ phone: kept.from, source: "voice", wanted_at: null, proven: false }]);
  const texts = (phone: string) => centre.double.journal.of("sms", phone).map(({ body }) => body);
  await centre.until("a text with the link", async () =>
    texts(kept.from).some((text) => /så snart någon är ledig.*\/call\//s.test(text)),
  );
  const later = await wantsPerson();
  await presses(later, "2");
  expect(spoken(later)).toContain("När ska vi ringa dig?");
  await says(later, "i morgon klockan tio");
  const [at] = await centre.until("a time is promised", async () => {
    const rows = await sql(
      (db) => db<{ local_time: string }[]>`
      select local_time from callbacks where conversation_id = ${later.conversationId} and wanted_at is not null`,
    );
    return rows.length === 1 ? rows : null;
  });
  expect(at?.local_time).toContain("T10:00");
  await centre.until("a text with the time", async () =>
    texts(later.from).some((text) => /10:00.*\/call\//s.test(text)),
  );
  await centre.double.customer.hangUp(later.callSid);
  const silent = await wantsPerson();
  for (let times = 0; times < 3 && caller(silent).where !== "ended"; times++)
    await centre.double.customer.gather({ callSid: silent.callSid });
  expect(caller(silent).where).toBe("ended");
  expect(spoken(silent)).toContain("Tack för att du ringde");
}, 60_000);

test("R6 an agent who closed the browser takes no calls in it: nobody waits for offers that nobody sees", async () => {
  const inbox = new WebSocket(`${centre.desk.url.replace("http", "ws")}/api/v1/live`, {
    headers: { authorization: `Bearer ${ada.token}` },
  });
  await once(inbox, "open");
  await presence(ada, "available");
  await sql((db) => db`update agents set open_at = now() - interval '2 minutes' where id = ${ada.id}`);
  const alone = await wantsPerson();
  expect(spoken(alone)).toContain("Ingen är ledig");
  expect(spoken(alone)).not.toContain("vänta kvar");
  await centre.double.customer.hangUp(alone.callSid);
  // It stands open behind other windows: it rings all the same.
  inbox.send(JSON.stringify({ here: false }));
  await centre.until("the open inbox is known", async () => {
    const rows = await sql(
      (db) => db`select 1 from agents where id = ${ada.id} and open_at > now() - interval '1 minute'`,
    );
    return rows.length > 0;
  });
  const call = await wantsPerson();
  expect(spoken(call)).toContain("Jag letar efter en person");
  await centre.double.customer.hangUp(call.callSid);
  inbox.close();
  // A telephone rings wherever they are.
  await presence(ada, "available", agentPhone);
  await sql((db) => db`update agents set open_at = null where id = ${ada.id}`);
  const rung = await wantsPerson();
  expect(spoken(rung)).toContain("Jag letar efter en person");
  await centre.double.customer.hangUp(rung.callSid);
}, 60_000);

test("a caller who hangs up while they wait is offered to nobody any more, and one who stays hears their place", async () => {
  await presence(ada, "busy");
  const [first, second] = [await wantsPerson(), await wantsPerson()];
  expect(spoken(second)).toContain("Du är nummer 2 i kön");
  expect(spoken(second)).toContain("vänta kvar");
  await centre.double.customer.hangUp(first.callSid);
  await presence(ada, "available");
  const offers = await centre.until("the second is offered alone", async () => {
    const now = await offersOf(ada);
    return now.some((one) => one.callId === second.id) && !now.some((one) => one.callId === first.id) ? now : null;
  });
  expect(offers).toHaveLength(1);
  expect((await ada.call("POST", `/calls/offers/${offers[0]?.id}/decline`)).status).toBe(204);
  expect(await offersOf(ada)).toEqual([]);
  await centre.double.customer.hangUp(second.callSid);
}, 60_000);

test("measures: who wanted a person, was answered in time, gave up, or chose to be called; in all and by day and team", async () => {
  const measures = async (by: string) => (await root.call("GET", `/measures/calls?days=1&within=20&by=${by}`)).body;
  const before = (await measures("day")).inbound;
  const answered = await connected();
  await centre.double.customer.hangUp(answered.callSid);
  await presence(ada, "offline");
  const gone = await wantsPerson();
  await centre.until("nobody is free", async () => spoken(gone).includes("ledig"));
  expect((await measures("day")).inbound.waiting).toBe(before.waiting + 1);
  await centre.double.customer.hangUp(gone.callSid);
  const kept = await wantsPerson();
  await presses(kept, "1");
  await centre.until("it is over", async () => caller(kept).where === "ended");
  const alone = await dial(number());
  await centre.double.customer.hangUp(alone.callSid);
  const now = await centre.until("all of it is counted", async () => {
    const { inbound } = await measures("day");
    return inbound.abandoned > before.abandoned && inbound.medianHandleSeconds !== null && inbound;
  });
  const more = (name: string) => now[name] - before[name];
  expect(["calls", "wanted", "answered", "answeredWithin", "abandoned", "callbacks", "messages"].map(more)).toEqual([
    4, 3, 1, 1, 1, 1, 0,
  ]);
  expect(now.medianWaitSeconds).toBeLessThan(20);
  const day = new Intl.DateTimeFormat("sv", { timeZone: "Europe/Stockholm" }).format(new Date());
  const [today] = (await measures("day")).by.filter(({ key }: { key: string }) => key === day);
  expect(today.inbound.calls).toBeGreaterThanOrEqual(4);
  expect((await measures("team")).by.map(({ key }: { key: string }) => key)).toEqual([""]);
  expect((await measures("channel")).by.map(({ key }: { key: string }) => key)).toContain("voice");
});

test("R5 the line is on disk before it is dialled: killed between the two, it is looked up, and rung once at most", async () => {
  for (const taken of [false, true]) {
    await presence(ada, "available");
    const call = await wantsPerson();
    const offer = await offerOf(ada, call);
    const before = dialled(ada).length;
    // The transaction of an acceptance whose process dies at its end: nothing of what is left to be done is done.
    const desk = callDesk(centre.desk.db, { lines: liveLines });
    const accepted = await acceptOffer(desk, ada.id, offer.id, noAftermath());
    expect(accepted.outcome).toBe("accepted");
    // As if the provider had taken it, or not, before the process died.
    if (taken) {
      const [leg] = await sql((db) => db<{ id: string }[]>`select id from calls where offer_id = ${offer.id}`);
      await placeLike(leg?.id ?? "", `client:agent_${ada.id.replaceAll("-", "_")}`);
    }
    await sql((db) => db`update calls set look_at = now() where offer_id = ${offer.id}`);
    if (taken) await talks(call);
    else {
      const next = await centre.until("the next is asked", async () => {
        await sql((db) => db`update calls set look_at = now() where offer_id = ${offer.id} and ended_at is null`);
        await presence(bob, "available");
        return (await offersOf(bob)).find((one) => one.callId === call.id && one.id !== offer.id);
      });
      expect(next.id).not.toBe(offer.id);
    }
    expect(dialled(ada).length - before).toBe(taken ? 1 : 0);
    await centre.double.customer.hangUp(call.callSid);
    await presence(bob, "offline");
    await clearLines(centre.desk.db);
  }
}, 90_000);

test("reports that come twice, late or in the wrong order change nothing", async () => {
  centre.double.behave({ duplicateWebhooks: 1, reorderStatuses: 0.5 });
  const call = await connected();
  await centre.double.customer.hangUp(call.callSid);
  await centre.until("the agent's line is over", async () => dialled(ada).at(-1)?.endedAt !== null);
  centre.double.behave({ duplicateWebhooks: 0, reorderStatuses: 0 });
  await centre.until("wrap-up is due", async () => (await callOf(ada))?.wrapUp === true);
  const changes = await told(ada, call);
  for (const once of ["offered", "taken", "joined"]) expect(changes.filter((one) => one === once)).toHaveLength(1);
  const rows = await sql((db) => db`select 1 from offers where conference = ${call.id}`);
  expect(rows).toHaveLength(1);
}, 60_000);

test("what a caller hears next follows from what is so, whatever comes in whatever order", () => {
  fc.assert(
    fc.property(
      fc.record({
        stage: fc.constantFrom("assistant", "waiting", "choosing", "message", "talking", "over"),
        owner: fc.constantFrom("assistant", "queue", "agent"),
        agentIn: fc.boolean(),
        offer: fc.constantFrom("open", "taken", null),
        free: fc.boolean(),
        staffed: fc.boolean(),
        choice: fc.constantFrom("callback", "time", "message", null),
        recorded: fc.constantFrom(true, false, null),
        sinceToldMs: fc.option(fc.nat(100_000)),
        silences: fc.nat(5),
      }) as fc.Arbitrary<LiveFacts>,
      (facts) => {
        const step = nextStep(facts);
        expect(nextStep(facts)).toEqual(step);
        if (facts.stage === "over") expect(step.do).toBe("hang-up");
        else if (facts.agentIn) expect(step.do).toBe("join");
        else {
          expect(step.do).not.toBe("join");
          // Never in silence for longer than a tune and a half.
          if (step.do === "wait" && !step.tell)
            expect(facts.sinceToldMs ?? Number.POSITIVE_INFINITY).toBeLessThan(25_000);
          // Nobody hangs up on a caller for whom somebody is on the way.
          if (facts.offer === "taken" || facts.free) expect(step.do).not.toBe("hang-up");
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

test("who signs in during the call goes on in their account's conversation, and so does the call", async () => {
  const call = await dial(number());
  await says(call, "Hur betalar jag?");
  const other = await centre.desk.says("+46701740999", "I am the account");
  const [moved] = await sql(
    (db) => db<{ conversation_id: string }[]>`
      with target as (select contact_id from conversations where id = ${other.conversationId})
      update contact_addresses a set contact_id = target.contact_id from target
      where a.channel = 'voice' and a.value = ${caller(call).from} returning ${other.conversationId}::uuid as conversation_id`,
  );
  expect(moved?.conversation_id).toBe(other.conversationId);
  await presence(ada, "available");
  await sql((db) => db`update conversations set owner = 'queue', fence = fence + 1 where id = ${other.conversationId}`);
  await says(call, "Jag vill prata med en person");
  const [{ id } = { id: "" }] = await sql(
    (db) => db<{ id: string }[]>`select id from calls where external_id = ${call.callSid}`,
  );
  const offer = await offerOf(ada, { id });
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  await talks(call);
  expect((await ada.call("GET", `/conversations/${other.conversationId}`)).body.agentId).toBe(ada.id);
  await centre.double.customer.hangUp(call.callSid);
}, 60_000);

test("a promised call has the same bar: hold, and what came of it is the callback's outcome", async () => {
  const from = number();
  centre.double.answerAs(from, { talkMs: 600_000 });
  const { conversationId } = await centre.desk.says(from, "Please call me");
  await presence(ada, "available");
  const booked = await ada.call("POST", "/callbacks", { conversationId });
  const id = booked.body.callback.id as string;
  const offer = await offerOf(ada, { id });
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  const shown = await centre.until("both are on the line", async () => {
    const now = await callOf(ada);
    return now?.lines.filter((line: { joined: boolean }) => line.joined).length === 2 ? now : null;
  });
  expect(shown.id).toBe(id);
  expect((await ada.call("POST", `/calls/${id}/hold`, { on: true })).status).toBe(204);
  const customer = centre.double.calls.find((one) => one.to === from);
  await centre.until("hold words", async () => customer?.heard.join(" ").includes("right back with you"));
  expect((await ada.call("POST", `/calls/${id}/hang-up`)).status).toBe(204);
  await centre.until("wrap-up is due", async () => (await callOf(ada))?.wrapUp === true);
  expect((await ada.call("POST", `/calls/${id}/wrap-up`, { disposition: "Solved", note: "Paid." })).status).toBe(204);
  const [row] = await sql(
    (db) => db<{ disposition: string; outcome: string }[]>`select disposition, outcome from callbacks where id = ${id}`,
  );
  expect(row).toEqual({ disposition: "Solved", outcome: "Paid." });
}, 60_000);

test("A1 the telephone in the browser signs in with a token of the account's key, for this agent, to be called only", async () => {
  expect((await ada.call("POST", "/calls/token")).body.error.code).toBe("NoBrowserPhone");
  const [accountSid, apiKey, apiSecret] = [`AC${"b".repeat(32)}`, `SK${"c".repeat(32)}`, "secret-of-the-key"];
  const client = createTwilioClient({ accountSid, authToken: "x", apiKey, apiSecret, apiUrl: null });
  const made = await client.voiceToken("agent_1", 3_600);
  const { payload, protectedHeader } = await jwtVerify(made?.token ?? "", new TextEncoder().encode(apiSecret));
  expect(protectedHeader).toEqual({ alg: "HS256", typ: "JWT", cty: "twilio-fpa;v=1" });
  expect(payload).toMatchObject({
    iss: apiKey,
    sub: accountSid,
    grants: { identity: "agent_1", voice: { incoming: { allow: true } } },
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
});

test("the double refuses what Twilio refuses of conferences, and of documents", async () => {
  const call = await connected();
  const account = `AC${"a".repeat(32)}`;
  const authorization = `Basic ${Buffer.from(`${account}:token-for-tests`).toString("base64")}`;
  const base = `${centre.double.url}/2010-04-01/Accounts/${account}/Conferences`;
  const listed = await fetch(`${base}.json?FriendlyName=${call.id}&Status=in-progress`, { headers: { authorization } });
  const { conferences } = (await listed.json()) as { conferences: { sid: string }[] };
  expect(conferences).toHaveLength(1);
  const change = async (callSid: string, fields: Record<string, string>) => {
    const url = `${base}/${conferences[0]?.sid}/Participants/${callSid}.json`;
    const init = { method: "POST", headers: { authorization }, body: new URLSearchParams(fields) };
    return (await fetch(url, init)).status;
  };
  expect(await change(call.callSid, { Muted: "maybe" })).toBe(400);
  expect(await change(call.callSid, { Hold: "true", HoldUrl: "nowhere" })).toBe(400);
  expect(await change(call.callSid, { Coaching: "true" })).toBe(400);
  expect(await change(call.callSid, { Coaching: "true", CallSidToCoach: `CA${"0".repeat(32)}` })).toBe(400);
  expect(await change(call.callSid, { Silence: "true" })).toBe(400);
  expect(await change(`CA${"0".repeat(32)}`, { Muted: "true" })).toBe(404);
  await centre.double.customer.hangUp(call.callSid);
  const inside = (xml: string) => twimlFault(`<Response>${xml}</Response>`);
  expect(inside('<Dial><Conference coach="Ada">x</Conference></Dial>')).toContain("coach");
  expect(inside('<Record maxLength="0"/>')).toContain("maxLength");
  expect(inside("<Gather><Record/></Gather>")).toContain("does not stand in");
  expect(inside("<Enqueue>x</Enqueue>")).toContain("no verb");
  expect(inside('<Dial><Conference muted="true">x</Conference></Dial>')).toBe(null);
}, 60_000);
