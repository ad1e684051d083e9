import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createSharedReads } from "../../src/db/shared-reads.ts";

describe("reads that callers share", () => {
  const doubled = (keys: readonly string[]) => new Map(keys.map((key) => [key, `${key}${key}`]));

  it("answers a thousand who come one after the other with few statements, each with their own answer", async () => {
    const statements: number[] = [];
    const read = createSharedReads(async (keys) => {
      statements.push(keys.length);
      await sleep(1);
      return doubled(keys);
    });
    const answers: Promise<string | undefined>[] = [];
    for (let key = 0; key < 1_000; key += 1) {
      answers.push(read(String(key)));
      if (key % 5 === 0) await sleep(1);
    }
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 1_000 }, (_, key) => `${key}${key}`));
    expect(statements.length).toBeLessThan(100);
  });

  it("lets nobody who is alone wait for others", async () => {
    let statements = 0;
    const read = createSharedReads(async (keys) => {
      statements += 1;
      return doubled(keys);
    });
    for (let key = 0; key < 20; key += 1) {
      let answer: string | undefined;
      void read(String(key)).then((given) => {
        answer = given;
      });
      // Rounds of the loop instead of a clock: a busy machine makes no difference.
      for (let round = 0; round < 3; round += 1) await new Promise(setImmediate);
      expect(answer).toBe(`${key}${key}`);
    }
    expect(statements).toBe(20);
  });

  it("fails those who shared a statement that failed, and serves the next", async () => {
    let away = true;
    const read = createSharedReads(async (keys) => {
      if (away) throw new Error("away");
      return doubled(keys);
    });
    const outcomes = await Promise.allSettled([read("a"), read("b"), read("a")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    away = false;
    expect(await read("a")).toBe("aa");
    expect(await read("b")).toBe("bb");
  });
});
