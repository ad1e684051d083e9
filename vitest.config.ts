import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ownLookUp } from "./src/db/guard.ts";

/** The file that takes longest begins first, so that no worker is left alone with it at the end of its group. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = [/failures\/crash/, /failures\//, /db\//, /channels\//, /./];
    const rank = ({ moduleId }: TestSpecification) => order.findIndex((part) => part.test(moduleId));
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

const processes = ["tests/failures/**/*.test.ts", "tests/db/**/*.test.ts"];
const pages = ["tests/browser/**/*.test.ts"];
const all = ["tests/**/*.test.ts"];
const never = ["**/node_modules/**"];

/**
 * One group after the other, on two cores: processes that are killed, and pages that are timed, have a core each. What
 * lies between mostly waits for a service's clock.
 */
const groups = [
  { name: "processes", include: processes, exclude: never, maxWorkers: 2 },
  { name: "service", include: all, exclude: [...never, ...processes, ...pages], maxWorkers: 3 },
  { name: "pages", include: pages, exclude: never, maxWorkers: 2 },
];

export default defineConfig({
  test: {
    globalSetup: ["tests/support/database.ts", "tests/support/chromium.ts"],
    sequence: { sequencer: LongestFirst },
    // As the product's guard: a pool that ends while it connects leaves this rejection, which has no owner.
    onUnhandledError: (error) => !("query" in error && String(error.query).includes(ownLookUp)),
    projects: groups.map((group, groupOrder) => ({
      test: {
        ...group,
        sequence: { groupOrder },
        maxConcurrency: 2,
        // Modules hold no state of their own (style.md, 14), and loading them takes longer than most files' tests.
        isolate: false,
        // For a busy machine: a test that waits for a condition ends as soon as it holds.
        testTimeout: 60_000,
        hookTimeout: 120_000,
        expect: { poll: { timeout: 10_000 } },
      },
    })),
  },
});
