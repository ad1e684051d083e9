import { afterAll, beforeAll, expect, test } from "vitest";
import type {
  Channel,
  ChannelLimits,
  InboundMessage,
  Outgoing,
  Rendered,
  SendResult,
  Sends,
} from "../channels/channel.ts";
import { timelineForAgent } from "../src/conversations/for-agent.ts";
import { recallReplies } from "../src/conversations/recall-replies.ts";
import { createDb, type Db } from "../src/db/client.ts";
import { DatabaseUnavailable } from "../src/db/errors.ts";
import { createAccept } from "../src/intake/accept.ts";
import { createOutbox, sendLeaseMs } from "../src/outbox/outbox.ts";
import { startSweeper } from "../src/queues/sweeper.ts";
import { createAnswerTurns, leaseMs } from "../src/turns/answer-turns.ts";
import { createAtOnce } from "../src/turns/at-once.ts";
import { type Decision, NoLongerTrue, type WaitingTurn } from "../src/turns/turn.ts";
import { freshDatabase, quiet } from "./support/database.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
beforeAll(async () => {
  database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** The whole way with a provider that remembers what it took. */
function line(
  options: {
    decide?: (turn: WaitingTurn) => Promise<Decision>;
    provider?: (sent: Outgoing) => SendResult;
    pieces?: number;
    limits?: Partial<ChannelLimits>;
    /** The process that stores a message answers it too. */
    atOnce?: boolean;
    numbered?: NonNullable<Rendered["numbered"]>;
    /** The database as those see it who answer. */
    answeringDb?: Db;
    /** Answers are made by a model, and this is shown meanwhile. */
    showTyping?: () => () => void;
  } = {},
) {
  const sent: Outgoing[] = [];
  const held: { externalId: string; outgoing: Outgoing }[] = [];
  const channel: Channel & Sends = {
    name: "sms",
    account: "default",
    limits: {
      textMaxChars: 1600,
      replyWindowMs: null,
      burstWaitMs: 0,
      pulled: false,
      wording: "short",
      ...options.limits,
    },
    render: (message) => ({
      items: Array.from({ length: options.pieces ?? 1 }, (_, n) => ({
        body: { text: JSON.stringify(message.parts), n },
      })),
      degraded: [],
      numbered: options.numbered ?? [],
    }),
    async send(outgoing) {
      sent.push(outgoing);
      return options.provider?.(outgoing) ?? { outcome: "accepted", externalId: `SM${sent.length}${Math.random()}` };
    },
    async lookUp() {
      return { found: held.map((one) => ({ externalId: one.externalId, state: "sent" as const })) };
    },
  };
  const outbox = createOutbox({ db, channelFor: () => channel, publish: () => undefined, log: quiet });
  const answered: string[] = [];
  const atOnce = createAtOnce();
  const { due: answerTurns, held: answerHeld } = createAnswerTurns({
    db: options.answeringDb ?? db,
    assistant: { decide: options.decide ?? (async (turn) => echo(turn)), giveUp: echo },
    usesModel: options.showTyping !== undefined,
    render: (_name, _account, message) => ({
      ...channel.render(message),
      wording: "short",
      replyWindowMs: channel.limits.replyWindowMs,
    }),
    wordingOf: () => "short",
    send: (delivery) => outbox.send(delivery),
    deliverOpen: (ids) => outbox.deliverOpen(ids),
    showTyping: options.showTyping ?? (() => () => undefined),
    sendLeaseMs,
    publish: () => undefined,
    log: quiet,
    onAnswered: (outcome) => answered.push(outcome),
  });
  const rung = new Set<string>();
  if (options.atOnce === true) atOnce.open(leaseMs, (turn) => answerHeld(turn, new AbortController().signal));
  const accept = createAccept({
    db,
    bell: { ring: (id) => rung.add(id), ringTurn: (id) => rung.add(id) },
    publish: () => undefined,
    atOnce,
  });
  return {
    rung,
    atOnce,
    sent,
    held,
    answered,
    outbox,
    answerTurns: (ids: string[]) => answerTurns(ids, new AbortController().signal),
    say: (key: string, from: string, text: string, more: Partial<InboundMessage> = {}) =>
      accept({ ...message(key, from, text), ...more }, channel),
  };
}

function message(key: string, from: string, text: string): InboundMessage {
  return {
    kind: "message",
    key,
    from: { channel: "sms", kind: "e164", value: from },
    externalId: key,
    parts: [{ t: "text", text, format: "plain" }],
    wantsAnswer: true,
  };
}

function echo(turn: WaitingTurn): Decision {
  const text = turn.messages.map((one) => JSON.stringify(one.parts)).join("+");
  return { parts: [{ t: "text", text, format: "plain" }], meta: null, locale: "en", flow: null };
}

async function deliveryStates(conversationId: string): Promise<string[]> {
  const rows = await db.run(
    (sql) =>
      sql<
        { state: string }[]
      >`select state from deliveries where conversation_id = ${conversationId} order by seq, piece`,
  );
  return rows.map((row) => row.state);
}

test("several messages in a row get one answer", async () => {
  const { say, answerTurns, sent, outbox } = line();
  const { conversationId } = await say("b:1", "+4611", "one");
  await say("b:2", "+4611", "two");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(sent).toHaveLength(1);
  expect(JSON.stringify(sent[0]?.item)).toContain("two");
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
});

test("R2 a turn that is answered twice at once has one reply", async () => {
  const { say, answerTurns, sent, outbox } = line();
  const { conversationId } = await say("c:1", "+4612", "hello");
  await Promise.all([answerTurns([conversationId]), answerTurns([conversationId]), answerTurns([conversationId])]);
  await outbox.idle();
  expect(sent).toHaveLength(1);
});

test("a message that arrives while the answer is made joins the turn", async () => {
  let first = true;
  const way = line({
    decide: async (turn) => {
      if (first) {
        first = false;
        await way.say("d:2", "+4613", "and this");
      }
      return echo(turn);
    },
  });
  const { conversationId } = await way.say("d:1", "+4613", "this");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(way.answered).toEqual(["newer", "written"]);
  expect(way.sent).toHaveLength(1);
  expect(JSON.stringify(way.sent[0]?.item)).toContain("and this");
});

test("R4 the assistant says nothing after a person took over", async () => {
  const way = line({
    decide: async (turn) => {
      await db.run(
        (sql) => sql`update conversations set owner = 'queue', fence = fence + 1 where id = ${turn.conversationId}`,
      );
      return echo(turn);
    },
  });
  const { conversationId } = await way.say("e:1", "+4614", "a person please");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(way.sent).toHaveLength(0);
  const replies = await db.run(
    (sql) => sql`select 1 from messages where conversation_id = ${conversationId} and author = 'assistant'`,
  );
  expect(replies).toHaveLength(0);
});

test("R6 a reply that is not true any more when it is written is made anew at once, and only the new one is said", async () => {
  let tries = 0;
  const way = line({
    async decide(turn) {
      tries += 1;
      const [first] = echo(turn).parts ?? [];
      const text = tries === 1 ? "We call you at nine." : "Nine is taken.";
      return {
        ...echo(turn),
        parts: first?.t === "text" ? [{ ...first, text }] : null,
        async alongside(sql) {
          await sql`update conversations set preview = ${text} where id = ${turn.conversationId}`;
          if (tries === 1) throw new NoLongerTrue();
        },
      };
    },
  });
  const { conversationId } = await way.say("at:1", "+46190", "call me at nine");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(way.sent.map((one) => JSON.stringify(one.item))).toEqual([expect.stringContaining("Nine is taken.")]);
  expect(way.answered).toEqual(["written"]);
  const replies = await db.run(
    (sql) => sql`select 1 from messages where conversation_id = ${conversationId} and author = 'assistant'`,
  );
  expect(replies).toHaveLength(1);
});

test("R3 the pieces of a long reply go out one after the other", async () => {
  const way = line({ pieces: 3 });
  const { conversationId } = await way.say("f:1", "+4615", "long");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(way.sent.map((one) => one.item.body.n)).toEqual([0, 1, 2]);
  expect(await deliveryStates(conversationId)).toEqual(["sent", "sent", "sent"]);
});

test("R2 an unknown outcome is looked up and not sent again when the provider has it", async () => {
  const error = { class: "retry", code: "timeout", text: "The provider did not answer." } as const;
  const way = line({ provider: () => ({ outcome: "unknown", error }) });
  const { conversationId } = await way.say("g:1", "+4616", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["unknown"]);
  const [outgoing] = way.sent;
  if (outgoing === undefined) throw new Error("nothing was sent");
  way.held.push({ externalId: "SMheld", outgoing });
  await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
  await way.outbox.deliverOpen([conversationId]);
  await way.outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
  expect(way.sent).toHaveLength(1);
});

test("R1 an unknown outcome that the provider surely does not have is sent again", async () => {
  const error = { class: "retry", code: "timeout", text: "The provider did not answer." } as const;
  let calls = 0;
  const way = line({
    provider: () =>
      calls++ === 0 ? { outcome: "unknown", error } : { outcome: "accepted", externalId: `SMagain${Math.random()}` },
  });
  const { conversationId } = await way.say("h:1", "+4617", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  for (let round = 0; round < 4; round++) {
    await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
    await way.outbox.deliverOpen([conversationId]);
    await way.outbox.idle();
  }
  expect(way.sent).toHaveLength(2);
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
});

test("R1 a message of another conversation to the same number is not taken for the one that is looked for", async () => {
  const error = { class: "retry", code: "timeout", text: "The provider did not answer." } as const;
  let calls = 0;
  const way = line({
    provider: () =>
      ++calls === 2 ? { outcome: "unknown", error } : { outcome: "accepted", externalId: `SMequal${calls}` },
  });
  const other = await way.say("eq:1", "+46191", "hello");
  await way.answerTurns([other.conversationId]);
  await way.outbox.idle();
  const [outgoing] = way.sent;
  if (outgoing === undefined) throw new Error("nothing was sent");
  way.held.push({ externalId: "SMequal1", outgoing });
  const { conversationId } = await way.say("eq:2", "+46192", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  for (let round = 0; round < 3; round++) {
    await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
    await way.outbox.deliverOpen([conversationId]);
    await way.outbox.idle();
  }
  expect(way.sent).toHaveLength(3);
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
});

test("status reports in every order end in the same state", async () => {
  const orders = [
    ["sent", "delivered", "read"],
    ["read", "delivered", "sent"],
    ["delivered", "sent", "read"],
  ] as const;
  for (const [index, order] of orders.entries()) {
    const way = line();
    const { conversationId } = await way.say(`s:${index}`, `+46180${index}`, "hello");
    await way.answerTurns([conversationId]);
    await way.outbox.idle();
    const deliveryId = way.sent[0]?.deliveryId ?? "";
    for (const state of [...order, ...order])
      await way.outbox.applyStatus({ kind: "status", deliveryId, state }, "sms", "default");
    expect(await deliveryStates(conversationId)).toEqual(["read"]);
    const events = await db.run(
      (sql) => sql<{ seq: number }[]>`select seq from events where conversation_id = ${conversationId} order by seq`,
    );
    expect(events.map((event) => event.seq)).toEqual(events.map((_, at) => at + 1));
  }
});

async function deliveryOf(conversationId: string) {
  const [row] = await db.run(
    (sql) => sql<{ messageId: string; owner: string; waiting: boolean }[]>`
      select d.message_id as "messageId", c.owner, c.waiting_since is not null as waiting
      from deliveries d join conversations c on c.id = d.conversation_id
      where d.conversation_id = ${conversationId} order by d.seq, d.piece limit 1`,
  );
  if (row === undefined) throw new Error("Nothing was to be delivered.");
  return row;
}

const unreachable = { class: "permanent", code: "30003", text: "The telephone could not be reached." } as const;

test.each([
  ["sent", "failed", "failed"],
  ["failed", "sent", "failed"],
  ["failed", "delivered", "delivered"],
  ["delivered", "failed", "delivered"],
] as const)("R1 reports that come together, %s and %s, come to %s", async (first, second, end) => {
  const way = line();
  const { conversationId } = await way.say(
    `together:${first}${second}`,
    `+46185${first.length}${second.length}`,
    "hello",
  );
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  const { messageId } = await deliveryOf(conversationId);
  const report = (state: "sent" | "failed" | "delivered") =>
    way.outbox.applyStatus(
      { kind: "status", deliveryId: `${messageId}.1`, state, ...(state === "failed" ? { error: unreachable } : {}) },
      "sms",
      "default",
    );
  await Promise.all([report(first), report(second)]);
  expect(await deliveryStates(conversationId)).toEqual([end]);
});

test("R6 an answer that could not be delivered brings a person, once, and the rest of it is not sent", async () => {
  const way = line({ pieces: 3, provider: () => ({ outcome: "rejected", error: unreachable }) });
  const { conversationId } = await way.say("undelivered:1", "+46186", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(way.sent).toHaveLength(1);
  expect(await deliveryStates(conversationId)).toEqual(["failed", "failed", "failed"]);
  expect(await deliveryOf(conversationId)).toMatchObject({ owner: "queue", waiting: true });
  const { messageId } = await deliveryOf(conversationId);
  await way.outbox.applyStatus(
    { kind: "status", deliveryId: `${messageId}.1`, state: "failed", error: unreachable },
    "sms",
    "default",
  );
  const handOvers = await db.run(
    (sql) => sql`select 1 from events where conversation_id = ${conversationId} and type = 'assignment'`,
  );
  expect(handOvers).toHaveLength(1);
});

test("R6 a failure that is told after the customer wrote again leaves them with the assistant", async () => {
  const way = line();
  const { conversationId } = await way.say("undelivered:2", "+46187", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  const { messageId } = await deliveryOf(conversationId);
  await way.say("undelivered:3", "+46187", "are you there?");
  await way.outbox.applyStatus(
    { kind: "status", deliveryId: `${messageId}.1`, state: "failed", error: unreachable },
    "sms",
    "default",
  );
  expect(await deliveryStates(conversationId)).toEqual(["failed"]);
  expect((await deliveryOf(conversationId)).owner).toBe("assistant");
});

const passing = { class: "permanent", code: "30003", text: "The telephone could not be reached." } as const;

/** A line whose first reply went out, and what the provider can say of its tries. */
async function sentOnce(name: string, number: string, provider?: (sent: Outgoing, n: number) => SendResult) {
  let count = 0;
  const way = line({
    provider: (sent) => provider?.(sent, ++count) ?? { outcome: "accepted", externalId: `${name}${++count}` },
  });
  const { conversationId } = await way.say(`${name}:1`, number, "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  const { messageId } = await deliveryOf(conversationId);
  const report = (state: "sent" | "delivered" | "failed", nth: number, of = messageId) => {
    const why = state === "failed" ? { error: passing, againAfterMs: [900_000, 7_200_000] } : {};
    const status = { kind: "status", deliveryId: `${of}.1`, externalId: `${name}${nth}`, state, ...why } as const;
    return way.outbox.applyStatus(status, "sms", "default");
  };
  const deliver = async () => {
    await way.outbox.deliverOpen([conversationId]);
    await way.outbox.idle();
  };
  const wait = async () => {
    await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
    await deliver();
  };
  const waitsMinutes = async () => {
    const [row] = await db.run(
      (sql) => sql<{ minutes: number }[]>`select round(extract(epoch from due_at - now()) / 60)::int as minutes
        from deliveries where conversation_id = ${conversationId} order by seq limit 1`,
    );
    return row?.minutes;
  };
  return { way, conversationId, messageId, report, wait, waitsMinutes, deliver };
}

test("R2 R6 what a carrier lost is sent again after a while, each try once, and after the last a person has it", async () => {
  const { way, conversationId, report, wait, waitsMinutes, deliver } = await sentOnce("SMlost", "+461901");
  const states = () => deliveryStates(conversationId);
  await report("failed", 1);
  await report("failed", 1);
  await report("sent", 1);
  await deliver();
  expect([await states(), await waitsMinutes(), way.sent.length]).toEqual([["ready"], 15, 1]);
  expect((await deliveryOf(conversationId)).owner).toBe("assistant");
  const read = async () =>
    (await timelineForAgent(db, conversationId, { after: 1 })).map(({ deliveries }) => deliveries);
  expect((await read())[0]).toMatchObject([{ state: "ready", error: passing, againAt: expect.any(String) }]);
  await wait();
  expect((await read())[0]).toMatchObject([{ state: "sent", againAt: null }]);
  await report("failed", 1);
  expect([await states(), way.sent.length]).toEqual([["sent"], 2]);
  await report("failed", 2);
  expect([await states(), await waitsMinutes()]).toEqual([["ready"], 120]);
  await wait();
  await report("failed", 3);
  await wait();
  expect([await states(), way.sent.length]).toEqual([["failed"], 3]);
  expect(await deliveryOf(conversationId)).toMatchObject({ owner: "queue", waiting: true });
});

test("R2 what a lost try is said to have reached after all is not sent again", async () => {
  const { way, conversationId, report, wait } = await sentOnce("SMfound", "+461902");
  await report("failed", 1);
  await report("delivered", 1);
  await wait();
  expect([await deliveryStates(conversationId), way.sent.length]).toEqual([["delivered"], 1]);
});

test("R2 a lost try is not taken for the next one whose outcome is unknown", async () => {
  const error = { class: "retry", code: "timeout", text: "The provider did not answer." } as const;
  const { way, conversationId, report, wait } = await sentOnce("SMagain", "+461903", (_sent, n) =>
    n === 2 ? { outcome: "unknown", error } : { outcome: "accepted", externalId: `SMagain${n}` },
  );
  const [outgoing] = way.sent;
  if (outgoing === undefined) throw new Error("nothing was sent");
  way.held.push({ externalId: "SMagain1", outgoing });
  await report("failed", 1);
  for (let round = 0; round < 4; round++) await wait();
  expect([await deliveryStates(conversationId), way.sent.length]).toEqual([["sent"], 3]);
});

test("R4 what was lost is not sent again once a person has the conversation", async () => {
  for (const [name, number, when] of [
    ["SMtaken", "+461904", "while it waits"],
    ["SMhad", "+461905", "before it is reported"],
  ] as const) {
    const { way, conversationId, report, wait } = await sentOnce(name, number);
    if (when === "while it waits") await report("failed", 1);
    await db.transaction(async (sql) => {
      await sql`update conversations set owner = 'queue', fence = fence + 1 where id = ${conversationId}`;
      await recallReplies(sql, conversationId);
    });
    await report("failed", 1);
    await wait();
    expect([when, await deliveryStates(conversationId), way.sent.length]).toEqual([when, ["failed"], 1]);
  }
});

test("R3 what was lost goes out before a newer reply and holds it up no longer; it never follows one", async () => {
  const { way, conversationId, report, wait, deliver } = await sentOnce("SMorder", "+461906");
  let sweeper: ReturnType<typeof startSweeper> | undefined;
  await report("failed", 1);
  await way.say("SMorder:2", "+461906", "are you there?");
  await way.answerTurns([conversationId]);
  await db.run((sql) => sql`update deliveries set updated_at = now() - interval '1 minute'`);
  const found = new Promise<void>((done) => {
    const ring = async (ids: readonly string[]) => void (ids.includes(conversationId) && done());
    sweeper = startSweeper({ db, ring, log: quiet });
  });
  await found;
  await sweeper?.stop();
  await deliver();
  expect(await deliveryStates(conversationId)).toEqual(["sent", "sent"]);
  const newer = way.sent.at(-1)?.deliveryId.split(".")[0];
  expect(way.sent.map(({ deliveryId }) => deliveryId.startsWith(newer ?? ""))).toEqual([false, false, true]);
  // The older one is lost once more, and the newer one arrived.
  await report("failed", 2);
  await wait();
  expect([await deliveryStates(conversationId), way.sent.length]).toEqual([["failed", "sent"], 3]);
});

test("R2 what we gave up without knowing is taken back when the provider says that it arrived", async () => {
  const error = { class: "permanent", code: "unknown-outcome", text: "Nobody knows." } as const;
  const way = line({ provider: () => ({ outcome: "rejected", error }) });
  const { conversationId } = await way.say("late:1", "+46188", "hello");
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["failed"]);
  const { messageId } = await deliveryOf(conversationId);
  await way.outbox.applyStatus({ kind: "status", deliveryId: `${messageId}.1`, state: "delivered" }, "sms", "default");
  expect(await deliveryStates(conversationId)).toEqual(["delivered"]);
  const [row] = await db.run((sql) => sql`select error from deliveries where message_id = ${messageId}`);
  expect(row?.error).toBeNull();
});

test("R2 a process that slept between its claim and its call sends nothing", async () => {
  const way = line();
  const { conversationId } = await way.say("slept:1", "+46189", "hello");
  const { messageId } = await db.transaction(async (sql) => {
    const id = "0190a000-0000-7000-8000-000000000001";
    await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state, lease_until)
      values (${id}, 1, ${conversationId}, 1, 'sms', 'default', '{}', '{}', 'sending', now() + interval '12 seconds')`;
    return { messageId: id };
  });
  const claimed = { messageId, piece: 1, conversationId, channel: "sms", account: "default", token: messageId };
  const address = { channel: "sms", kind: "e164", value: "+46189" } as const;
  const delivery = { ...claimed, address, item: { body: {} } };
  way.outbox.send({ ...delivery, claimedAt: performance.now() - 20_000 });
  await way.outbox.idle();
  expect(way.sent).toHaveLength(0);
  way.outbox.send({ ...delivery, claimedAt: performance.now() });
  await way.outbox.idle();
  expect(way.sent).toHaveLength(1);
});

test("R1 half an emoji where a text is cut, and what JSON cannot hold, lose no message", async () => {
  const said = `${"x".repeat(139)}😀 and on`;
  const way = line({
    async decide(turn) {
      const text = `${"y".repeat(139)}😀 and on`;
      return { ...echo(turn), parts: [{ t: "text", text, format: "plain" }], flow: { half: "\ud83d", nul: "\0" } };
    },
  });
  const { conversationId } = await way.say("emoji:1", "+46184", said);
  const preview = async () => {
    const [row] = await db.run((sql) => sql`select preview from conversations where id = ${conversationId}`);
    return row?.preview;
  };
  expect(await preview()).toBe("x".repeat(139));
  await way.answerTurns([conversationId]);
  await way.outbox.idle();
  expect(await preview()).toBe("y".repeat(139));
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
  const [row] = await db.run((sql) => sql`select flow from conversations where id = ${conversationId}`);
  expect(row?.flow).toEqual({ half: "\ufffd", nul: "\ufffd" });
});

const stop = { consent: "stop", wantsAnswer: false } as const;
const start = { consent: "start", wantsAnswer: false } as const;

async function failures(conversationId: string): Promise<(string | undefined)[]> {
  const rows = await db.run(
    (sql) => sql<{ data: { error?: { class: string } } }[]>`select data from events
      where conversation_id = ${conversationId} and type = 'delivery-failed' order by seq`,
  );
  return rows.map(({ data }) => data.error?.class);
}

test("a STOP that the provider keeps ends in its refusal, whatever is written; START lifts that", async () => {
  let blocked = true;
  const optout = { class: "optout", code: "21610", text: "" } as const;
  const { say, answerTurns, outbox } = line({
    provider: () =>
      blocked ? { outcome: "rejected", error: optout } : { outcome: "accepted", externalId: `SM${Math.random()}` },
  });
  const { conversationId } = await say("o:1", "+4661", "STOP", stop);
  await say("o:2", "+4661", "where is my order?");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["failed"]);
  expect(await failures(conversationId)).toEqual(["optout"]);
  blocked = false;
  await say("o:3", "+4661", "START", start);
  await say("o:4", "+4661", "and now?");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["failed", "sent"]);
});

test("the contact sees that we write for as long as an answer is made, also when that fails", async () => {
  const typing: string[] = [];
  const showTyping = () => {
    typing.push("begins");
    return () => void typing.push("ends");
  };
  const decide = async (turn: WaitingTurn): Promise<Decision> => {
    expect(typing.at(-1)).toBe("begins");
    if (JSON.stringify(turn.messages).includes("broken")) throw new Error("no answer");
    return echo(turn);
  };
  const { say, answerTurns } = line({ showTyping, decide });
  for (const [key, text] of [
    ["ty:1", "hello"],
    ["ty:2", "broken"],
  ] as const) {
    const { conversationId } = await say(key, `+4664${key.at(-1)}`, text);
    await answerTurns([conversationId]);
  }
  expect(typing).toEqual(["begins", "ends", "begins", "ends"]);
});

test("an opt-out that the provider reports is taken down once, with the delivery it was said of", async () => {
  const optout = { class: "optout", code: "21610", text: "" } as const;
  const { say, answerTurns, sent, outbox } = line({ provider: () => ({ outcome: "rejected", error: optout }) });
  const { conversationId } = await say("oo:1", "+4665", "hello");
  for (const key of ["oo:2", "oo:3"]) {
    await answerTurns([conversationId]);
    await outbox.idle();
    await say(key, "+4665", "are you there?");
  }
  const consents = await db.run(
    (sql) => sql`select c.action, c.provider_key as key from consents c
      join contact_addresses a on a.id = c.address_id where a.value = '+4665'`,
  );
  expect([...consents]).toEqual([{ action: "stop", key: `delivery:${sent[0]?.deliveryId}` }]);
  const told = await db.run(
    (sql) => sql`select data from events
      where conversation_id = ${conversationId} and type = 'change' and data->>'change' = 'opted-out'`,
  );
  expect(told.map(({ data }) => data)).toEqual([{ change: "opted-out", channel: "sms" }]);
});

test("what somebody writes from another number does not lift the STOP of this one", async () => {
  let busy = true;
  const wait = { class: "retry", code: "429", text: "" } as const;
  const { say, answerTurns, sent, outbox } = line({
    provider: () =>
      busy
        ? { outcome: "retry", afterMs: null, error: wait }
        : { outcome: "accepted", externalId: `SM${Math.random()}` },
  });
  const both = { aliases: [{ channel: "sms", kind: "e164", value: "+46672" }] } as const;
  const { conversationId } = await say("nn:1", "+46671", "a question", both);
  await answerTurns([conversationId]);
  await outbox.idle();
  busy = false;
  await say("nn:2", "+46671", "STOP", stop);
  expect((await say("nn:3", "+46672", "and from here")).conversationId).toBe(conversationId);
  await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
  await outbox.deliverOpen([conversationId]);
  await outbox.idle();
  expect(await deliveryStates(conversationId)).toEqual(["failed"]);
  expect(await failures(conversationId)).toEqual(["optout"]);
  expect(sent).toHaveLength(1);
});

test("a direct answer to a later message goes out after a STOP, an answer to an earlier one does not", async () => {
  const { say, answerTurns, sent, outbox } = line();
  const { conversationId } = await say("o:5", "+4662", "a question, then I think again");
  await say("o:6", "+4662", "STOP", stop);
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(sent).toEqual([]);
  expect(await failures(conversationId)).toEqual(["optout"]);
  await say("o:7", "+4662", "sorry, one more question");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(sent).toHaveLength(1);
});

test("a reply after the channel's window is closed fails with words for the agent, and never reaches the provider", async () => {
  const { say, answerTurns, sent, outbox } = line({ limits: { replyWindowMs: 60_000 } });
  const { conversationId } = await say("w:1", "+4663", "in time");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(sent).toHaveLength(1);
  await say("w:2", "+4663", "answered too late");
  await db.run(
    (sql) => sql`update messages set at = at - interval '2 minutes' where conversation_id = ${conversationId}`,
  );
  await db.run(
    (sql) =>
      sql`update conversations set last_inbound_at = last_inbound_at - interval '2 minutes' where id = ${conversationId}`,
  );
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(sent).toHaveLength(1);
  expect(await failures(conversationId)).toEqual(["window"]);
});

test("a number picks the choice it stood before, and after a day it is only a number again", async () => {
  const seen: WaitingTurn["messages"][number]["parts"][] = [];
  const { say, answerTurns, outbox } = line({
    numbered: [{ number: 2, optionId: "callback", title: "Call me" }],
    decide: async (turn) => {
      seen.push(turn.messages.at(-1)?.parts ?? []);
      return echo(turn);
    },
  });
  const { conversationId } = await say("n:1", "+4671", "help me choose");
  await answerTurns([conversationId]);
  await say("n:2", "+4671", "Två.");
  await answerTurns([conversationId]);
  await db.run(
    (sql) => sql`update conversations set flow = jsonb_set(flow, '{numberedUntil}', '1') where id = ${conversationId}`,
  );
  await say("n:3", "+4671", "2");
  await answerTurns([conversationId]);
  await outbox.idle();
  expect(seen[1]).toEqual([{ t: "choice", optionId: "callback", title: "Call me" }]);
  expect(seen[2]).toEqual([{ t: "text", text: "2", format: "plain" }]);
});

test("the process that stores a message answers it without a bell", async () => {
  const { say, rung, sent, atOnce, outbox } = line({ atOnce: true });
  const { conversationId } = await say("at-once-1", "+46701010101", "hello");
  await atOnce.close();
  await outbox.idle();
  expect(rung.has(conversationId)).toBe(false);
  expect(sent.map(textOf)).toEqual([expect.stringContaining("hello")]);
  expect(await openTurnsOf(conversationId)).toBe(0);
});

test("a turn that another worker holds stays with it, and a burst is left to the bell", async () => {
  const held: WaitingTurn[] = [];
  const slow = line({
    atOnce: true,
    decide: async (turn) => {
      held.push(turn);
      await until(() => held.length > 1 || rung.size > 0);
      return echo(turn);
    },
  });
  const { say, rung, sent, atOnce, outbox } = slow;
  const { conversationId } = await say("at-once-2", "+46701010102", "first");
  await until(() => held.length === 1);
  await say("at-once-3", "+46701010102", "second");
  await atOnce.close();
  await outbox.idle();
  expect(rung.has(conversationId)).toBe(true);
  // R2, R3: one answer to both, by the worker that held the turn all the time.
  expect(sent.map(textOf)).toEqual([expect.stringMatching(/first.*second/s)]);

  const waits = line({ atOnce: true, limits: { burstWaitMs: 50 } });
  const later = await waits.say("at-once-4", "+46701010104", "wait for it");
  expect(waits.rung.has(later.conversationId)).toBe(true);
});

test("a turn whose process dies before it answers is answered by another", async () => {
  const dead = line({ atOnce: true, decide: () => new Promise(() => undefined) });
  const { conversationId } = await dead.say("at-once-5", "+46701010105", "is anybody there?");
  expect(await openTurnsOf(conversationId)).toBe(1);
  const other = line();
  await other.answerTurns([conversationId]);
  expect(other.sent).toEqual([]);
  // The lease runs out.
  await db.run((sql) => sql`update turns set lease_until = now() where conversation_id = ${conversationId}`);
  await other.answerTurns([conversationId]);
  await other.outbox.idle();
  expect(other.sent).toHaveLength(1);
});

/** A database whose first calls fail so; `lost`: what they did is done all the same. */
function failing(times: number, lost: boolean): Db {
  let left = times;
  return {
    ...db,
    async run(work) {
      if (left-- <= 0) return db.run(work);
      if (lost) await db.run(work);
      throw new DatabaseUnavailable("the connection was lost");
    },
  };
}

test("R9 an answer that is made while the database is away is written as soon as it is back, not when the lease ends", async () => {
  const { say, sent, atOnce, outbox, answered } = line({ atOnce: true, answeringDb: failing(3, false) });
  const began = Date.now();
  const { conversationId } = await say("away-1", "+46701010106", "are you back?");
  await atOnce.close();
  await outbox.idle();
  expect(answered).toEqual(["written"]);
  expect(sent).toHaveLength(1);
  expect(await openTurnsOf(conversationId)).toBe(0);
  expect(Date.now() - began).toBeLessThan(leaseMs / 2);
});

test("R3 an answer whose confirmation was lost is not written twice, and goes out", async () => {
  const { say, sent, atOnce, outbox } = line({ atOnce: true, answeringDb: failing(1, true) });
  const { conversationId } = await say("away-2", "+46701010107", "did it get through?");
  await atOnce.close();
  // It stands as being sent: who finds it makes sure at the provider that it was not, and sends it.
  await db.run((sql) => sql`update deliveries set lease_until = now() where conversation_id = ${conversationId}`);
  for (let round = 0; round < 4; round++) {
    await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = ${conversationId}`);
    await outbox.deliverOpen([conversationId]);
    await outbox.idle();
  }
  expect(sent).toHaveLength(1);
  expect(await deliveryStates(conversationId)).toEqual(["sent"]);
  expect(await openTurnsOf(conversationId)).toBe(0);
});

async function openTurnsOf(conversationId: string): Promise<number> {
  return (await db.run((sql) => sql`select 1 from turns where conversation_id = ${conversationId}`)).length;
}

function textOf(sent: Outgoing): string {
  return JSON.stringify(sent.item.body);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((again) => setTimeout(again, 5));
}
