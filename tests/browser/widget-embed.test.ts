import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { issueIdentity } from "../../src/demo/identity.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { type HostPage, openHostPage } from "../support/host-page.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the chat on somebody else's site", () => {
  let everline: Everline;
  let shop: HostPage;
  beforeAll(async () => {
    everline = await startEverline({ IDENTITY_SECRET: identitySecret });
    shop = await openHostPage(everline.url);
  });
  afterAll(async () => {
    await closeBrowser();
    shop.close();
    await everline.stop();
  });

  story("asks and stores nothing before it is opened, and then answers with its source", async ({ open }) => {
    const page = await open({ locale: "sv-SE", ...foreign });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${shop.url}?lang=sv`);
    const launcher = page.getByRole("button", { name: "Chatt" });
    await launcher.waitFor();
    expect(asked).toEqual(["/", "/widget.js"]);
    expect(await page.evaluate("[document.cookie, localStorage.length]")).toEqual(["", 0]);
    await launcher.click();
    const chat = page.frameLocator("iframe");
    await chat.getByRole("textbox", { name: "Skriv ett meddelande" }).waitFor();
    expect(await everline.sql`select 1 from contacts`).toHaveLength(0);
    await ask(page, chat, "hur returnerar jag min order?");
    const answer = replies(chat).first();
    await answer.waitFor();
    expect(await answer.locator(".bubble").getAttribute("lang")).toBe("sv");
    const source = answer.getByRole("link", { name: /^Källa: .*retur/i });
    expect(await source.getAttribute("href")).toBe("/help/sv/return-order");
    expect(await page.context().cookies()).toEqual([]);
  });

  story("C3 the site signs its customer in by a function, and the chat follows who that is", async ({ open }) => {
    const page = await open({ expectedFaults: /foreign host: http:\/\/localhost|closed before the connection/ });
    const token = (id: string, name: string) => issueIdentity(identitySecret, { id, name }, Date.now());
    let customer: readonly [id: string, name: string] = ["shop-1", "Ann"];
    await page.exposeFunction("freshToken", () => token(...customer));
    await page.goto(shop.url);
    await page.waitForFunction("window.Everline?.open");
    await page.evaluate("Everline.identify(() => freshToken())");
    await page.getByRole("button", { name: "Chat" }).click();
    const chat = page.frameLocator("iframe");
    await chat.getByText("Signed in: Ann").waitFor();
    await ask(page, chat, "how do I return my order?");
    await replies(chat).first().waitFor();
    // Somebody else signs in on the site.
    customer = ["shop-2", "Bo"];
    await page.reload();
    await page.waitForFunction("window.Everline?.open");
    await page.evaluate("Everline.identify(() => freshToken())");
    await page.getByRole("button", { name: "Chat" }).click();
    await chat.getByText("Signed in: Bo").waitFor();
    await expect.poll(() => shown(chat)).toEqual([]);
    await page.evaluate("Everline.reset()");
    await expect.poll(() => page.evaluate("localStorage.length")).toBe(0);
    await expect.poll(() => chat.getByText("Signed in").count()).toBe(0);
  });

  story("notifications, which no browser lets a foreign frame ask for, are had on our own page", async ({ open }) => {
    const page = await open(foreign);
    await page.goto(shop.url);
    await page.getByRole("link", { name: "Ask us" }).click();
    const chat = page.frameLocator("iframe");
    await ask(page, chat, "I want to talk to a person");
    await chat.getByRole("button", { name: "Tell me when you answer" }).click();
    const [tab] = await Promise.all([
      page.context().waitForEvent("page"),
      chat.getByRole("link", { name: /^Notify me in this browser/ }).click(),
    ]);
    await tab.frameLocator("iframe").getByText("I want to talk to a person").waitFor();
    expect(new URL(tab.url()).origin).toBe(everline.url);
    expect(new URL(tab.url()).hash).toBe("");
  });

  story(
    "being told later is offered only where there is a way: not who signed in here, without texts",
    async ({ open }) => {
      for (const texts of [true, false]) {
        const page = await open(foreign);
        await page.route("**/v3/directline/reach?*", async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, json: { ...(await response.json()), ...(texts ? {} : { channels: [] }) } });
        });
        const identity = { id: `shop-told-${texts}`, name: "Ann" };
        await page.exposeFunction("freshToken", () => issueIdentity(identitySecret, identity, Date.now()));
        await page.goto(shop.url);
        await page.waitForFunction("window.Everline?.open");
        await page.evaluate("Everline.identify(() => freshToken())");
        const chat = page.frameLocator("iframe");
        const offer = page.waitForResponse(/\/v3\/directline\/reach\?/);
        await page.getByRole("button", { name: "Chat" }).click();
        await chat.getByText("Signed in: Ann").waitFor();
        await ask(page, chat, "I want to talk to a person");
        await chat.getByText(/You are number \d+ in line/).waitFor();
        await (await offer).finished();
        await chat.getByRole("button", { name: "More choices" }).click();
        await chat.locator("#menu").getByRole("button", { name: "Download the conversation" }).waitFor();
        const entries = chat.getByRole("button", { name: "Tell me when you answer" });
        await expect.poll(() => entries.count()).toBe(texts ? 2 : 0);
      }
    },
  );

  story("R7 leave and come back: the conversation is there, once, and unread answers are counted", async ({ open }) => {
    const page = await open(foreign);
    await page.goto(shop.url);
    await page.getByRole("link", { name: "Ask us" }).click();
    const chat = page.frameLocator("iframe");
    await ask(page, chat, "how do I return my order?");
    await replies(chat).first().waitFor();
    const before = await shown(chat);
    expect(before).toHaveLength(2);
    await page.reload();
    await page.getByRole("button", { name: "Chat" }).click();
    await expect.poll(() => shown(chat)).toEqual(before);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate("document.activeElement?.shadowRoot?.activeElement?.tagName")).toBe("BUTTON");
    const agent = await everline.agent();
    const [conversation] = await everline.sql<
      { id: string }[]
    >`select id from conversations order by created_at desc limit 1`;
    await agent("POST", `/conversations/${conversation?.id}/claim`);
    await agent("POST", `/conversations/${conversation?.id}/messages`, {
      clientId: "one",
      kind: "reply",
      text: "Here I am",
    });
    await page.getByRole("button", { name: "Chat, 1 unread" }).click();
    await replies(chat).getByText("Here I am").waitFor();
    await expect.poll(() => page.title()).toBe("A shop");
    await chat.getByText(/You are talking to/).waitFor();
  });
});

const identitySecret = "an identity secret of the shop's own";

/** The shop itself is the only other host. */
const foreign = { expectedFaults: /foreign host: http:\/\/localhost/ };

async function ask(page: Page, chat: FrameLocator, words: string): Promise<void> {
  await chat.getByRole("textbox").first().click();
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
}

/** What came from us after the greeting. */
const replies = (chat: FrameLocator) =>
  chat.locator("#thread ol > li.assistant:not(:first-child), #thread ol > li.agent");

/** What the customer reads after the greeting, from the top. */
async function shown(chat: FrameLocator): Promise<string[]> {
  return chat.locator("#thread ol > li:not(:first-child) .bubble").allInnerTexts();
}
