import type { Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { contrast, textOn } from "../../src/lib/colour.ts";
import { newId } from "../../src/lib/ids.ts";
import { faultsInLooks, looksOf } from "../support/accessibility.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { type HostPage, openHostPage } from "../support/host-page.ts";
import { describeWith } from "../support/parts.ts";

/** Where black and white are about as well read; then some of each kind. */
const colours = [
  ...["#006eff", "#006fff", "#0070ff", "#0071ff", "#e80000", "#e90000", "#ea0000"],
  ...["#ffffff", "#000000", "#ffaa00", "#0b57d0", "#767676", "#777777", "#00ff00", "#808000", "#ff00ff"],
];

describeWith(browser, "what the page around the chat says about it", () => {
  let desk: Desk;
  let admin: SignedIn;
  let shop: HostPage;
  beforeAll(async () => {
    desk = await openDesk({ DEMO: "true" });
    admin = await desk.agent("Root", "admin");
    shop = await openHostPage(desk.url);
  });
  afterAll(async () => {
    await closeBrowser();
    shop.close();
    await desk.close();
  });

  const dress = async (colour: string) => {
    const value = { company: null, colour, logo: null };
    expect((await admin.call("PUT", "/settings/brand", { value })).status).toBe(200);
  };
  const offer = async (locales: readonly string[] | null) =>
    expect((await admin.call("PUT", "/settings/languages", { value: { locales } })).status).toBe(200);
  /** The shop's page, with the loader there. */
  async function visit(page: Page, query: Readonly<Record<string, string>> = {}): Promise<void> {
    await page.goto(`${shop.url}?${new URLSearchParams(query)}`);
    await page.waitForFunction("window.Everline?.open");
  }
  const call = (page: Page, method: string, ...rest: readonly string[]) =>
    page.evaluate(`Everline.${method}(${rest.map((one) => JSON.stringify(one)).join(", ")})`);

  story("words on the operator's colour have a contrast of 4.5 at least, whichever it is", async ({ open }) => {
    const page = await open(foreign);
    await visit(page);
    await call(page, "open");
    const chat = await frameOf(page);
    await chat.locator("textarea").waitFor();
    for (const colour of colours) {
      const button = await page.evaluate<string>(
        `(${launcher}.parentNode.host.style.setProperty("--c", "${colour}"), getComputedStyle(${launcher}).color)`,
      );
      const header = await chat.evaluate<string>(
        `(document.documentElement.style.setProperty("--accent", "${colour}"),
          getComputedStyle(document.querySelector("header")).color)`,
      );
      for (const one of [button, header]) expect(contrast(colour, toHex(one)), colour).toBeGreaterThanOrEqual(4.5);
    }
  });

  story("and so they have where a browser cannot reckon with colours", async ({ open }) => {
    for (const colour of ["#ffaa00", "#0070ff"]) {
      await dress(colour);
      const page = await open(foreign);
      await page.route(/\/widget\.js|\/widget\/app-.*css/, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: (await answer.text()).replaceAll("color(from", "unknown(from") });
      });
      await visit(page);
      await call(page, "open");
      const chat = await frameOf(page);
      await chat.locator("textarea").waitFor();
      expect(toHex(await page.evaluate<string>(`getComputedStyle(${launcher}).color`))).toBe(textOn(colour));
      const header = await chat.evaluate<string>(`getComputedStyle(document.querySelector("header")).color`);
      expect(toHex(header)).toBe(textOn(colour));
    }
  });

  story("in an operator's colour nothing in the chat is inaccessible, by day and night", async ({ open }) => {
    await dress("#ea0000");
    const page = await open({ ...foreign, viewport: { width: 1_280, height: 760 } });
    await page.goto(`${desk.url}/help/en?chat=open`);
    const chat = await frameOf(page);
    await chat.locator("textarea").fill("how do I return my order?");
    await page.keyboard.press("Enter");
    await chat.locator("li.assistant .source").waitFor();
    expect(await faultsInLooks(page, looksOf.ltr, chat), "an answer").toEqual([]);
    await chat.locator("header > [popovertarget=menu]").click();
    await chat.locator("#menu .languages button").first().waitFor();
    expect(await faultsInLooks(page, looksOf.rtl, chat), "the menu").toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    expect(await faultsInLooks(page, looksOf.ltr), "the page around it").toEqual([]);
  });

  story(
    "the menu has the operator's languages in their order, and the first is for all other readers",
    async ({ open }) => {
      await offer(["sv", "ar", "en"]);
      const page = await open(foreign);
      await visit(page, { lang: "de" });
      await page.getByRole("button", { name: "Chatt" }).click();
      const chat = await frameOf(page);
      await chat.locator("header > [popovertarget=menu]").click();
      const names = chat.locator("#menu .languages button");
      await names.first().waitFor();
      expect(await names.allTextContents()).toEqual(["Svenska", "العربية", "English"]);
      expect(await chat.locator("html").getAttribute("lang")).toBe("sv");
      await names.nth(1).click();
      await expect.poll(async () => (await frameOf(page)).locator("html").getAttribute("dir")).toBe("rtl");
      await page.getByRole("button", { name: "محادثة" }).waitFor();
      await offer(null);
      await visit(page, { lang: "de" });
      await page.getByRole("button", { name: "Chat" }).click();
      await (await frameOf(page)).getByRole("button", { name: "Senden" }).waitFor();
    },
  );

  story(
    "the button and the frame are called by the reader's word before and after they are opened",
    async ({ open }) => {
      const page = await open(foreign);
      await visit(page, { lang: "ar", dir: "rtl" });
      await page.getByRole("button", { name: "محادثة", exact: true }).click();
      expect(await page.locator("iframe").getAttribute("title")).toBe("محادثة");
      await call(page, "setLocale", "sv-SE");
      await page.getByRole("button", { name: "Chatt", exact: true }).waitFor();
      expect(await page.locator("iframe").getAttribute("title")).toBe("Chatt");
      await (await frameOf(page)).getByRole("textbox", { name: "Skriv ett meddelande" }).waitFor();
    },
  );

  story(
    "R7 unread answers are counted before the page's own title, which is never changed itself",
    async ({ open }) => {
      const page = await open(foreign);
      await visit(page, { title: "(500) Days of Summer" });
      expect(await page.title()).toBe("(500) Days of Summer");
      await call(page, "open");
      const chat = await frameOf(page);
      await chat.locator("textarea").fill("I want to talk to a person");
      await page.keyboard.press("Enter");
      await chat.locator("li.assistant:not(:first-child)").first().waitFor();
      await call(page, "close");
      const { conversationId: id } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      expect((await admin.call("POST", `/conversations/${id}/claim`)).status).toBe(200);
      const reply = async (text: string) =>
        expect(
          (await admin.call("POST", `/conversations/${id}/messages`, { clientId: newId(), kind: "reply", text }))
            .status,
        ).toBeLessThan(300);
      await reply("Here I am");
      await expect.poll(() => page.title()).toBe("(1) (500) Days of Summer");
      // A site of one page gives it another title meanwhile.
      await page.evaluate("document.title = '(7) Samurai'");
      await reply("Are you there?");
      await expect.poll(() => page.title()).toBe("(2) (7) Samurai");
      await page.getByRole("button", { name: "Chat, 2 unread" }).click();
      await expect.poll(() => page.title()).toBe("(7) Samurai");
    },
  );

  story("it opens, closes and tells the page so, and fills in what the page proposes", async ({ open }) => {
    const page = await open(foreign);
    await visit(page);
    await page.evaluate(`{
      window.heard = [];
      window.note = (name) => (detail) => heard.push(detail === undefined ? name : [name, detail]);
      window.onOpen = note("open");
      Everline.on("open", onOpen);
      Everline.on("close", note("close"));
      Everline.on("ready", note("ready"));
      Everline.on("unread", note("unread"));
    }`);
    await call(page, "prefill", "About <b>order</b> 17: ");
    expect(await page.locator("iframe").isHidden()).toBe(true);
    await call(page, "open");
    const field = (await frameOf(page)).locator("textarea");
    await expect.poll(() => field.inputValue()).toBe("About <b>order</b> 17: ");
    await call(page, "open");
    await call(page, "toggle");
    expect(await page.locator("iframe").isHidden()).toBe(true);
    await page.evaluate("Everline.off('open', onOpen)");
    await call(page, "toggle");
    expect(await page.locator("iframe").isVisible()).toBe(true);
    await call(page, "close");
    expect(await page.evaluate("heard.filter((one) => one !== 'ready')")).toEqual(["open", "close", "close"]);
    expect(await page.evaluate("heard.filter((one) => one === 'ready')")).toEqual(["ready"]);
  });

  story("colour, side, theme and language are chosen in the one line that embeds it", async ({ open }) => {
    await dress("#0b57d0");
    const page = await open({ ...foreign, colorScheme: "light", viewport: { width: 1_000, height: 700 } });
    await visit(page, {
      attributes: 'data-color="rebeccapurple" data-position="left" data-theme="dark" data-locale="es"',
    });
    const purple = "rgb(102, 51, 153)";
    expect(await page.evaluate(`getComputedStyle(${launcher}).backgroundColor`)).toBe(purple);
    expect(await page.evaluate<number>(`${launcher}.getBoundingClientRect().left`)).toBe(20);
    await call(page, "open");
    const chat = await frameOf(page);
    await chat.getByRole("button", { name: "Enviar" }).waitFor();
    expect(await page.evaluate<number>(`${launcher}.getRootNode().querySelector("iframe").offsetLeft`)).toBe(20);
    const style = (selector: string, name: string) =>
      chat.evaluate<string>(`getComputedStyle(document.querySelector("${selector}")).${name}`);
    expect(await style("header", "backgroundColor")).toBe(purple);
    expect(await style("body", "backgroundColor")).toBe("rgb(21, 25, 31)");
    await visit(page);
    expect(await page.evaluate<number>(`innerWidth - ${launcher}.getBoundingClientRect().right`)).toBe(20);
  });

  story("where the browser keeps nothing, the conversation lives as long as the page", async ({ open }) => {
    const denials = [
      "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })",
      "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }",
    ];
    for (const denial of denials) {
      const page = await open(foreign);
      await page.addInitScript(denial);
      await visit(page);
      await call(page, "open");
      const chat = await frameOf(page);
      await chat.locator("textarea").fill("how do I return my order?");
      await page.keyboard.press("Enter");
      await chat.locator("li.assistant .source").waitFor();
      // Its frame begins anew; the page around it has kept the key.
      await call(page, "setLocale", "sv");
      const again = await frameOf(page);
      await again.getByRole("textbox", { name: "Skriv ett meddelande" }).waitFor();
      await again.locator("li.mine").getByText("how do I return my order?").waitFor();
      expect(await again.locator("li.mine").count()).toBe(1);
    }
  });
});

/** The shop itself is the only other host. */
const foreign = { expectedFaults: /foreign host: http:\/\/localhost/ };
/** The button in the loader's shadow root. */
const launcher = `[...document.querySelectorAll("div")].find((one) => one.shadowRoot).shadowRoot.querySelector("button")`;

async function frameOf(page: Page): Promise<Frame> {
  const element = await page.locator("iframe").elementHandle();
  const frame = await element?.contentFrame();
  if (frame === null || frame === undefined) throw new Error("There is no chat.");
  return frame;
}

/** "rgb(255, 255, 255)", or a colour beyond white or black, which is drawn as one of them. */
function toHex(computed: string): string {
  const numbers = (computed.replace("xyz-d65", "").match(/-?[\d.]+(?:e[-+]?\d+)?/g) ?? []).map(Number);
  const [red = 0, green = 0, blue = 0] = computed.startsWith("rgb") ? numbers.map((one) => one / 255) : numbers;
  expect(
    [red, green, blue].map((one) => one <= 0),
    computed,
  ).toEqual(Array(3).fill(red <= 0));
  if (red > 0) expect(Math.min(red, green, blue), computed).toBeGreaterThanOrEqual(1);
  return red > 0 ? "#ffffff" : "#000000";
}
