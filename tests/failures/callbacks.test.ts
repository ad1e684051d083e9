import { expect, test } from "vitest";
import { runCallbacks, scales } from "./callbacks/run.ts";

/** Replays a run: the seed decides the promises, the kills and the provider's faults. */
const seed = 20_263;
const runWithin = 300_000;

test(
  "R5 R6 kills, a database crash, a jump of the clock and a bad provider: every promised call is dialled once, in time",
  async () => {
    const verdict = await runCallbacks({ ...scales.small, seed, queue: "postgres", sabotage: null });
    // How soon depends on the machine; the full run holds it to half a minute.
    expect(verdict.faults.filter(({ kind }) => kind !== "late")).toEqual([]);
    expect(verdict.settledAfterMs).not.toBeNull();
    expect(Object.values(verdict.states).reduce((sum, many) => sum + many, 0)).toBe(scales.small.callbacks);
    expect(verdict.rings).toBeGreaterThan(scales.small.callbacks / 2);
  },
  runWithin,
);
