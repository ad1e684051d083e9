import { afterAll, beforeAll, describe, expect } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { closeBrowser, storyInWhole as story, wholeBrowser } from "../support/browser.ts";
import { type Everline, startEverline } from "../support/everline.ts";
import { type PushService, startPushService } from "../support/push-service.ts";

let everline: Everline;
let push: PushService;
let publicKey = "";
beforeAll(async () => {
  push = await startPushService(async () => publicKey);
  everline = await startEverline({}, { pushOrigin: push.origin });
});
afterAll(async () => {
  await closeBrowser();
  await everline.stop();
  push.close();
});

const soon = { timeout: 15_000, interval: 50 };

describe.skipIf(wholeBrowser.missing !== null)("push messages in a real browser", () => {
  story(
    "what the push service took is shown by the browser, said back, and opens the chat",
    async ({ open }) => {
      const page = await open({ permissions: ["notifications"] });
      await page.goto(everline.url);
      const call = async (path: string, token: string | null, body?: object) => {
        const answer = await fetch(`${everline.url}/v3/directline${path}`, {
          method: body === undefined ? "GET" : "POST",
          headers: {
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return (await answer.json()) as Record<string, string>;
      };
      const { conversationId = "", token = "" } = await call("/tokens/generate", null, {});
      publicKey = (await call("/push", token)).publicKey ?? "";
      const device = push.browser();
      await call("/push", token, { subscription: device.subscription });
      await call(`/conversations/${conversationId}/activities`, token, {
        type: "message",
        text: "Guten Tag",
        locale: "de",
      });
      await everline.sql`update conversations set locale = 'de' where id = ${conversationId}`;
      const agent = await everline.agent();
      await agent("POST", `/conversations/${conversationId}/messages`, {
        clientId: newId(),
        kind: "reply",
        text: "Bitte.",
      });
      const stateOf = async () =>
        (await everline.sql`select state from nudges where conversation_id = ${conversationId}`)[0]?.state as string;
      await expect.poll(stateOf, soon).toBe("waiting");
      await everline.sql`update nudges set due_at = now() where conversation_id = ${conversationId}`;
      await expect.poll(() => device.received.length, soon).toBe(1);

      const cdp = await page.context().newCDPSession(page);
      const registered = new Promise<string>((done) => {
        cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
          const ours = registrations.find(({ isDeleted }) => !isDeleted);
          if (ours !== undefined) done(ours.registrationId);
        });
      });
      await cdp.send("ServiceWorker.enable");
      await page.evaluate(`(async () => {
      await navigator.serviceWorker.register("/push-worker.js");
      await navigator.serviceWorker.ready;
      window.heard = new Promise((done) =>
        navigator.serviceWorker.addEventListener("message", (event) => done(event.data)));
    })()`);
      await cdp.send("ServiceWorker.deliverPushMessage", {
        origin: everline.url,
        registrationId: await registered,
        data: JSON.stringify(device.received[0]),
      });
      const shown = () =>
        page.evaluate(`navigator.serviceWorker.ready
        .then((registration) => registration.getNotifications())
        .then((all) => all.map(({ title, body, lang, tag }) => ({ title, body, lang, tag })))`);
      await expect.poll(shown, soon).toEqual([
        {
          title: "Paylark",
          body: "Sie haben eine neue Nachricht von Paylark.",
          lang: "de",
          tag: `everline-${conversationId}`,
        },
      ]);
      await expect.poll(stateOf, soon).toBe("told");

      // Nobody can press a notification of a headless browser; the worker's own answer to the press is run instead.
      const [worker] = page.context().serviceWorkers();
      await worker?.evaluate(`registration.getNotifications().then(([notification]) =>
      dispatchEvent(new NotificationEvent("notificationclick", { notification })))`);
      expect(await page.evaluate("window.heard")).toEqual({
        everline: "open-chat",
      });
      await expect.poll(shown, soon).toEqual([]);
    },
    60_000,
  );

  story("a resume link's page is clear at a glance, on a phone and from right to left", async ({ open }) => {
    const page = await open({
      locale: "ar",
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
      expectedFaults: /status of 410/,
    });
    await page.goto(`${everline.url}/resume/${"A".repeat(22)}`);
    expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
    expect(await page.locator("h1").textContent()).toBe("لم يعد هذا الرابط يعمل");
  });
});
