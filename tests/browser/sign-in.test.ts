import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "signing in on the web", () => {
  let everline: Everline;
  beforeAll(async () => {
    everline = await startEverline();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  story(
    "C6 an earlier chat joins the account by the customer's act alone, and the plan is answered",
    async ({ open }) => {
      const page = await open(cutOnPurpose);
      const chat = await openChat(page, everline.url);
      await say(chat, "how do I return my order?");
      await answers(chat).first().waitFor();
      await everline.sql`insert into calls (conversation_id, direction, leg, state, ended_at)
        select id, 'inbound', 'customer', 'completed', now() from conversations`;
      await signIn(page, everline.url, "Ann Parker");
      await chat.getByText("Signed in: Ann Parker").waitFor();
      // The token was good once and has left the address.
      expect(new URL(page.url()).hash).toBe("");
      await chat.getByRole("heading", { name: "Add this chat to your account?" }).waitFor();
      expect(await chat.getByRole("blockquote").textContent()).toBe("how do I return my order?");
      expect(await chat.locator("#thread li.mine").count()).toBe(0);
      expect(await everline.sql`select 1 from history_joins`).toHaveLength(0);
      await chat.getByRole("button", { name: "Add it" }).click();
      await chat.locator("#thread li.mine").getByText("how do I return my order?").waitFor();
      const calls = await everline.sql`select a.value from calls l join conversations c on c.id = l.conversation_id
        join contact_addresses a on a.contact_id = c.contact_id and a.kind = 'account'`;
      expect(calls).toEqual([{ value: "paylark-1001" }]);
      await say(chat, "when is my next payment?");
      const answer = answers(chat).nth(1);
      await answer.waitFor();
      expect(await answer.textContent()).toMatch(/Your next payment is \$\d+\.\d\d .*\n.*account/s);
    },
  );

  story("signing out ends the session on this device, and what was said is not found there again", async ({ open }) => {
    const page = await open(cutOnPurpose);
    const chat = await openChat(page, everline.url);
    await signIn(page, everline.url, "Erik Lindqvist");
    await chat.getByText("Signed in: Erik Lindqvist").waitFor();
    await say(chat, "when is my next payment?");
    await answers(chat).first().waitFor();
    // The page says it too, also on the next one, and offers the way out.
    await page.goto(`${everline.url}/help/sv/late-fee`);
    const top = page.locator(".top .sign-in");
    await top.getByText("Erik Lindqvist").waitFor();
    expect(await top.getByRole("link").count()).toBe(0);
    await page.getByRole("button", { name: /^Chatt/ }).click();
    await answers(chat).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await top.getByRole("button", { name: "Logga ut" }).press("Enter");
    await top.getByRole("link", { name: "Logga in" }).waitFor();
    await expect.poll(() => chat.locator("#thread .bubble").count()).toBe(1);
    await expect.poll(() => page.evaluate("localStorage.length")).toBe(0);
    const openSessions =
      () => everline.sql`select 1 from visitor_sessions s join contact_addresses a on a.id = s.address_id
      where a.kind = 'account' and a.value = 'paylark-1002' and s.ended_at is null`;
    await expect.poll(async () => (await openSessions()).length).toBe(0);
    await page.reload();
    await page.getByRole("button", { name: /^Chat/ }).click();
    await chat.locator("textarea").waitFor();
    expect(await chat.locator("#thread .bubble").count()).toBe(1);
  });

  story(
    "A6 who signs out offline is signed out at the service before anything else is asked of it",
    async ({ open }) => {
      const page = await open({
        expectedFaults: /closed before the connection|ERR_INTERNET_DISCONNECTED|status of 403/,
      });
      const sessions = async () =>
        (
          await everline.sql`select 1 from visitor_sessions s join contact_addresses a on a.id = s.address_id
          where a.kind = 'account' and a.value = 'paylark-1001' and s.ended_at is null`
        ).length;
      const chat = await openChat(page, everline.url);
      const elsewhere = await sessions();
      await signIn(page, everline.url, "Ann Parker");
      await chat.getByText("Signed in: Ann Parker").waitFor();
      const kept = () => page.evaluate<Record<string, string>>("({ ...localStorage })");
      const { token } = JSON.parse((await kept())["everline:s"] ?? "{}");
      expect(await sessions()).toBe(elsewhere + 1);
      await page.context().setOffline(true);
      await page.evaluate("Everline.reset()");
      await expect.poll(() => chat.getByText("Signed in: Ann Parker").count()).toBe(0);
      // What ends the session, and nothing else that opens it.
      await expect.poll(kept).toEqual({ "everline:e": token });
      await say(chat, "what is a late fee?");
      const asked: string[] = [];
      page.on("request", (request) => request.url().includes("/v3/") && asked.push(new URL(request.url()).pathname));
      await page.context().setOffline(false);
      await answers(chat).first().waitFor();
      expect(asked[0]).toBe("/v3/directline/tokens/end");
      expect(asked).toContain("/v3/directline/tokens/generate");
      expect(await sessions()).toBe(elsewhere);
      expect(await kept()).not.toHaveProperty("everline:e");
    },
  );

  story(
    "C3 R7 who slept through the end of a session is signed in again by our own page, until they sign out",
    async ({ open }) => {
      const page = await open({ expectedFaults: /closed before the connection|ERR_FAILED|status of 40[13]/ });
      await page.clock.install();
      const chat = await openChat(page, everline.url);
      await signIn(page, everline.url, "Ann Parker");
      await chat.getByText("Signed in: Ann Parker").waitFor();
      const kept = () =>
        page.evaluate<{ token?: string; conversationId?: string }>("JSON.parse(localStorage['everline:s'] ?? '{}')");
      const before = await kept();
      await everline.sql`update visitor_sessions set expires_at = now() - interval '1 second'
      where conversation_id = ${before.conversationId ?? null}`;
      // Awake before its network: nobody is signed out for that.
      let refused = 0;
      await page.route("**/demo/identity", (route) => (refused++ === 0 ? route.abort() : route.continue()));
      await page.clock.fastForward("31:00");
      await expect.poll(() => refused).toBe(1);
      await page.clock.fastForward("00:11");
      await expect.poll(async () => (await kept()).token).not.toBe(before.token);
      expect((await kept()).conversationId).toBe(before.conversationId);
      await chat.getByText("Signed in: Ann Parker").waitFor();
      await say(chat, "when is my next payment?");
      await answers(chat).last().getByText("Your next payment is").waitFor();

      const identity = () =>
        page.evaluate("fetch('/demo/identity', { method: 'POST' }).then((answer) => answer.json())");
      expect(await identity()).toEqual({ identity: expect.any(String) });
      await page.locator(".top .sign-in").getByRole("button").press("Enter");
      await page.locator(".top .sign-in").getByRole("link").waitFor();
      await expect.poll(identity).toEqual({ identity: null });
    },
  );

  story("R7 a signed-in customer finds the conversation of the laptop on the phone", async ({ open }) => {
    const laptop = await open(cutOnPurpose);
    const there = await openChat(laptop, everline.url);
    await signIn(laptop, everline.url, "Lucía Romero");
    await there.getByText("Signed in: Lucía Romero").waitFor();
    await say(there, "is my card blocked?");
    await answers(there).first().waitFor();
    const phone = await open({
      ...cutOnPurpose,
      viewport: { width: 390, height: 800 },
      isMobile: true,
      hasTouch: true,
    });
    await signIn(phone, everline.url, "Lucía Romero");
    const here = phone.frameLocator("iframe");
    await here.getByText("Signed in: Lucía Romero").waitFor();
    await answers(here).first().waitFor();
    expect(await words(here)).toEqual(await words(there));
    await say(here, "thank you");
    await answers(here).nth(1).waitFor();
    await expect.poll(() => words(there)).toEqual(await words(here));
    expect(new Set(await words(there)).size).toBe((await words(there)).length);
  });

  story("C3 a sign-in that is not accepted says so, and writing goes on without it", async ({ open }) => {
    const page = await open({ expectedFaults: /status of 403|WebSocket/ });
    await page.goto(`${everline.url}/?lang=sv#identity=made.up.token`);
    const chat = page.frameLocator("iframe");
    await chat.getByText("Inloggningen gick inte.").waitFor();
    await say(chat, "hej");
    await answers(chat).first().waitFor();
  });
});

/** Signing in leaves one socket for another. */
const cutOnPurpose = { expectedFaults: /closed before the connection is established/ };

async function openChat(page: Page, url: string): Promise<FrameLocator> {
  await page.goto(`${url}/help/en`);
  await page.getByRole("button", { name: /^Chat/ }).click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").waitFor();
  return chat;
}

async function signIn(page: Page, url: string, name: string): Promise<void> {
  await page.goto(`${url}/demo/sign-in`);
  await page.getByRole("button", { name }).click();
}

async function say(chat: FrameLocator, text: string): Promise<void> {
  await chat.locator("textarea").fill(text);
  await chat.locator("textarea").press("Enter");
}

const answers = (chat: FrameLocator) => chat.locator("#thread > ol > li.assistant:not(:first-child)");

const words = (chat: FrameLocator): Promise<string[]> => chat.locator("#thread .bubble").allInnerTexts();
