import { readFileSync } from "node:fs";
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { newId } from "../../src/lib/ids.ts";
import { browser, closeBrowser, openChat, story } from "../support/browser.ts";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { describeWith } from "../support/parts.ts";

describeWith(browser, "the chat from a refused file to the rating", () => {
  let everline: Everline;
  let agent: Agent;
  beforeAll(async () => {
    everline = await startEverline();
    agent = await everline.agent();
  });
  afterAll(async () => {
    await closeBrowser();
    await everline.stop();
  });

  const telephone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

  story("the two ways to people stand side by side, each on one line, in every language", async ({ open }) => {
    const page = await open(telephone);
    for (const locale of ["en", "sv", "de", "es", "ar"]) {
      await page.goto(`${everline.url}/widget/frame?locale=${locale}`);
      const boxes = await page
        .locator(".people button")
        .evaluateAll((buttons) =>
          (buttons as { getBoundingClientRect(): { top: number; height: number } }[]).map((one) =>
            one.getBoundingClientRect(),
          ),
        );
      const [person, call] = boxes;
      expect([locale, call?.top, boxes.every(({ height }) => height < 40)]).toEqual([locale, person?.top, true]);
    }
  });

  const languages = [
    {
      locale: "de",
      zone: "America/New_York",
      refused: "Diese Art von Datei wird nicht angenommen.",
      failed: "Das hat gerade nicht geklappt. Bitte versuchen Sie es gleich noch einmal.",
      thanks: "Danke für Ihre Rückmeldung.",
      person: "Sie sprechen mit",
      writes: /\w+ schreibt/,
      names: ["Sie", "KI-Assistent"],
      time: /^\[\d\d\.\d\d\.\d{4}, \d\d:\d\d\] Sie$/m,
      zoneLine: "Zeiten: America/New_York",
    },
    {
      locale: "es",
      zone: "Europe/Madrid",
      refused: "Este tipo de archivo no se acepta.",
      failed: "No ha funcionado. Inténtalo de nuevo en un momento.",
      thanks: "Gracias por contárnoslo.",
      person: "Estás hablando con",
      writes: /\w+ está escribiendo/,
      names: ["Tú", "Asistente de IA"],
      time: /^\[\d{1,2} \w+ \d{4}, \d{1,2}:\d\d\] Tú$/m,
      zoneLine: "Horas: Europe/Madrid",
    },
  ] as const;

  for (const { locale, zone, refused, failed, thanks, person, writes, names, time, zoneLine } of languages)
    story(`a file, a person, the rating, and the conversation to keep: in ${locale}`, async ({ open }) => {
      const page = await open({
        ...telephone,
        locale,
        timezoneId: zone,
        expectedFaults: /ERR_INTERNET_DISCONNECTED|status of 503/,
      });
      const chat = await openChat(page, `${everline.url}/help/${locale}`);
      await chat
        .locator("input[type=file]")
        .first()
        .setInputFiles({ name: "setup.exe", mimeType: "image/png", buffer: Buffer.from("MZ not to be run") });
      const reason = chat.locator(".mine .file small");
      await reason.filter({ hasText: refused }).waitFor();
      const nameAt = await chat.locator(".mine .file bdi").boundingBox();
      expect((await reason.boundingBox())?.y).toBeGreaterThanOrEqual((nameAt?.y ?? 0) + (nameAt?.height ?? 0) - 1);

      await chat.locator(".people button").first().click();
      const { conversationId: id } = JSON.parse(await page.evaluate("localStorage['everline:s']"));
      await chat.locator("p.card button").waitFor();
      // Only whoever has the conversation is shown to be writing (R4).
      await agent("POST", `/conversations/${id}/typing`);
      await agent("POST", `/conversations/${id}/claim`, {});
      await chat.locator("#who", { hasText: person }).waitFor();
      expect(await chat.locator(".typing").count()).toBe(0);
      await agent("POST", `/conversations/${id}/typing`);
      await chat.locator(".typing", { hasText: writes }).waitFor();
      await agent("POST", `/conversations/${id}/messages`, { clientId: newId(), kind: "reply", text: "Hola. Hallo." });
      await chat.locator("li.agent").waitFor();
      expect(await chat.locator(".typing").count()).toBe(0);
      await agent("POST", `/conversations/${id}/resolve`, {});
      const faces = chat.locator("form.rating fieldset button");
      await faces.nth(4).waitFor();

      await page.context().setOffline(true);
      await faces.nth(4).click();
      await chat.locator("#error", { hasText: failed }).waitFor();
      expect(await chat.locator('form.rating [aria-pressed="true"]').count()).toBe(0);
      await openMenu(chat);
      await download(chat).click();
      await chat.locator("#error", { hasText: failed }).waitFor();
      await page.context().setOffline(false);
      await page.keyboard.press("Escape");

      await faces.nth(4).click();
      await chat.locator("#error").waitFor({ state: "detached" });
      await chat.locator("form.rating input").fill("¡Perfekt!");
      await chat.locator("form.rating button[type=submit]").click();
      await chat.locator("p.rating", { hasText: thanks }).waitFor();
      expect(await everline.sql`select score, comment from ratings where conversation_id = ${id}`).toEqual([
        { score: 5, comment: "¡Perfekt!" },
      ]);

      await openMenu(chat);
      const [file] = await Promise.all([page.waitForEvent("download"), download(chat).click()]);
      const text = readFileSync(await file.path(), "utf8");
      expect(text.split("\n")[1]).toBe(zoneLine);
      expect(text).toMatch(time);
      for (const name of names) expect(text).toContain(`] ${name}\n`);
      await page.keyboard.press("Escape");

      // What comes after is another issue, which is asked about anew.
      await chat.locator("textarea").fill("1");
      await chat.locator("textarea").press("Enter");
      await chat.locator("p.rating").waitFor({ state: "detached" });
      await agent("POST", `/conversations/${id}/claim`, {});
      await agent("POST", `/conversations/${id}/resolve`, {});
      await faces.first().waitFor();

      const inbox = await open({ expectedFaults: /status of 401/ });
      await inbox.goto(`${everline.url}/inbox`);
      await inbox.getByLabel("E-mail").fill("ada@example.com");
      await inbox.getByLabel("Password").fill("correct-horse-battery");
      await inbox.keyboard.press("Enter");
      await inbox.getByRole("button", { name: "Resolved" }).click();
      await inbox.locator(`#list li[data-id="${id}"] button`).click();
      const said = inbox.locator("#timeline .rating");
      await said.first().waitFor();
      expect(await said.allInnerTexts()).toEqual([
        expect.stringContaining("The customer rated this issue 5 of 5: ¡Perfekt!"),
      ]);
    });
});

async function openMenu(chat: FrameLocator): Promise<void> {
  await chat.locator("header > [popovertarget=menu]").click();
  await chat.locator("#menu:popover-open").waitFor();
}

/** Below the sound. */
const download = (chat: FrameLocator) => chat.locator("#menu > button").nth(1);
