import { afterAll, beforeAll, expect, test } from "vitest";
import type { InboundMessage } from "../channels/channel.ts";
import { createAgent } from "../src/agents/sessions.ts";
import { asksForCall } from "../src/assistant/hand-off-words.ts";
import { openVisitorSession, removeSilentVisitors } from "../src/contacts/visitor-sessions.ts";
import { changeConversation } from "../src/conversations/change.ts";
import { episodeBefore } from "../src/conversations/episode.ts";
import { timelineForAgent } from "../src/conversations/for-agent.ts";
import { nextReplies } from "../src/conversations/timeline.ts";
import { createDb, type Db } from "../src/db/client.ts";
import { DatabaseUnavailable } from "../src/db/errors.ts";
import { callInstead } from "../src/escalations/call-instead.ts";
import { createAccept } from "../src/intake/accept.ts";
import { limitKey } from "../src/lib/limit-key.ts";
import { maskCards, maskParts } from "../src/lib/mask.ts";
import { plainText } from "../src/lib/message.ts";
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
    // The provider answers what is about consent itself.
    wantsAnswer: more.consent === undefined,
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

test("whoever opened a session before they wrote has the language of their first message, answered or not", async () => {
  const address = { channel: "web-chat", kind: "web-visitor", value: "before-writing" } as const;
  const times = { tokenSeconds: 60, resumeSeconds: 60 };
  const opened = await openVisitorSession(db, {
    address,
    proof: null,
    from: { timeZone: null, ip: "127.0.0.1" },
    ...times,
  });
  const languages = () =>
    db.run(
      (sql) => sql`select p.locale, c.locale as spoken from contacts p join conversations c on c.contact_id = p.id
        where c.id = ${opened?.conversationId ?? ""}`,
    );
  expect(await languages()).toEqual([{ locale: null, spoken: null }]);
  await accept()(message("l:1", "", "Hej", { from: address, locale: "sv-SE" }), sms);
  await accept()(message("l:2", "", "Hi", { from: address, locale: "en" }), sms);
  // What is spoken is decided by what is written.
  expect(await languages()).toEqual([{ locale: "sv-SE", spoken: null }]);
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

test("R6 C14 a reaction, the end of a call or a STOP makes nobody wait for a person", async () => {
  const from = "+46700000008";
  const { conversationId } = await accept()(message("calm:1", from, "hello"), sms);
  await db.run(
    (sql) => sql`update conversations set owner = 'queue', listed_at = now() - interval '1 hour'
    where id = ${conversationId}`,
  );
  const line = async () => {
    const [row] = await db.run(
      (sql) => sql`select waiting_since is not null as waits,
      listed_at < now() - interval '1 minute' as below from conversations where id = ${conversationId}`,
    );
    return row;
  };
  await accept()(
    {
      kind: "change",
      key: "calm:2",
      from: { channel: "sms", kind: "e164", value: from },
      change: "reaction",
      targetExternalId: "calm:1",
      data: { emoji: "+1" },
    },
    sms,
  );
  expect(await line()).toEqual({ waits: false, below: true });
  await accept()(message("calm:3", from, "STOP", { consent: "stop" }), sms);
  expect(await line()).toEqual({ waits: false, below: false });
  await accept()(message("calm:4", from, "and my parcel?"), sms);
  expect(await line()).toEqual({ waits: true, below: false });
});

test("R8 addresses that are said to be one person's and are two people's merge nobody, and the timeline says so once", async () => {
  const [one, two] = ["+46700000009", "+46700000010"];
  const mine = await accept()(message("clash:1", one, "hello"), sms);
  const theirs = await accept()(message("clash:2", two, "hello"), sms);
  const aliases = [
    { channel: "sms", kind: "e164", value: two },
    { channel: "sms", kind: "opaque", value: "scoped-1" },
  ] as const;
  for (const key of ["clash:3", "clash:4"]) await accept()(message(key, one, "me again", { aliases }), sms);
  const events = await db.run(
    (sql) => sql`select conversation_id, seq::int, type, data from events
    where conversation_id in (${mine.conversationId}, ${theirs.conversationId}) and type = 'identity-clash'`,
  );
  expect(events).toEqual([
    { conversation_id: mine.conversationId, seq: 2, type: "identity-clash", data: { with: theirs.conversationId } },
  ]);
  const people = await db.run(
    (sql) => sql`select a.value, c.id from contact_addresses a
    join conversations c on c.contact_id = a.contact_id where a.value in (${one}, ${two}, 'scoped-1') order by a.value`,
  );
  expect(people).toEqual([
    { value: one, id: mine.conversationId },
    { value: two, id: theirs.conversationId },
    { value: "scoped-1", id: mine.conversationId },
  ]);
  const seqs = await db.run(
    (sql) => sql`select seq::int from events where conversation_id = ${mine.conversationId} order by seq`,
  );
  expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
});

test("R8 what was said at a person's other addresses is not remembered for one that proved nothing", async () => {
  const [phone, account] = ["+46700000011", "c-said"];
  const { conversationId } = await accept()(message("said:1", phone, "hello"), sms);
  await db.run(
    (sql) => sql`insert into contact_addresses (contact_id, channel, kind, value)
    select contact_id, 'web-chat', 'account', ${account} from conversations where id = ${conversationId}`,
  );
  const from = { channel: "web-chat", kind: "account", value: account } as const;
  await accept()(message("said:2", "", "my card was stolen", { from }), { ...sms, name: "web-chat" });
  const [address] = await db.run(
    (sql) => sql<{ id: string }[]>`select id from contact_addresses where value = ${phone}`,
  );
  const episode = { conversationId, fromSeq: 1, beforeSeq: 9 };
  const said = async (at: Parameters<typeof episodeBefore>[3]) =>
    (await episodeBefore(db, episode, 10, at)).map(({ parts }) => plainText(parts));
  expect(await said(null)).toEqual(["hello", "my card was stolen"]);
  expect(await said({ addressId: address?.id ?? "", channel: "sms" })).toEqual(["hello"]);
});

test("R8 a caller hears what goes to the phone, not what is answered in the same person's chat meanwhile", async () => {
  const { conversationId } = await accept()(message("ear:1", "+46700000015", "hello"), sms);
  for (const [seq, channel] of [
    [2, "web-chat"],
    [3, "voice"],
    [4, null],
  ] as const)
    await db.run(
      (sql) => sql`insert into messages (conversation_id, seq, author, channel, account, parts)
      values (${conversationId}, ${seq}, 'assistant', ${channel}, 'default', '[]')`,
    );
  const deps = { db, live: { subscribe: () => () => undefined } };
  const heard = await nextReplies(deps, conversationId, "voice", 1, 0);
  expect(heard.map(({ seq }) => Number(seq))).toEqual([3, 4]);
});

test("R4 given back to the assistant, a STOP and the mere beginning of a call are not answered", async () => {
  const from = "+46700000012";
  const { conversationId } = await accept()(message("back:1", from, "STOP", { consent: "stop" }), sms);
  const began = { t: "event", name: "call-started" } as const;
  await accept()(message("back:2", from, "", { parts: [began], wantsAnswer: false }), sms);
  await db.run((sql) => sql`update conversations set owner = 'queue' where id = ${conversationId}`);
  const agent = await createAgent(db, { email: "a@example.com", name: "a", role: "agent", password: "not-used-here" });
  const release = { kind: "release", to: "assistant" } as const;
  const release1 = await changeConversation(db, conversationId, agent?.id ?? "", release);
  expect(release1).toMatchObject({ outcome: "done", changed: true, answerDue: false });
  await db.run((sql) => sql`update conversations set owner = 'queue' where id = ${conversationId}`);
  await accept()(message("back:3", from, "is my parcel there?"), sms);
  const release2 = await changeConversation(db, conversationId, agent?.id ?? "", release);
  expect(release2).toMatchObject({ outcome: "done", changed: true, answerDue: true });
  const turns = await db.run((sql) => sql`select first_seq::int from turns where conversation_id = ${conversationId}`);
  expect(turns).toEqual([{ first_seq: 4 }]);
});

test("a visitor who asked for a token and never wrote is forgotten after a day, one who wrote or is there is not", async () => {
  const open = (value: string) =>
    openVisitorSession(db, {
      address: { channel: "web-chat", kind: "web-visitor", value },
      proof: null,
      from: { timeZone: null, ip: "192.0.2.1" },
      tokenSeconds: 60,
      resumeSeconds: 90 * 86_400,
    });
  const [silent, wrote] = [await open("silent"), await open("wrote")];
  const from = { channel: "web-chat", kind: "web-visitor", value: "wrote" } as const;
  await accept()(message("silent:1", "", "hello", { from }), { ...sms, name: "web-chat" });
  const there = await open("there");
  await db.run(
    (sql) => sql`update visitor_sessions set expires_at = now() - interval '2 days'
    where id in (${silent?.sessionId ?? ""}, ${wrote?.sessionId ?? ""})`,
  );
  await removeSilentVisitors(db);
  const ids = [silent, wrote, there].map((one) => one?.conversationId ?? "");
  const left = await db.run(
    (sql) => sql<{ id: string }[]>`select id from conversations where id = any (${ids}::uuid[])`,
  );
  expect(left.map(({ id }) => id).sort()).toEqual(ids.slice(1).sort());
});

test("R9 a limit per address counts a whole line of IPv6, and an address however it is written", () => {
  const line = limitKey("2001:db8:0:1:aaaa:bbbb:cccc:dddd");
  expect(limitKey("2001:0DB8::1:0:0:0:1")).toBe(line);
  expect(limitKey("2001:db8:0:2::1")).not.toBe(line);
  expect(limitKey("::ffff:192.0.2.7")).toBe("192.0.2.7");
  expect(limitKey("192.0.2.7")).toBe("192.0.2.7");
  expect(limitKey("fe80::1%eth0")).toBe(limitKey("fe80::2"));
  expect(limitKey("not an address")).toBe("not an address");
});

test("an agent sees which message a customer answers, where the customer marked it, and never another's", async () => {
  const from = "+46700000013";
  const { conversationId } = await accept()(message("quote:1", from, "hello"), sms);
  const [ours] = await db.run(
    (sql) => sql<{ id: string }[]>`
    with moved as (update conversations set next_seq = 3 where id = ${conversationId}),
      logged as (insert into events (conversation_id, seq, type, actor) values (${conversationId}, 2, 'message', 'assistant'))
    insert into messages (conversation_id, seq, author, channel, account, parts) values (${conversationId}, 2, 'assistant',
      'sms', 'default', '[{"t":"text","format":"plain","text":"Which parcel?"}]') returning id`,
  );
  await db.run(
    (sql) => sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address,
      item, state, external_id)
    values (${ours?.id ?? ""}, 1, ${conversationId}, 2, 'sms', 'default', '{}', '{}', 'sent', 'SM-ours')`,
  );
  await accept()(message("quote:3", from, "this one", { replyToExternalId: "SM-ours" }), sms);
  await accept()(message("quote:4", from, "and as I said", { replyToExternalId: "quote:1" }), sms);
  const foreign = message("quote:5", "+46700000014", "this one", { replyToExternalId: "SM-ours" });
  const other = await accept()(foreign, sms);
  const quotes = async (id: string) => (await timelineForAgent(db, id, { after: 0 })).map(({ replyTo }) => replyTo);
  expect(await quotes(conversationId)).toEqual([
    null,
    null,
    { seq: 2, author: "assistant", text: "Which parcel?" },
    { seq: 1, author: "contact", text: "hello" },
  ]);
  expect(await quotes(other.conversationId)).toEqual([null]);
});

test("P1 a card number never reaches a table", async () => {
  const stored = await accept()(message("card:1", "+46700000002", "my card is 4111 1111 1111 1111 ok"), sms);
  const [row] = await db.run((sql) => sql`select parts from messages where conversation_id = ${stored.conversationId}`);
  expect(JSON.stringify(row)).toContain("1111 ok");
  expect(JSON.stringify(row)).not.toContain("4111");
});

const card = "4111111111111111";
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

test("P1 a card number is found with whatever people put between its digits, and in every part", () => {
  const groups = card.match(/.{4}/g) ?? [];
  const marks = " .,*|·_/-\u00ad\u200b\u2060\u2010\u2011\u2012\u2013\u2014\u2015\u2212";
  for (const mark of [...marks, ", ", " - "])
    expect(maskCards(groups.join(mark)), JSON.stringify(mark)).not.toMatch(/4.*1.*1.*1.*1.*1/);
  const parts = maskParts([
    { t: "choice", optionId: card, title: card },
    { t: "location", lat: 1, lng: 2, name: card, address: card },
    { t: "contact", name: card, phones: [card, "+4915112345678"] },
  ]);
  expect(JSON.stringify(parts)).not.toContain(card);
  expect(JSON.stringify(parts)).toContain("+4915112345678");
  expect(maskParts([{ t: "choice", optionId: `slot:${card}`, title: "" }])).toMatchObject([
    { optionId: `slot:${card}` },
  ]);
});

test(`P1 ten thousand cards in thirty forms are masked to their last four digits, look-alikes are not (seed ${seed})`, () => {
  const random = seeded(seed);
  const digitsOf = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 10)).join("");
  const card = (prefix: string, length: number, off = 0) => {
    const body = prefix + digitsOf(length - 1 - prefix.length);
    const sum = [...body].reverse().reduce((total, digit, index) => {
      const one = Number(digit) * (index % 2 === 0 ? 2 : 1);
      return total + (one > 9 ? one - 9 : one);
    }, 0);
    return body + ((10 - (sum % 10) + off) % 10);
  };
  const kinds = [
    ["4", 16],
    ["51", 16],
    ["2221", 16],
    ["6011", 16],
    ["37", 15],
    ["36", 14],
    ["4", 19],
    ["3530", 16],
  ] as const;
  const grouped = (digits: string) =>
    digits.length === 15 ? digits.replace(/^(.{4})(.{6})/, "$1 $2 ") : digits.replace(/.{4}(?=.)/g, "$& ");
  const inDigits = (zero: number) => (text: string) =>
    text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
  const forms: ((digits: string) => string)[] = [
    (one) => one,
    (one) => `my card:${one}.`,
    (one) => [...one].join(" "),
    (one) => `exp 12/28 ${grouped(one)}`,
    (one) => `${grouped(one)} 12/28 123`,
    (one) => `order 77, ${grouped(one)}`,
    (one) => `a${one}b`,
    ...[0x660, 0x6f0, 0x966, 0xff10, 0x1d7ce].flatMap((zero) => [
      inDigits(zero),
      (one: string) => inDigits(zero)(grouped(one)),
    ]),
    ...[" ", "\t", "\n", "\u00a0", ".", "-", "\u2011", "\u2013", "\u2014", ",", ", ", " - ", "/"].map(
      (mark) => (one: string) => grouped(one).replaceAll(" ", mark),
    ),
  ];
  expect(forms).toHaveLength(30);
  const plain = (text: string) =>
    text.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => {
      const zero = [0x30, 0x660, 0x6f0, 0x966].find((one) => (digit.codePointAt(0) ?? 0) - one < 10) ?? 0x30;
      return String((digit.codePointAt(0) ?? 0) - zero);
    });
  const wrong = { shown: 0, hidden: 0 };
  for (let n = 0; n < 10_000; n++) {
    const [prefix, length] = kinds[n % kinds.length] ?? ["4", 16];
    const given = card(prefix, length);
    const form = forms[Math.floor(n / kinds.length) % forms.length] ?? String;
    const digits = plain(maskCards(form(given))).replace(/[^\d•]/g, "");
    if (!digits.includes("•".repeat(length - 4))) wrong.shown += 1;
    // The same with a wrong check digit, a parcel's number, a telephone number, times.
    const miscounted = card(length === 16 ? prefix : "4", 16, 1 + Math.floor(random() * 9));
    const likes = [
      miscounted,
      grouped(miscounted),
      `1${digitsOf(14)}`,
      `+46 70 ${digitsOf(3)} ${digitsOf(2)} ${digitsOf(2)}`,
      "2026-12-01 10:30 or 2026-12-02 11:45",
    ];
    const like = likes[n % likes.length] ?? "";
    if (maskCards(like) !== like) wrong.hidden += 1;
  }
  expect(wrong.shown).toBeLessThanOrEqual(10);
  expect(wrong.hidden).toBeLessThanOrEqual(10);
});

test("P1 a card number typed over several messages is masked in all of them, also in one go", async () => {
  const take = accept();
  const splits = [
    ["4111 1111", "1111 1111"],
    ["4111", "1111", "1111", "1111"],
    ["41111111", "11111111 12/28"],
  ];
  for (const [n, pieces] of splits.entries()) {
    const from = `+4670000010${n}`;
    const sent = pieces.map((text, at) => take(message(`split:${n}:${at}`, from, text, { raw: { Body: text } }), sms));
    const [{ conversationId = "" } = {}] = await Promise.all(sent);
    const timeline = await timelineForAgent(db, conversationId, { after: 0 });
    const texts = timeline.flatMap(({ parts }) => (parts === null ? [] : [plainText(parts)]));
    expect(texts.join("").replace(/12\/28|\D/g, "")).toBe("1111");
    expect(texts.join("")).toContain("•");
    const masked = timeline.filter(({ data }) => data.change === "masked");
    expect(masked.map(({ data }) => data.of)).toEqual(pieces.slice(1).map((_, at) => at + 1));
    expect(timeline.map(({ seq }) => Number(seq))).toEqual(timeline.map((_, at) => at + 1));
    const kept = await db.run(
      (sql) => sql`select raw, (select preview from conversations where id = conversation_id)
      from messages where conversation_id = ${conversationId}`,
    );
    expect(JSON.stringify(kept)).not.toMatch(/4111|1111.1111/);
  }
});

test("P1 figures that make no card number are left as they are", async () => {
  const take = accept();
  for (const [n, pieces] of [
    ["4111 1111", "1111 1112"],
    ["4111 1111", "yes", "1111 1111"],
  ].entries()) {
    const from = `+4670000011${n}`;
    let conversationId = "";
    for (const [at, text] of pieces.entries())
      conversationId = (await take(message(`look:${n}:${at}`, from, text), sms)).conversationId;
    const timeline = await timelineForAgent(db, conversationId, { after: 0 });
    expect(timeline.map(({ parts }) => plainText(parts ?? []))).toEqual(pieces);
  }
});

test("a STOP is stored, recorded as consent and opens no turn", async () => {
  const stored = await accept()(message("stop:1", "+46700000003", "STOP", { consent: "stop" }), sms);
  const turns = await db.run((sql) => sql`select 1 from turns where conversation_id = ${stored.conversationId}`);
  const [address] = await db.run((sql) => sql`select opted_out_at from contact_addresses where value = '+46700000003'`);
  expect(turns).toHaveLength(0);
  expect(address?.opted_out_at).toBeInstanceOf(Date);
});

function seeded(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
