import { afterAll, beforeAll, expect, test } from "vitest";
import { type CallbackTurn, callbackFlow, cancelCall } from "../../src/assistant/flows/callback.ts";
import { wordingFor } from "../../src/assistant/wording.ts";
import { applyToCallback } from "../../src/callbacks/apply.ts";
import type { CallDesk } from "../../src/callbacks/desk.ts";
import { callbackMeasures } from "../../src/callbacks/measures.ts";
import { insertPromise } from "../../src/callbacks/promise-call.ts";
import { type CallbackRequest, requestCallback } from "../../src/callbacks/request-callback.ts";
import { lockCallback } from "../../src/callbacks/store.ts";
import { tellKept } from "../../src/callbacks/tell.ts";
import { joinHistory } from "../../src/contacts/join-history.ts";
import { createDb, type Db } from "../../src/db/client.ts";
import { NoLongerTrue } from "../../src/turns/turn.ts";
import { callDesk } from "../support/call-desk.ts";
import { freshDatabase, quiet } from "../support/database.ts";

/** What a second request makes of the first, on a clock of its own. */
let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
let desk: CallDesk;
/** A Wednesday, eleven in the morning in Stockholm. */
const start = Date.parse("2026-11-25T10:00:00Z");
const minute = 60_000;
let now = start;
beforeAll(async () => {
  database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
  desk = callDesk(db, { now: () => now });
}, 60_000);
afterAll(async () => {
  await db.close();
  await database.drop();
});

let numbers = 0;
async function customer() {
  now = start;
  numbers += 1;
  const phone = `+4670174${String(numbers).padStart(4, "0")}`;
  const [made] = await db.run(
    (sql) => sql<{ contactId: string; conversationId: string }[]>`
      with contact as (insert into contacts (locale) values ('en') returning id)
      insert into conversations (contact_id) select id from contact
      returning contact_id as "contactId", id as "conversationId"`,
  );
  const given = { contactId: made?.contactId ?? "", conversationId: made?.conversationId ?? "" };
  const asks = (request: Partial<CallbackRequest> = {}) =>
    db.transaction(
      (sql) =>
        requestCallback(sql, desk, {
          ...given,
          ...{ phone, proven: true, wish: null, wantedAt: null, asap: false, picked: true, zone: null, topic: null },
          ...{ locale: "en", source: "test", address: null },
          ...request,
        }),
      // The first look at where a number may be loads the tables of the world.
      { deadlineMs: 30_000 },
    );
  const promised = async (request: Partial<CallbackRequest> = {}) => {
    const outcome = await asks(request);
    if (outcome.outcome !== "promised") throw new Error(`It was refused: ${outcome.outcome}`);
    return outcome;
  };
  const row = async () => {
    const [open] = await db.run(
      (sql) => sql<{ id: string }[]>`select id from callbacks where contact_id = ${given.contactId}`,
    );
    const found = await db.transaction((sql) => lockCallback(sql, open?.id ?? ""));
    if (found === null) throw new Error("There is no callback.");
    return found;
  };
  /** The clock of the dialler comes by. */
  const clock = async () => {
    const { id } = await row();
    await db.transaction(async (sql) => {
      const locked = await lockCallback(sql, id);
      if (locked !== null) await applyToCallback(sql, desk, locked, { type: "clock" });
    });
    return row();
  };
  return { ...given, phone, asks, promised, row, clock };
}

test("R5 asked again while the call is late, the promise stands: nobody loses their place or their call", async () => {
  for (const again of [{}, { asap: true }]) {
    const one = await customer();
    const at = now + 30 * minute;
    await one.promised({ wantedAt: at });
    now = at;
    await one.clock();
    now = at + 3 * minute;
    const late = await one.clock();
    expect(late).toMatchObject({ state: "due", toldLate: true });
    now = at + 40 * minute;
    expect(await one.promised(again)).toMatchObject({ id: late.id, merged: true, at: null });
    now += 1_000;
    expect(await one.clock()).toEqual(late);
  }
});

test("R5 asked for now again, the place in line and the attempts stay", async () => {
  const one = await customer();
  await one.promised({ asap: true });
  const first = await one.clock();
  now += 20 * minute;
  await one.promised({ asap: true });
  expect(await one.clock()).toEqual({ ...first, toldLate: true, until: expect.any(Number) });
});

