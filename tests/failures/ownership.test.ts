import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Channel, Sends } from "../../channels/channel.ts";
import { createAgent } from "../../src/agents/sessions.ts";
import { changeConversation } from "../../src/conversations/change.ts";
import { type Change, decideChange, type Ownership } from "../../src/conversations/ownership.ts";
import type { Db } from "../../src/db/client.ts";
import { createAccept } from "../../src/intake/accept.ts";
import { createOutbox, sendLeaseMs } from "../../src/outbox/outbox.ts";
import { createAnswerTurns } from "../../src/turns/answer-turns.ts";
import type { Decision, WaitingTurn } from "../../src/turns/turn.ts";
import { freshDatabase, quiet } from "../support/database.ts";
import { openPatientDb } from "../support/patient-db.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const random = seeded(seed);

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
let agents: string[];
beforeAll(async () => {
  database = await freshDatabase();
  db = openPatientDb(database.url);
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      createAgent(db, {
        email: `a${index}@example.com`,
        name: `A${index}`,
        role: "agent",
        password: "not-used-in-here",
      }),
    ),
  );
  agents = made.flatMap((agent) => (agent === null ? [] : [agent.id]));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

let keys = 0;
const accept = (() => {
  let made: ReturnType<typeof createAccept> | null = null;
  return (from: string, text: string) => {
    made ??= createAccept({
      db,
      bell: { ring: () => undefined, ringTurn: () => undefined },
      publish: () => undefined,
    });
    keys += 1;
    return made(
      {
        kind: "message",
        key: `own:${keys}`,
        from: { channel: "sms", kind: "e164", value: from },
        externalId: `own:${keys}`,
        parts: [{ t: "text", text, format: "plain" }],
        wantsAnswer: true,
      },
      { name: "sms", account: "default", limits: { burstWaitMs: 0 } },
    );
  };
})();

async function customers(prefix: string, count: number): Promise<{ from: string; id: string }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const from = `${prefix}${String(index).padStart(4, "0")}`;
      return { from, id: (await accept(from, "hello")).conversationId };
    }),
  );
}

test(`R4 two thousand parallel claims of two hundred conversations give each one owner (seed ${seed})`, async () => {
  const conversations = await customers("+1202555", 200);
  await db.run((sql) => sql`update conversations set owner = 'queue', fence = fence + 1, waiting_since = now()`);
  const claims = shuffled(conversations.flatMap(({ id }) => agents.map((agent) => ({ id, agent }))));
  expect(claims).toHaveLength(2_000);
  // Fewer than one process lets wait at the database; every conversation is wanted by several of them at once.
  const outcomes: { id: string; agent: string; outcome: string; changed: boolean }[] = [];
  for (let at = 0; at < claims.length; at += 40) {
    const some = claims.slice(at, at + 40).map(async ({ id, agent }) => {
      const result = await changeConversation(db, id, agent, { kind: "claim" });
      outcomes.push({ id, agent, outcome: result.outcome, changed: result.outcome === "done" && result.changed });
    });
    await Promise.all(some);
  }
  const rows = await db.run(
    (sql) => sql<{ id: string; agentId: string; events: number; to: string }[]>`
      select c.id, c.agent_id as "agentId", count(e.seq)::int as events, min(e.data ->> 'to') as to
      from conversations c left join events e on e.conversation_id = c.id and e.type = 'assignment' group by c.id`,
  );
  expect(rows).toHaveLength(200);
  for (const row of rows) {
    const winners = outcomes.filter((one) => one.id === row.id && one.changed);
    expect(winners.map((one) => one.agent)).toEqual([row.agentId]);
    expect(row).toMatchObject({ events: 1, to: row.agentId });
    expect(outcomes.filter((one) => one.id === row.id && one.outcome === "taken")).toHaveLength(9);
  }
}, 60_000);

