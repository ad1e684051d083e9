import type { Page, Response } from "playwright-core";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { cleanText } from "../../src/lib/clean-text.ts";
import { accessibilityFaults, faultsInLooks, looksOf } from "../support/accessibility.ts";
import { attackLines, spread } from "../support/attacks.ts";
import { browser, closeBrowser, story } from "../support/browser.ts";
import { type Desk, openDesk, type SignedIn } from "../support/desk.ts";
import { describeWith } from "../support/parts.ts";

/** Many pages are opened in each story, on a machine that other tests share. */
vi.setConfig({ testTimeout: 120_000 });

/** A page with its styles and scripts, pictures and the chat apart. */
const pageMaxBytes = 30 * 1024;
/** Each is typed into the search of a real browser; the rest of the lists stands in articles. */
const searchedAttacks = 40;
const articleMaxChars = 15_000;

describeWith(browser, "the help centre in a browser", () => {
  let desk: Desk;
  let admin: SignedIn;
  beforeAll(async () => {
    desk = await openDesk({ DEMO: "true", CALL_COUNTRIES: "SE" });
    admin = await desk.agent("Root", "admin");
  });
  afterAll(async () => {
    await closeBrowser();
    await desk.close();
  });

  story("an answer is found in Swedish without script, and “did that help?” is counted", async ({ open }) => {
    const page = await open({ locale: "sv-SE", javaScriptEnabled: false });
    await page.goto(desk.url);
    await page.getByLabel("Sök bland hjälpsidorna").fill("forseningsavgft");
    await page.getByRole("button", { name: "Sök" }).click();
    await page.getByRole("link", { name: "Varför har jag fått en förseningsavgift?" }).click();
    expect(await page.locator("article").textContent()).toContain("högst 7 USD");
    await page.getByRole("button", { name: "Nej" }).click();
    expect(await page.locator("#feedback").textContent()).toContain("Låt oss lösa det tillsammans");
    const counted = await desk.db.run(
      (sql) => sql<{ helped: boolean; locale: string }[]>`select helped, locale from article_feedback`,
    );
    expect(counted).toEqual([{ helped: false, locale: "sv" }]);
    expect(await page.context().cookies()).toEqual([]);
  });

  story("suggestions come while typing, also mistyped, and are chosen by keyboard", async ({ open }) => {
    const page = await open();
    await page.goto(`${desk.url}/help/en`);
    // Times for a call are offered on the reader's own clock.
    const zone = await page.evaluate<string>("Intl.DateTimeFormat().resolvedOptions().timeZone");
    expect(await page.locator('main a[href^="/call"]').first().getAttribute("href")).toContain(
      `zone=${encodeURIComponent(zone)}`,
    );
    const field = page.getByRole("combobox");
    await field.pressSequentially("return my ordr");
    await page.getByRole("option", { name: "How do I return my order?" }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("option").count()).toBe(0);
    await field.pressSequentially("s");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    const chosen = await page.locator('[aria-selected="true"]').textContent();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/help\/en\/[a-z-]+$/);
    expect(await page.locator("h1").textContent()).toBe(chosen);
  });

  story(
    "an Arabic reader gets from the first page to an answer by keyboard alone, from right to left",
    async ({ open }) => {
      const page = await open({ locale: "ar", viewport: { width: 320, height: 640 } });
      await page.goto(desk.url);
      expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
      const brand = await page.locator(".brand").boundingBox();
      expect((brand?.x ?? 0) + (brand?.width ?? 0)).toBeGreaterThan(280);
      for (let tabs = 0; tabs < 30; tabs++) {
        await page.keyboard.press("Tab");
        if (await page.locator("#q:focus").count()) break;
      }
      await page.keyboard.type("رسوم التاخير");
      await page.keyboard.press("Enter");
      await page.waitForURL(/q=/);
      const result = page.locator('.results a[href="/help/ar/late-fee"]');
      await result.focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/late-fee/);
      expect(await page.locator("article").textContent()).toContain("7 USD");
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    },
  );

  const paths = (locale: string) => [
    `/help/${locale}`,
    `/help/${locale}/late-fee`,
    `/help/${locale}?q=7%20USD`,
    `/help/${locale}?q=zzzzqqqq`,
    `/help/${locale}/late-fee?helped=no`,
    `/help/${locale}/not-there`,
  ];

  for (const locale of ["en", "ar"])
    story(`a long name of who is signed in moves nothing on a narrow telephone: ${locale}`, async ({ open }) => {
      const page = await open({ locale, viewport: { width: 320, height: 640 } });
      // The name alone, as the chat keeps it; no chat that would find the session made up.
      await page.route("**/widget.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
      await page.goto(`${desk.url}/help/${locale}`);
      const top = () =>
        page
          .locator(".brand, .languages, main")
          .evaluateAll((all) =>
            (all as { getBoundingClientRect(): { top: number } }[]).map((one) => one.getBoundingClientRect().top),
          );
      const before = await top();
      const name = "Maximiliana-Alexandra von Hohenlohe-Schillingsfürst";
      await page.evaluate(`localStorage["everline:s"] = JSON.stringify({ name: ${JSON.stringify(name)} })`);
      await page.reload();
      const shown = page.locator(".sign-in bdi");
      await shown.getByText(name).waitFor();
      expect(await top()).toEqual(before);
      expect(await layoutShifts(page)).toEqual([]);
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
      const [who, out] = [await shown.boundingBox(), await page.locator(".sign-in button").boundingBox()];
      expect(who?.width).toBeGreaterThan(40);
      expect(out?.height).toBeLessThan(50);
      expect(Math.abs((out?.y ?? 0) - (who?.y ?? 0))).toBeLessThan(30);
    });

  for (const [dir, locale] of [
    ["ltr", "en"],
    ["rtl", "ar"],
  ] as const)
    story(
      `nothing is inaccessible, shifts or overflows, by day and night, wide and narrow: ${locale}`,
      async ({ open }) => {
        const page = await open({
          locale,
          viewport: { width: 1_280, height: 760 },
          expectedFaults: /status of (400|404|410|422)/,
        });
        const clean = async (name: string): Promise<void> => {
          expect(await page.locator("html").getAttribute("dir"), name).toBe(dir);
          expect(await layoutShifts(page), name).toEqual([]);
          expect(await faultsInLooks(page, looksOf[dir]), name).toEqual([]);
          await page.setViewportSize({ width: 1_280, height: 760 });
        };
        // Each kind of page in each direction; what differs by its words alone, once.
        const once = locale === "en" ? ["/help/en/privacy"] : [];
        for (const path of [
          ...paths(locale).filter((path) => locale === "en" || !path.includes("zzzz")),
          ...once,
          `/demo/sign-in?lang=${locale}`,
          `/resume/${"A".repeat(22)}?lang=${locale}`,
        ]) {
          await page.goto(desk.url + path);
          await clean(path);
        }
        await page.goto(`${desk.url}/call?lang=${locale}`);
        await clean("the form for a call");
        await page.locator("[type=tel]").fill("12");
        await page.keyboard.press("Enter");
        await page.locator("[role=alert]").waitFor();
        await clean("a number that is none");
        await page.locator("[type=tel]").fill(locale === "en" ? "+46701740605" : "+46701740606");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/call\/./);
        await clean("a call that is promised");
        await page.locator("[value=cancel]").click();
        await page.locator("[value=cancel]").waitFor({ state: "detached" });
        await clean("a call that is cancelled");
      },
    );

  story("nothing on the simulated telephone is inaccessible or overflows", async ({ open }) => {
    const page = await open();
    await page.goto(`${desk.url}/simulator`);
    for (const tab of ["SMS", "WhatsApp", "Call"]) {
      await page.getByRole("tab", { name: tab }).click();
      expect(await faultsInLooks(page, looksOf.ltr), tab).toEqual([]);
    }
  });

  story(
    "on paper stands the answer, with what is to be known of it, and nothing that is only pressed",
    async ({ open }) => {
      const text = {
        question: "Where is the shop?",
        answer: "In the **old town**.",
        short: "Old town",
        samples: ["where"],
      };
      await admin.call("POST", "/articles", { id: "on-paper", locale: "en", ...text });
      await admin.call("POST", "/articles/on-paper/translations/en/publish", { version: 1 });
      const page = await open({ locale: "sv-SE" });
      await page.goto(`${desk.url}/help/sv/on-paper`);
      const pressed = page.locator("button, input, .button, nav, header .sign-in a");
      const visible = async () => Promise.all((await pressed.all()).map((one) => one.isVisible()));
      expect(await visible()).toContain(true);
      await page.emulateMedia({ media: "print" });
      expect(await visible()).not.toContain(true);
      const [paper] = await page.locator("main").allInnerTexts();
      expect(paper).toContain("Här är den på engelska.");
      expect(paper).toContain("In the old town.");
      for (const heading of ["Fick du hjälp av det här?", "Behöver du mer hjälp?"])
        expect(paper).not.toContain(heading);
    },
  );

  story("a page with its styles and scripts is small, and is painted before any script", async ({ open }) => {
    for (const path of paths("ar").slice(0, 4)) {
      // A profile of its own each time: nothing is in its cache.
      const page = await open();
      const answers: Response[] = [];
      const note = (response: Response) => void answers.push(response);
      page.on("response", note);
      await page.goto(desk.url + path, { waitUntil: "networkidle" });
      page.off("response", note);
      const responses = await Promise.all(
        answers
          .filter((answer) => answer.ok())
          .map(async (answer) => ({ url: new URL(answer.url()).pathname, bytes: (await answer.body()).length })),
      );
      const own = responses.filter(({ url }) => !/widget|favicon/.test(url));
      const total = own.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(own.length).toBeGreaterThanOrEqual(3);
      const blocking = await page.locator("head script[src]:not([async], [defer], [type=module])").count();
      expect(blocking).toBe(0);
      expect(total, `${path}, not compressed`).toBeLessThanOrEqual(pageMaxBytes);
    }
  });

  story(
    "X1 X6 no list of attacks runs anything: in articles, in the search, in the company's name",
    async ({ open }) => {
      const attacks = attackStrings();
      const page = await open({ expectedFaults: /status of 404/ });
      let dialogs = 0;
      page.on("dialog", (dialog) => {
        dialogs += 1;
        void dialog.dismiss();
      });
      let chunk = 0;
      for (let from = 0; from < attacks.length; chunk++) {
        const lines: string[] = [];
        for (let size = 0; from < attacks.length && size < articleMaxChars; from++) {
          const text = attacks[from] ?? "";
          lines.push(text);
          size += text.length + 2;
        }
        const question = (lines.find((line) => line.trim().length > 8 && line.length < 150) ?? "attack").trim();
        const text = {
          question,
          answer: `${chunk === 0 ? "- " : ""}${lines.join("\n\n")}`.trim(),
          short: question,
          samples: [question],
        };
        const made = await admin.call("POST", "/articles", { id: `attack-${chunk}`, locale: "en", ...text });
        expect(made.status, JSON.stringify(made.body)).toBe(201);
        await admin.call("POST", `/articles/attack-${chunk}/translations/en/publish`, { version: 1 });
        await page.goto(`${desk.url}/help/en/attack-${chunk}`);
        await holds(page);
      }
      expect(chunk).toBeGreaterThan(0);
      await page.goto(`${desk.url}/help/en`);
      await holds(page);
      for (const attack of spread(attacks, searchedAttacks)) {
        await page.goto(`${desk.url}/help/en?q=${encodeURIComponent(attack)}`);
        await holds(page);
      }
      const company = "</title><img src=x onerror=alert(1)><script>alert(1)";
      expect((await admin.call("PUT", "/settings/brand", { value: { company } })).status).toBe(200);
      await page.goto(`${desk.url}/help/sv/late-fee`);
      await holds(page);
      expect(await page.title()).toContain(company);
      expect(dialogs).toBe(0);
    },
  );

  /** Only our own elements: two scripts of ours, data for search engines, no picture, no frame. */
  async function holds(page: Page): Promise<void> {
    const found = page.locator(
      "script, img, iframe, object, embed, svg, style, base, [style], [onerror], [onload], [onfocus]",
    );
    const all = await found.evaluateAll((elements) => elements.map(({ outerHTML }) => outerHTML));
    const foreign = all.filter(
      (html) =>
        !/^<script [^>]*(src="\/(help\.js|widget\.js)|ld\+json)/.test(html) &&
        // The launcher of the chat; what it holds is in its own shadow root.
        !/^<div style="--c: #[0-9a-f]{6};"><\/div>$/.test(html),
    );
    expect(foreign, page.url()).toEqual([]);
  }
});

