import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { faultsInLooks, type Look, looksOf } from "../support/accessibility.ts";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

/** Sixteen states, in two languages of two looks each. */
vi.setConfig({ testTimeout: 120_000 });

describeWith(browser, "every state of the chat", () => {
  let everline: Everline;
  let agent: Agent;
  beforeAll(async () => {
    everline = await startEverline();
    agent = await everline.agent();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  const tours = [
    { locale: "en", ask: "how do I return my order?", looks: looksOf.ltr, offline: /You are offline/ },
    { locale: "ar", ask: "كيف أعيد طلبي؟", looks: looksOf.rtl, offline: /أنت غير متصل/ },
  ] as const;

  for (const { locale, ask, looks, offline } of tours)
    story(`nothing is inaccessible or overflows, and trouble is told in ${locale}`, async ({ open }) => {
      const page = await open({ locale, expectedFaults: /ERR_INTERNET_DISCONNECTED|status of 400|WebSocket/ });
      const chat = await openChat(page, `${everline.url}/help/${locale}`);
      const clean = (state: string) => checked(page, looks, state);
      await clean("empty");

      await say(chat, ask);
      await chat.locator("li.assistant .source").waitFor();
      await clean("an answer with its source");
      await chat.locator("header > [popovertarget=menu]").click();
      await chat.locator("#menu:popover-open").waitFor();
      await clean("the menu");
      await page.keyboard.press("Escape");
      await chat.locator("footer button.icon").first().click();
      await chat.locator(".emoji").waitFor();
      await clean("emoji");
      await page.keyboard.press("Escape");
      await chat.locator("footer button.icon").nth(1).click();
      await chat
        .getByRole("timer")
        .filter({ hasText: /[1-9١-٩]/ })
        .waitFor();
      await clean("a voice message");
      await chat.locator(".voice button").nth(1).click();
      await chat.locator(".voice audio").waitFor();
      await clean("a voice message to listen to");
      await chat.locator(".voice button").last().click();

      const upload = (name: string, buffer: Buffer) =>
        chat.locator("input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
      await upload("setup.exe", Buffer.from("MZ not to be run"));
      await chat.locator(".mine .file", { hasText: "PDF" }).waitFor();
      await clean("a file that is not accepted");
      await page.frames()[1]?.evaluate(bigFile);
      await chat.locator("li.failed").waitFor();
      await clean("a message that failed");
      await chat.locator("li.failed button").last().click();

      await page.context().setOffline(true);
      await chat.getByText(offline).waitFor();
      await say(chat, "1");
      await chat.locator("li.waiting").waitFor();
      await clean("offline");
      await page.context().setOffline(false);
      await chat.locator("li.waiting").waitFor({ state: "detached" });

      await chat.locator(".people button").first().click();
      await chat.locator("p.card button").click();
      await chat.locator("[type=tel]").fill("12");
      await clean("how to be told");
      await chat.locator("section.card form button").click();
      await chat.locator("#fault").waitFor();
      await clean("a number that is none");
      await chat.locator("section.card > button").last().click();
      await clean("in line");

      const { conversationId: id } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      await agent("POST", `/conversations/${id}/claim`, {});
      await agent("POST", `/conversations/${id}/messages`, {
        clientId: newId(),
        kind: "reply",
        text: "https://example.com",
      });
      await chat.locator("li.agent").waitFor();
      await clean("a person");
      await agent("POST", `/conversations/${id}/resolve`, {});
      await chat.locator("form.rating button").last().click();
      await chat.locator("form.rating input").waitFor();
      await clean("rating");

      await page.goto(`${everline.url}/demo/sign-in?lang=${locale}`);
      await page.locator("main form button").first().click();
      await page.frameLocator("iframe").locator("section.card blockquote").waitFor();
      await clean("signed in, with an earlier chat");
    });
});

/** Made in the page: ten megabytes take long to get there. */
const bigFile = `{
  const input = document.querySelector("input[type=file]");
  const picked = new DataTransfer();
  picked.items.add(new File([new Uint8Array(10 * 1024 * 1024 + 1)], "big.png"));
  input.files = picked.files;
  input.dispatchEvent(new Event("change"));
}`;

async function checked(page: Page, looks: readonly Look[], state: string): Promise<void> {
  const frame = page.frames().find((one) => one.url().includes("/widget/frame"));
  if (frame === undefined) throw new Error("The chat is not open.");
  expect(await faultsInLooks(page, looks, frame), state).toEqual([]);
}

async function say(chat: FrameLocator, text: string): Promise<void> {
  await chat.locator("textarea").fill(text);
  await chat.locator("textarea").press("Enter");
}
