import { afterAll, beforeAll, expect, test } from "vitest";
import { type Everline, startEverline } from "../support/everline.ts";
import { runDrops } from "./drops/run.ts";
import { openScreen } from "./drops/screen.ts";

/** `npm run drops` cuts a thousand times. */
const drops = 60;

let everline: Everline;
beforeAll(async () => {
  everline = await startEverline();
});
afterAll(() => everline.stop());

test("R7 R2 R3 windows whose sockets are cut while five write show what the database holds, within 2 s", async () => {
  const report = await runDrops(
    {
      url: everline.url,
      agent: await everline.agent(),
      async truth(conversationId) {
        const rows = await everline.sql`select seq::int from messages
          where conversation_id = ${conversationId} and visibility = 'public' order by seq`;
        return rows.map(({ seq }) => seq as number);
      },
    },
    drops,
  );
  expect(report).toMatchObject({ drops, missing: 0, twice: 0, outOfOrder: 0 });
  expect(report.messages).toBeGreaterThan(10);
  expect(report.equalAfterMs).toBeLessThan(2_000);
});

test("R7 after eight hours asleep the token is dead, the resume key works, and nothing is missing or twice", async () => {
  const base = `${everline.url}/v3/directline`;
  const ask = async (path: string, token?: string, body?: object) => {
    const answer = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const { conversationId = "", token = "", resume } = (await ask("/tokens/generate", undefined, {})).body;
  const agent = await everline.agent();
  const say = (text: string) =>
    agent("POST", `/conversations/${conversationId}/messages`, { clientId: text, kind: "reply", text });
  await ask(`/conversations/${conversationId}/activities`, token, { type: "message", text: "Hello", locale: "en" });
  await say("before");
  const before = await openScreen({ base, conversationId, token });
  await expect.poll(() => before.shown.length).toBeGreaterThan(1);
  before.close();

  // The clock of the session goes on by eight hours; its token lived half an hour.
  await everline.sql`update visitor_sessions set expires_at = now() - interval '7.5 hours',
    resumable_until = resumable_until - interval '8 hours' where conversation_id = ${conversationId}`;
  await say("while asleep");
  await expect
    .poll(async () => (await ask(`/conversations/${conversationId}`, token)).status, { timeout: 10_000 })
    .toBe(403);
  const again = (await ask("/tokens/generate", undefined, { resume })).body;
  expect(again.conversationId).toBe(conversationId);
  const after = await openScreen({ base, conversationId, token: again.token ?? "", watermark: before.watermark() });
  await say("awake");
  const truth = async () =>
    (
      await everline.sql`select seq::int from messages where conversation_id = ${conversationId} and visibility = 'public'
      order by seq`
    ).map(({ seq }) => seq);
  await expect.poll(() => after.shown.length).toBeGreaterThan(1);
  expect([...before.shown, ...after.shown]).toEqual(await truth());
  after.close();

  // A month later the key is dead too.
  await everline.sql`update visitor_sessions set resumable_until = now() where conversation_id = ${conversationId}`;
  expect((await ask("/tokens/generate", undefined, { resume })).status).toBe(403);
});

test("R9 a session that asks without end is told when to come back, and another is not held up", async () => {
  const base = `${everline.url}/v3/directline`;
  const visit = async () => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${base}/tokens/generate`, { method: "POST", headers, body: "{}" });
    return (await answer.json()) as { conversationId: string; token: string };
  };
  const [greedy, other] = [await visit(), await visit()];
  const ask = ({ conversationId, token }: typeof greedy) =>
    fetch(`${base}/conversations/${conversationId}`, { headers: { authorization: `Bearer ${token}` } });
  const answers: Response[] = [];
  for (let batch = 0; batch < 60 && answers.every(({ status }) => status === 200); batch += 1)
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => ask(greedy)))));
  const refused = answers.find(({ status }) => status === 429);
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await ask(other)).status).toBe(200);
});
