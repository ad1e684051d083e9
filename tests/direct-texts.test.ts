import { expect, test } from "vitest";
import type { Channel, DeliveryError, Outgoing, SendResult, Sends } from "../channels/channel.ts";
import { createDirectTexts } from "../src/outbox/direct-texts.ts";

const number = "+46701234567";
const error = (kind: DeliveryError["class"]) => ({ class: kind, code: "1", text: "" }) as const;
const accepted: SendResult = { outcome: "accepted", externalId: "SM1" };

/** Texts over a provider that answers so, one answer after the other; `stopped` numbers wrote STOP. */
function texts(answers: readonly SendResult[], { pieces = 1, stopped = [] as readonly string[] } = {}) {
  const sent: Outgoing[] = [];
  const clock = { now: 0 };
  const channel: Channel & Sends = {
    name: "sms",
    account: "default",
    limits: { textMaxChars: 1_600, replyWindowMs: null, burstWaitMs: 0, pulled: false, wording: "short" },
    render: () => ({ items: Array.from({ length: pieces }, (_, n) => ({ body: { n } })), degraded: [] }),
    async send(outgoing) {
      sent.push(outgoing);
      return answers[sent.length - 1] ?? accepted;
    },
    lookUp: async () => "cannot-tell",
  };
  // The one question that is asked of the database: did this number write STOP?
  const run = (query: (sql: unknown) => unknown) =>
    Promise.resolve(
      query((_words: unknown, ...[, value]: readonly unknown[]) => stopped.filter((one) => one === value)),
    );
  const direct = createDirectTexts({
    db: { run } as Parameters<typeof createDirectTexts>[0]["db"],
    channel,
    now: () => clock.now,
    pause: async (ms) => (clock.now += ms),
  });
  return { direct, sent, clock };
}

test("a text that the provider takes, or may have taken, was sent; one that it refuses was not", async () => {
  expect(await texts([accepted]).direct.send(number, "1")).toBe(true);
  expect(await texts([{ outcome: "unknown", error: error("retry") }]).direct.send(number, "1")).toBe(true);
  const refused = texts([{ outcome: "rejected", error: error("permanent") }], { pieces: 2 });
  expect(await refused.direct.send(number, "1")).toBe(false);
  expect(refused.sent, "no second half of what was refused").toHaveLength(1);
  expect(await refused.direct.mayGet(number), "one number's fault is nobody else's, and tells nothing").toBe(true);
});

test("a refusal for now is tried again, as late as the provider asks", async () => {
  const wait = { outcome: "retry", afterMs: 7_000, error: error("retry") } as const;
  const busy = texts([wait, wait, accepted]);
  expect(await busy.direct.send(number, "1")).toBe(true);
  expect(busy.clock.now).toBe(14_000);
  const never = texts([wait, wait, wait, wait]);
  expect(await never.direct.send(number, "1")).toBe(false);
  expect(never.sent).toHaveLength(4);
});

test("M5 while the provider refuses us, no number is promised a text, whoever has it", async () => {
  const { direct, clock } = texts([{ outcome: "rejected", error: error("auth") }]);
  expect(await direct.mayGet(number)).toBe(true);
  await direct.send(number, "1");
  expect([await direct.mayGet(number), await direct.mayGet("+12025550123")]).toEqual([false, false]);
  clock.now += 6 * 60_000;
  expect(await direct.mayGet(number)).toBe(true);
});

test("a country that is not enabled rests alone, and who wrote STOP is promised nothing", async () => {
  const { direct } = texts([{ outcome: "rejected", error: error("config") }], { stopped: ["+12025550124"] });
  await direct.send(number, "1");
  expect([await direct.mayGet("+46709999999"), await direct.mayGet("+12025550123")]).toEqual([false, true]);
  expect(await direct.mayGet("+12025550124")).toBe(false);
});
