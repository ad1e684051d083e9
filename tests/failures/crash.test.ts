import { describe, expect, test } from "vitest";
import { describeWith } from "../support/parts.ts";
import { redis } from "../support/redis.ts";
import type { EarlySeen, FaultKind } from "./crash/judge.ts";
import { countOf, runCrash, scales, shortcomings } from "./crash/run.ts";
import type { Sabotage } from "./crash/sabotage.ts";

/**
 * Replay runs: the seed decides the kills, the provider's faults and the customers' pauses. In the first a worker is
 * frozen early, in the second what is web and worker in one, so that its sleep passes while the kills go on.
 */
const seeds = { redis: 20_515, postgres: 21_280 } as const;
const sabotagedSeed = 20_317;
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
        await expectClean("redis");
      },
      runWithin,
    );
  });

  test(
    "R1 R2 R3 R6 the same on the PostgreSQL queue",
    async () => {
      await expectClean("postgres");
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

async function expectClean(queue: keyof typeof seeds): Promise<void> {
  const verdict = await runCrash({ ...scales.small, seed: seeds[queue], queue, sabotage: null });
  expect(verdict.faults, `seed ${seeds[queue]}`).toEqual([]);
  expect(shortcomings(verdict, scales.small)).toEqual([]);
}
