import { expect, test } from "vitest";
import { DatabaseUnavailable } from "../../src/db/errors.ts";
import { createGroupCommit } from "../../src/db/group-commit.ts";

/** Callers that wait together; "poison" is what the database refuses. */
async function together(inputs: readonly string[], refusal: Error) {
  const batches: string[][] = [];
  const store = createGroupCommit<string, string>({
    keyOf: (input) => input,
    async run(batch) {
      batches.push([...batch]);
      if (batch.includes("poison")) throw refusal;
      return batch.map((input) => `stored ${input}`);
    },
  });
  const settled = await Promise.allSettled(inputs.map((input) => store(input)));
  return { batches, outcomes: settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason)) };
}

test("R1 one input that the database refuses does not fail those that shared its statement", async () => {
  const refusal = new Error("unsupported Unicode escape sequence");
  const { batches, outcomes } = await together(["first", "poison", "last"], refusal);
  expect(batches[0]).toEqual(["first", "poison", "last"]);
  expect(outcomes).toEqual(["stored first", refusal, "stored last"]);
});

test("R9 a database that is away fails all at once, without another try for each", async () => {
  const refusal = new DatabaseUnavailable("the connection was lost");
  const { batches, outcomes } = await together(["first", "poison", "last"], refusal);
  expect(batches).toHaveLength(1);
  expect(outcomes).toEqual([refusal, refusal, refusal]);
});
