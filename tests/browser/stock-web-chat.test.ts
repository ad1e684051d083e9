import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";
import { openWebChatPage, stockWebChat } from "../support/peers.ts";
import { type FaultyNetwork, startProxy } from "../support/proxy.ts";

const cuts = 20;
const within = { timeout: 20_000, interval: 20 };

describeWith(
  { missing: browser.missing ?? stockWebChat.missing },
  "Microsoft's Web Chat, as it is published, in Chromium",
  () => {
    let everline: Everline;
    let network: FaultyNetwork;
    let stock: Awaited<ReturnType<typeof openWebChatPage>>;
    let agent: Agent;
    beforeAll(async () => {
      // Stream addresses name the proxy, so it learns where the service is afterwards.
      network = await startProxy({
        host: "127.0.0.1",
        get port() {
          return Number(new URL(everline.url).port);
        },
      });
      const address = `http://127.0.0.1:${network.port}`;
      everline = await startEverline({ PUBLIC_URL: address });
      stock = await openWebChatPage(address);
      agent = await everline.agent();
    });
    afterAll(async () => {
      await closeBrowser();
      stock.close();
      await network.stop();
      await everline.stop();
    });

    story(
      "R2 R3 R7 it asks, is answered, sends a file, and after 20 cuts its screen equals the database",
      async ({ open }) => {
        const page = await open({ expectedFaults: /WebSocket|ERR_|Failed to load resource|permissions policy/i });
        await page.addInitScript(leap);
        await page.goto(stock.url, { waitUntil: "commit" });
        const box = page.getByRole("textbox", { name: /message/i });
        await box.fill("where can I find my payment plan?");
        await box.press("Enter");
        await expect.poll(() => onScreen(page), within).toHaveLength(2);

        await page.locator("input[type=file]").setInputFiles({
          name: "receipt.txt",
          mimeType: "text/plain",
          buffer: Buffer.from("paid in full"),
        });
        await box.fill("my receipt");
        await box.press("Enter");
        await page.getByText("receipt.txt").first().waitFor();
        const files = () => everline.sql`select name, state from attachments`;
        await expect.poll(files, within).toEqual([{ name: "receipt.txt", state: "ready" }]);

        const [conversation] = await everline.sql<{ id: string }[]>`select id from conversations`;
        const write = (round: number) =>
          agent("POST", `/conversations/${conversation?.id}/messages`, {
            clientId: `agent-${round}`,
            kind: "reply",
            text: `agent's word ${round}`,
          });
        // Two who write at once may begin in one order and be stored in the other: here each of them does.
        await everline.sql`create function backwards() returns trigger language plpgsql as
          'begin new.at := now() - new.seq * interval ''1 minute''; return new; end'`;
        await everline.sql`create trigger backwards before insert on messages for each row execute function backwards()`;
        for (let round = 0; round < cuts; round++) {
          await connected(page, round + 1);
          if (round % 5 === 0) {
            await box.fill(`customer's word ${round}`);
            await box.press("Enter");
            await expect
              .poll(async () => (await stored(everline)).includes(`customer's word ${round}`), within)
              .toBe(true);
          }
          await Promise.all([write(round), Promise.resolve().then(() => network.cut())]);
        }
        await connected(page, cuts + 1);
        await expect.poll(() => onScreen(page), within).toEqual(await stored(everline));
        expect((await stored(everline)).length).toBeGreaterThanOrEqual(3 + cuts + cuts / 5);
      },
    );
  },
);

/** The client waits 3 to 15 s before it connects again: on this page the clock leaps over them. Sockets are counted. */
const leap = `{
  let leaptMs = 0;
  const now = Date.now;
  Date.now = () => now() + leaptMs;
  for (const name of ["setTimeout", "setInterval"]) {
    const real = window[name];
    window[name] = (work, ms, ...rest) => {
      const leapMs = ms >= 3000 && ms <= 15000 ? ms - 50 : 0;
      return real((...given) => ((leaptMs += leapMs), work(...given)), ms - leapMs, ...rest);
    };
  }
  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      window.sockets.push(this);
    }
  };
}`;

/** Waits until the client's n-th socket, or a later one, is open. */
async function connected(page: Page, n: number): Promise<void> {
  await expect.poll(() => page.evaluate(`sockets.length >= ${n} && sockets.at(-1).readyState`), within).toBe(1);
}

/** What the customer reads, from the top: how each message begins, because the client draws our marks in its own way. */
async function onScreen(page: Page): Promise<string[]> {
  return (await page.locator(".webchat__bubble .webchat__text-content").allTextContents()).map(beginning);
}

async function stored({ sql }: Everline): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`select parts #>> '{0,text}' as text from messages
    where visibility = 'public' order by seq`;
  return rows.map(({ text }) => beginning(text));
}

const beginning = (text: string): string => text.trim().slice(0, 20);
