import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createAgent, ensureFirstAdmin } from "../src/agents/sessions.ts";
import { releaseFromMachines } from "../src/agents/tokens.ts";
import { type Answer, type Desk, openDesk, type SignedIn } from "./support/desk.ts";

let desk: Desk;
let ada: SignedIn;
let root: SignedIn;
beforeAll(async () => {
  desk = await openDesk();
  ada = await desk.agent("Ada");
  root = await desk.agent("Root", "admin");
});
afterAll(() => desk.close());

let numbers = 0;
/** A new customer whom the queue or the assistant has. */
async function customer(owner?: "queue") {
  numbers += 1;
  const from = `+1202555${String(numbers).padStart(4, "0")}`;
  const { conversationId: id } = await desk.says(from, "hello", owner);
  const get = async () => (await ada.call("GET", `/conversations/${id}`)).body;
  const events = async () => (await ada.call("GET", `/conversations/${id}/events`)).body.events;
  return { id, get, events };
}

async function send(token: string | null, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${desk.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json().catch(() => null) };
}

async function machine() {
  const { token } = (await root.call("POST", "/tokens", { name: "Order robot" })).body;
  return (method: string, path: string, body?: object) => send(token, method, path, body);
}

test("R4 R6 a machine's reply takes no conversation: what the assistant had waits for people, the rest stays where it was", async () => {
  const robot = await machine();
  const [atAssistant, inQueue, settled] = [await customer(), await customer("queue"), await customer("queue")];
  await ada.call("POST", `/conversations/${settled.id}/resolve`);
  const since = (await inQueue.get()).waitingSince;
  const { fence } = await atAssistant.get();
  const reply = { kind: "reply", text: "Your order left today." };
  for (const one of [atAssistant, inQueue, settled])
    expect((await robot("POST", `/conversations/${one.id}/messages`, { ...reply, clientId: one.id })).status).toBe(200);
  expect(await atAssistant.get()).toMatchObject({ status: "open", owner: "queue", agentId: null, fence: fence + 1 });
  expect((await atAssistant.get()).waitingSince).not.toBeNull();
  expect((await atAssistant.events()).at(-2)).toMatchObject({
    type: "assignment",
    data: { change: "release", to: "queue" },
  });
  // A person's word is what they wait for.
  expect(await inQueue.get()).toMatchObject({ owner: "queue", waitingSince: since });
  expect(await settled.get()).toMatchObject({ status: "resolved", agentId: null });
  const { conversations } = (await ada.call("GET", "/conversations?view=queue")).body;
  expect(conversations.map(({ id }: { id: string }) => id)).toEqual(
    expect.arrayContaining([atAssistant.id, inQueue.id]),
  );
});

test("R6 what a machine has from before goes back to the queue, and the timeline says so", async () => {
  const one = await customer("queue");
  const { agentId } = (await root.call("POST", "/tokens", { name: "Old robot" })).body;
  await desk.db.run((sql) => sql`update conversations set owner = 'agent', agent_id = ${agentId} where id = ${one.id}`);
  expect(await releaseFromMachines(desk.db)).toEqual([one.id]);
  expect(await releaseFromMachines(desk.db)).toEqual([]);
  expect(await one.get()).toMatchObject({ owner: "queue", agentId: null });
  expect((await one.events()).at(-1)).toMatchObject({ type: "assignment", actor: "system", data: { to: "queue" } });
});

test("R6 what would leave a conversation with a machine is refused to it, what gives it on is not", async () => {
  const robot = await machine();
  const one = await customer("queue");
  const until = new Date(Date.now() + 3_600_000).toISOString();
  for (const [change, body] of [["claim"], ["snooze", { until }], ["reopen"]] as const)
    expect((await robot("POST", `/conversations/${one.id}/${change}`, body ?? {})).body.error.code).toBe("PeopleOnly");
  expect((await robot("POST", `/conversations/${one.id}/assign`, { agentId: ada.id })).status).toBe(200);
  expect((await robot("POST", `/conversations/${one.id}/resolve`, {})).body.error.code).toBe("Taken");
  expect((await ada.call("POST", `/conversations/${one.id}/release`)).status).toBe(200);
  expect((await robot("POST", `/conversations/${one.id}/resolve`, {})).status).toBe(200);
});

test("a session lives on while somebody is there, for a week at most, and not because a page reads by itself", async () => {
  const hours = async (who: SignedIn) => {
    const [row] = await desk.db.run(
      (sql) => sql<{ left: number }[]>`select extract(epoch from expires_at - now()) / 3600 as left
        from agent_sessions where agent_id = ${who.id}`,
    );
    return Math.round(Number(row?.left));
  };
  const age = (who: SignedIn, days: number) =>
    desk.db.run(
      (sql) => sql`update agent_sessions set expires_at = now() + interval '2 hours',
        created_at = now() - ${days} * interval '1 day' where agent_id = ${who.id}`,
    );
  const [acts, reads, old, sits] = [
    await desk.agent("Acts"),
    await desk.agent("Reads"),
    await desk.agent("Old"),
    await desk.agent("Sits"),
  ];
  await age(acts, 0.4);
  await age(reads, 0.4);
  await age(old, 6.9);
  await age(sits, 0.4);
  await acts.call("PUT", "/presence", { presence: "away" });
  await old.call("PUT", "/presence", { presence: "away" });
  await reads.call("GET", "/views");
  expect([await hours(acts), await hours(reads), await hours(old)]).toEqual([12, 2, 2]);
  const socket = new WebSocket(`${desk.url.replace("http", "ws")}/api/v1/live`, {
    headers: { authorization: `Bearer ${sits.token}` },
  });
  await new Promise((open) => socket.once("open", open));
  socket.send(JSON.stringify({ here: true }));
  await expect.poll(() => hours(sits), { timeout: 5_000 }).toBe(12);
  socket.close();
});

