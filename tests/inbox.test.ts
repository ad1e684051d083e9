import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

let desk: Desk;
let ada: SignedIn;
let bo: SignedIn;
beforeAll(async () => {
  desk = await openDesk();
  ada = await desk.agent("Ada");
  bo = await desk.agent("Bo");
});
afterAll(() => desk.close());

let numbers = 0;
/** A new customer who waits in the queue. */
async function waiting(text = "A person, please") {
  numbers += 1;
  const from = `+1202555${String(numbers).padStart(4, "0")}`;
  const { conversationId: id } = await desk.says(from, text, "queue");
  const get = async () => (await ada.call("GET", `/conversations/${id}`)).body;
  const events = async () => (await ada.call("GET", `/conversations/${id}/events`)).body.events;
  return { id, from, get, events, says: (words: string) => desk.says(from, words) };
}

test("R4 a claim gives the conversation to one agent; a colleague is told, and can take it over openly", async () => {
  const one = await waiting();
  const { fence } = await one.get();
  expect(await ada.call("POST", `/conversations/${one.id}/claim`, { fence })).toMatchObject({ status: 200 });
  expect((await bo.call("POST", `/conversations/${one.id}/claim`)).body.error.code).toBe("Taken");
  // Asked again after a lost answer, with the fence of then: done already.
  expect((await ada.call("POST", `/conversations/${one.id}/claim`, { fence })).status).toBe(200);
  expect((await bo.call("POST", `/conversations/${one.id}/release`)).body.error.code).toBe("Taken");
  expect((await bo.call("POST", `/conversations/${one.id}/assign`, { agentId: bo.id })).status).toBe(200);
  expect(await one.get()).toMatchObject({ agentId: bo.id, fence: fence + 2 });
  expect((await one.events()).slice(1).map((event: { data: object }) => event.data)).toEqual([
    { change: "claim", to: ada.id },
    { change: "assign", to: bo.id },
  ]);
});

test("R4 a change with an old fence is refused and says the present one", async () => {
  const one = await waiting();
  const { fence } = await one.get();
  await bo.call("POST", `/conversations/${one.id}/claim`);
  await bo.call("POST", `/conversations/${one.id}/release`);
  for (const change of ["claim", "resolve", "snooze"]) {
    const body = { fence, until: new Date(Date.now() + 3_600_000).toISOString() };
    const answer = await ada.call("POST", `/conversations/${one.id}/${change}`, body);
    expect(answer).toMatchObject({ status: 409, body: { error: { code: "Changed" }, fence: fence + 2 } });
  }
  expect((await ada.call("POST", `/conversations/${one.id}/claim`, { fence: fence + 2 })).status).toBe(200);
});

test("a snoozed conversation comes back to who put it aside when its time has come", async () => {
  const one = await waiting();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  expect((await ada.call("POST", `/conversations/${one.id}/snooze`, { until })).status).toBe(200);
  expect(await one.get()).toMatchObject({ status: "snoozed", snoozedUntil: until, agentId: ada.id });
  const list = async (view: string) =>
    (await ada.call("GET", `/conversations?view=${view}`)).body.conversations.map((row: { id: string }) => row.id);
  expect(await list("snoozed")).toContain(one.id);
  expect(await list("mine")).not.toContain(one.id);
  await desk.db.run((sql) => sql`update conversations set snoozed_until = now() where id = ${one.id}`);
  await expect.poll(async () => (await one.get()).status, { timeout: 8_000 }).toBe("open");
  expect((await one.events()).at(-1)).toMatchObject({ type: "woken", actor: "system", data: { by: "time" } });
  expect(await list("mine")).toContain(one.id);
});

test("a customer's message wakes a snoozed conversation, and no seq is missing", async () => {
  const one = await waiting();
  await ada.call("POST", `/conversations/${one.id}/snooze`, { until: new Date(Date.now() + 60_000).toISOString() });
  await Promise.all([one.says("hello?"), one.says("are you there?")]);
  expect(await one.get()).toMatchObject({ status: "open", agentId: ada.id, snoozedUntil: null });
  const events = await one.events();
  expect(events.map((event: { seq: number }) => event.seq)).toEqual([1, 2, 3, 4, 5]);
  expect(events.filter((event: { type: string }) => event.type === "woken")).toHaveLength(1);
});

test("a time that is past, or is none, is no time to snooze until", async () => {
  const one = await waiting();
  for (const until of ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "tomorrow"])
    expect((await ada.call("POST", `/conversations/${one.id}/snooze`, { until })).status).toBe(400);
  expect((await one.get()).status).toBe("open");
});

