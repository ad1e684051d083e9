import { type Browser, type BrowserContextOptions, chromium, type FrameLocator, type Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import type { Part } from "./parts.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A microphone that beeps, allowed without asking.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];
/** Stories share two cores with other test files: an element may take this long to appear. */
const patienceMs = 15_000;

const { shell, whole } = inject("browsers");

export const browser: Part = {
  missing:
    (shell ?? whole) === null ? "needs Chromium: none on the PATH, and the one from npm does not run here" : null,
};
/** One that shows notifications. */
export const wholeBrowser: Part = { missing: whole === null ? "needs Chromium on the PATH" : null };

interface PageOptions extends BrowserContextOptions {
  /** Faults that this story makes on purpose, such as cut connections. */
  readonly expectedFaults?: RegExp;
}

/**
 * A test that opens pages, each in a fresh profile with `open`, and fails when any page met an error that nobody caught,
 * wrote an error to its console, or asked a foreign host for anything.
 */
export const story = storyIn(shell ?? whole);

/** The same in a browser that shows notifications. */
export const storyInWhole = storyIn(whole);

function storyIn(program: string | null) {
  return test.extend<{ open: (options?: PageOptions) => Promise<Page> }>({
    open: async ({ task: _ }, use) => {
      const running = await launched(program);
      const pages: { readonly page: Page; readonly faults: readonly string[] }[] = [];
      await use(async ({ expectedFaults, ...options } = {}) => {
        const context = await running.newContext(options);
        context.setDefaultTimeout(patienceMs);
        const page = await context.newPage();
        pages.push({ page, faults: watch(page, expectedFaults) });
        return page;
      });
      for (const { page } of pages) await page.context().close();
      expect(pages.flatMap(({ faults }) => faults)).toEqual([]);
    },
  });
}

let launching: Promise<Browser> | undefined;

/** One browser for each test file. */
function launched(program: string | null): Promise<Browser> {
  launching ??= chromium.launch({ executablePath: program ?? "chromium", args: flags });
  return launching;
}

/** Closes the file's browser; call it in `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await (await launching)?.close();
  launching = undefined;
}

/** What a service may answer whose database is busy (R9): the page asks again, and its story tells whether it did. */
const busy = /status of 503|response code: 503/;

function watch(page: Page, expected: RegExp | undefined): string[] {
  const faults: string[] = [];
  const note = (fault: string): void => {
    if (!busy.test(fault) && expected?.test(fault) !== true) faults.push(fault);
  };
  page.on("pageerror", (error) => note(`error that nobody caught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") note(`console: ${message.text()} (${message.location().url})`);
  });
  const own = (address: string): boolean =>
    /^(data|blob|about):/.test(address) || new URL(address).hostname === "127.0.0.1";
  page.on("request", (request) => {
    if (!own(request.url())) note(`foreign host: ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!own(socket.url())) note(`foreign host: ${socket.url()}`);
  });
  return faults;
}

/** Opens the chat on a page that has its launcher; gives its frame when the customer can write. */
export async function openChat(page: Page, url: string): Promise<FrameLocator> {
  await page.goto(url);
  await page.locator("button[aria-expanded]").click();
  const chat = page.frameLocator("iframe");
  await chat.locator("textarea").waitFor();
  return chat;
}
