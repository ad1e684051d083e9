import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startVitest } from "vitest/node";

/** Runs every test and closes with one line that a person and a machine can read; the numbers are the runner's own. */
const report = join(tmpdir(), `everline-report-${process.pid}.json`);
const vitest = await startVitest("test", process.argv.slice(2), {
  watch: false,
  reporters: ["default", ["json", { outputFile: report }]],
});
await vitest.close();
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, success } = JSON.parse(
  readFileSync(report, "utf8"),
) as {
  [name in "numPassedTests" | "numFailedTests" | "numPendingTests" | "numTodoTests" | "numFailedTestSuites"]: number;
} & { success: boolean };
rmSync(report);
if (!success && numFailedTests === 0) process.stdout.write(`${numFailedTestSuites} test files did not load\n`);
process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped\n`);
process.exit(success ? 0 : 1);
