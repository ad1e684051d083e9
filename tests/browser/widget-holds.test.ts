import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { settleFile } from "../../src/attachments/store.ts";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { openPatientDb } from "../support/patient-db.ts";
import { startProxy } from "../support/proxy.ts";

const minute = 60_000;
/** Signing in, and being away, cut connections on purpose. */
const cut = { expectedFaults: /closed before the connection|ERR_INTERNET_DISCONNECTED|status of 40[13]|WebSocket/ };

describeWith(browser, "what the chat holds on to", () => {
  let everline: Everline;
  beforeAll(async () => {
    everline = await startEverline();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  story("C2 who signed in and writes nothing for an hour stays signed in while the chat is open", async ({ open }) => {
    const page = await open(cut);
    await page.clock.install();
    const chat = await openChat(page, `${everline.url}/help/en`);
    await say(chat, "how do I return my order?");
    await answers(chat).first().waitFor();
    const readBefore = Number(await page.evaluate("localStorage['everline:r']"));
    expect(readBefore).toBeGreaterThan(1);
    await page.goto(`${everline.url}/demo/sign-in`);
    await page.getByRole("button", { name: "Ann Parker" }).click();
    await chat.getByText("Signed in: Ann Parker").waitFor();
    // How far the other conversation was read says nothing about this one.
    await expect.poll(() => page.evaluate("Number(localStorage['everline:r'] ?? 0)")).toBeLessThan(readBefore);
    await say(chat, "when is my next payment?");
    await answers(chat).first().waitFor();
    for (let tens = 0; tens < 6; tens += 1) {
      const before = await page.evaluate("localStorage['everline:s']");
      await page.clock.fastForward(10 * minute);
      // Every second look finds a token that is to be changed.
      if (tens % 2 === 1) await expect.poll(() => page.evaluate("localStorage['everline:s']")).not.toBe(before);
    }
    await chat.getByText("Signed in: Ann Parker").waitFor();
    expect(await answers(chat).count()).toBe(1);
  });

  story(
    "C2 a question about the account leads to the page for signing in, and is answered after it",
    async ({ open }) => {
      const page = await open(cut);
      const chat = await openChat(page, `${everline.url}/help/sv`);
      await say(chat, "när är min nästa betalning?");
      await chat.locator(".choices button", { hasText: "Logga in" }).click();
      await page.waitForURL(`${everline.url}/demo/sign-in?lang=sv`);
      await page.getByRole("button", { name: "Erik Lindqvist" }).click();
      await chat.getByText("Erik Lindqvist").waitFor();
      await say(chat, "när är min nästa betalning?");
      await chat.locator("li.assistant", { hasText: "Din nästa betalning är" }).waitFor();
      // After a quarter of an hour it asks for that again (C2), with the way there.
      await everline.sql`update contact_addresses set verified_at = now() - interval '20 minutes' where kind = 'account'`;
      await everline.sql`update visitor_sessions set created_at = now() - interval '20 minutes'`;
      await say(chat, "när är min nästa betalning?");
      await chat.locator(".choices button", { hasText: "Logga in" }).click();
      await page.waitForURL(`${everline.url}/demo/sign-in?lang=sv`);
    },
  );

  story(
    "R7 a line that was being opened when the customer signed in does not show the chat before",
    async ({ open }) => {
      const page = await open(cut);
      const chat = await openChat(page, `${everline.url}/help/en`);
      await say(chat, "what is a late fee?");
      await answers(chat).first().waitFor();
      const { conversationId } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      const lateAnswers: (() => void)[] = [];
      await page.context().route(`**/conversations/${conversationId}?*`, (route) => {
        lateAnswers.push(() => void route.continue());
      });
      await page.goto(`${everline.url}/demo/sign-in`);
      await page.getByRole("button", { name: "Lucía Romero" }).click();
      await chat.getByText("Signed in: Lucía Romero").waitFor();
      await expect.poll(() => lateAnswers.length).toBeGreaterThan(0);
      for (const answer of lateAnswers) answer();
      await say(chat, "how do I return my order?");
      await answers(chat).first().waitFor();
      expect(await chat.locator("li.mine .bubble").allInnerTexts()).toEqual(["how do I return my order?"]);
    },
  );

  story("R1 what was written in a conversation that ended is not sent into another by itself", async ({ open }) => {
    const page = await open(cut);
    const chat = await openChat(page, `${everline.url}/help/en`);
    await say(chat, "what is a late fee?");
    await answers(chat).first().waitFor();
    await page.context().setOffline(true);
    await say(chat, "only for that conversation");
    await chat.locator("li.waiting").waitFor();
    const { conversationId, token } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
    await everline.sql`update visitor_sessions set ended_at = now()`;
    const asked = () =>
      fetch(`${everline.url}/v3/directline/conversations/${conversationId}/activities`, {
        headers: { authorization: `Bearer ${token}` },
      });
    await expect.poll(async () => (await asked()).status, { timeout: 10_000 }).toBe(403);
    await page.context().setOffline(false);
    const failed = chat.locator("li.failed", { hasText: "only for that conversation" });
    await failed.waitFor();
    await page.reload();
    await page.locator("button[aria-expanded]").click();
    await failed.waitFor();
    expect(await stored("only for that conversation")).toBe(0);
    // Back into the field, before what is being written there.
    await chat.locator("textarea").fill("and this");
    await failed.getByRole("button", { name: "Edit" }).click();
    expect(await chat.locator("textarea").inputValue()).toBe("only for that conversation\nand this");
    await chat.locator("textarea").press("Enter");
    await answers(chat).first().waitFor();
    expect(await stored("only for that conversation\nand this")).toBe(1);
  });

  story(
    "half a thought is there again on the next page and in another language, and gone once it is sent",
    async ({ open }) => {
      const page = await open(cut);
      const chat = await openChat(page, `${everline.url}/help/en`);
      await chat.locator("textarea").pressSequentially("what is a late");
      await page.goto(`${everline.url}/help/en/late-fee`);
      await page.locator("button[aria-expanded]").click();
      const written = () => chat.locator("textarea").inputValue();
      await expect.poll(written).toBe("what is a late");
      await chat.getByRole("button", { name: "More choices" }).click();
      await chat.getByRole("button", { name: "Svenska" }).click();
      await chat.locator("html[lang=sv] textarea").waitFor();
      await expect.poll(written).toBe("what is a late");
      await chat.locator("textarea").pressSequentially(" fee?");
      await chat.locator("textarea").press("Enter");
      await answers(chat).first().waitFor();
      await page.reload();
      await page.locator("button[aria-expanded]").click();
      await answers(chat).first().waitFor();
      expect(await written()).toBe("");
    },
  );

  story("R7 a line that died without a word is left once it does not bring what the service took", async ({ open }) => {
    const { hostname, port } = new URL(everline.url);
    const network = await startProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => network.stop());
    const page = await open(cut);
    const chat = await openChat(page, network.url(`${everline.url}/help/en`));
    await say(chat, "what is a late fee?");
    await answers(chat).first().waitFor();
    network.silenceStreams();
    await say(chat, "how do I return my order?");
    await chat.locator("li.mine.sent", { hasText: "how do I return my order?" }).waitFor();
    await answers(chat).nth(1).waitFor({ timeout: 10_000 });
    expect(await chat.locator("li.mine .bubble").allInnerTexts()).toEqual([
      "what is a late fee?",
      "how do I return my order?",
    ]);
  });

  story("R1 a message into connections that all died without a word is sent over another, once", async ({ open }) => {
    const { hostname, port } = new URL(everline.url);
    const network = await startProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => network.stop());
    const page = await open(cut);
    const chat = await openChat(page, network.url(`${everline.url}/help/en`));
    await say(chat, "what is a late fee?");
    await answers(chat).first().waitFor();
    // The browser keeps these for later.
    await page.evaluate('Promise.all([1, 2, 3, 4].map((n) => fetch("/help/en?n=" + n).then((one) => one.text())))');
    const notices = await chat.locator(".notice").evaluateHandle((notice) => {
      const { MutationObserver } = globalThis as unknown as {
        MutationObserver: new (listener: () => void) => { observe(node: unknown, what: object): void };
      };
      const seen: (string | null)[] = [];
      const watch = { childList: true, characterData: true, subtree: true };
      new MutationObserver(() => seen.push(notice.textContent)).observe(notice, watch);
      return seen;
    });
    network.silence();
    network.heal();
    const text = "how do I return my order, over a dead line?";
    await say(chat, text);
    await expect.poll(() => stored(text), { timeout: 10_000 }).toBe(1);
    expect(await notices.jsonValue()).toContain("The service does not answer at the moment. We keep trying.");
    await answers(chat).nth(1).waitFor();
    await expect.poll(() => chat.locator(".notice").textContent()).toBe("");
    expect(await chat.locator("li.mine .bubble", { hasText: text }).count()).toBe(1);
    expect(await stored(text)).toBe(1);
  });

  story(
    "R1 a file that a change of the page cut short goes on after it, before its words, and once",
    async ({ open }) => {
      const page = await open(cut);
      const chat = await openChat(page, `${everline.url}/help/en`);
      await page.context().route(/\/upload$/, () => undefined);
      await chat.locator("textarea").fill("here is my long letter");
      await chat.locator("input[type=file]").first().setInputFiles(letter);
      await chat.locator("li.sending", { hasText: "here is my long letter" }).waitFor();
      await say(chat, "did you get my long letter?");
      await expect.poll(() => filesKept(page)).toBe(1);
      // Another tab leaves it to this one, for as long as it is there.
      const other = await page.context().newPage();
      const beside = await openChat(other, `${everline.url}/help/en`);
      await expect.poll(() => waitingLocks(other)).toBe(1);
      expect(await beside.locator("li.failed, li.sending").count()).toBe(0);
      await page.context().unrouteAll();
      await page.close();
      await beside.locator("li.mine:not(.sending) .file a", { hasText: "letter.txt" }).waitFor();
      await beside.locator("li.mine.sent, li.mine:not(.sending)", { hasText: "did you get my long letter?" }).waitFor();
      expect(await stored("here is my long letter")).toBe(1);
      const order = await everline.sql`select parts->0->>'text' as text from messages
      where parts->0->>'text' like '%my long letter%' order by seq`;
      expect(order.map(({ text }) => text)).toEqual(["here is my long letter", "did you get my long letter?"]);
      await expect.poll(() => filesKept(other)).toBe(0);
    },
  );

  story("a file that was not sent is kept by this browser no longer than the customer wants", async ({ open }) => {
    const page = await open(cut);
    const chat = await openChat(page, `${everline.url}/help/en`);
    await page.context().route(/\/upload$/, () => undefined);
    await chat.locator("input[type=file]").first().setInputFiles(letter);
    await expect.poll(() => filesKept(page)).toBe(1);
    await page.reload();
    await page.locator("button[aria-expanded]").click();
    const sending = chat.locator("li.sending", { hasText: "letter.txt" });
    await sending.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(() => filesKept(page)).toBe(0);
    await chat.locator("input[type=file]").first().setInputFiles(letter);
    await expect.poll(() => filesKept(page)).toBe(1);
    await chat.getByRole("button", { name: "More choices" }).click();
    await chat.getByRole("button", { name: "Forget this chat on this device" }).click();
    await expect.poll(() => filesKept(page)).toBe(0);
  });

  story(
    "R1 where the browser keeps no files, one that a change of the page cut short is told of after it, and its words wait for it",
    async ({ open }) => {
      const page = await open(cut);
      await page.addInitScript("indexedDB.open = () => { throw new Error('blocked'); }");
      const chat = await openChat(page, `${everline.url}/help/en`);
      // An upload that does not end.
      await page.context().route(/\/upload$/, () => undefined);
      await chat.locator("textarea").fill("here is my letter");
      await chat.locator("input[type=file]").first().setInputFiles(letter);
      await chat.locator("li.sending", { hasText: "here is my letter" }).waitFor();
      await page.reload();
      await page.locator("button[aria-expanded]").click();
      const failed = chat.locator("li.failed", { hasText: "here is my letter" });
      await failed.getByText("attach the file again").waitFor();
      await failed.getByText("letter.txt").waitFor();
      // Without the file there is nothing to try again.
      expect(await failed.getByRole("button", { name: "Try again" }).count()).toBe(0);
      await page.context().unrouteAll();
      await failed.getByRole("button", { name: "Edit" }).click();
      expect(await chat.locator("textarea").inputValue()).toBe("here is my letter");
      await chat.locator("input[type=file]").first().setInputFiles(letter);
      await chat.locator("li.mine:not(.sending) .file a", { hasText: "letter.txt" }).waitFor();
      expect(await stored("here is my letter")).toBe(1);
      await page.reload();
      await page.locator("button[aria-expanded]").click();
      await chat.locator("li.mine .file a", { hasText: "letter.txt" }).waitFor();
      expect(await chat.locator("li.mine .bubble").count()).toBe(1);
    },
  );

  story("a damaged entry in the browser's storage is dropped, and the chat opens", async ({ open }) => {
    const page = await open();
    await page.addInitScript(
      `localStorage["everline:s"] = '{"conversationId":'; localStorage["everline:q:1:damaged"] = "{";`,
    );
    const chat = await openChat(page, `${everline.url}/help/en`);
    await say(chat, "what is a late fee?");
    await answers(chat).first().waitFor();
  });

  story("X3 a file's link that has ended is changed for a new one when it is wanted", async ({ open }) => {
    const page = await open(cut);
    await page.clock.install();
    const chat = await openChat(page, `${everline.url}/help/en`);
    const file = { name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear customer") };
    await chat.locator("input[type=file]").first().setInputFiles(file);
    const link = chat.locator(".mine .file a");
    await link.waitFor();
    const asked = requestsOf(page, /\/activities\?watermark=\d+$/);
    await Promise.all([page.waitForEvent("download"), link.click()]);
    expect(asked()).toBe(0);
    await page.clock.fastForward(40 * minute);
    await Promise.all([page.waitForEvent("download"), link.click()]);
    expect(asked()).toBe(1);
  });

  story(
    "R7 what became of files that were being fetched is seen in the open chat, and on coming back",
    async ({ open }) => {
      const page = await open(cut);
      const chat = await openChat(page, `${everline.url}/help/en`);
      await say(chat, "see the first photo");
      await answers(chat).first().waitFor();
      await say(chat, "see the second photo");
      await answers(chat).nth(1).waitFor();
      const { conversationId } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      const messages = await everline.sql<{ seq: string }[]>`select seq from messages
      where conversation_id = ${conversationId} and author = 'contact' order by seq`;
      const ids = messages.map(() => crypto.randomUUID());
      for (const [index, { seq }] of messages.entries()) {
        const part = { t: "media", kind: "file", name: `photo-${index}.txt`, mime: "text/plain", state: "pending" };
        await everline.sql`insert into attachments (id, conversation_id, seq, state, declared_mime, due_at, attempts)
        values (${ids[index] ?? ""}, ${conversationId}, ${seq}, 'pending', 'text/plain', now() + interval '1 hour', 1)`;
        await everline.sql`update messages set parts = ${JSON.stringify([{ ...part, assetId: ids[index] }])}::text::jsonb
        where conversation_id = ${conversationId} and seq = ${seq}`;
      }
      const db = openPatientDb(everline.databaseUrl);
      const settle = async (index: number) => {
        const claim = { id: ids[index] ?? "", conversationId, attempts: 1 };
        const ready = { state: "ready", mime: "text/plain", bytes: Buffer.from("a photo") } as const;
        expect(await settleFile(db, claim, ready)).toBe(conversationId);
      };
      await page.reload();
      await page.locator("button[aria-expanded]").click();
      const waiting = chat.getByText("is being fetched");
      await expect.poll(() => waiting.count()).toBe(2);
      await settle(0);
      await say(chat, "what is a late fee?");
      await chat.getByRole("link", { name: "photo-0.txt" }).waitFor();
      expect(await waiting.count()).toBe(1);
      await page.context().setOffline(true);
      await chat.getByText("You are offline", { exact: false }).waitFor();
      await settle(1);
      await page.context().setOffline(false);
      await chat.getByRole("link", { name: "photo-1.txt" }).waitFor();
      expect(await waiting.count()).toBe(0);
      expect(await chat.locator("#thread li.mine").count()).toBe(3);
      await db.close();
    },
  );

  async function stored(text: string): Promise<number> {
    return (await everline.sql`select 1 from messages where parts->0->>'text' = ${text}`).length;
  }
});

function requestsOf(page: Page, pattern: RegExp): () => number {
  let count = 0;
  page.on("request", (request) => {
    if (pattern.test(request.url())) count += 1;
  });
  return () => count;
}

const letter = { name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear customer") };

/** Messages whose files this browser keeps. */
const filesKept = (page: Page): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const opening = indexedDB.open("everline-files");
    opening.onupgradeneeded = () => opening.result.createObjectStore("everline-files");
    opening.onsuccess = () => {
      const asked = opening.result.transaction("everline-files").objectStore("everline-files").count();
      asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
    };
  })`);

/** Tabs that wait for a message which another one sends. */
const waitingLocks = (page: Page): Promise<number> =>
  page.evaluate("navigator.locks.query().then(({ pending }) => pending.length)");

async function say(chat: FrameLocator, text: string): Promise<void> {
  await chat.locator("textarea").fill(text);
  await chat.locator("textarea").press("Enter");
}

const answers = (chat: FrameLocator) => chat.locator("#thread > ol > li.assistant:not(:first-child)");
