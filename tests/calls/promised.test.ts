import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noAftermath } from "../../src/callbacks/aftermath.ts";
import { takeReport } from "../../src/callbacks/call-flow.ts";
import { liveLines } from "../../src/calls/lines.ts";
import { hoursSetting } from "../../src/settings/hours.ts";
import { writeSetting } from "../../src/settings/settings.ts";
import { alwaysOpenHours } from "../support/always-open.ts";
import { type CallCentre, clearLines, openCallCentre, ourNumber } from "../support/call-centre.ts";
import { callDesk } from "../support/call-desk.ts";
import type { SignedIn } from "../support/desk.ts";

/** What agents do with a call that was promised, and what becomes of the customer when an agent's line is lost. */
let centre: CallCentre;
let ada: SignedIn;
let bob: SignedIn;
beforeAll(async () => {
  centre = await openCallCentre({ VOICE_TRANSPORT: "gather" });
  centre.double.behave({ musicMs: 300 });
  [ada, bob] = await Promise.all([centre.desk.agent("Ada"), centre.desk.agent("Bob")]);
}, 60_000);
afterAll(async () => {
  expect(centre.double.faults).toEqual([]);
  await centre.close();
});

const sql = <Row>(work: Parameters<typeof centre.desk.db.run<Row>>[0]) => centre.desk.db.run(work);
const presence = (who: SignedIn, is: string) =>
  sql((db) => db`update agents set presence = ${is}, phone = null, open_at = now() where id = ${who.id}`);
const mode = (wanted: "agent-first" | "customer-first") =>
  writeSetting(centre.desk.db, hoursSetting.key, { ...alwaysOpenHours, mode: wanted }, null);
beforeEach(async () => {
  await sql((db) => db`update offers set state = 'withdrawn' where state = 'open'`);
  await sql((db) => db`update agents set presence = 'offline', phone = null`);
  await clearLines(centre.desk.db);
});

let numbers = 0;
async function promised() {
  const phone = `+4670175${String(++numbers).padStart(4, "0")}`;
  centre.double.answerAs(phone, { talkMs: 600_000 });
  const { conversationId } = await centre.desk.says(phone, "Please call me");
  const booked = await ada.call("POST", "/callbacks", { conversationId });
  expect(booked.status).toBe(201);
  return { id: booked.body.callback.id as string, phone, conversationId };
}
type Promised = Awaited<ReturnType<typeof promised>>;
const customer = ({ phone }: Promised) => centre.double.calls.find((call) => call.to === phone);
const heard = (one: Promised) => customer(one)?.heard.join(" ") ?? "";
const lineOf = (who: SignedIn) =>
  centre.double.calls.filter((call) => call.to === `client:agent_${who.id.replaceAll("-", "_")}`).at(-1);
const callOf = async (who: SignedIn) => (await who.call("GET", "/calls")).body.call;
const offerOf = (who: SignedIn) =>
  centre.until("a call is offered", async () => (await who.call("GET", "/calls")).body.offers[0]);
const takes = async (who: SignedIn) => {
  const offer = await offerOf(who);
  expect((await who.call("POST", `/calls/offers/${offer.id}/accept`)).status).toBe(200);
  return offer;
};
const isIn = (who: SignedIn) =>
  centre.until("both are on the line", async () => {
    const now = await callOf(who);
    const joined = now?.lines.filter((line: { joined: boolean }) => line.joined) ?? [];
    return joined.some((line: { leg: string }) => line.leg === "customer") &&
      joined.some((line: { agentId: string | null }) => line.agentId === who.id)
      ? now
      : null;
  });
const stateOf = async ({ id }: Promised) =>
  (await sql((db) => db<{ state: string }[]>`select state from callbacks where id = ${id}`))[0]?.state;
const comesTo = (one: Promised, state: string) =>
  centre.until(`the promise is ${state}`, async () => (await stateOf(one)) === state);
const ownerOf = async ({ conversationId }: Promised) =>
  (await ada.call("GET", `/conversations/${conversationId}`)).body as { owner: string; agentId: string | null };