test("a session that has ended is said in words for people", async () => {
  const gone = await desk.agent("Gone");
  await desk.db.run((sql) => sql`update agent_sessions set expires_at = now() where agent_id = ${gone.id}`);
  const answer = await gone.call("GET", "/views");
  expect(answer).toMatchObject({ status: 401, body: { error: { message: "Your session has ended. Sign in again." } } });
  expect((await send(null, "GET", "/views")).body.error.message).toBe("Sign in first.");
});

test("R7 while the feed stands still behind an open transaction, the page is told at once where to look", async () => {
  const one = await customer("queue");
  const socket = new WebSocket(`${desk.url.replace("http", "ws")}/api/v1/live`, {
    headers: { authorization: `Bearer ${ada.token}` },
  });
  const heard: { events: { conversationId: string; type: string }[]; hints: string[] }[] = [];
  const notes = () => heard.flatMap(({ events }) => events.filter(({ type }) => type === "note"));
  socket.on("message", (data) => heard.push(JSON.parse(String(data))));
  await expect.poll(() => heard.length).toBe(1);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const held = desk.db.transaction(
    async (sql) => {
      await sql`select pg_current_xact_id()`;
      await ada.call("POST", `/conversations/${one.id}/messages`, { clientId: "n", kind: "note", text: "Look" });
      await ended;
    },
    { deadlineMs: 10_000 },
  );
  await expect.poll(() => heard.flatMap(({ hints }) => hints), { timeout: 1_500 }).toContain(one.id);
  expect(notes()).toEqual([]);
  end();
  await held;
  await expect.poll(() => notes().map(({ conversationId }) => conversationId)).toEqual([one.id]);
  socket.close();
});

test("a message whose copy failed as well is sent again from there, and nobody is told that it is on its way", async () => {
  const one = await customer("queue");
  const fail = (id: string) =>
    desk.db.run((sql) => sql`update deliveries set state = 'failed' where message_id = ${id}`);
  const settled = async (id: string) => {
    const rows = await desk.db.run(
      (sql) => sql<{ state: string }[]>`select state from deliveries where message_id = ${id}`,
    );
    return rows[0]?.state;
  };
  const sent = await ada.call("POST", `/conversations/${one.id}/messages`, {
    clientId: "f",
    kind: "reply",
    text: "Hi",
  });
  await expect.poll(() => settled(sent.body.id)).toMatch(/sent|delivered|read/);
  await fail(sent.body.id);
  const retry = (id: string) => ada.call("POST", `/conversations/${one.id}/messages/${id}/retry`);
  const copy = (await retry(sent.body.id)).body.id;
  await expect.poll(() => settled(copy)).toMatch(/sent|delivered|read/);
  await fail(copy);
  expect((await retry(sent.body.id)).body.error.code).toBe("SentAgain");
  expect((await retry(copy)).status).toBe(200);
});

test("an address that an agent has makes no administrator, is refused in words, and leaves the link good", async () => {
  const who = { email: "maja@example.com", name: "Maja", password: "a-long-one-for-maja" };
  await createAgent(desk.db, { ...who, role: "agent" });
  await desk.db.run((sql) => sql`update agents set role = 'agent' where role = 'admin'`);
  const token = await ensureFirstAdmin(desk.db, { email: "MAJA@example.com", password: who.password });
  expect(token).not.toBeNull();
  const setUp = (email: string) => send(null, "POST", "/setup", { ...who, token, email });
  expect((await setUp("Maja@example.com")).body.error.code).toBe("Exists");
  expect((await setUp("new@example.com")).status).toBe(200);
  expect((await setUp("another@example.com")).body.error.code).toBe("LinkUsed");
  const admins = await desk.db.run((sql) => sql<{ email: string }[]>`select email from agents where role = 'admin'`);
  expect(admins.map(({ email }) => email)).toEqual(["new@example.com"]);
});

test("who added an agent is kept", async () => {
  const chief = await desk.agent("Chief", "admin");
  const made = { email: "later@example.com", name: "Later", role: "agent", password: "a-long-one-for-later" };
  const { agent } = (await chief.call("POST", "/agents", made)).body;
  const kept = await desk.db.run((sql) => sql`select agent_id, action from audit_log where subject = ${agent.id}`);
  expect([...kept]).toEqual([{ agent_id: chief.id, action: "agent-created" }]);
});
