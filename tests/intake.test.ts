import { afterAll, beforeAll, expect, test } from "vitest";
import type { InboundMessage } from "../channels/channel.ts";
import { asksForCall } from "../src/assistant/hand-off-words.ts";
import { createDb, type Db } from "../src/db/client.ts";
import { DatabaseUnavailable } from "../src/db/errors.ts";
import { callInstead } from "../src/escalations/call-instead.ts";
import { createAccept } from "../src/intake/accept.ts";
import { freshDatabase, quiet } from "./support/database.ts";

const sms = { name: "sms", account: "default", limits: { burstWaitMs: 0 } };
let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
const rung: string[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

function accept() {
  return createAccept({
    db,
    bell: { ring: (id) => rung.push(id), ringTurn: (id) => rung.push(id) },
    publish: () => undefined,
  });
}

function message(key: string, from: string, text: string, more: Partial<InboundMessage> = {}): InboundMessage {
  return {
    kind: "message",
    key,
    from: { channel: "sms", kind: "e164", value: from },
    externalId: key,
    parts: [{ t: "text", text, format: "plain" }],
    wantsAnswer: true,
    ...more,
  };
}

test("R1 a second delivery of the same message stores nothing and gets the same answer", async () => {
  const first = await accept()(message("k:1", "+46700000001", "hello"), sms);
  const again = await accept()(message("k:1", "+46700000001", "hello"), sms);
  expect(first.outcome).toBe("stored");
  expect(again).toEqual({ ...first, outcome: "duplicate" });
  const rows = await db.run((sql) => sql`select seq from messages where conversation_id = ${first.conversationId}`);
  expect(rows).toHaveLength(1);
});

test("R3 two hundred parallel messages of twenty people keep their order without a gap", async () => {
  const take = accept();
  const sent = Array.from({ length: 200 }, (_, n) =>
    message(`p:${n}`, `+4670000100${n % 20}`.slice(0, 13), `text ${n}`),
  );
  const stored = await Promise.all(sent.map((one) => take(one, sms)));
  const people = new Map<string, number[]>();
  stored.forEach((one, n) => {
    const list = people.get(one.conversationId) ?? [];
    list.push(one.seq);
    people.set(one.conversationId, list);
    expect(n).toBeGreaterThanOrEqual(0);
  });
  for (const seqs of people.values()) expect(seqs).toEqual(seqs.map((_, index) => index + 1));
});

test("R3 the same first message in two processes makes one contact", async () => {
  const results = await Promise.all(
    [1, 2, 3, 4].map((n) => accept()(message(`first:${n}`, "+46700000777", "hi"), sms)),
  );
  expect(new Set(results.map((one) => one.conversationId)).size).toBe(1);
  expect(results.map((one) => one.seq).sort()).toEqual([1, 2, 3, 4]);
});

test("R3 what needs a look before it is stored is not overtaken by what its sender wrote after it", async () => {
  const take = createAccept({
    db,
    bell: { ring: () => undefined, ringTurn: () => undefined },
    publish: () => undefined,
    async hideCode(given) {
      if (JSON.stringify(given.parts).includes("123456")) await db.run((sql) => sql`select pg_sleep(0.05)`);
      return given;
    },
  });
  const from = "+46700000004";
  const stored = await Promise.all([
    take(message("order:1", from, "my order is 123456"), sms),
    take(message("order:2", from, "where is it?"), sms),
    take(
      {
        kind: "change",
        key: "order:3",
        from: { channel: "sms", kind: "e164", value: from },
        change: "revoke",
        targetExternalId: "order:1",
        data: {},
      },
      sms,
    ),
  ]);
  expect(stored.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test("R3 a message that could not be looked at does not keep what comes after it from being stored", async () => {
  const take = createAccept({
    db,
    bell: { ring: () => undefined, ringTurn: () => undefined },
    publish: () => undefined,
    hideCode: (given) => (given.key === "away:1" ? Promise.reject(new Error("away")) : Promise.resolve(given)),
  });
  const [first, second] = await Promise.allSettled(
    ["away:1", "away:2"].map((key) => take(message(key, "+46700000005", "hello"), sms)),
  );
  expect(first?.status).toBe("rejected");
  expect(second).toMatchObject({ status: "fulfilled", value: { outcome: "stored", seq: 1 } });
});

test("R4 R6 a customer who waits and asks for a call stays in the queue until that message is stored, then the assistant owes it", async () => {
  const from = "+46700000006";
  const { conversationId } = await accept()(message("call:1", from, "a person, please"), sms);
  await db.run(
    (sql) => sql`update conversations set owner = 'queue', waiting_since = now() where id = ${conversationId}`,
  );
  await db.run((sql) => sql`delete from turns where conversation_id = ${conversationId}`);
  const owner = () => db.run((sql) => sql`select owner from conversations where id = ${conversationId}`);
  const turns = () =>
    db.run((sql) => sql`select first_seq, last_seq from turns where conversation_id = ${conversationId}`);
  const callsInstead = (away: boolean) =>
    createAccept({
      db: away ? { ...db, run: () => Promise.reject(new DatabaseUnavailable("test")) } : db,
      bell: { ring: (id) => rung.push(id), ringTurn: (id) => rung.push(id) },
      publish: () => undefined,
      callInstead: { asked: asksForCall, give: (id, seq) => callInstead(db, id, seq) },
    });
  const wish = message("call:2", from, "call me");
  await expect(callsInstead(true)(wish, sms)).rejects.toBeInstanceOf(DatabaseUnavailable);
  expect(await owner()).toEqual([{ owner: "queue" }]);

  // Stored by a process that died before it gave the conversation back: the provider's repetition does.
  expect(await accept()(wish, sms)).toMatchObject({ outcome: "stored", seq: 2 });
  expect(await turns()).toEqual([]);
  rung.length = 0;
  expect(await callsInstead(false)(wish, sms)).toMatchObject({ outcome: "duplicate", seq: 2 });
  expect(await owner()).toEqual([{ owner: "assistant" }]);
  expect(await turns()).toEqual([{ first_seq: 2, last_seq: 2 }]);
  expect(rung).toEqual([conversationId]);

  // Answered since, and waiting for a person again: that message is no reason any more.
  await db.run((sql) => sql`delete from turns where conversation_id = ${conversationId}`);
  await db.run(
    (sql) => sql`insert into messages (conversation_id, seq, author, channel, account, parts)
    values (${conversationId}, 90, 'assistant', 'sms', 'default', '[]')`,
  );
  await db.run((sql) => sql`update conversations set owner = 'queue', next_seq = 91 where id = ${conversationId}`);
  await callsInstead(false)(wish, sms);
  expect(await owner()).toEqual([{ owner: "queue" }]);
});

test("P1 a card number never reaches a table", async () => {
  const stored = await accept()(message("card:1", "+46700000002", "my card is 4111 1111 1111 1111 ok"), sms);
  const [row] = await db.run((sql) => sql`select parts from messages where conversation_id = ${stored.conversationId}`);
  expect(JSON.stringify(row)).toContain("1111 ok");
  expect(JSON.stringify(row)).not.toContain("4111");
});

test("a STOP is stored, recorded as consent and opens no turn", async () => {
  const stored = await accept()(message("stop:1", "+46700000003", "STOP", { consent: "stop" }), sms);
  const turns = await db.run((sql) => sql`select 1 from turns where conversation_id = ${stored.conversationId}`);
  const [address] = await db.run((sql) => sql`select opted_out_at from contact_addresses where value = '+46700000003'`);
  expect(turns).toHaveLength(0);
  expect(address?.opted_out_at).toBeInstanceOf(Date);
});
