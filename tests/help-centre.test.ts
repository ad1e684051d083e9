import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { chooseLocale } from "../src/help-centre/choose-locale.ts";
import { markdownToHtml } from "../src/help-centre/markdown.ts";
import { contrast, readableOn, textOn } from "../src/lib/colour.ts";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

/** The search may wait for the assistant to be trained, which takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

describe("the help centre", () => {
  let desk: Desk;
  let admin: SignedIn;
  let ada: SignedIn;
  beforeAll(async () => {
    desk = await openDesk({ DEMO: "true" });
    admin = await desk.agent("Root", "admin");
    ada = await desk.agent("Ada");
  });
  afterAll(() => desk.close());

  const open = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(desk.url + path, { headers: { accept: "text/html", ...headers }, redirect: "manual" });
  const textOf = async (path: string, headers?: Readonly<Record<string, string>>) => (await open(path, headers)).text();

  test("the first page speaks the reader's language, and an old address still chooses one", async () => {
    expect(await textOf("/", { "accept-language": "fr,sv-SE;q=0.9,en;q=0.5" })).toContain('<html lang="sv"');
    expect(await textOf("/?lang=de", { "accept-language": "sv" })).toContain("Sofort Hilfe bekommen");
    expect((await open("/", { "accept-language": "sv" })).headers.get("vary")).toContain("Accept-Language");
  });

  test("every question is on the first page, and each opens its own page", async () => {
    const home = await textOf("/help/en");
    const links = [...home.matchAll(/href="(\/help\/en\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(new Set(links).size).toBeGreaterThanOrEqual(50);
    const page = await textOf("/help/sv/late-fee");
    expect(page).toContain("<h1>Varför har jag fått en förseningsavgift?</h1>");
    expect(page).toContain('hreflang="de" href="http');
    expect(page).toContain('"@type":"BreadcrumbList"');
  });

  test("a page that did not change is not sent again", async () => {
    const first = await open("/help/en/late-fee");
    const again = await open("/help/en/late-fee", { "if-none-match": first.headers.get("etag") ?? "" });
    expect([first.status, again.status]).toEqual([200, 304]);
    expect(first.headers.get("content-encoding")).toBe("gzip");
  });

  test("a page that is not there says so in the reader's language and leads on; a program gets JSON", async () => {
    const page = await open("/help/sv/no-such-article");
    expect(page.status).toBe(404);
    const text = await page.text();
    expect(text).toContain("Sidan finns inte");
    expect(text).toContain('role="search"');
    expect((await open("/nowhere", { "accept-language": "de" })).status).toBe(404);
    expect((await fetch(`${desk.url}/nowhere`)).headers.get("content-type")).toContain("json");
  });

  test("search forgives typing errors, in every script", async () => {
    expect(await textOf("/help/sv?q=forsenningsavgft")).toContain('href="/help/sv/late-fee"');
    expect(await textOf("/help/de?q=rüksendung+regisstriert")).toContain('href="/help/de/return-not-registered"');
    const nothing = await textOf("/help/en?q=%3Cscript%3Exqzzv%3C/script%3E");
    expect(nothing).not.toContain("<script>xqz");
    expect(nothing).toContain("&lt;script&gt;xqzzv");
  });

  test("an answer to “did that help?” is counted once for each reader, and can be changed", async () => {
    const answer = (helped: string, headers: Readonly<Record<string, string>> = {}) =>
      fetch(`${desk.url}/help/sv/late-fee/feedback`, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
        body: `helped=${helped}`,
      });
    const first = await answer("yes");
    expect([first.status, first.headers.get("location")]).toEqual([303, "/help/sv/late-fee?helped=yes#feedback"]);
    expect(first.headers.get("set-cookie")).toBeNull();
    await answer("yes");
    await answer("no");
    const counted = () =>
      desk.db.run((sql) => sql<{ helped: boolean }[]>`select helped from article_feedback order by at`);
    expect(await counted()).toEqual([{ helped: false }]);
    expect((await answer("yes", { origin: "https://evil.example" })).status).toBe(404);
    expect((await answer("perhaps")).status).toBe(404);
    expect(await counted()).toEqual([{ helped: false }]);
    expect(await textOf("/help/sv/late-fee?helped=no")).toContain("Tack för att du säger till.");
  });

  test("A1 administrators change name, colour and languages, and customers see it at once", async () => {
    const value = { company: "Blue & Sons", colour: "#FA0", logo: null };
    expect((await ada.call("PUT", "/settings/brand", { value })).status).toBe(403);
    expect(
      (await admin.call("PUT", "/settings/brand", { value: { ...value, colour: "red" } })).body.error.message,
    ).toBe("colour: must be a colour such as #0b57d0");
    expect((await admin.call("PUT", "/settings/brand", { value })).status).toBe(200);
    expect((await ada.call("GET", "/settings/brand")).body.value).toEqual({ ...value, colour: "#ffaa00" });
    expect((await admin.call("PUT", "/settings/languages", { value: { locales: ["sv", "en"] } })).status).toBe(200);
    const home = await textOf("/", { "accept-language": "de" });
    expect(home).toContain('<html lang="sv"');
    expect(home).toContain("Blue &amp; Sons");
    const [sheet] = /\/help\.css\?v=[\w-]+/.exec(home) ?? [];
    expect(await textOf(sheet ?? "")).toContain("--brand:#ffaa00;--on-brand:#000000");
    expect((await open("/help/de")).status).toBe(404);
    expect((await admin.call("GET", "/settings/nothing")).status).toBe(404);
    const audit = await desk.db.run(
      (sql) => sql<{ subject: string; agent_id: string }[]>`select subject, agent_id from audit_log
        where action = 'setting-changed' order by at`,
    );
    expect(audit.map(({ subject, agent_id }) => [subject, agent_id])).toEqual([
      ["brand", admin.id],
      ["languages", admin.id],
    ]);
    await admin.call("PUT", "/settings/languages", { value: { locales: null } });
  });
});

test("a reader's languages are tried in the order of their quality", () => {
  const offered = ["en", "sv", "de"];
  const choose = (accepted: string, lang?: string) => chooseLocale(offered, { accepted, lang });
  expect(choose("de;q=0.3, sv;q=0.8")).toBe("sv");
  expect(choose("fr, pt-BR")).toBe("en");
  expect(choose("sv", "DE-at")).toBe("de");
  expect(choose("sv;q=0, de;q=0.1")).toBe("de");
});

test("X1 an article's Markdown makes paragraphs, lists and bold, and nothing else", () => {
  expect(markdownToHtml("One **two**\n\n- a\n- b\n\n1. c")).toBe(
    "<p>One <strong>two</strong></p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>",
  );
  expect(markdownToHtml("<img src=x onerror=alert(1)> [a](javascript:alert(1))")).toBe(
    "<p>&lt;img src=x onerror=alert(1)&gt; [a](javascript:alert(1))</p>",
  );
});

test("text on any colour, and any colour as text, has a contrast of 4.5 at least", () => {
  for (let red = 0; red < 256; red += 15)
    for (let green = 0; green < 256; green += 15)
      for (let blue = 0; blue < 256; blue += 51) {
        const colour = `#${[red, green, blue].map((one) => one.toString(16).padStart(2, "0")).join("")}`;
        const lowest = Math.min(
          contrast(colour, textOn(colour)),
          contrast("#f3f5f9", readableOn("#f3f5f9", colour)),
          contrast("#1c2129", readableOn("#1c2129", colour)),
        );
        expect(lowest, colour).toBeGreaterThanOrEqual(4.5);
      }
});
