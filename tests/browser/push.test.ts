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
    "what was asked for in the chat is sealed for this browser, shown by it, said back, and a click opens the conversation",
    async ({ open }) => {
      const device = push.browser();
      const page = await open({ permissions: ["notifications"] });
      // Chromium has no push service of its own here: ours hands out the address and holds the browser's keys.
      await page.addInitScript(`PushManager.prototype.subscribe = async ({ applicationServerKey }) => ({
        endpoint: ${JSON.stringify(device.subscription.endpoint)},
        toJSON: () => (window.top.subscribedWith = applicationServerKey, ${JSON.stringify(device.subscription)}) })`);
      await page.goto(`${everline.url}/help/de`);
      await page.getByRole("button", { name: /^Chat/ }).click();
      const chat = page.frameLocator("iframe");
      await chat.getByRole("button", { name: "Mit einem Menschen sprechen" }).click();
      await chat.getByRole("button", { name: "Sagen Sie mir Bescheid" }).click();
      await chat.getByRole("button", { name: "In diesem Browser benachrichtigen" }).click();
      await chat.getByText("Benachrichtigungen sind in diesem Browser an.").waitFor();
      publicKey = await page.evaluate("subscribedWith");
      await page.getByRole("button", { name: /^Chat/ }).click();
      const { conversationId } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      const agent = await everline.agent();
      await agent("POST", `/conversations/${conversationId}/claim`, {});
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
      expect(push.faults).toEqual([]);

      const cdp = await page.context().newCDPSession(page);
      const registered = new Promise<string>((done) => {
        cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
          const ours = registrations.find(({ isDeleted }) => !isDeleted);
          if (ours !== undefined) done(ours.registrationId);
        });
      });
      await cdp.send("ServiceWorker.enable");
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
      await chat.locator("li.agent").getByText("Bitte.").waitFor();
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
