import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the widget on the help page", () => {
  let everline: Everline;
  beforeAll(async () => {
    everline = await startEverline();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  story("R7 a question in Swedish is answered in Swedish, and is still there after a reload", async ({ open }) => {
    const page = await open({ locale: "sv-SE" });
    await page.goto(`${everline.url}/`);
    await page.getByLabel("Skriv din fråga").fill("hur returnerar jag min order?");
    await page.getByRole("button", { name: "Skicka" }).click();
    const answer = page.locator("#thread li:not(.mine)");
    await answer.first().waitFor();
    const before = await shown(page);
    expect(before).toHaveLength(2);
    expect(before[1]).toMatch(/retur/i);
    expect(await answer.getAttribute("lang")).toBe("sv");
    await page.reload();
    await answer.first().waitFor();
    expect(await shown(page)).toEqual(before);
  });
});

/** What the customer reads, from the top. */
async function shown(page: Page): Promise<string[]> {
  return page.locator("#thread li").allInnerTexts();
}