test("a resolved conversation opens again for who asks, and keeps what was handed over", async () => {
  const one = await waiting();
  await desk.db.run((sql) => sql`update conversations set summary = '{"issue":"a lost card"}' where id = ${one.id}`);
  await ada.call("POST", `/conversations/${one.id}/resolve`);
  expect(await one.get()).toMatchObject({ status: "resolved", owner: "assistant", waitingSince: null });
  expect((await ada.call("POST", `/conversations/${one.id}/release`)).body.error.code).toBe("Resolved");
  await bo.call("POST", `/conversations/${one.id}/reopen`);
  expect(await one.get()).toMatchObject({ status: "open", agentId: bo.id, summary: { issue: "a lost card" } });
});

test("R2 the same clientId with other words is refused, with the same words it gives the first result", async () => {
  const one = await waiting();
  const send = (who: SignedIn, body: object) => who.call("POST", `/conversations/${one.id}/messages`, body);
  const message = { clientId: "c-1", kind: "reply", text: "Ada here." };
  const first = await send(ada, message);
  expect(await send(ada, { ...message, text: " Ada here. " })).toEqual(first);
  for (const other of [
    send(ada, { ...message, text: "Ada there." }),
    send(ada, { ...message, kind: "note" }),
    send(bo, message),
  ])
    expect((await other).body.error).toEqual({
      code: "ClientIdUsed",
      message: "This clientId was used for another message. Give each message an id of its own.",
    });
  const words = (await one.events()).filter((event: { parts: unknown }) => event.parts !== null);
  expect(words).toHaveLength(2);
});

test("R2 R4 sent at once by two agents while the customer writes: each once, in one order, and from one agent only", async () => {
  const one = await waiting();
  const send = (who: SignedIn, clientId: string) =>
    who.call("POST", `/conversations/${one.id}/messages`, { clientId, kind: "reply", text: `This is ${clientId}.` });
  const of = (who: string) => Array.from({ length: 12 }, (_, at) => `${who}-${at % 6}`);
  const [fromAda, fromBo] = await Promise.all([
    Promise.all(of("ada").map((clientId) => send(ada, clientId))),
    Promise.all(of("bo").map((clientId) => send(bo, clientId))),
    ...["one", "two", "three"].map((words) => one.says(words)),
  ]);
  const [won, lost] = (await one.get()).agentId === ada.id ? [fromAda, fromBo] : [fromBo, fromAda];
  expect(won.map(({ status }) => status)).toEqual(won.map(() => 200));
  expect(lost.map(({ body }) => body.error?.code)).toEqual(lost.map(() => "Taken"));
  expect(new Set(won.map(({ body }) => body.id)).size).toBe(6);
  const events: { seq: number; type: string }[] = await one.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  expect(events.filter(({ type }) => type === "message")).toHaveLength(1 + 3 + 6);
  expect(events.filter(({ type }) => type === "assignment")).toHaveLength(1);
});

test("R9 a reply that could not be stored in time is not stored after the agent was told so", async () => {
  const one = await waiting();
  const message = { clientId: "late", kind: "reply", text: "Hello" };
  const held = desk.db.transaction(
    async (sql) => {
      await sql`select 1 from conversations where id = ${one.id} for update`;
      await setTimeout(2_500);
    },
    { deadlineMs: 10_000 },
  );
  await setTimeout(100);
  const answer = await fetch(`${desk.url}/api/v1/conversations/${one.id}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${ada.token}`, "content-type": "application/json" },
    body: JSON.stringify(message),
  });
  expect(answer.status).toBe(503);
  await held;
  await setTimeout(1_000);
  expect((await one.events()).filter(({ type }: { type: string }) => type === "message")).toHaveLength(1);
  expect((await ada.call("POST", `/conversations/${one.id}/messages`, message)).status).toBe(200);
});

test("newer messages are asked about, the agent's own are no news, and it can be sent anyway", async () => {
  const one = await waiting();
  const send = (body: object) => ada.call("POST", `/conversations/${one.id}/messages`, { kind: "reply", ...body });
  expect((await send({ clientId: "a", text: "Hello", afterSeq: 1 })).status).toBe(200);
  expect((await send({ clientId: "b", text: "Hello again", afterSeq: 1 })).status).toBe(200);
  await one.says("one more thing");
  const late = { clientId: "c", text: "Bye", afterSeq: 4 };
  const asked = await send(late);
  expect(asked).toMatchObject({ status: 409, body: { newer: 1, error: { message: "1 newer message: send anyway?" } } });
  expect((await send({ ...late, afterSeq: asked.body.lastSeq })).status).toBe(200);
  expect((await send({ clientId: "d", text: "Really", afterSeq: 0 })).body.error.code).toBe("NewerMessages");
  expect((await send({ clientId: "d", text: "Really" })).status).toBe(200);
});

