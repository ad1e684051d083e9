import { setTimeout } from "node:timers/promises";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { settleFile } from "../src/attachments/store.ts";
import { type Everline, startEverline } from "./support/everline.ts";
import { openPatientDb } from "./support/patient-db.ts";

const secret = "an-identity-secret-of-more-than-32-characters";
let everline: Everline;
let base: string;
beforeAll(async () => {
  everline = await startEverline({ IDENTITY_SECRET: secret, DEMO: "false" });
  base = `${everline.url}/v3/directline`;
});
afterAll(() => everline.stop());

const soon = { timeout: 45_000 };

interface Opened {
  readonly conversationId: string;
  readonly token: string;
  readonly resume?: string;
  readonly signedIn?: { readonly name: string | null };
}
interface Seen {
  readonly text: string;
  readonly channelData: { readonly everline: { readonly seq: number } };
}

/** As a client does it: 503 says that nothing was taken and to try again (R9); this machine may be busy. */
async function call(path: string, token: string | null, body?: object): Promise<Response> {
  for (;;) {
    const response = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status !== 503) return response;
    await setTimeout(500);
  }
}
const generate = async (body: object = {}): Promise<Opened> =>
  (await (await call("/tokens/generate", null, body)).json()) as Opened;
const signIn = async (subject: string, name = "Ann Parker", before?: string) =>
  generate({
    ...(before === undefined ? {} : { before }),
    identity: await new SignJWT({ name })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(subject)
      .setAudience("everline")
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime("2m")
      .sign(new TextEncoder().encode(secret)),
  });
const post = ({ conversationId, token }: Opened, text: string) =>
  call(`/conversations/${conversationId}/activities`, token, {
    type: "message",
    text,
    locale: "en",
    channelData: { clientActivityID: crypto.randomUUID() },
  });
const seen = async ({ conversationId, token }: Opened) =>
  ((await (await call(`/conversations/${conversationId}/activities`, token)).json()) as { activities: Seen[] })
    .activities;
const join = ({ conversationId, token }: Opened, earlier: string | undefined) =>
  call(`/conversations/${conversationId}/join`, token, { token: earlier });

/** What an anonymous visitor said, with the answer to it. */
async function wroteBefore(text: string): Promise<Opened> {
  const visitor = await generate();
  await post(visitor, text);
  await expect.poll(async () => (await seen(visitor)).length, soon).toBe(2);
  return visitor;
}

test("C3 signing in says who is signed in, and every device of a customer shares one timeline", async () => {
  const [laptop, phone] = [await signIn("c-share"), await signIn("c-share")];
  expect(laptop).toMatchObject({ signedIn: { name: "Ann Parker" }, conversationId: phone.conversationId });
  await post(laptop, "hello from the laptop");
  await expect.poll(async () => (await seen(phone)).map((one) => one.text), soon).toContain("hello from the laptop");
  expect((await generate()).signedIn).toBeUndefined();
});

test("C6 nothing of before joins by signing in alone; asked for, it joins once, in order and without a gap", async () => {
  const before = await wroteBefore("why was I charged a late fee?");
  const words = (await seen(before)).map((one) => one.text);
  const account = await signIn("c-join");
  await post(account, "hi");
  await expect.poll(async () => (await seen(account)).length, soon).toBe(2);
  expect((await seen(account)).map((one) => one.text)).not.toContain(words[0]);

  const [first, again] = [await join(account, before.token), await join(account, before.token)];
  expect([first.status, again.status]).toEqual([200, 200]);
  expect([await first.json(), await again.json()]).toEqual([{ joined: 2 }, { joined: 2 }]);
  expect((await seen(account)).map((one) => one.text).slice(2)).toEqual(words);
  const rows =
    await everline.sql`select seq, type from events where conversation_id = ${account.conversationId} order by seq`;
  expect(rows.map((row) => Number(row.seq))).toEqual(rows.map((_, index) => index + 1));
  expect(rows.map((row) => row.type)).toEqual(["message", "message", "history-joined", "message", "message"]);
  // The earlier token is over; what was said stays where it was said.
  const status = async () => (await call(`/conversations/${before.conversationId}/activities`, before.token)).status;
  await expect.poll(status, soon).toBe(403);
  const kept = await everline.sql`select 1 from messages where conversation_id = ${before.conversationId}`;
  expect(kept).toHaveLength(2);
});

