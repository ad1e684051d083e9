import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the inbox says and does what is true", () => {
  let desk: Desk;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk();
    ada = await desk.agent("Ada");
  });
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  type Open = (options?: BrowserContextOptions & { expectedFaults?: RegExp }) => Promise<Page>;

  async function signIn(page: Page, who: SignedIn): Promise<void> {
    const cookie = { name: "everline_session", value: who.token, url: desk.url, sameSite: "Strict" } as const;
    await page.context().addCookies([cookie]);
  }

  async function openInbox(open: Open, options: Parameters<Open>[0] = {}, who = ada): Promise<Page> {
    const page = await open(options);
    await signIn(page, who);
    await page.goto(`${desk.url}/inbox`);
    return page;
  }

  let numbers = 0;
  /** A new customer who waits in the queue, and how to open them on the page. */
  async function customer(text: string) {
    numbers += 1;
    const from = `+1202555${String(numbers).padStart(4, "0")}`;
    const { conversationId: id } = await desk.says(from, text, "queue");
    return {
      id,
      says: (more: string) => desk.says(from, more),
      async open(page: Page) {
        await page.locator(`#list li[data-id="${id}"] button`).click();
        await page.locator("#timeline .bubble", { hasText: text }).waitFor();
      },
      read: async () => (await ada.call("GET", `/conversations/${id}`)).body,
    };
  }

  const words = (page: Page) => page.locator("#timeline .bubble").allInnerTexts();

  story("R4 undo takes back what was done, to whom it was done, whoever is open by then", async ({ open }) => {
    const [first, second] = [await customer("undo me"), await customer("leave me alone")];
    await desk.db.run((sql) => sql`update conversations set owner = 'assistant' where id = ${first.id}`);
    const page = await openInbox(open);
    await page.locator("#views button", { hasText: "All open" }).click();
    await first.open(page);
    await page.locator("#actions button", { hasText: "Take" }).click();
    await page.getByText("It is yours.").waitFor();
    await second.open(page);
    await ada.call("POST", `/conversations/${second.id}/claim`);
    await page.locator("#standing", { hasText: "Yours" }).waitFor();
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await page.locator("#toasts", { hasText: "The assistant has it." }).waitFor();
    expect(await first.read()).toMatchObject({ owner: "assistant", agentId: null });
    expect(await second.read()).toMatchObject({ owner: "agent", agentId: ada.id });
  });

  story(
    "undo gives back what was assigned to a colleague, and what has changed since it leaves alone",
    async ({ open }) => {
      const bo = await desk.agent("Bo");
      const one = await customer("for a colleague");
      const page = await openInbox(open, { expectedFaults: /status of 409/ });
      await one.open(page);
      const give = async () => {
        await page.locator("#actions button", { hasText: "Assign" }).click();
        await page.locator("#dialog button", { hasText: "Bo" }).click();
        await page.getByText("Given to Bo.").waitFor();
      };
      await give();
      await page.getByRole("button", { name: "Undo", exact: true }).click();
      await page.getByText("Back in the queue.").waitFor();
      expect(await one.read()).toMatchObject({ owner: "queue", agentId: null });
      await give();
      await bo.call("POST", `/conversations/${one.id}/resolve`);
      await bo.call("POST", `/conversations/${one.id}/reopen`);
      await page.getByRole("button", { name: "Undo", exact: true }).click();
      await page.getByText("changed hands or state").waitFor();
      expect(await one.read()).toMatchObject({ owner: "agent", agentId: bo.id });
    },
  );

  story(
    "where the browser calls an address not secure, agents and customers can write all the same",
    async ({ open }) => {
      const plain = "delete Crypto.prototype.randomUUID";
      const one = await customer("over plain http");
      const page = await open();
      await page.addInitScript(plain);
      await signIn(page, ada);
      await page.goto(`${desk.url}/inbox`);
      await one.open(page);
      await page.locator("#text").fill("I read you.");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator("#timeline .ours:not(.unsent)", { hasText: "I read you." }).waitFor();
      const visitor = await open();
      await visitor.addInitScript(plain);
      const chat = await openChat(visitor, `${desk.url}/help/en`);
      await chat.locator("textarea").fill("Do you read me?");
      await chat.locator("textarea").press("Enter");
      await chat.locator("li.assistant").last().waitFor();
    },
  );

  story("R7 what could not be read is said, and read again without anything new happening", async ({ open }) => {
    const one = await customer("is anybody there?");
    const page = await openInbox(open);
    await one.open(page);
    const busy = { status: 503, json: { error: { code: "Unavailable", message: "Busy." } } };
    await page.route(/\/api\/v1\/conversations/, (route) => route.fulfill(busy));
    await one.says("a word that is missed");
    await page.locator("#connection", { hasText: "The service did not answer" }).waitFor();
    await page.unroute(/\/api\/v1\/conversations/);
    await page.locator("#timeline .bubble", { hasText: "a word that is missed" }).waitFor();
    await page.locator("#list .preview", { hasText: "a word that is missed" }).waitFor();
    await expect.poll(() => page.locator("#connection").textContent()).toBe("");
  });

  story("R8 words that were not sent are their agent's alone, and go with them", async ({ open }) => {
    const [eve, next] = [await desk.agent("Eve"), await desk.agent("Next")];
    const one = await customer("who reads this?");
    const page = await openInbox(open, { expectedFaults: /status of 401|net::ERR_FAILED/ }, eve);
    await one.open(page);
    await page.locator("#text").fill("Not for the next one");
    await signIn(page, next);
    await page.reload();
    await one.open(page);
    expect(await page.locator("#text").inputValue()).toBe("");
    await signIn(page, eve);
    await page.reload();
    await one.open(page);
    expect(await page.locator("#text").inputValue()).toBe("Not for the next one");
    page.once("dialog", (dialog) => void dialog.dismiss());
    await page.getByRole("button", { name: "Sign out" }).click();
    expect(await page.locator("#text").inputValue()).toBe("Not for the next one");
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("Not for");
  });

  story("R7 a long conversation that goes on while it is opened is whole and in order", async ({ open }) => {
    const one = await customer("number 1");
    await desk.db.run(
      (sql) => sql`with taken as (update conversations set next_seq = 301 where id = ${one.id} returning id),
        said as (insert into messages (conversation_id, seq, author, parts)
          select id, n, 'contact', jsonb_build_array(jsonb_build_object('t', 'text', 'format', 'plain', 'text', 'number ' || n))
          from taken, generate_series(2, 300) n)
        insert into events (conversation_id, seq, type, actor, data)
          select id, n, 'message', 'contact', '{}'::jsonb from taken, generate_series(2, 300) n`,
    );
    const page = await openInbox(open);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await page.route(/before=\d{16}/, async (route) => {
      await held;
      await route.continue();
    });
    await page.locator(`#list li[data-id="${one.id}"] button`).click();
    await one.says("number 301");
    await page.locator("#list .preview", { hasText: "number 301" }).waitFor();
    goOn();
    await page.locator("#timeline .bubble", { hasText: /^number 301$/ }).waitFor();
    await expect
      .poll(
        async () => {
          await page.locator("#scroller").evaluate((box) => {
            box.scrollTop = 0;
          });
          return (await words(page)).length;
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(301);
    expect(await words(page)).toEqual(Array.from({ length: 301 }, (_, index) => `number ${index + 1}`));
  });

  story("a screen reader is given each new thing once, and nothing of what stood there before", async ({ open }) => {
    const one = await customer("first");
    const page = await openInbox(open);
    await one.open(page);
    await page.locator("#text").fill("An answer");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator("#timeline .ours:not(.unsent)").waitFor();
    await page.locator("#timeline .delivery", { hasText: /sent|delivered|read/ }).waitFor();
    await expect.poll(() => page.locator("[role=log]").getAttribute("aria-live")).toBe("polite");
    await page.evaluate(`window.added = [];
      new MutationObserver((all) => added.push(...all.flatMap((one) => [...one.addedNodes].map((node) => node.textContent))))
        .observe(document.querySelector("[role=log]"), { childList: true, subtree: true })`);
    await one.says("second");
    await page.locator("#timeline .bubble", { hasText: "second" }).waitFor();
    await one.says("third");
    await page.locator("#timeline .bubble", { hasText: "third" }).waitFor();
    const added = (await page.evaluate("added")) as string[];
    expect(added.filter((text) => !/second|third/.test(text) && !text.includes("· SMS ·"))).toEqual([]);
    expect(added.filter((text) => text.includes("second"))).toHaveLength(1);
  });

  story(
    "a session that ends is begun again over the desk: nothing is loaded again, no draft or form is lost",
    async ({ open }) => {
      const ida = await desk.agent("Ida");
      const one = await customer("still there?");
      const page = await openInbox(open, { expectedFaults: /status of 401|WebSocket/ }, ida);
      await one.open(page);
      await page.locator("#text").fill("half a thought");
      await page.evaluate("window.untouched = true");
      await page.keyboard.press("Escape");
      await page.keyboard.press("s");
      await page.locator("#dialog[open]").waitFor();
      await desk.db.run((sql) => sql`delete from agent_sessions where agent_id = ${ida.id}`);
      await page.getByText("Your session has ended").first().waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel("Password").fill("not-this-one");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByText("The address or the password is wrong.").waitFor();
      await page.getByLabel("Password").fill("not-used-in-here");
      await page.getByRole("button", { name: "Continue" }).click();
      await expect.poll(() => page.locator("#again[open]").count()).toBe(0);
      expect(await page.locator("#dialog[open]").count()).toBe(1);
      await page.getByRole("button", { name: "Close" }).click();
      expect(await page.locator("#text").inputValue()).toBe("half a thought");
      await one.says("I am");
      await page.locator("#timeline .bubble", { hasText: "I am" }).waitFor();
      expect(await page.evaluate("window.untouched")).toBe(true);
    },
  );

  story("a page that slept through the end of its session says so instead of connecting for ever", async ({ open }) => {
    const una = await desk.agent("Una");
    const page = await open({ expectedFaults: /status of 401|WebSocket/ });
    await signIn(page, una);
    await page.addInitScript(`const Real = WebSocket;
      window.WebSocket = class extends Real { constructor(...args) { super(...args); window.line = this; } }`);
    await page.goto(`${desk.url}/inbox`);
    await expect.poll(() => page.evaluate("window.line?.readyState")).toBe(1);
    // The line is cut before the session ends, so that nobody tells the page; it waits a second before it tries again.
    await page.evaluate("Math.random = () => 0.99; line.close()");
    await desk.db.run((sql) => sql`delete from agent_sessions where agent_id = ${una.id}`);
    await page.locator("#again[open]").waitFor();
    await page.locator("#connection", { hasText: "Your session has ended." }).waitFor();
  });

  story("a service that does not answer is no reason to ask for a password", async ({ open }) => {
    const page = await open();
    await signIn(page, ada);
    const busy = { status: 503, json: { error: { code: "Unavailable", message: "Try again in a second." } } };
    await page.route(/\/api\/v1\/session$/, (route) => route.fulfill(busy));
    await page.goto(`${desk.url}/inbox`);
    await page.locator("#trouble", { hasText: "Try again in a second." }).waitFor();
    expect(await page.getByLabel("Password").isVisible()).toBe(false);
    await page.unroute(/\/api\/v1\/session$/);
    await page.locator("#me", { hasText: "Ada" }).waitFor();
    expect(await page.locator("#trouble").isVisible()).toBe(false);
  });

  story(
    "an article's unsaved words are asked about before anything takes their place; an import can be left",
    async ({ open }) => {
      const root = await desk.agent("Rut", "admin");
      const text = { question: "How?", answer: "So.", short: "So.", samples: [] };
      await root.call("POST", "/articles", { id: "how-so", locale: "en", ...text });
      await root.call("POST", "/articles/how-so/translations/en/publish", { version: 1 });
      const page = await open();
      await signIn(page, root);
      await page.goto(`${desk.url}/inbox/articles`);
      await page.locator("#filter").fill("how-so");
      await page.locator("#articles li button").click();
      const question = page.locator("#field-question");
      await question.fill("How, and why?");
      let asked = 0;
      page.on("dialog", (dialog) => {
        asked += 1;
        void dialog.dismiss();
      });
      for (const name of ["New article", "Take from customers", "Delete the article"]) {
        await page.getByRole("button", { name }).click();
        await expect.poll(() => asked).toBe(1);
        asked = 0;
        expect(await question.inputValue()).toBe("How, and why?");
      }
      const { articles } = (await root.call("GET", "/articles")).body;
      expect(articles.find(({ id }: { id: string }) => id === "how-so")).toMatchObject({
        deletedAt: null,
        translations: [{ published: 1 }],
      });
      const folder = mkdtempSync(join("/tmp", "everline-import-"));
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Import…" }).click();
      writeFileSync(join(folder, "new-one.md"), "# New?\n\nYes.\n");
      await (await chooser).setFiles(folder);
      await page.getByRole("heading", { name: "Import one file" }).waitFor();
      let imported = false;
      page.on("request", (request) => {
        imported ||= request.url().includes("articles-archive");
      });
      await page.getByRole("button", { name: "Cancel" }).click();
      expect(await page.locator("#dialog[open]").count()).toBe(0);
      expect(imported).toBe(false);
      rmSync(folder, { recursive: true });
    },
  );
});
