import { expect, test } from "vitest";
import { createHttpReader } from "../bench/generator/http-reader.ts";
import { createLedger } from "../bench/generator/ledger.ts";
import type { RunReport } from "../bench/lib/orders.ts";
import { answeredQuestions } from "../bench/lib/questions.ts";
import { faultsOf, goalsOf, names } from "../bench/report.ts";
import { modelsFolder } from "./support/data-folder.ts";

const whole: RunReport = {
  answered: 10,
  lost: 0,
  duplicated: 0,
  outOfOrder: 0,
  wrong: 0,
  refused: 0,
  badSends: 0,
  perSecond: 10,
  acknowledgementMs: { p50: 1, p99: 2 },
  answerMs: { p50: 1, p99: 2 },
};

test("the bench counts a right reply once and a second one as duplicated", () => {
  const ledger = createLedger();
  ledger.asked(1, "one");
  expect(ledger.replied(1, "one")).toBe("answered");
  expect(ledger.replied(1, "one")).toBe("duplicated");
  expect(ledger.close()).toEqual({ answered: 1, lost: 0, duplicated: 1, outOfOrder: 0, wrong: 0 });
});

test("the bench counts an acknowledged message without a reply as lost, a refused one not", () => {
  const ledger = createLedger();
  ledger.asked(1, "one");
  ledger.asked(2, "two");
  ledger.refused(2);
  expect(ledger.close().lost).toBe(1);
  expect(ledger.close().lost).toBe(0);
});

test("R1 a service that refuses a message fails the bench", () => {
  const first = (refused: number) =>
    goalsOf({ rounds: {}, latency: null, memory: null, faults: faultsOf([{ ...whole, refused }]) })[0];
  expect(first(0)).toMatchObject({ reached: true, measured: "0 / 0 / 0 / 0 / 0 / 0" });
  expect(first(3)).toMatchObject({ reached: false, measured: "0 / 3 / 0 / 0 / 0 / 0" });
});

test("the bench holds what answers at once to the limit's steps without the queue, and what goes by the queue to all", () => {
  const micros = (cpuMicros: number) => [{ perSecond: 2_000, cpuMicros }];
  const goals = goalsOf({
    rounds: {
      [names.own]: micros(200),
      [names.queue.redis]: micros(400),
      "limit: webhook": micros(50),
      "limit: store": micros(20),
      "limit: send": micros(20),
      "limit: queue": micros(120),
    },
    latency: null,
    memory: null,
    faults: faultsOf([whole]),
  });
  const shares = goals.filter(({ text }) => text.startsWith("share"));
  expect(shares.map(({ measured, reached }) => ({ measured, reached }))).toEqual([
    { measured: "45.0 %", reached: false },
    { measured: "52.5 %", reached: true },
  ]);
});

test("the bench tells a reply to an earlier turn from one that answers nothing", () => {
  const ledger = createLedger();
  ledger.asked(1, "one");
  ledger.replied(1, "one");
  ledger.asked(1, "two");
  expect(ledger.replied(1, "one")).toBe("outOfOrder");
  expect(ledger.replied(1, "another")).toBe("wrong");
  expect(ledger.replied(1, "two")).toBe("answered");
});

test("the bench reads HTTP messages in whatever pieces they come", () => {
  const text = "Grüße €";
  const length = Buffer.byteLength(text);
  const bytes = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${text}HTTP/1.1 204 No Content\r\n\r\n`,
  );
  for (let size = 1; size <= bytes.length; size += 1) {
    const read: [string, string][] = [];
    const reader = createHttpReader((head, body) => read.push([head.slice(9, 12), body]));
    for (let at = 0; at < bytes.length; at += size) reader(bytes.subarray(at, at + size));
    expect(read).toEqual([
      ["200", text],
      ["204", ""],
    ]);
  }
});

test("the bench asks questions that the assistant answers, in every language, neighbours with different answers", async () => {
  const languages = await answeredQuestions(modelsFolder);
  expect(languages).toHaveLength(5);
  for (const questions of languages) {
    expect(questions.length).toBeGreaterThan(20);
    const repeated = questions.filter((one, at) => one.answer === questions[(at + 1) % questions.length]?.answer);
    expect(repeated).toEqual([]);
  }
});
