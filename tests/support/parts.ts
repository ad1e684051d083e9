import { describe, test } from "vitest";

/** Something that a group of tests needs and that a machine may lack. */
export interface Part {
  /** Why it is not here, in words; null when it is. */
  readonly missing: string | null;
}

/** Where everything must run (the pipeline), a missing part is a failure and not a skip. */
const allRequired = process.env.REQUIRE_ALL === "1" || process.env.CI === "true";

/** Tests that need a part. Without it they are skipped under a name that says why, or fail where all are required. */
export function describeWith(part: Part, name: string, tests: () => void): void {
  const { missing } = part;
  if (missing === null) return void describe(name, tests);
  if (!allRequired) return void describe.skip(`${name} [${missing}]`, tests);
  describe(name, () => {
    test("has what it needs", () => {
      throw new Error(`These tests cannot run here, and all are required: ${missing}.`);
    });
  });
}