test("a reply ends the waiting; a colleague's conversation is not written into; a note is free to all", async () => {
  const one = await waiting();
  expect((await one.get()).waitingSince).not.toBeNull();
  const { body } = await ada.call("POST", `/conversations/${one.id}/messages`, {
    clientId: "r",
    kind: "reply",
    text: "Hello",
  });
  expect(await one.get()).toMatchObject({ waitingSince: null, agentId: ada.id, fence: body.fence });
  const message = { clientId: "x", kind: "reply", text: "Me too" };
  expect((await bo.call("POST", `/conversations/${one.id}/messages`, message)).body.error.code).toBe("Taken");
  const note = { ...message, kind: "note", text: "nul \u0000 and half \ud800" };
  expect((await bo.call("POST", `/conversations/${one.id}/messages`, note)).status).toBe(200);
  expect((await one.events()).at(-1)).toMatchObject({ type: "note", parts: [{ text: "nul  and half \ufffd" }] });
});

test("a failed delivery is sent again once, as a new entry; the failure stays in the timeline", async () => {
  const one = await waiting();
  const sent = await ada.call("POST", `/conversations/${one.id}/messages`, {
    clientId: "f",
    kind: "reply",
    text: "Hi",
  });
  const deliveries = (id: string) =>
    desk.db.run((sql) => sql<{ state: string }[]>`select state from deliveries where message_id = ${id}`);
  await expect.poll(async () => (await deliveries(sent.body.id))[0]?.state).toMatch(/sent|delivered|read/);
  const retry = () => ada.call("POST", `/conversations/${one.id}/messages/${sent.body.id}/retry`);
  expect((await retry()).body.error.code).toBe("NotFailed");
  await desk.db.run((sql) => sql`update deliveries set state = 'failed' where message_id = ${sent.body.id}`);
  const [again, twice] = [await retry(), await retry()];
  expect(again.status).toBe(200);
  expect(twice.body.id).toBe(again.body.id);
  await expect.poll(async () => (await deliveries(again.body.id))[0]?.state).toMatch(/sent|delivered|read/);
  expect(await deliveries(sent.body.id)).toEqual([{ state: "failed" }]);
  const entry = (await one.events()).find((event: { messageId: string }) => event.messageId === again.body.id);
  expect(entry).toMatchObject({ data: { againOf: sent.body.seq }, parts: [{ text: "Hi" }] });
});

test("A4 the queue stands in the order of waiting, page after page, and foreign cursors are refused", async () => {
  const before = (await ada.call("GET", "/conversations?view=queue")).body.conversations.length;
  const made = [];
  for (let count = 0; count < 60; count++) made.push((await waiting()).id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { body } = await ada.call("GET", `/conversations?view=queue${query}`);
    seen.push(...body.conversations.map((row: { id: string }) => row.id));
    cursor = body.cursor;
  } while (cursor !== null);
  expect(seen.slice(before)).toEqual(made);
  const { body: first } = await ada.call("GET", "/conversations?view=queue");
  const forged = Buffer.from(JSON.stringify(["open", "2026-13-45 99:00:00+00", made[0]])).toString("base64url");
  for (const bad of ["nonsense", first.cursor, forged]) {
    const answer = await ada.call("GET", `/conversations?view=open&cursor=${bad}`);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "BadCursor" } } });
  }
});

test("the counts are those of the lists", async () => {
  await ada.call("POST", `/conversations/${(await waiting()).id}/claim`);
  const { views } = (await ada.call("GET", "/views")).body as { views: { view: string; count: number }[] };
  for (const { view, count } of views) {
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await ada.call("GET", `/conversations?view=${view}${cursor}`);
      ids.push(...body.conversations.map((row: { id: string }) => row.id));
      if (body.cursor === null) break;
      cursor = `&cursor=${body.cursor}`;
    }
    expect({ view, count }).toEqual({ view, count: ids.length });
  }
  expect(views.map((one) => one.view)).toEqual(["mine", "queue", "open", "assistant", "snoozed"]);
  expect(views.find((one) => one.view === "mine")?.count).toBeGreaterThan(0);
});

test("unread is each agent's own, and never goes back", async () => {
  const one = await waiting("first");
  await one.says("second");
  const unread = async (who: SignedIn) => (await who.call("GET", `/conversations/${one.id}`)).body.unread;
  expect([await unread(ada), await unread(bo)]).toEqual([2, 2]);
  await ada.call("POST", `/conversations/${one.id}/read`, { seq: 1 });
  expect(await unread(ada)).toBe(1);
  await ada.call("POST", `/conversations/${one.id}/read`, { seq: 2 });
  await ada.call("POST", `/conversations/${one.id}/read`, { seq: 1 });
  expect([await unread(ada), await unread(bo)]).toEqual([0, 2]);
});