const hangsUp = async (one: Promised) => {
  centre.double.hangUp(customer(one)?.sid ?? "");
  await centre.until("nobody stays behind", async () => [ada, bob].every((who) => lineOf(who)?.endedAt !== null));
};

/** Ada talks with a customer whom we promised to call. */
async function connected() {
  await mode("agent-first");
  await presence(ada, "available");
  const one = await promised();
  await takes(ada);
  await isIn(ada);
  return one;
}
async function joinedByBob(one: Promised) {
  await presence(bob, "available");
  expect((await ada.call("POST", `/calls/${one.id}/invite`, { agentId: bob.id })).status).toBe(204);
  await takes(bob);
  await isIn(bob);
}

test("R4 a promised call is left to a colleague who was asked in: the customer stays on the line, and the conversation is theirs", async () => {
  const one = await connected();
  expect((await ada.call("POST", `/calls/${one.id}/leave`)).body.error.code).toBe("Alone");
  await joinedByBob(one);
  expect((await ada.call("POST", `/calls/${one.id}/leave`)).status).toBe(204);
  await centre.until("the call is Bob's", async () => (await ownerOf(one)).agentId === bob.id);
  await centre.until("Ada's line is over", async () => lineOf(ada)?.endedAt !== null);
  expect(customer(one)?.endedAt).toBe(null);
  expect(await stateOf(one)).toBe("connected");
  centre.double.conferences.say(lineOf(bob)?.sid ?? "", "Bob here.");
  expect(heard(one)).toContain("Bob here.");
  // His line is lost as well: somebody else is looked for.
  centre.double.hangUp(lineOf(bob)?.sid ?? "");
  await centre.until("told", async () => heard(one).includes("line to my colleague was interrupted"));
  await hangsUp(one);
  await comesTo(one, "done");
}, 60_000);

test("R5 while only an inbox rings, the call can still be called off, and the ringing ends", async () => {
  await presence(ada, "available");
  const one = await promised();
  const offer = await offerOf(ada);
  expect((await ada.call("PATCH", `/callbacks/${one.id}`, { state: "cancelled" })).status).toBe(200);
  expect((await ada.call("GET", "/calls")).body.offers).toEqual([]);
  expect((await ada.call("POST", `/calls/offers/${offer.id}/accept`)).body.error.code).toBe("Taken");
  expect([await stateOf(one), customer(one)]).toEqual(["cancelled", undefined]);
});

test("R6 a browser that is lost in a promised call loses the call, not the customer: they hear so, and the next agent has them", async () => {
  const one = await connected();
  centre.double.hangUp(lineOf(ada)?.sid ?? "");
  await centre.until("told", async () => heard(one).includes("line to my colleague was interrupted"));
  expect(customer(one)?.endedAt).toBe(null);
  await presence(bob, "available");
  await takes(bob);
  await isIn(bob);
  await centre.until("they hear each other", async () => {
    centre.double.conferences.say(lineOf(bob)?.sid ?? "", "Here we are again.");
    return heard(one).includes("Here we are again.");
  });
  expect((await ownerOf(one)).agentId).toBe(bob.id);
  expect(centre.double.calls.filter((call) => call.to === one.phone)).toHaveLength(1);
  await hangsUp(one);
  await comesTo(one, "done");
}, 60_000);

test("R6 the process dies when an agent's browser is lost, before it asked anything of the provider: the customer is not forgotten", async () => {
  const one = await connected();
  const report = { kind: "call", key: `lost-${one.id}`, callId: null, state: "completed" } as const;
  const externalId = lineOf(ada)?.sid ?? "";
  const desk = callDesk(centre.desk.db, { lines: liveLines });
  expect(await takeReport(desk, { ...report, externalId, sequence: null, answeredBy: null }, noAftermath())).toBe(true);
  await sql((db) => db`update calls set ended_at = now() - interval '1 minute' where external_id = ${externalId}`);
  await centre.until("told", async () => heard(one).includes("line to my colleague was interrupted"));
  expect(heard(one).split("was interrupted")).toHaveLength(2);
  await hangsUp(one);
}, 60_000);

