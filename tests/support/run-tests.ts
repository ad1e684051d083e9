import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startVitest } from "vitest/node";
import { findProgram, installWithApt } from "./programs.ts";

/** What we read of the runner's report. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** Runs every test and closes with lines that a person and a machine can read; the numbers are the runner's own. */
if (findProgram("redis-server", "valkey-server") === null) installWithApt("redis-server");
const file = join(tmpdir(), `everline-report-${process.pid}.json`);
const vitest = await startVitest("test", process.argv.slice(2), {
  watch: false,
  reporters: ["default", ["json", { outputFile: file }]],
});
await vitest.close();
const report = JSON.parse(readFileSync(file, "utf8")) as Report;
rmSync(file);
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, success } = report;
const skipped = describeSkipped(report);
if (skipped.length > 0) say(`Skipped:\n  ${skipped.join("\n  ")}`);
if (!success && numFailedTests === 0) {
  say(
    numFailedTestSuites > 0
      ? `${numFailedTestSuites} test files did not load`
      : "The run broke off: see the error above",
  );
}
say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`);
process.exit(success ? 0 : 1);

/** Names what did not run. The title of a skipped group or test says what it lacks. */
function describeSkipped({ testResults }: Report): string[] {
  const counts = new Map<string, number>();
  for (const { name, assertionResults } of testResults) {
    for (const { ancestorTitles, title, status } of assertionResults) {
      if (status === "passed" || status === "failed") continue;
      const group = `${relative(process.cwd(), name)}: ${ancestorTitles[0] ?? title}`;
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
  }
  return [...counts].map(([group, count]) => `${group} (${count})`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