test("R7 a long timeline is read whole, from either end", async () => {
  const one = await waiting();
  await desk.db.run(
    (sql) => sql`with rows as (
        insert into events (conversation_id, seq, type, actor) select ${one.id}, n, 'change', 'contact'
        from generate_series(2, 700) n returning 1)
      update conversations set next_seq = 701 where id = ${one.id}`,
  );
  const forward: number[] = [];
  for (let after = 0; ; after = forward.at(-1) ?? 0) {
    const { body } = await ada.call("GET", `/conversations/${one.id}/events?after=${after}`);
    forward.push(...body.events.map((event: { seq: number }) => event.seq));
    if (forward.at(-1) === body.lastSeq) break;
  }
  const backward: number[] = [];
  for (let before = 701; before > 1; before = backward[0] ?? 0) {
    const { body } = await ada.call("GET", `/conversations/${one.id}/events?before=${before}&limit=150`);
    backward.unshift(...body.events.map((event: { seq: number }) => event.seq));
  }
  const all = Array.from({ length: 700 }, (_, index) => index + 1);
  expect(forward).toEqual(all);
  expect(backward).toEqual(all);
});

test("a message that nobody answered is the assistant's again when an agent gives the conversation back", async () => {
  const one = await waiting();
  await ada.call("POST", `/conversations/${one.id}/claim`);
  await one.says("where can I find my payment plan?");
  await ada.call("POST", `/conversations/${one.id}/release`, { to: "assistant" });
  await expect
    .poll(async () => (await one.events()).at(-1))
    .toMatchObject({ actor: "assistant", type: expect.stringMatching(/message|handoff/) });
});

test("the demo company has agents to assign to, who cannot sign in before they are given a password", async () => {
  const demo = await openDesk({ DEMO: "true" });
  try {
    const admin = await demo.agent("Root", "admin");
    const { agents } = (await admin.call("GET", "/agents")).body as {
      agents: { id: string; name: string; email: string }[];
    };
    const maja = agents.find((agent) => agent.name === "Maja Lind");
    expect(agents.map((agent) => agent.name)).toEqual(expect.arrayContaining(["Maja Lind", "Tom Becker", "Inés Ruiz"]));
    const password = "a-long-one-for-maja";
    const signIn = () => admin.call("POST", "/session", { email: maja?.email, password });
    expect((await signIn()).status).toBe(401);
    expect((await admin.call("PATCH", `/agents/${maja?.id}`, { password })).status).toBe(200);
    expect((await signIn()).status).toBe(200);
  } finally {
    await demo.close();
  }
});

test("R6 an answer to a caller is heard while the call lasts, and goes by text once it is over", async () => {
  const one = await waiting("spoken words");
  await desk.db.run(
    (sql) => sql`with address as (update contact_addresses set channel = 'voice' where value = ${one.from})
      update conversations set channel = 'voice' where id = ${one.id}`,
  );
  const answer = async (clientId: string) => {
    const { body } = await ada.call("POST", `/conversations/${one.id}/messages`, {
      clientId,
      kind: "reply",
      text: "Hi",
    });
    return desk.db.run(
      (sql) => sql<{ channel: string; to: string }[]>`
        select channel, address ->> 'value' as to from deliveries where message_id = ${body.id}`,
    );
  };
  expect(await answer("during")).toEqual([]);
  await desk.db.run(
    (
      sql,
    ) => sql`with ended as (update conversations set next_seq = next_seq + 1 where id = ${one.id} returning next_seq - 1 as seq)
      insert into events (conversation_id, seq, type, actor, data)
      select ${one.id}, seq, 'change', 'contact', '{"change":"call","state":"completed"}' from ended`,
  );
  expect(await answer("after")).toEqual([{ channel: "sms", to: one.from }]);
});

test("a reply that is longer than the channel carries is refused before anything is stored, and says what to do", async () => {
  const one = await waiting();
  const send = (clientId: string, kind: string, text: string) =>
    ada.call("POST", `/conversations/${one.id}/messages`, { clientId, kind, text });
  const before = await one.get();
  // More than five SMS of three segments each.
  const text = "This goes on and on without end. ".repeat(120);
  const refused = await send("long", "reply", text);
  expect(refused).toMatchObject({ status: 409, body: { error: { code: "TooLong" } } });
  expect(refused.body.error.message).toContain("several shorter");
  expect(await one.get()).toEqual(before);
  // A note goes to no channel; a shorter reply under the same id is the first of that id.
  expect((await send("note", "note", text)).status).toBe(200);
  expect((await send("long", "reply", text.slice(0, 1_000))).status).toBe(200);
  const said = (await one.events()).filter((event: { type: string; actor: string }) => event.actor === "agent");
  expect(said.map((event: { type: string }) => event.type)).toEqual(["note", "assignment", "message"]);
});
