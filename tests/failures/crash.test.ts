import { describe, expect, test } from "vitest";
import { describeWith } from "../support/parts.ts";
import { redis } from "../support/redis.ts";
import type { EarlySeen, FaultKind } from "./crash/judge.ts";
import { countOf, runCrash, scales, type Verdict } from "./crash/run.ts";
import type { Sabotage } from "./crash/sabotage.ts";

/**
 * Replays a run: the seed decides the kills, the provider's faults and the customers' pauses. In these two a worker is
 * frozen early, so that its sleep passes while the kills go on.
 */
const seed = 20_257;
const sabotagedSeed = 20_261;
const runWithin = 240_000;
const sabotagedRunsMax = 3;

interface Proof {
  readonly sabotage: Sabotage;
  readonly kind: FaultKind;
  readonly until?: EarlySeen;
}

const proofs: readonly Proof[] = [
  { sabotage: "unique-key", kind: "duplicated", until: "duplicated" },
  { sabotage: "fence", kind: "lost", until: "lost" },
  { sabotage: "look-up", kind: "duplicated", until: "duplicated" },
  { sabotage: "sweeper", kind: "stuck" },
];

// One after the other: two at a time cost half as much processor time again, and other files wait for it.
describe("the crash harness", () => {
  describeWith(redis, "small, on Redis", () => {
    test(
      "R1 R2 R3 R6 kills, a database crash, a queue flush and a bad provider lose, repeat, reorder and hold nothing",
      async () => {
        expectClean(await runCrash({ ...scales.small, seed, queue: "redis", sabotage: null }));
      },
      runWithin,
    );
  });

  test(
    "R1 R2 R3 R6 the same on the PostgreSQL queue",
    async () => {
      expectClean(await runCrash({ ...scales.small, seed: seed + 1, queue: "postgres", sabotage: null }));
    },
    runWithin,
  );

  test.each(proofs)(
    "without the $sabotage messages are $kind, and the judge says so",
    async ({ sabotage, kind, until }) => {
      // A short run may never need the part that is gone; three of them would be the judge's fault.
      let seen = 0;
      for (let run = 0; run < sabotagedRunsMax && seen === 0; run++) {
        const verdict = await runCrash({
          ...scales.sabotage,
          seed: sabotagedSeed + run,
          queue: "postgres",
          sabotage,
          until,
        });
        seen = countOf(verdict, kind);
      }
      expect(seen).toBeGreaterThan(0);
    },
    sabotagedRunsMax * runWithin,
  );
});

function expectClean(verdict: Verdict): void {
  const { conversations, messagesEach } = scales.small;
  const kills = [...verdict.chaos.kills.values()].reduce((sum, count) => sum + count, 0);
  expect(verdict.faults, `seed ${seed}`).toEqual([]);
  expect(verdict.settledAfterMs).not.toBeNull();
  expect({ messages: verdict.messages, kills, crashes: verdict.chaos.databaseCrashes }).toEqual({
    messages: conversations * messagesEach,
    kills: scales.small.kills,
    crashes: scales.small.databaseCrashes,
  });
  expect(verdict.neverPassed).toEqual([]);
}