test("R6 customer first: the agent whose line was rung for leaves it, so the next one is asked; the customer waits with words", async () => {
  await mode("customer-first");
  await presence(ada, "available");
  const one = await promised();
  const offer = await offerOf(ada);
  await centre.until("they hear so", async () => /the call you asked for.*looking for a person/.test(heard(one)));
  expect((await ada.call("POST", `/calls/offers/${offer.id}/decline`)).status).toBe(204);
  expect(customer(one)?.endedAt).toBe(null);
  expect((await ownerOf(one)).owner).toBe("queue");
  await presence(bob, "available");
  await takes(bob);
  await isIn(bob);
  await hangsUp(one);
  await comesTo(one, "done");
}, 60_000);

test("R4 an agent gives the customer of a promised call to the assistant, who says so and goes on", async () => {
  const one = await connected();
  expect((await ada.call("POST", `/calls/${one.id}/give-back`)).status).toBe(204);
  await centre.until("told", async () => heard(one).includes("AI assistant again"));
  expect(heard(one)).not.toContain("line to my colleague was interrupted");
  expect((await ownerOf(one)).owner).toBe("assistant");
  expect(customer(one)?.endedAt).toBe(null);
  await centre.until("Ada notes what came of it", async () => (await callOf(ada))?.wrapUp === true);
  const { id } = await callOf(ada);
  expect((await ada.call("POST", `/calls/${id}/wrap-up`, { disposition: "Solved" })).status).toBe(204);
  const [row] = await sql(
    (db) => db<{ disposition: string }[]>`select disposition from callbacks where id = ${one.id}`,
  );
  expect(row?.disposition).toBe("Solved");
  await hangsUp(one);
}, 60_000);

test("R6 a customer who hangs up while a colleague is asked in: the colleague's inbox rings no more", async () => {
  const one = await connected();
  await presence(bob, "available");
  expect((await ada.call("POST", `/calls/${one.id}/invite`, { agentId: bob.id })).status).toBe(204);
  const offer = await offerOf(bob);
  await hangsUp(one);
  await centre.until("it rings no more", async () => (await bob.call("GET", "/calls")).body.offers.length === 0);
  expect((await bob.call("POST", `/calls/offers/${offer.id}/accept`)).body.error.code).toBe("Taken");
  expect((await bob.call("GET", "/presence")).body.presence).toBe("available");
}, 60_000);

test("R6 the mode is changed while telephones ring: nobody is joined to an empty room", async () => {
  // Rung assistant first, answered when the operator wants agents first: the assistant talks.
  await writeSetting(centre.desk.db, hoursSetting.key, { ...alwaysOpenHours, mode: "assistant-first" }, null);
  const slow = `+4670175${String(numbers + 1).padStart(4, "0")}`;
  centre.double.answerAs(slow, { ringMs: 1_500 });
  const one = await promised();
  await centre.until("it rings", async () => customer(one)?.status === "ringing");
  await mode("agent-first");
  await centre.until("the assistant talks", async () => heard(one).includes("I am an AI assistant"));
  await hangsUp(one);
  // Rung agents first, answered when it is the assistant's hour: the agent who waits has them.
  await presence(ada, "available");
  const ringing = takes(ada);
  centre.double.answerAs(`+4670175${String(numbers + 1).padStart(4, "0")}`, { ringMs: 1_500 });
  const two = await promised();
  await ringing;
  await centre.until("it rings", async () => customer(two)?.status === "ringing");
  await writeSetting(centre.desk.db, hoursSetting.key, { ...alwaysOpenHours, mode: "assistant-first" }, null);
  await isIn(ada);
  expect(heard(two)).not.toContain("AI assistant");
  await hangsUp(two);
}, 60_000);