test("now takes the place of a booked time; without a word about when, the booked time stands and is said", async () => {
  const one = await customer();
  const friday = now + 2 * 24 * 60 * minute;
  await one.promised({ wantedAt: friday });
  now += minute;
  expect(await one.promised({ topic: "A fee" })).toMatchObject({ merged: true, at: friday });
  expect(await one.row()).toMatchObject({ state: "scheduled", wantedAt: friday, dueAt: friday, topic: "A fee" });
  expect(await one.promised({ asap: true })).toMatchObject({ merged: true, at: null });
  expect(await one.row()).toMatchObject({ state: "requested", wantedAt: null, dueAt: now, localTime: null });
});

test("R5 requests merge: another time, number and topic change the one call, whatever came of it stands in the timeline", async () => {
  const one = await customer();
  const first = await one.promised({ asap: true, topic: "A fee" });
  const at = now + 60 * minute;
  const other = "+46701749999";
  expect(await one.promised({ wantedAt: at, phone: other, proven: false, wish: "in an hour" })).toEqual({
    ...first,
    merged: true,
    at,
  });
  expect(await one.row()).toMatchObject({ wantedAt: at, phone: other, proven: false, topic: "A fee" });
  const all = await db.run((sql) => sql`select 1 from callbacks where contact_id = ${one.contactId}`);
  const changes = await db.run(
    (sql) => sql<{ change: string }[]>`select data->>'change' as change from events
      where conversation_id = ${one.conversationId} and type = 'callback' order by seq`,
  );
  expect([all.length, changes.map(({ change }) => change)]).toEqual([1, ["booked", "merged"]]);
});

test("R5 where somebody is decides when they are rung: the browser's clock, else the number's, else the company's", async () => {
  const usual = await customer();
  await usual.promised({ asap: true, browserZone: "Asia/Tokyo" });
  expect(await usual.row()).toMatchObject({ zone: "Asia/Tokyo", zones: ["Asia/Tokyo"] });
  const silent = await customer();
  await silent.promised({ asap: true });
  expect(await silent.row()).toMatchObject({ zone: "Europe/Stockholm" });
  const nowhere = await customer();
  const made = {
    ...nowhere,
    proven: true,
    wantedAt: null,
    picked: false,
    zone: null,
    zones: [],
    wish: null,
    topic: null,
  };
  await db.transaction((sql) =>
    insertPromise(
      sql,
      { ...desk, deskZone: "America/New_York" },
      {
        ...made,
        ...{ locale: "en", team: null, source: "test", agentId: null },
      },
    ),
  );
  expect(await nowhere.row()).toMatchObject({ zone: "America/New_York", zones: ["America/New_York"] });
});

