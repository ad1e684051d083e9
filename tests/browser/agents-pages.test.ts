import { afterAll, beforeAll, expect } from "vitest";
import { faultsInLooks } from "../support/accessibility.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

const looks = [
  { colorScheme: "light", width: 1_280 },
  { colorScheme: "dark", width: 390 },
] as const;

describeWith(browser, "what operators say of agents and hours, and agents of themselves", () => {
  let desk: Desk;
  let root: SignedIn;
  beforeAll(async () => {
    desk = await openDesk();
    root = await desk.agent("Root", "admin");
  }, 60_000);
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });
  const cookieOf = ({ token }: SignedIn) => ({
    name: "everline_session",
    value: token,
    url: desk.url,
    sameSite: "Strict" as const,
  });
  const hours = async () => (await root.call("GET", "/settings/hours")).body.value;

  story(
    "an operator writes hours over midnight and a holiday; what is wrong stands beside its field, and nothing changes before it is saved",
    async ({ open }) => {
      const page = await open({ expectedFaults: /status of 400/ });
      await page.context().addCookies([cookieOf(root)]);
      const before = await hours();
      await page.goto(`${desk.url}/inbox/hours`);
      const monday = page.locator(".week .opening").first();
      await monday.getByRole("button", { name: "Add hours" }).click();
      expect(await monday.locator("input:focus").count()).toBe(1);
      await monday.getByLabel("Monday, from").last().fill("22:00");
      await page.getByRole("button", { name: "Add a day" }).click();
      await page.getByLabel("Time zone").fill("Moon/Base");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Nothing was saved. Mend the 2 marked fields").waitFor();
      await monday.getByText("Write both times, or remove these hours.").waitFor();
      expect(await faultsInLooks(page, looks)).toEqual([]);
      await monday.getByLabel("Monday, to").last().fill("06:00");
      await monday.getByText("until the next day").waitFor();
      await page.getByRole("button", { name: "As on Monday" }).click();
      await page.getByLabel("Date").fill("2026-12-24");
      // The API's own word on it.
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("must be a zone like Europe/Stockholm").waitFor();
      expect(await page.locator("[name=zone]:focus").count()).toBe(1);
      expect(await hours()).toEqual(before);
      await page.getByLabel("Time zone").fill("Europe/Stockholm");
      await page.getByRole("button", { name: "Add a team" }).click();
      await page.getByLabel("Name").last().fill("Nordic");
      await page.getByLabel("Code of another language").last().fill("sv");
      await page.getByRole("button", { name: "Add a language" }).last().click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved. Slots follow it at once.").waitFor();
      const after = await hours();
      const night = [...before.teams[0].week[0], ["22:00", "06:00"]];
      expect(after).toEqual({
        ...before,
        teams: [
          {
            ...before.teams[0],
            zone: "Europe/Stockholm",
            week: [night, night, ...before.teams[0].week.slice(2)],
            holidays: { "2026-12-24": [] },
          },
          { name: "Nordic", languages: ["sv"], zone: null, week: Array(7).fill([]), holidays: {}, capacity: 5 },
        ],
      });
      // Thought better of: as it was saved.
      await page.getByRole("button", { name: "Remove this team" }).last().click();
      await page.getByRole("button", { name: "Discard changes" }).click();
      await page.getByLabel("Name").nth(1).waitFor();
      expect(await page.getByLabel("Name").last().inputValue()).toBe("Nordic");
      expect(await hours()).toEqual(after);

      const sven = await desk.agent("Sven");
      await page.goto(`${desk.url}/inbox/agents`);
      await page.getByText("Sven@example.com").click();
      await page.getByLabel("Team").locator("visible=true").selectOption("Nordic");
      await page.getByRole("checkbox", { name: "Swedish" }).locator("visible=true").check();
      expect(await faultsInLooks(page, looks)).toEqual([]);
      await page.getByRole("button", { name: "Save" }).locator("visible=true").click();
      await page.getByText("Nordic · Swedish").waitFor();
      const { agents } = (await root.call("GET", "/agents")).body as { agents: { id: string }[] };
      expect(agents.find(({ id }) => id === sven.id)).toMatchObject({ team: "Nordic", languages: ["sv"] });
    },
    60_000,
  );

  story(
    "R7 an agent whom the service set to away sees so at once, hears why, and is back with one click",
    async ({ open }) => {
      const ada = await desk.agent("Ada");
      const page = await open();
      await page.context().addCookies([cookieOf(ada)]);
      await page.goto(`${desk.url}/inbox`);
      await page.getByRole("button", { name: "Not taking calls" }).click();
      await page.getByRole("button", { name: "Taking calls", exact: true }).waitFor();
      // As when a call was offered and not answered.
      await desk.db.run((sql) => sql`update agents set presence = 'away' where id = ${ada.id}`);
      await page.getByRole("button", { name: "Not taking calls" }).waitFor();
      const again = page.getByRole("button", { name: "Take calls again" });
      await again.waitFor();
      expect(await page.locator("#phone-says").textContent()).toContain("was not answered");
      expect(await faultsInLooks(page, looks)).toEqual([]);
      await again.click();
      await page.getByRole("button", { name: "Taking calls", exact: true }).waitFor();
      await expect.poll(() => again.count()).toBe(0);
      expect((await ada.call("GET", "/presence")).body.presence).toBe("available");
      // Their own pause needs no explanation, and another window of theirs is believed too.
      await page.getByRole("button", { name: "Taking calls", exact: true }).click();
      await page.getByRole("button", { name: "Not taking calls" }).waitFor();
      expect(await again.count()).toBe(0);
      await ada.call("PUT", "/presence", { presence: "available" });
      await page.getByRole("button", { name: "Taking calls", exact: true }).waitFor();
    },
    60_000,
  );
});