test("R6 agents first: an inbox rings before a browser's telephone does; nobody is rung for an empty chair", async () => {
  await mode("agent-first");
  await presence(ada, "available");
  const before = centre.double.calls.length;
  const one = await promised();
  const offer = await offerOf(ada);
  expect(offer).toMatchObject({ kind: "callback", callId: one.id, address: one.phone });
  // Left to others: the next one is asked at once, and whoever said no is still there for other calls.
  await presence(bob, "available");
  expect((await ada.call("POST", `/calls/offers/${offer.id}/decline`)).status).toBe(204);
  const second = await offerOf(bob);
  expect(second.callId).toBe(one.id);
  expect((await ada.call("GET", "/presence")).body.presence).toBe("available");
  expect((await ada.call("GET", "/calls")).body.offers).toEqual([]);
  // Bob is at lunch: after a while it waits for somebody, and nothing rang.
  await presence(ada, "offline");
  await sql((db) => db`update offers set made_at = now() - interval '1 minute' where id = ${second.id}`);
  await comesTo(one, "due");
  expect((await bob.call("GET", "/presence")).body.presence).toBe("away");
  expect((await bob.call("POST", `/calls/offers/${second.id}/accept`)).body.error.code).toBe("Taken");
  expect(centre.double.calls).toHaveLength(before);
  // Ada is back: she hears what it is about, and the customer is rung once.
  const named = "Ann\u0007 \u202eLee";
  await sql(
    (db) => db`update contacts set name = ${named} where id = (select contact_id from callbacks where id = ${one.id})`,
  );
  await sql((db) => db`update callbacks set topic = 'A <late> fee' where id = ${one.id}`);
  await presence(ada, "available");
  const third = await takes(ada);
  expect((await ada.call("POST", `/calls/offers/${third.id}/accept`)).status).toBe(200);
  await isIn(ada);
  expect(lineOf(ada)?.heard[0]).toBe("Callback with Ann Lee. About: A <late> fee");
  expect(centre.double.calls.filter((call) => call.to === one.phone)).toHaveLength(1);
  await hangsUp(one);
  await comesTo(one, "done");
}, 60_000);

test("L4 in single requests a cough starts no turn: the caller is asked again, and words are answered", async () => {
  const from = `+1202555${String(8000 + ++numbers)}`;
  const { callSid } = await centre.double.customer.call({ from, to: ourNumber });
  const taken = () =>
    sql(
      (db) => db`select 1 from messages m join conversations c on c.id = m.conversation_id
        join contact_addresses a on a.contact_id = c.contact_id
        where a.value = ${from} and m.author = 'contact' and m.parts->0->>'t' = 'text'`,
    );
  const asked = await centre.double.customer.gather({ callSid, speech: "Uh, um." });
  expect(asked.said.map(({ text }) => text).join(" ")).toContain("I did not hear anything");
  expect(await taken()).toHaveLength(0);
  await centre.double.customer.gather({ callSid, speech: "How do I pay?" });
  expect(await taken()).toHaveLength(1);
  await centre.double.customer.hangUp(callSid);
}, 60_000);

test("in single requests too a long answer is shortened, and its details go out as a text message", async () => {
  const from = `+1202555${String(8000 + ++numbers)}`;
  const { callSid } = await centre.double.customer.call({ from, to: ourNumber });
  await centre.double.customer.gather({ callSid, speech: "How do I pay?" });
  const end = "This is the last thing to know about it.";
  const text = `${"There is one more thing that one should know about a fee of 7.50 USD. ".repeat(8)}${end}`;
  const meta = { kind: "answer", sources: ["late-fee"], choices: [], flow: null, locale: "en" };
  await sql(
    (db) => db`with here as (update conversations c set next_seq = next_seq + 1 from contact_addresses a
        where a.contact_id = c.contact_id and a.value = ${from} returning c.id, c.next_seq - 1 as seq, a.id as address_id),
      event as (insert into events (conversation_id, seq, type, actor) select id, seq, 'message', 'assistant' from here)
      insert into messages (conversation_id, seq, author, channel, account, address_id, parts, meta, locale)
      select id, seq, 'assistant', 'voice', 'default', address_id,
        ${db.json([{ t: "text", text, format: "plain" }])}, ${db.json(meta)}, 'en' from here returning 1`,
  );
  const said = (await centre.double.customer.gather({ callSid })).said.map((one) => one.text).join(" ");
  expect(said).toMatch(/7 dollars and 50 cents.*I have sent you the details by text\.$/);
  expect(said).not.toContain(end);
  await centre.until("the text message, in as many pieces as it takes", async () =>
    centre.double.journal
      .of("sms", from)
      .some(({ direction, body }) => direction === "out" && body?.includes(end) === true),
  );
  await centre.double.customer.hangUp(callSid);
}, 60_000);

