import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { runWindowDrops } from "../failures/drops/windows.ts";
import { browser } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

/** `npm run drops -- windows` cuts a thousand times. */
const drops = 32;
const identitySecret = "an-identity-secret-of-32-characters";

describeWith(browser, "the widget's own line", () => {
  let everline: Everline;
  beforeAll(async () => {
    everline = await startEverline({ IDENTITY_SECRET: identitySecret });
  });
  afterAll(() => everline.stop());

  test("R7 R2 R3 the chat in Chromium, cut, asleep, offline and silent while five write, shows what the database holds", async () => {
    const { shell, whole } = inject("browsers");
    const agent = await everline.agent();
    const report = await runWindowDrops(
      { url: everline.url, chromium: shell ?? whole ?? "", identitySecret, agent },
      drops,
    );
    process.stdout.write(`the widget's line: ${JSON.stringify(report)}\n`);
    expect(report).toMatchObject({ drops, missing: 0, twice: 0, outOfOrder: 0 });
    expect(report).toMatchObject({ sleeps: drops / 2, silences: drops / 4 });
    expect(report.messages).toBeGreaterThan(drops);
    // The command asks it of every single drop; here other tests share the machine.
    expect(report.equalMs.p50).toBeLessThan(2_000);
    expect(report.equalMs.max).toBeLessThan(10_000);
  });
});
