import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CallTurn } from "../../src/simulator/customer.ts";
import { type CallCentre, openCallCentre, ourNumber } from "../support/call-centre.ts";
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
  sql((db) => db`update agents set presence = ${is}, phone = ${phone} where id = ${who.id}`);
beforeEach(async () => {
  // Nobody is on a line or has a call to wrap up.
  await sql(
    (db) => db`update calls set ended_at = coalesce(ended_at, now()), wrapped_at = coalesce(wrapped_at, now())`,
  );
  for (const who of [ada, bob, root]) await presence(who, "offline");
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
  for (const agent of agents) await presence(agent, "offline");
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