test(`R4 the assistant writes nothing after any of three hundred take-overs in the middle of its work (seed ${seed})`, async () => {
  const writingMs = 12;
  const outcomes: string[] = [];
  const { due: answerTurns } = createAnswerTurns({
    db,
    assistant: {
      async decide(turn) {
        await pause(random() * writingMs);
        return answer(turn);
      },
      giveUp: answer,
    },
    usesModel: false,
    render: () => ({ items: [], degraded: [], wording: "short", replyWindowMs: null }),
    wordingOf: () => "short",
    send: () => undefined,
    deliverOpen: async () => undefined,
    showTyping: () => () => undefined,
    sendLeaseMs: 12_000,
    publish: () => undefined,
    log: quiet,
    onAnswered: (outcome) => outcomes.push(outcome),
  });
  const { signal } = new AbortController();
  const conversations = await customers("+4670174", 300);
  for (let at = 0; at < conversations.length; at += 20) {
    await Promise.all(
      conversations.slice(at, at + 20).map(async ({ id, from }) => {
        const agent = agents[Math.floor(random() * agents.length)] ?? "";
        const takeOver = async () => {
          await pause(random() * writingMs * 2);
          return changeConversation(db, id, agent, random() < 0.5 ? { kind: "claim" } : { kind: "assign", to: agent });
        };
        await Promise.all([answerTurns([id], signal), takeOver()]);
        // The customer goes on, and every bell rings again: it is the person's to answer now.
        await accept(from, "and another thing");
        await answerTurns([id], signal);
      }),
    );
  }
  const rows = await db.run(
    (sql) => sql<{ late: number; early: number; taken: number }[]>`
      select count(*) filter (where e.type = 'message' and e.actor = 'assistant' and e.seq > t.seq)::int as late,
        count(*) filter (where e.type = 'message' and e.actor = 'assistant' and e.seq < t.seq)::int as early,
        count(distinct t.conversation_id)::int as taken
      from events e join events t on t.conversation_id = e.conversation_id and t.type = 'assignment'
      where e.conversation_id = any (${conversations.map((one) => one.id)}::uuid[])`,
  );
  const [seen] = rows;
  expect(seen).toMatchObject({ late: 0, taken: 300 });
  // The race was real: some answers came first, and some were dropped because the person did.
  expect(seen?.early).toBeGreaterThan(0);
  expect(outcomes.filter((outcome) => outcome !== "written").length).toBeGreaterThan(0);
  const open = await db.run(
    (sql) =>
      sql`select 1 from turns where state = 'open' and conversation_id = any (${conversations.map((one) => one.id)}::uuid[])`,
  );
  expect(open).toHaveLength(0);
}, 60_000);

test(`R4 the provider gets nothing more of the assistant after any of three hundred take-overs of queued replies (seed ${seed})`, async () => {
  const calls: string[] = [];
  const later = { class: "retry", code: "429", text: "Too many requests." } as const;
  const channel: Channel & Sends = {
    name: "sms",
    account: "default",
    limits: { textMaxChars: 1600, replyWindowMs: null, burstWaitMs: 0, pulled: false, wording: "short" },
    render: () => ({ items: [1, 2, 3].map((n) => ({ body: { n } })), degraded: [] }),
    async send({ deliveryId }) {
      calls.push(deliveryId);
      await pause(random() * 5);
      const draw = random();
      if (draw < 0.3) return { outcome: "retry", afterMs: null, error: later };
      return draw < 0.4
        ? { outcome: "unknown", error: later }
        : { outcome: "accepted", externalId: `SM${calls.length}.${seed}` };
    },
    async lookUp() {
      return { found: [] };
    },
  };
  const outbox = createOutbox({ db, channelFor: () => channel, publish: () => undefined, log: quiet });
  const { due: answerTurns } = createAnswerTurns({
    db,
    assistant: { decide: async (turn) => answer(turn), giveUp: answer },
    usesModel: false,
    render: (_name, _account, message) => ({ ...channel.render(message), wording: "short", replyWindowMs: null }),
    wordingOf: () => "short",
    send: (delivery) => outbox.send(delivery),
    deliverOpen: (ids) => outbox.deliverOpen(ids),
    showTyping: () => () => undefined,
    sendLeaseMs,
    publish: () => undefined,
    log: quiet,
  });
  const conversations = await customers("+4670175", 300);
  const allowedAfter = new Map<string, number>();
  for (let at = 0; at < conversations.length; at += 20) {
    await Promise.all(
      conversations.slice(at, at + 20).map(async ({ id }) => {
        const agent = agents[Math.floor(random() * agents.length)] ?? "";
        await answerTurns([id], new AbortController().signal);
        await pause(random() * 25);
        await changeConversation(db, id, agent, { kind: "claim" });
        // Whatever was at the provider at that moment is in these states; nothing may begin from now on.
        const rows = await db.run(
          (sql) => sql<{ id: string; attempts: number; state: string }[]>`
            select message_id || '.' || piece as id, attempts, state from deliveries where conversation_id = ${id}`,
        );
        expect(rows.filter(({ state, attempts }) => state === "ready" && attempts === 0)).toEqual([]);
        for (const row of rows) allowedAfter.set(row.id, row.attempts);
      }),
    );
  }
  const ids = conversations.map((one) => one.id);
  for (let round = 0; round < 6; round++) {
    await outbox.idle();
    await db.run((sql) => sql`update deliveries set due_at = now() where conversation_id = any (${ids}::uuid[])`);
    await outbox.deliverOpen(ids);
  }
  await outbox.idle();
  const late = [...allowedAfter].filter(([id, attempts]) => calls.filter((call) => call === id).length > attempts);
  expect(late).toEqual([]);
  const rows = await db.run(
    (sql) => sql<{ state: string; code: string | null; count: number }[]>`
      select state, error ->> 'code' as code, count(*)::int as count from deliveries
      where conversation_id = any (${ids}::uuid[]) group by 1, 2`,
  );
  expect(rows.filter(({ state }) => ["ready", "sending", "unknown"].includes(state))).toEqual([]);
  // The race was real: some went out before, some were recalled while they waited.
  expect(rows.find(({ state }) => state === "sent")?.count).toBeGreaterThan(0);
  expect(rows.find(({ code }) => code === "recalled")?.count).toBeGreaterThan(0);
  const told = await db.run(
    (sql) => sql`select 1 from events where type = 'delivery-failed' and data -> 'error' ->> 'code' = 'recalled'`,
  );
  expect(told).toHaveLength(rows.filter(({ code }) => code === "recalled").reduce((sum, { count }) => sum + count, 0));
}, 60_000);

