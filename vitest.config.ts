import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "tests/peers/**/node_modules/**"],
    globalSetup: ["tests/support/database.ts"],
    // Two cores, one PostgreSQL: more workers only wait for each other.
    maxWorkers: 2,
    // For a busy machine: a test that waits for a condition ends as soon as it holds.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
