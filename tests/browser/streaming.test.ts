import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { type ModelDouble, startModelDouble } from "../support/model-double.ts";
import { describeWith } from "../support/parts.ts";

const first = "You get a late fee when a payment has not reached us by its due date.";
const second = "It is at most 7 USD for each missed installment.";
/** The double says twelve letters in so many milliseconds. */
const slowlyMs = 60;

describeWith(browser, "a language model's answer in the chat", () => {
  let double: ModelDouble;
  let everline: Everline;
  beforeAll(async () => {
    double = await startModelDouble();
    everline = await startEverline({
      ASSISTANT_MODEL: "openai-compatible:test-model",
      ASSISTANT_BASE_URL: double.url,
      ASSISTANT_API_KEY: "model-key",
    });
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
    await double.close();
  });

  story("grows by whole sentences, and the stored message takes its place", async ({ open }) => {
    double.behave([{ say: `${first} ${second} [late-fee]`, slowlyMs }]);
    const page = await open();
    const chat = await ask(page, everline.url);
    await chat.locator("#thread > ol > li.assistant .source").waitFor();
    expect(await drafts(page)).toEqual([first, `${first} ${second}`]);
    expect(await chat.locator(".draft").count()).toBe(0);
    expect(await answers(chat)).toEqual([expect.stringContaining(`${first} ${second}`)]);
  });

  story("L3 shows no sentence that no article holds, also not while it is written", async ({ open }) => {
    double.behave([{ say: `${first} Call +1 900 555 0199 now and pay 99 USD. ${second} [late-fee]`, slowlyMs }]);
    const page = await open();
    const chat = await ask(page, everline.url);
    await expect.poll(async () => (await answers(chat)).length, patience).toBe(1);
    expect(await drafts(page)).toEqual([first]);
    expect((await answers(chat)).join()).not.toMatch(/900|99 USD/);
  });

  story("R4 ends where a person takes over", async ({ open }) => {
    double.behave([{ say: `${first} ${second} ${second.repeat(9)} [late-fee]`, slowlyMs }]);
    const page = await open();
    const chat = await ask(page, everline.url);
    await chat.locator(".draft").waitFor();
    const agent = await everline.agent();
    const [conversation] = await everline.sql`select id from conversations order by created_at desc limit 1`;
    await agent("POST", `/conversations/${conversation?.id}/claim`);
    await chat.getByText(/You are talking to/).waitFor();
    expect(await chat.locator(".draft").count()).toBe(0);
    const before = (await drafts(page)).length;
    // The model has said everything, and nobody waits for it.
    await expect.poll(async () => (await everline.sql`select 1 from turns`).length, patience).toBe(0);
    expect(await drafts(page)).toHaveLength(before);
    expect(await answers(chat)).toEqual([]);
  });
});

const patience = { timeout: 20_000 };

/** Asks about a fee, and from then on writes down every draft that is drawn. */
async function ask(page: Page, url: string): Promise<FrameLocator> {
  await page.goto(`${url}/help/en`);
  await page.getByRole("button", { name: /^Chat/ }).click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").fill("Why was I charged a late fee?");
  await page.frames()[1]?.evaluate(`{
    window.drafts = [];
    new MutationObserver(() => {
      const text = document.querySelector(".draft")?.textContent;
      if (text && text !== drafts.at(-1)) drafts.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }`);
  await chat.locator("textarea").press("Enter");
  return chat;
}

async function drafts(page: Page): Promise<string[]> {
  return (await page.frames()[1]?.evaluate<string[]>("drafts")) ?? [];
}

const answers = (chat: FrameLocator): Promise<string[]> =>
  chat.locator("#thread > ol > li.assistant:not(:first-child, .draft) .bubble").allTextContents();