test("R4 a recalled reply is no answer: given back, the assistant answers the question again", async () => {
  const [customer] = await customers("+4670176", 1);
  const id = customer?.id ?? "";
  const agent = agents[0] ?? "";
  await db.run(
    (sql) => sql`with said as (
        insert into messages (conversation_id, seq, author, parts) values (${id}, 2, 'assistant', '[]') returning id)
      insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
        select id, 1, ${id}, 2, 'sms', 'default', '{}', '{}', 'ready' from said`,
  );
  await db.run((sql) => sql`delete from turns where conversation_id = ${id}`);
  await db.run((sql) => sql`update conversations set next_seq = 3 where id = ${id}`);
  expect(await changeConversation(db, id, agent, { kind: "claim" })).toMatchObject({ changed: true });
  const waits = await db.run((sql) => sql`select 1 from conversations where id = ${id} and waiting_since is not null`);
  expect(waits).toHaveLength(1);
  const back = await changeConversation(db, id, agent, { kind: "release", to: "assistant" });
  expect(back).toMatchObject({ answerDue: true });
});

test(`R4 whatever agents do in whatever order, one party owns it and the fence tells every change (seed ${seed})`, () => {
  let now: Ownership = { status: "open", owner: "assistant", agentId: null, fence: 1, snoozedUntil: null };
  let changes = 0;
  for (let step = 0; step < 50_000; step++) {
    const by = `agent-${Math.floor(random() * 3)}`;
    const decided = decideChange(now, by, anyChange(), random() < 0.3 ? now.fence - 1 : undefined);
    if (decided.outcome !== "changed") continue;
    const { next } = decided;
    expect(next.fence).toBe(now.fence + 1);
    expect(next.owner === "agent").toBe(next.agentId !== null);
    expect(next.status === "snoozed").toBe(next.snoozedUntil !== null);
    if (next.status === "resolved") expect(next.owner).toBe("assistant");
    if (next.status === "snoozed") expect(next.agentId).not.toBeNull();
    now = next;
    changes += 1;
  }
  expect(changes).toBeGreaterThan(5_000);
});

function anyChange(): Change {
  const to = `agent-${Math.floor(random() * 3)}`;
  const changes: readonly Change[] = [
    { kind: "claim" },
    { kind: "resolve" },
    { kind: "reopen" },
    { kind: "assign", to },
    { kind: "release", to: "queue" },
    { kind: "release", to: "assistant" },
    { kind: "snooze", until: new Date(Math.floor(random() * 10)) },
  ];
  return changes[Math.floor(random() * changes.length)] ?? { kind: "claim" };
}

function answer(turn: WaitingTurn): Decision {
  return { parts: [{ t: "text", text: `To ${turn.lastSeq}`, format: "plain" }], meta: null, locale: "en", flow: null };
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Mulberry32: small, fast, and the same on every machine, so that a seed replays a run. */
function seeded(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
