import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { createAgent, openSession } from "../../src/agents/sessions.ts";
import type { Db } from "../../src/db/client.ts";
import { issueIdentity } from "../../src/demo/identity.ts";
import { cleanText } from "../../src/lib/clean-text.ts";
import { newId } from "../../src/lib/ids.ts";
import { attackLines, corpusLines, spread } from "../support/attacks.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { findCorpus } from "../support/corpora.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { openPatientDb } from "../support/patient-db.ts";

vi.setConfig({ testTimeout: 120_000 });

const identitySecret = "an identity secret for the attack lists";
/** Below what an agent may write at once. */
const chunkMaxChars = 9_000;
const namesMax = 24;
const filesMax = 60;
const reservedMax = 20;
const filesPerMessage = 5;

/** X1 X2 X3 X4: whatever the story does, no script runs and no foreign host is asked; `story` watches for the latter. */
describeWith(browser, "the lists of attacks in the chat", () => {
  let everline: Everline;
  let db: Db;
  beforeAll(async () => {
    everline = await startEverline({ IDENTITY_SECRET: identitySecret });
    db = openPatientDb(everline.databaseUrl);
  });
  afterAll(async () => {
    await closeBrowser();
    await db.close();
    await everline.stop();
  });

  story(
    "X1 X2 run nothing as words of the customer, the assistant and an agent, and as an agent's name",
    async ({ open }) => {
      const page = await open();
      const { chat, post, conversationId } = await chatting(page, everline.url);
      const lists = chunks(attacks());
      for (const text of lists) await post({ text });
      const admin = await everline.agent();
      for (const [at, text] of lists.entries()) {
        const article = { id: `attack-${at}`, locale: "en", question: `Attack ${at}`, short: "s", samples: ["s"] };
        await admin("POST", "/articles", { ...article, answer: text.replaceAll("\n", "\n\n") });
        await admin("POST", `/articles/attack-${at}/translations/en/publish`, { version: 1 });
        await post({ value: { choice: `article:attack-${at}`, title: text.slice(0, 190) } });
      }
      const agent = await createAgent(db, {
        email: "x@example.com",
        name: attacks()[0] ?? "",
        role: "agent",
        password: "not-used-in-here",
      });
      const token = await openSession(db, agent?.id ?? "");
      const call = (path: string, body: object) =>
        fetch(`${everline.url}/api/v1/conversations/${conversationId}/${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      await call("claim", {});
      for (const text of lists) await call("messages", { clientId: newId(), kind: "reply", text });
      const shown = () => chat.locator("#thread > ol > li").count();
      await expect.poll(shown, patience).toBeGreaterThanOrEqual(1 + lists.length * 4);
      await harmless(page);
      process.stdout.write(
        `attacks in the chat: ${attacks().length} strings in ${lists.length} messages of each author\n`,
      );
    },
  );

  story("X4 run nothing as the customer's name", async ({ open }) => {
    const page = await open({ expectedFaults: /closed before the connection is established/ });
    const { chat } = await chatting(page, everline.url);
    const names = spread(attacks(), namesMax);
    for (const [at, name] of names.entries()) {
      const token = await issueIdentity(identitySecret, { id: `attacker-${at}`, name }, Date.now());
      await page.evaluate(`Everline.identify(${JSON.stringify(token)})`);
      await chat.locator("header p").nth(1).waitFor();
      await harmless(page);
    }
    expect(await everline.sql`select 1 from contact_addresses where kind = 'account'`).toHaveLength(names.length);
  });

  story("X3 run nothing as names of files, and as their content when they are opened", async ({ open }) => {
    const page = await open({ expectedFaults: /ERR_ABORTED/ });
    const { chat, token, conversationId } = await chatting(page, everline.url);
    const named = fileNames().map((name) => ({ name, bytes: Buffer.from("words") }));
    const all = [...named, ...hostileFiles()];
    for (let from = 0; from < all.length; from += filesPerMessage) {
      const form = new FormData();
      for (const { name, bytes } of all.slice(from, from + filesPerMessage))
        form.append("file", new Blob([new Uint8Array(bytes)]), name);
      const answer = await fetch(`${everline.url}/v3/directline/conversations/${conversationId}/upload`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: form,
      });
      expect(answer.status).toBe(200);
    }
    await expect.poll(() => chat.locator(".file").count(), patience).toBe(all.length);
    await harmless(page);
    const links = await chat
      .locator(".file a")
      .evaluateAll((found) => found.map((one) => (one as unknown as { href: string }).href));
    expect(links.length).toBeGreaterThan(named.length / 2);
    for (const link of [...links.slice(0, 2), ...links.slice(-3)]) {
      const { headers } = await fetch(link);
      expect(headers.get("content-disposition")).toMatch(/^attachment/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("sandbox");
      // A browser saves it and shows no page.
      const tab = await page.context().newPage();
      await expect(tab.goto(link)).rejects.toThrow(/Download is starting|ERR_ABORTED/);
      await tab.close();
    }
  });
});

const patience = { timeout: 30_000 };
/** What scripts of attackers did; a story expects nothing. */
const taken: string[] = [];

interface Chatting {
  readonly chat: FrameLocator;
  readonly token: string;
  readonly conversationId: string;
  post(activity: object): Promise<void>;
}

/** A chat that is open on a page, and the way to write in it as its customer. */
async function chatting(page: Page, url: string): Promise<Chatting> {
  await page.exposeFunction("taken", (how: string) => taken.push(how));
  await page.addInitScript(
    "for (const name of ['alert', 'prompt', 'confirm', 'print']) window[name] = () => taken(name);",
  );
  await page.goto(`${url}/help/en`);
  await page.getByRole("button", { name: /^Chat/ }).click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").fill("hello");
  await chat.locator("textarea").press("Enter");
  await chat.locator("#thread > ol > li.assistant").nth(1).waitFor();
  const { token, conversationId } = await session(page);
  return {
    chat,
    token,
    conversationId,
    async post(activity) {
      const answer = await fetch(`${url}/v3/directline/conversations/${conversationId}/activities`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ type: "message", locale: "en", ...activity }),
      });
      expect(answer.status).toBe(200);
    },
  };
}

async function session(page: Page): Promise<{ readonly token: string; readonly conversationId: string }> {
  return JSON.parse(await page.evaluate("localStorage['everline:s']"));
}

/** Nothing but our own elements and addresses is in the chat, whatever was written. */
async function harmless(page: Page): Promise<void> {
  expect(taken).toEqual([]);
  const frame = page.frames().find((one) => one.url().includes("/widget/frame"));
  expect(
    await (frame as Frame).evaluate(`(() => {
    const foreign = [...document.querySelectorAll("header *, main *, .card *")].filter((one) =>
      one.matches("script, iframe, object, embed, style, link, base, form:not(.card form), video, math, template")
      || (one.matches("svg, path") && !one.closest("button, label"))
      || (one.matches("img, audio") && !one.src.startsWith(location.origin + "/v3/directline/attachments/"))
      || [...one.attributes].some(({ name }) => /^(on|style$|srcdoc$|formaction$)/i.test(name))
      || (one.matches("a") && !/^https?:$/.test(one.protocol))
      || (one.matches("a[target]") && !one.relList.contains("noopener")));
    return foreign.map(({ outerHTML }) => outerHTML.slice(0, 300));
  })()`),
  ).toEqual([]);
}

/** Ours, and others' where they are at hand; without what no message can hold. */
function attacks(): string[] {
  const own = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**<svg/onload=alert(1)>**",
    "[a](javascript:alert(1)) ![b](https://evil.example/x.png)",
    "[a](data:text/html,<script>alert(1)</script>) [b](JaVaScRiPt:alert(1)) [c](//evil.example)",
    'https://evil.example/"onmouseover=alert(1)//',
    "\u202e<b>\u2066\u200b</b>",
  ];
  return [...own, ...attackLines()]
    .map((line) =>
      cleanText(line)
        .replaceAll("\n", " ")
        .slice(0, chunkMaxChars - 1),
    )
    .filter((line) => line.trim() !== "");
}

/** Many attacks a message, each on a line of its own. */
function chunks(lines: readonly string[]): string[] {
  const all: string[] = [];
  let current = "";
  for (const line of lines) {
    if (current.length + line.length >= chunkMaxChars) {
      all.push(current.trim());
      current = "";
    }
    current += `${line}\n`;
  }
  return [...all, current.trim()].filter(Boolean);
}

function fileNames(): string[] {
  const reserved = corpusLines("fuzzdb/invalid-filenames-microsoft.txt").filter((name) => name.trim() !== "");
  return [...spread(attacks(), filesMax), ...spread(reserved, reservedMax)].map(
    (name) => `${name.slice(0, 100).replace(/[\r\n"\\]/g, " ")}.txt`,
  );
}

/** What would run if a browser showed it as what it is. */
function hostileFiles(): { readonly name: string; readonly bytes: Buffer }[] {
  const page = "<html><script>alert(1)</script><img src=x onerror=alert(1)></html>";
  const own = [
    ["page.txt", page],
    ["picture.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`],
    ["picture.png", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`],
    ["page.html", page],
    ["gif.gif", `GIF89a/*${"\0".repeat(20)}*/=1;alert(1)//${page}`],
    ["paper.pdf", `%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF`],
  ] as const;
  const folder = findCorpus("patt/upload");
  const others =
    folder === null ? [] : readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  return [...own, ...others].map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
}