test("C6 a file that was sent before can be opened afterwards, by the account alone", async () => {
  const before = await generate();
  const form = new FormData();
  form.append("activity", new Blob([JSON.stringify({ type: "message", text: "see" })]));
  form.append("file", new Blob(["a plain text"], { type: "text/plain" }), "note.txt");
  const sent = await fetch(`${base}/conversations/${before.conversationId}/upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${before.token}` },
    body: form,
  });
  expect(sent.status).toBe(200);
  const account = await signIn("c-file");
  expect((await join(account, before.resume)).status).toBe(200);
  const [row] = await everline.sql`select id from attachments where conversation_id = ${account.conversationId}`;
  expect((await call(`/attachments/${row?.id}`, account.token)).status).toBe(200);
  const other = await signIn("c-file-other");
  expect((await call(`/attachments/${row?.id}`, other.token)).status).toBe(404);
});

test("R6 R7 a file that is still being fetched goes along, and arrives where its message is now", async () => {
  const before = await generate();
  await post(before, "see the photo");
  const id = crypto.randomUUID();
  const photo = { t: "media", kind: "image", mime: "image/png", state: "pending", assetId: id };
  await everline.sql`update messages set parts = ${JSON.stringify([photo])}::text::jsonb
    where conversation_id = ${before.conversationId} and author = 'contact'`;
  await everline.sql`insert into attachments (id, conversation_id, state, declared_mime, due_at, attempts)
    values (${id}, ${before.conversationId}, 'pending', 'image/png', now() + interval '1 hour', 1)`;
  const account = await signIn("c-fetched");
  expect((await join(account, before.resume)).status).toBe(200);
  const db = openPatientDb(everline.databaseUrl);
  const bytes = Buffer.from("a plain text");
  const claim = { id, conversationId: before.conversationId, attempts: 1 };
  const settled = await settleFile(db, claim, { state: "ready", mime: "text/plain", bytes });
  await db.close();
  expect(settled).toBe(account.conversationId);
  expect((await call(`/attachments/${id}`, account.token)).status).toBe(200);
  const [event] = await everline.sql`select e.conversation_id, m.parts from events e
    join messages m on m.conversation_id = e.conversation_id and m.seq = (e.data->>'of')::bigint
    where e.type = 'attachment' and e.data->>'attachmentId' = ${id}`;
  expect(event).toMatchObject({ conversation_id: account.conversationId, parts: [{ assetId: id }] });
});

test("C6 R4 a conversation that waits for a person keeps its place after joining", async () => {
  const before = await generate();
  await post(before, "let me talk to a person");
  await expect
    .poll(
      async () => (await everline.sql`select owner from conversations where id = ${before.conversationId}`)[0]?.owner,
      soon,
    )
    .toBe("queue");
  const account = await signIn("c-queue");
  expect((await join(account, before.token)).status).toBe(200);
  const rows = await everline.sql`select owner, summary is not null as handed, waiting_since is not null as waits
    from conversations where id in (${account.conversationId}, ${before.conversationId}) order by id = ${before.conversationId}`;
  expect(rows).toMatchObject([
    { owner: "queue", handed: true, waits: true },
    { owner: "assistant", waits: false },
  ]);
});

test("R6 C2 a customer who asked to be told still is after joining, in the browser that signed in", async () => {
  const before = await wroteBefore("why was I charged a late fee?");
  const account = await signIn("c-told");
  const idOf = async ({ conversationId }: Opened) =>
    (
      await everline.sql<{ id: string }[]>`
        select id from visitor_sessions where conversation_id = ${conversationId} order by id limit 1`
    )[0]?.id as string;
  const [session, goesOn] = [await idOf(before), await idOf(account)];
  const [elsewhere] = await everline.sql<{ id: string }[]>`
    insert into visitor_sessions (conversation_id, address_id, expires_at, resumable_until)
      select conversation_id, address_id, expires_at, resumable_until from visitor_sessions where id = ${session} returning id`;
  for (const [index, of] of [session, elsewhere?.id ?? ""].entries())
    await everline.sql`insert into push_subscriptions (conversation_id, session_id, endpoint, endpoint_hash, p256dh, auth)
      values (${before.conversationId}, ${of}, ${`of-${index}`}, ${Buffer.from(`joined-${index}`)}, 'p', 'a')`;
  for (const [{ conversationId }, number, days] of [
    [account, "+12025550101", 1],
    [before, "+12025550102", 0],
  ] as const)
    await everline.sql`insert into reach_numbers (conversation_id, session_id, channel, number, zone, words, agreed_at)
      values (${conversationId}, ${session}, 'sms', ${number}, 'Etc/UTC', 'Tell me', now() - ${days} * interval '1 day')`;
  await everline.sql`insert into nudges (conversation_id, from_seq, to_seq, due_at)
    values (${before.conversationId}, 1, 2, now() + interval '1 hour')`;
  expect((await join(account, before.resume)).status).toBe(200);
  const both = [before.conversationId, account.conversationId];
  const browsers =
    await everline.sql`select conversation_id as of, session_id as session, endpoint from push_subscriptions
    where conversation_id = any (${both}::uuid[])`;
  expect(browsers).toEqual([{ of: account.conversationId, session: goesOn, endpoint: "of-0" }]);
  const numbers = await everline.sql`select number, conversation_id as of from reach_numbers
    where conversation_id = any (${both}::uuid[]) and ended_at is null`;
  expect(numbers).toEqual([{ number: "+12025550102", of: account.conversationId }]);
  const nudges = await everline.sql`select state from nudges where conversation_id = ${before.conversationId}`;
  expect(nudges).toEqual([{ state: "seen" }]);
});