test("what a call is about is what the customer said now, not what was handed over in an episode before", async () => {
  await mode("agent-first");
  const from = `+4670175${String(++numbers).padStart(4, "0")}`;
  centre.double.answerAs(from, { talkMs: 600_000 });
  const writes = (body: string) => centre.double.customer.sms({ from, to: ourNumber, body });
  const theirs = (what: string) =>
    sql(
      (db) => db<{ id: string; callback: string; summary: { issue: string } | null }[]>`
        select c.*, k.id as callback from conversations c join contact_addresses a on a.contact_id = c.contact_id
        left join callbacks k on k.contact_id = c.contact_id where a.value = ${from} and ${db.unsafe(what)}`,
    );
  await writes("I want to talk to a person about my broken lamp");
  const [handed] = await centre.until("it is handed over", async () => {
    const rows = await theirs("c.owner = 'queue'");
    return rows.length > 0 && rows;
  });
  expect((await ada.call("POST", `/conversations/${handed?.id}/claim`, {})).status).toBe(200);
  expect((await ada.call("POST", `/conversations/${handed?.id}/resolve`, {})).status).toBe(200);
  await writes("Please call me about a late fee");
  const [asked] = await centre.until("a call is promised", async () => {
    const rows = await theirs("k.state in ('requested', 'due')");
    return rows.length > 0 && rows;
  });
  // The one of before stands in the row still.
  expect(asked?.summary?.issue).toContain("lamp");
  await presence(ada, "available");
  const offer = await offerOf(ada);
  expect(offer).toMatchObject({ callId: asked?.callback, topic: "Please call me about a late fee", summary: null });
  await takes(ada);
  await isIn(ada);
  expect(lineOf(ada)?.heard[0]).toMatch(/About: Please call me about a late fee/);
  expect((await callOf(ada)).summary).toBeNull();
  const line = centre.double.calls.find((call) => call.to === from);
  centre.double.hangUp(line?.sid ?? "");
}, 60_000);

test("who waited on the line and asked to be called is called before those who asked while they waited", async () => {
  await mode("agent-first");
  const from = `+1202555${String(8000 + ++numbers)}`;
  const { callSid } = await centre.double.customer.call({ from, to: ourNumber });
  await centre.double.customer.gather({ callSid, digits: "0" });
  await centre.until("they wait", async () => {
    const rows = await sql(
      (db) => db`select 1 from calls where external_id = ${callSid} and waiting_since is not null`,
    );
    return rows.length > 0;
  });
  const meanwhile = await promised();
  await centre.double.customer.gather({ callSid, digits: "1" });
  const waited = await centre.until("they are promised a call", async () => {
    const [row] = await sql(
      (db) => db<{ id: string; behind: boolean }[]>`
      select k.id, k.due_at > o.due_at as behind from callbacks k, callbacks o where k.phone = ${from} and o.id = ${meanwhile.id}`,
    );
    return row;
  });
  expect(waited.behind).toBe(true);
  await presence(ada, "available");
  expect((await offerOf(ada)).callId).toBe(waited.id);
  for (const id of [waited.id, meanwhile.id]) await ada.call("PATCH", `/callbacks/${id}`, { state: "cancelled" });
}, 60_000);