test("C6 two promises of one person become one at a join, and the timeline says which", async () => {
  const [before, account] = [await customer(), await customer()];
  await before.promised({ asap: true });
  const kept = await account.promised({ wantedAt: now + 60 * minute });
  const { id: dropped } = await before.row();
  const joined = await db.transaction(async (sql) => {
    await sql`update conversations set locale = 'sv' where id = ${account.conversationId}`;
    const [address] = await sql<{ id: string }[]>`
      insert into contact_addresses (contact_id, channel, kind, value)
      values (${account.contactId}, 'web-chat', 'account', 'c-join-calls') returning id`;
    return joinHistory(sql, {
      ...{ from: before.conversationId, into: account.conversationId },
      ...{ confirmedBy: "chat" as const, replyTo: address?.id ?? "", sessions: null },
      callDropped: (sql, contactId) => tellKept(sql, desk, contactId),
    });
  });
  expect(joined.outcome).toBe("joined");
  const rows = await db.run(
    (sql) => sql`select id, state, ended_at is not null as ended from callbacks
      where conversation_id = ${account.conversationId} order by state`,
  );
  expect(rows).toEqual([
    { id: dropped, state: "cancelled", ended: true },
    { id: kept.id, state: "scheduled", ended: false },
  ]);
  const events = await db.run(
    (sql) => sql<{ seq: number; type: string; callback: string | null; outcome: string | null; next: number }[]>`
      select e.seq::int as seq, e.type, e.data->>'callback' as callback, e.data->>'outcome' as outcome,
        c.next_seq::int as next
      from events e join conversations c on c.id = e.conversation_id
      where c.id = ${account.conversationId} order by e.seq`,
  );
  expect(events.at(-2)).toMatchObject({ type: "callback", callback: dropped, outcome: "joined" });
  // And the customer reads it in their language.
  const [told] = await db.run(
    (sql) => sql<{ text: string; author: string; seq: number }[]>`
      select parts->0->>'text' as text, author, seq::int as seq from messages
      where conversation_id = ${account.conversationId}`,
  );
  expect(told).toMatchObject({ author: "system", seq: events.at(-1)?.seq });
  expect(told?.text).toMatch(/två samtal\. Vi behåller ett och ringer dig onsdag 25 november .*12:00.*\/call\//);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events[0]?.next).toBe(events.length + 1);
});

test("measures: kept is rung within half a minute of the promised time, reached is answered, abandoned was never rung", async () => {
  const times = [
    { state: "done", rung: 10, connected: 20, ended: 140 },
    { state: "missed", rung: 60, connected: null, ended: 90 },
    { state: "cancelled", rung: null, connected: null, ended: 5 },
  ];
  for (const { state, rung, connected, ended } of times) {
    const one = await customer();
    await one.promised({ wantedAt: now + 60 * minute, source: "measured", picked: true });
    await db.run(
      (sql) => sql`update callbacks set state = ${state}, wanted_at = t.at,
          first_rung_at = t.at + make_interval(secs => ${rung}::int),
          connected_at = t.at + make_interval(secs => ${connected}::int),
          ended_at = t.at + make_interval(secs => ${ended}::int)
        from (select now() - interval '1 hour' as at) t where contact_id = ${one.contactId}`,
    );
  }
  // Nobody promised these two a time: that they were rung soon is their wait, and no promise kept.
  for (const source of ["measured", "measured-soon"]) {
    const one = await customer();
    await one.promised({ wantedAt: null, asap: true, source });
    await db.run(
      (sql) => sql`update callbacks set asked_at = t.at, first_rung_at = t.at + interval '20 seconds', state = 'done'
        from (select now() - interval '1 hour' as at) t where contact_id = ${one.contactId}`,
    );
  }
  const asked = { days: 1, by: "channel", zone: "Europe/Stockholm", hours: await desk.hours() } as const;
  const { by } = await callbackMeasures(db, asked);
  expect(by.get("measured")).toEqual({
    ...{ promised: 4, timed: 3, kept: 1, keptShare: 1 / 3, reached: 1, reachedShare: 1 / 4, abandoned: 1 },
    ...{ medianWaitSeconds: 20, medianHandleSeconds: 120 },
  });
  expect(by.get("measured-soon")).toMatchObject({ promised: 1, timed: 0, kept: 0, keptShare: null });
});

test("R5 what the chat says of a call is written only if it is so by then", async () => {
  const one = await customer();
  const chat = (text: string): CallbackTurn => ({
    desk,
    locale: "en",
    say: wordingFor("en"),
    text,
    turn: {
      ...{ id: "turn", token: "token", conversationId: one.conversationId, contactId: one.contactId, firstSeq: 1 },
      ...{ lastSeq: 1, attempts: 1, fence: 0, locale: "en", flow: {}, episodeFromSeq: 1, channel: "sms" },
      ...{ account: "default", addressId: one.contactId, wording: "short", messages: [] },
      address: { channel: "sms", kind: "e164", value: one.phone },
    },
  });
  const promise = await callbackFlow(chat("call me"), "call me");
  expect(promise.text).toContain(one.phone);
  // The number asked never to be called between the words and their storing.
  await db.run(
    (sql) => sql`insert into contact_addresses (contact_id, channel, kind, value, opted_out_at)
      values (${one.contactId}, 'voice', 'e164', ${one.phone}, now())`,
  );
  await expect(db.transaction(async (sql) => promise.alongside?.(sql))).rejects.toBeInstanceOf(NoLongerTrue);
  await db.run((sql) => sql`delete from contact_addresses where value = ${one.phone}`);
  await db.transaction(async (sql) => promise.alongside?.(sql));
  const cancel = await cancelCall(chat("cancel my call"));
  expect(cancel.text).toContain("cancelled");
  const { id } = await one.row();
  // Their telephone rings by then.
  await db.run((sql) => sql`update callbacks set state = 'dialling', rung = true where id = ${id}`);
  await expect(db.transaction(async (sql) => cancel.alongside?.(sql))).rejects.toBeInstanceOf(NoLongerTrue);
});