test("R8 what is pushed to a browser goes on with its next sign-in, and ends with signing out, in time or late", async () => {
  let made = 0;
  const subscribed = async (opened: Opened) => {
    const [row] = await everline.sql<{ id: string }[]>`
      insert into push_subscriptions (conversation_id, session_id, endpoint, endpoint_hash, p256dh, auth)
      select conversation_id, id, 'next', ${Buffer.from(`next-${made++}`)}, 'p', 'a' from visitor_sessions
      where conversation_id = ${opened.conversationId} order by id desc limit 1 returning id`;
    return async () => (await everline.sql`select 1 from push_subscriptions where id = ${row?.id ?? null}`).length;
  };
  const runOut = ({ conversationId }: Opened) =>
    everline.sql`update visitor_sessions set expires_at = now() - interval '1 second'
      where conversation_id = ${conversationId}`;
  const first = await signIn("c-pushed");
  const told = await subscribed(first);
  await runOut(first);
  const second = await signIn("c-pushed", "Ann Parker", first.token);
  expect(await told()).toBe(1);
  await call("/tokens/end", second.token, {});
  expect(await told()).toBe(0);

  const third = await signIn("c-pushed");
  const toldLate = await subscribed(third);
  await runOut(third);
  expect(await toldLate()).toBe(1);
  await call("/tokens/end", third.token, {});
  expect(await toldLate()).toBe(0);
  expect((await call("/tokens/end", "made.up", {})).status).toBe(401);

  const fourth = await signIn("c-pushed");
  const toldOther = await subscribed(fourth);
  await signIn("c-other", "Erik", (await generate()).token);
  expect(await toldOther()).toBe(1);
  await signIn("c-other", "Erik", fourth.token);
  expect(await toldOther()).toBe(0);
});

test("R8 nothing of anybody else joins: another account, a foreign token, a signed-out visitor", async () => {
  const [ann, erik] = [await signIn("c-ann"), await signIn("c-erik")];
  await post(erik, "this is Erik's");
  const visitor = await wroteBefore("where can I find my payment plan?");
  const left = await wroteBefore("where can I find my payment plan?");
  await call("/tokens/end", left.token, {});
  // Not signed in: nothing to join to.
  expect((await join(await generate(), visitor.token)).status).toBe(403);
  for (const token of [erik.token, left.token, "made.up", "", undefined, `${visitor.token}x`]) {
    const answer = await join(ann, token);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: "CannotBeJoined" } }]);
  }
  expect(await seen(ann)).toEqual([]);
  // The outsider's aim exists: its owner may have it, and then nobody else.
  expect((await join(erik, visitor.token)).status).toBe(200);
  expect((await join(ann, visitor.token)).status).toBe(400);
  expect(await seen(ann)).toEqual([]);
});

test("A6 signing out ends it on this device alone", async () => {
  const [laptop, phone] = [await signIn("c-out"), await signIn("c-out")];
  expect((await call("/tokens/end", laptop.token, {})).status).toBe(200);
  // Within the seconds that safety.md gives the end of a session.
  const status = async () => (await call(`/conversations/${laptop.conversationId}/activities`, laptop.token)).status;
  await expect.poll(status, soon).toBe(403);
  expect((await call(`/conversations/${phone.conversationId}/activities`, phone.token)).status).toBe(200);
});
