import { afterAll, beforeAll, expect } from "vitest";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

/** As on the service: more posts of one session in a minute are refused. */
const postsPerMinute = 60;

describeWith(browser, "the truth in the chat, with a next step", () => {
  let desk: Desk;
  let admin: SignedIn;
  beforeAll(async () => {
    desk = await openDesk({ DEMO: "true" });
    admin = await desk.agent("Root", "admin");
  });
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  const languages = [
    {
      locale: "en",
      person: "Talk to a person",
      closed: /You are number 1 in line\. Nobody is at the desk until .*\d.*“Call me”/,
      tooMany: /Sent again in \d+ s/,
      expired: "Your earlier conversation has ended on this device. Write to begin a new one.",
      gone: "This link no longer works",
    },
    {
      locale: "ar",
      person: "التحدث إلى شخص",
      closed: /رقمك في الانتظار: .*لا يوجد أحد حتى .*\d.*«اتصلوا بي»/,
      tooMany: /ستُرسل مجددًا بعد \d+ ث/,
      expired: "انتهت محادثتك السابقة على هذا الجهاز. اكتب لبدء محادثة جديدة.",
      gone: "لم يعد هذا الرابط يعمل",
    },
  ] as const;

  for (const { locale, person, closed, tooMany, expired, gone } of languages)
    story(`closed, too many, an expired link: in ${locale}`, async ({ open }) => {
      await admin.call("PUT", "/settings/hours", { value: { teams: [{ week: closedNow() }] } });
      const page = await open({ locale, expectedFaults: /status of (403|410|429)/ });
      const chat = await openChat(page, `${desk.url}/help/${locale}`);
      await chat.locator(".people button", { hasText: person }).click();
      await chat.locator("#who", { hasText: closed }).waitFor();

      const { conversationId, token } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      const post = () =>
        fetch(`${desk.url}/v3/directline/conversations/${conversationId}/activities`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ type: "message", value: { nothing: true } }),
        });
      await Promise.all(Array.from({ length: postsPerMinute }, post));
      await chat.locator("textarea").fill("1");
      await chat.locator("textarea").press("Enter");
      await chat.locator("li.waiting", { hasText: tooMany }).waitFor();
      expect(await chat.locator("li.waiting .bubble").allTextContents()).toEqual(["1"]);
      // What is written meanwhile waits as well, and the service is not asked again before its time.
      let asked = 0;
      page.on("request", (request) => {
        if (request.url().endsWith("/activities")) asked += 1;
      });
      await chat.locator("textarea").fill("2");
      await chat.locator("textarea").press("Enter");
      await chat.locator("li.waiting", { hasText: tooMany }).nth(1).waitFor();
      expect(asked).toBe(0);

      await page.goto(`${desk.url}/resume/${"A".repeat(22)}`);
      await page.getByRole("heading", { name: gone }).waitFor();
      const other = await open({ locale, expectedFaults: /status of 403/ });
      await other.goto(`${desk.url}/?lang=${locale}#resume=made.up`);
      await other.frameLocator("iframe").getByText(expired).waitFor();
    });
});

/** Open on every day but today and its neighbours, whatever the hour. */
function closedNow(): [string, string][][] {
  const today = (new Date().getUTCDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, day) => ((day - today + 8) % 7 < 3 ? [] : [["08:00", "20:00"]]));
}
