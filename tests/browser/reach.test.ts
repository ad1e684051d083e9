import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { faultsInLooks, looksOf } from "../support/accessibility.ts";
import { closeBrowser, storyInWhole as story, wholeBrowser } from "../support/browser.ts";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { type PushService, startPushService } from "../support/push-service.ts";

const soon = { timeout: 45_000, interval: 50 };

describeWith(wholeBrowser, "being told when an answer comes", () => {
  let everline: Everline;
  let push: PushService;
  let agent: Agent;
  beforeAll(async () => {
    push = await startPushService(async () => "");
    everline = await startEverline({ CALL_COUNTRIES: "US,SE" }, { pushOrigin: push.origin });
    agent = await everline.agent();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
    push.close();
  });

  story("notifications are asked for by the customer's click alone, and can be turned off again", async ({ open }) => {
    const page = await open({ permissions: ["notifications"] });
    // Chromium has no push service for private windows; everything else is the browser's own.
    const { subscription } = push.browser();
    await page.addInitScript(`{
      window.asked = 0;
      const ask = Notification.requestPermission.bind(Notification);
      Notification.requestPermission = () => { window.asked++; return ask(); };
      PushManager.prototype.subscribe = async () => ({ endpoint: ${JSON.stringify(subscription.endpoint)},
        toJSON: () => (${JSON.stringify(subscription)}) });
    }`);
    const chat = await waitForPerson(page, everline.url);
    // With the keyboard as well, there and back.
    await chat.getByRole("button", { name: "Tell me when you answer" }).press("Enter");
    await expect.poll(() => focused(page)).toBe("Notify me in this browser");
    await page.keyboard.press("Escape");
    await expect.poll(() => focused(page)).toBe("Write a message");
    await chat.getByRole("button", { name: "Tell me when you answer" }).click();
    expect(await asked(page)).toBe(0);
    await chat.getByRole("button", { name: "Notify me in this browser" }).click();
    await chat.getByText("Notifications are on in this browser.").waitFor();
    expect(await asked(page)).toBe(1);
    const kept = () => everline.sql`select endpoint from push_subscriptions`;
    expect(await kept()).toEqual([{ endpoint: subscription.endpoint }]);
    await chat.getByRole("button", { name: "Done" }).click();
    await chat.getByText("We tell you when we answer.").waitFor();
    await chat.getByRole("button", { name: "Change" }).click();
    await chat.getByRole("button", { name: "Turn off" }).click();
    await chat.getByRole("button", { name: "Notify me in this browser" }).waitFor();
    expect(await kept()).toEqual([]);
  });

  story(
    "R7 who signs in sees whether this chat tells them, before and after the earlier one is added",
    async ({ open }) => {
      const page = await open({
        permissions: ["notifications"],
        expectedFaults: /status of 403|closed before the connection/,
      });
      const { subscription } = push.browser();
      await page.addInitScript(`PushManager.prototype.subscribe = async () => ({
      endpoint: ${JSON.stringify(subscription.endpoint)}, toJSON: () => (${JSON.stringify(subscription)}) })`);
      const before = await waitForPerson(page, everline.url);
      await before.getByRole("button", { name: "Tell me when you answer" }).click();
      await before.getByRole("button", { name: "Notify me in this browser" }).click();
      await before.getByText("Notifications are on in this browser.").waitFor();

      await page.goto(`${everline.url}/demo/sign-in`);
      await page.getByRole("button", { name: "Ann Parker" }).click();
      const chat = page.frameLocator("iframe");
      await chat.getByRole("heading", { name: "Add this chat to your account?" }).waitFor();
      await chat.locator("textarea").fill("how do I return my order?");
      await chat.locator("textarea").press("Enter");
      await chat.locator("#thread li.mine").waitFor();
      const openCard = async () => {
        await chat.getByRole("button", { name: "More choices" }).click();
        await chat.locator("#menu").getByRole("button", { name: "Tell me when you answer" }).click();
        await chat.getByRole("button", { name: "Done" }).waitFor();
      };
      await openCard();
      await chat.getByRole("button", { name: "Notify me in this browser" }).waitFor();
      expect(await chat.getByText("Notifications are on in this browser.").count()).toBe(0);
      await chat.getByRole("button", { name: "Add it" }).click();
      await chat.getByText("Notifications are on in this browser.").waitFor();
      const kept = await everline.sql`select a.kind from push_subscriptions p join visitor_sessions s
      on s.id = p.session_id and s.conversation_id = p.conversation_id join contact_addresses a on a.id = s.address_id`;
      expect(kept).toEqual([{ kind: "account" }]);
      await chat.getByRole("button", { name: "Turn off" }).click();
      await chat.getByRole("button", { name: "Notify me in this browser" }).waitFor();
      expect(await everline.sql`select 1 from push_subscriptions`).toEqual([]);
    },
  );

  story("a number that was left gets a link, and its page leads back to this very conversation", async ({ open }) => {
    // Also at night.
    await everline.sql`insert into settings (key, value) values ('reach', '{"quiet":{"from":0,"to":0}}')`;
    const page = await open({ expectedFaults: /status of 400/ });
    const chat = await waitForPerson(page, everline.url);
    await chat.getByRole("button", { name: "Tell me when you answer" }).click();
    await chat.getByLabel("Mobile number with country code").fill("12");
    await chat.getByRole("button", { name: "Tell me there" }).click();
    await chat.getByText("That is no telephone number.").waitFor();
    await chat.getByLabel("Mobile number with country code").fill("+1 202 555 0131");
    await chat.getByText(/^Tell me by SMS at .*202 555 0131.* when Paylark has answered/).waitFor();
    await chat.getByRole("button", { name: "Tell me there" }).click();
    await chat.getByText(/We write to .*…131.* by SMS/).waitFor();
    const left = () => everline.sql`select number, words from reach_numbers where ended_at is null`;
    expect(await left()).toEqual([
      { number: "+12025550131", words: expect.stringMatching(/^Tell me by SMS at \+12025550131 when Paylark/) },
    ]);
    const { conversationId } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
    await page.close();

    const [{ fence } = { fence: 0 }] = await everline.sql`select fence from conversations where id = ${conversationId}`;
    await agent("POST", `/conversations/${conversationId}/messages`, {
      clientId: newId(),
      kind: "reply",
      text: "Your parcel is found.",
      fence,
    });
    const waiting = () => everline.sql`select 1 from nudges where conversation_id = ${conversationId}`;
    await expect.poll(async () => (await waiting()).length, soon).toBe(1);
    await everline.sql`update nudges set due_at = now() where conversation_id = ${conversationId}`;
    const link = async () => {
      const thread = await fetch(`${everline.url}/simulator/api/thread?channel=sms&customer=%2B12025550131`);
      return /https?:\/\/[^\s"\\]+\/resume\/[\w-]{22}/.exec(await thread.text())?.[0] ?? "";
    };
    await expect.poll(link, soon).not.toBe("");

    const phone = await open({ viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
    await phone.goto(await link());
    expect(await faultsInLooks(phone, looksOf.ltr)).toEqual([]);
    await phone.getByRole("button", { name: "Open my conversation" }).click();
    const there = phone.frameLocator("iframe");
    await there.getByText("Your parcel is found.").waitFor();
    await there.getByText("I want to talk to a person").waitFor();
    expect(new URL(phone.url()).hash).toBe("");
    await there.getByRole("button", { name: "Change" }).click();
    await there.getByRole("button", { name: "Take the number back" }).click();
    await there.getByLabel("Mobile number with country code").waitFor();
    expect(await left()).toEqual([]);
  });
});

/** How often the chat's frame asked the browser to ask the customer. */
async function asked(page: Page): Promise<unknown> {
  return page.frames()[1]?.evaluate("asked");
}

async function focused(page: Page): Promise<unknown> {
  return page.frames()[1]?.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent");
}

/** A customer whom the assistant has passed on. */
async function waitForPerson(page: Page, url: string): Promise<FrameLocator> {
  await page.goto(`${url}/help/en`);
  await page.getByRole("button", { name: /^Chat/ }).click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").fill("I want to talk to a person");
  await chat.locator("textarea").press("Enter");
  await chat.getByText(/You are number \d+ in line/).waitFor();
  return chat;
}