/** Everything that moved by itself since the page began to load: how much, when and what. */
function layoutShifts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`new Promise((resolve) => {
    const shifts = [];
    const where = ({ node, previousRect: from, currentRect: to }) =>
      (node?.outerHTML ?? node?.nodeName ?? "gone").slice(0, 80) + " " + JSON.stringify([from, to]);
    const observer = new PerformanceObserver((list) => {
      for (const { value, startTime, sources } of list.getEntries())
        shifts.push(value + " at " + startTime + " ms: " + sources.map(where).join("; "));
    });
    observer.observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(shifts)));
  })`);
}

/** Ours, and others' where they are at hand. */
function attackStrings(): string[] {
  const own = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**<svg/onload=alert(1)>**",
    "[a](javascript:alert(1)) ![b](https://evil.example/x.png)",
    "</script><script>alert(1)</script>",
    '" onfocus=alert(1) autofocus x="',
    "{{constructor.constructor('alert(1)')()}}",
    "{company} {query} $& $1 {{company}}",
  ];
  // PostgreSQL takes no NUL, and the API refuses the two headings that part a Markdown file.
  return [...own, ...attackLines()]
    .map((line) => cleanText(line).replaceAll("\n", " "))
    .filter((line) => line.trim() !== "" && line.length < articleMaxChars);
}
