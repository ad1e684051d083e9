import { readFileSync } from "node:fs";
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

const axe = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

describeWith(browser, "the chat on the help pages", () => {
  let everline: Everline;
  beforeAll(async () => {
    everline = await startEverline();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  story("R2 R3 what is written offline is sent once and in order, also after a reload", async ({ open }) => {
    const page = await open({ expectedFaults: /ERR_INTERNET_DISCONNECTED/ });
    const chat = await openChat(page, everline.url);
    await say(page, chat, "hello");
    await replies(chat).first().waitFor();
    await page.context().setOffline(true);
    await say(page, chat, "the first offline word");
    await say(page, chat, "the second offline word");
    await chat.getByText("Sent as soon as you are back online").first().waitFor();
    await chat.getByText("You are offline.").waitFor();
    await page.context().setOffline(false);
    const mine = async () =>
      (
        await everline.sql`select parts -> 0 ->> 'text' as text from messages where author = 'contact' order by seq`
      ).map((row) => row.text);
    await expect.poll(mine, patience).toEqual(["hello", "the first offline word", "the second offline word"]);
    await expect.poll(() => chat.locator("li.waiting, li.sending").count(), patience).toBe(0);
  });

  story("R7 two tabs show the same conversation", async ({ open }) => {
    const page = await open();
    const chat = await openChat(page, everline.url);
    await say(page, chat, "how do I return my order?");
    await replies(chat).first().waitFor();
    const second = await page.context().newPage();
    const other = await openChat(second, everline.url);
    await replies(other).first().waitFor();
    await say(second, other, "thank you");
    await expect.poll(() => words(chat), patience).toEqual(await settled(other));
  });

  story(
    "right to left with the keyboard alone, dark, at 320 pixels, and nothing that axe objects to",
    async ({ open }) => {
      const page = await open({ locale: "ar", colorScheme: "dark", viewport: { width: 320, height: 640 } });
      await page.goto(`${everline.url}/help/ar`);
      const launcher = page.getByRole("button", { name: "محادثة" });
      await launcher.focus();
      await page.keyboard.press("Enter");
      const chat = page.frameLocator("iframe");
      await chat.locator("textarea").waitFor();
      await page.keyboard.type("التحدث إلى شخص");
      await page.keyboard.press("Enter");
      await replies(chat).first().waitFor();
      expect(await frameOf(page).evaluate("document.dir + document.activeElement.tagName")).toBe("rtlTEXTAREA");
      await checkAxe(page);
      await page.keyboard.press("Escape");
      await expect
        .poll(() => page.evaluate("document.activeElement?.shadowRoot?.activeElement?.tagName"))
        .toBe("BUTTON");
    },
  );

  story("X1 X2 hostile words and names run nothing and fetch nothing", async ({ open }) => {
    const page = await open();
    const chat = await openChat(page, everline.url);
    await say(page, chat, "I want a person");
    await replies(chat).first().waitFor();
    for (const attack of attacks.slice(0, 4)) await say(page, chat, attack);
    const agent = await everline.agent();
    const id = await vi.waitFor(async () => {
      const { conversations } = await agent<{ conversations: { id: string; preview: string }[] }>(
        "GET",
        "/conversations?view=queue",
      );
      const found = conversations.find(({ preview }) => preview.startsWith(attacks[3]?.slice(0, 10) ?? ""));
      if (found === undefined) throw new Error("The last word has not arrived yet.");
      return found.id;
    }, patience);
    await agent("POST", `/conversations/${id}/claim`);
    for (const [at, text] of attacks.entries())
      await agent("POST", `/conversations/${id}/messages`, { clientId: `a${at}`, kind: "reply", text });
    await chat
      .locator("li.agent")
      .nth(attacks.length - 1)
      .waitFor();
    const bubbles = await chat.locator("li.agent .bubble").allInnerTexts();
    for (const [at, text] of attacks.entries()) expect(bubbles[at]?.slice(0, 12)).toBe(text.slice(0, 12));
    expect(
      await frameOf(page).evaluate(
        "window.taken ?? document.querySelectorAll('.bubble :is(img,script,iframe,svg,object)').length",
      ),
    ).toBe(0);
    expect(await chat.locator('.bubble a:not([href^="http"])').count()).toBe(0);
    await checkAxe(page);
  });
});

const patience = { timeout: 15_000 };

/** Each would say so in `window.taken`, or ask a foreign host, which every story watches for. */
const attacks = [
  "<img src=x onerror='window.taken=1'>",
  "<script>window.taken=1</script>",
  "[click](javascript:window.taken=1)",
  "![picture](https://evil.example/x.png)",
  "<svg/onload=window.taken=1>",
  "[a](data:text/html,<script>parent.taken=1</script>)",
  'https://evil.example/"onmouseover="window.taken=1',
];

async function openChat(page: Page, url: string): Promise<FrameLocator> {
  await page.goto(`${url}/help/en`);
  await page.getByRole("button", { name: /^Chat/ }).click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").waitFor();
  return chat;
}

async function say(page: Page, chat: FrameLocator, text: string): Promise<void> {
  await chat.locator("textarea").fill(text);
  await chat.locator("textarea").press("Enter");
  void page;
}

const replies = (chat: FrameLocator) => chat.locator("#thread ol > li.assistant:not(:first-child)");

const words = (chat: FrameLocator): Promise<string[]> => chat.locator("#thread .bubble").allInnerTexts();

/** The thread when an answer to the last message is there. */
async function settled(chat: FrameLocator): Promise<string[]> {
  await replies(chat).nth(1).waitFor();
  return words(chat);
}

function frameOf(page: Page) {
  const frame = page.frames().find((one) => one.url().includes("/widget/frame"));
  if (frame === undefined) throw new Error("The chat is not open.");
  return frame;
}

async function checkAxe(page: Page): Promise<void> {
  const frame = frameOf(page);
  await frame.evaluate(axe);
  const found = await frame.evaluate(
    "axe.run().then((result) => result.violations.map((one) => one.id + ': ' + one.help))",
  );
  expect(found).toEqual([]);
}
