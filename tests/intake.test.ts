import { afterAll, beforeAll, expect, test } from "vitest";
import type { InboundMessage } from "../channels/channel.ts";
import { createDb, type Db } from "../src/db/client.ts";
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
