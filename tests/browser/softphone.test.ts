import { afterAll, beforeAll, expect } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the telephone in the inbox", () => {
  let desk: Desk;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk({ VOICE_TRANSPORT: "gather" });
    ada = await desk.agent("Ada");
  }, 60_000);
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: the story says what it expects of an answer.
  const simulator = async (path: string, body?: object): Promise<any> => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${desk.url}/simulator/api/${path}`, init);
    return answer.status === 204 ? null : answer.json();
  };

  story(
    "an agent takes an offered call, talks, holds, hangs up and notes what came of it",
    async ({ open }) => {
      // On a busy machine a look is refused now and then; the page looks again.
      const page = await open();
      await page
        .context()
        .addCookies([{ name: "everline_session", value: ada.token, url: desk.url, sameSite: "Strict" }]);
      await page.goto(`${desk.url}/inbox`);
      await page.getByRole("button", { name: "Not taking calls" }).click();
      await page.getByRole("button", { name: "Taking calls", exact: true }).waitFor();
      const { customers } = await simulator("phones");
      const { callSid } = await simulator("calls", { from: customers[0].number });
      await simulator(`calls/${callSid}/input`, { digits: "0" });
      const phone = page.getByRole("region", { name: "Telephone" });
      await phone.getByRole("button", { name: "Take the call" }).waitFor();
      expect(await page.title()).toContain("Incoming call");
      expect(await page.locator("#phone-says").textContent()).toContain("Incoming call from");
      expect(await accessibilityFaults(page, "#softphone")).toEqual([]);
      await page.keyboard.press("p");
      await phone.getByRole("button", { name: "Hold", exact: true, disabled: false }).waitFor();
      await simulator(`calls/${callSid}/input`, { speech: "Hello, <b>who</b> is there?" });
      await phone.getByText("Hello, <b>who</b> is there?").waitFor();
      await page.keyboard.press("h");
      await phone.getByRole("button", { name: "Take off hold" }).waitFor();
      await expect
        .poll(async () => JSON.stringify((await simulator(`calls/${callSid}`)).said))
        .toContain("right back with you");
      await page.keyboard.press("h");
      await phone.getByText("Connected").waitFor();
      expect(await accessibilityFaults(page, "#softphone")).toEqual([]);
      await phone.getByRole("button", { name: "Hang up" }).click();
      await phone.getByLabel("Code").selectOption("Solved");
      await phone.getByLabel("Note").fill("All is well.");
      expect((await simulator(`calls/${callSid}`)).ended).toBe(true);
      await phone.getByRole("button", { name: "Save and resolve" }).click();
      await page.getByText("noted the call: Solved. All is well.").waitFor();
      await expect.poll(() => phone.isVisible()).toBe(false);
      expect((await ada.call("GET", "/calls")).body.call).toBe(null);
      // Without credentials it is not needed; it is there all the same, from our own origin.
      expect(
        await page.evaluate<string>('import("/assets/inbox/voice-sdk.js").then(({ Device }) => typeof Device)'),
      ).toBe("function");
    },
    60_000,
  );

  story(
    "R5 a promised call is offered before anybody is rung; the agent calls, and notes that it is never called again",
    async ({ open }) => {
      const page = await open();
      await page
        .context()
        .addCookies([{ name: "everline_session", value: ada.token, url: desk.url, sameSite: "Strict" }]);
      const { customers } = await simulator("phones");
      const { number } = customers[1];
      const { conversationId } = await desk.says(number, "Please call me");
      await ada.call("PATCH", "/presence", { presence: "available" });
      const booked = await ada.call("POST", "/callbacks", {
        conversationId,
        phone: number,
        topic: "A <b>late</b> fee",
      });
      expect(booked.status).toBe(201);
      await page.goto(`${desk.url}/inbox`);
      const phone = page.getByRole("region", { name: "Telephone" });
      await phone.getByText("A promised call is due").waitFor();
      await phone.getByText("A <b>late</b> fee").waitFor();
      expect(await page.locator("#phone-says").textContent()).toContain("Press p to take it");
      expect(await accessibilityFaults(page, "#softphone")).toEqual([]);
      await phone.getByRole("button", { name: "Call them" }).click();
      await phone.getByRole("button", { name: "Hang up" }).waitFor();
      await page.getByRole("button", { name: "Never call again…" }).first().click();
      await page.getByRole("dialog").getByText(number).waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Never call again" }).click();
      await page.getByText("noted that the customer wants no more calls").waitFor();
      await page.getByText("never called", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "Callbacks" }).first().click();
      await page.getByLabel("Whose callbacks").selectOption({ label: "Nobody's yet" });
      expect(await accessibilityFaults(page, "#list-tabs")).toEqual([]);
    },
    60_000,
  );
});
