import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ownLookUp } from "./src/db/guard.ts";

/**
 * The file that takes longest begins first, so that no worker is left alone with it at the end; browsers come last, so
 * that nobody waits for a page while processes are killed beside it.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = [/failures\/crash/, /failures\//, /db\//, /channels\//, /tests\/(?!browser)/, /./];
    const rank = ({ moduleId }: TestSpecification) => order.findIndex((part) => part.test(moduleId));
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "tests/peers/**/node_modules/**"],
    globalSetup: ["tests/support/database.ts", "tests/support/chromium.ts"],
    // Two cores, one PostgreSQL: more workers only wait for each other.
    maxWorkers: 2,
    maxConcurrency: 2,
    // Modules hold no state of their own (style.md, 14), and loading them takes longer than most files' tests.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // For a busy machine: a test that waits for a condition ends as soon as it holds.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // As the product's guard: a pool that ends while it connects leaves this rejection, which has no owner.
    onUnhandledError: (error) => !("query" in error && String(error.query).includes(ownLookUp)),
    expect: { poll: { timeout: 10_000 } },
  },
});
