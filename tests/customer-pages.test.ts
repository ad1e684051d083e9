import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueIdentity } from "../src/demo/identity.ts";
import { completeLink, makeResumeLink } from "../src/reach/resume-links.ts";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

const identitySecret = "an-identity-secret-of-more-than-32-characters";
const signInUrl = "https://shop.example/sign-in?to=account&then=chat";
/** The first question of a language waits for its training, on a busy machine. */
const soon = { timeout: 90_000, interval: 200 };

let desk: Desk;
let admin: SignedIn;
beforeAll(async () => {
  desk = await openDesk({
    DEMO: "true",
    IDENTITY_SECRET: identitySecret,
    SIGN_IN_URL: signInUrl,
    VOICE_TRANSPORT: "gather",
    COMPANY_NAME: "From the environment",
  });
  admin = await desk.agent("Root", "admin");
});
afterAll(() => desk.close());

const page = (path: string, options: RequestInit = {}) =>
  fetch(desk.url + path, { redirect: "manual", ...options, headers: { accept: "text/html", ...options.headers } });
const textOf = async (path: string) => (await page(path)).text();
const post = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(desk.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", origin: desk.url, ...headers },
    body: JSON.stringify(body),
  });
  expect(answer.status, path).toBeLessThan(300);
  return answer;
};

describe("the name that the operator gave the company", () => {
  const company = "Blue & Sons";
  beforeAll(async () => {
    const value = { company, colour: "#0b57d0", logo: null };
    expect((await admin.call("PUT", "/settings/brand", { value })).status).toBe(200);
  });

  test("is at the head of a transcript", async () => {
    const { conversationId, token } = (await (await post("/v3/directline/tokens/generate", {})).json()) as Session;
    const authorization = `Bearer ${token}`;
    const conversation = `/v3/directline/conversations/${conversationId}`;
    await post(`${conversation}/activities`, { type: "message", text: "Hello" }, { authorization });
    const transcript = await fetch(`${desk.url}${conversation}/transcript`, { headers: { authorization } });
    expect((await transcript.text()).split("\n")[0]).toBe(company);
  });

  test("greets callers", async () => {
    const heard = await (await post("/simulator/api/calls", { from: "+447700900123" })).text();
    expect(JSON.parse(heard)).toMatchObject({ said: [{ text: expect.stringContaining(company) }] });
  });

  test("C4 stands in the text with the code of a customer who signs in by SMS", async () => {
    const from = "+12025550131";
    await post("/simulator/api/messages", { channel: "sms", from, body: "when is my next payment?" });
    const thread = `${desk.url}/simulator/api/thread?channel=sms&customer=${encodeURIComponent(from)}`;
    const code = async () => /"(\d{6} [^"]*)"/.exec(await (await fetch(thread)).text())?.[1];
    await expect.poll(code, soon).toContain(company);
  }, 100_000);
});

describe("the page behind the link in a text message", () => {
  /** A link to a new conversation, as it stands in the text. */
  async function linkTo(identity: string | null): Promise<string> {
    const generated = await post("/v3/directline/tokens/generate", identity === null ? {} : { identity });
    const { conversationId, token } = (await generated.json()) as Session;
    const authorization = `Bearer ${token}`;
    await post(`/v3/directline/conversations/${conversationId}/activities`, hello, { authorization });
    const key = randomBytes(32);
    const link = await desk.db.transaction((sql) => makeResumeLink(sql, key, conversationId, 1));
    return completeLink(key, { body: { path: `/resume/${link.placeholder}` }, resumeLink: link.id }).body.path ?? "";
  }

  test("C2 leads customers with an account to where the company signs them in", async () => {
    const path = await linkTo(await issueIdentity(identitySecret, { id: "paylark-1001", name: "Ann" }, Date.now()));
    expect(await textOf(path)).toContain(
      '<a class="button" href="https://shop.example/sign-in?to=account&amp;then=chat">Till inloggningen</a>',
    );
  });

  test("A7 does not let another site use the link up, and says in the customer's language what to do", async () => {
    const path = await linkTo(null);
    const foreign = await page(path, { method: "POST", headers: { origin: "https://evil.example" } });
    expect(foreign.status).toBe(403);
    const text = await foreign.text();
    expect(text).toContain('<p role="alert">Inget har öppnats än');
    expect(text).toContain("Öppna min konversation</button>");
    expect((await page(path, { method: "POST", headers: { origin: desk.url } })).status).toBe(303);
  });

  test("says in the reader's language that they have tried too often, and leads on", async () => {
    const path = `/resume/${"A".repeat(22)}`;
    const tries = Array.from({ length: 70 }, () => page(path, { headers: { "accept-language": "de" } }));
    const refused = (await Promise.all(tries)).find(({ status }) => status === 429);
    expect(refused?.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(refused?.headers.get("content-type")).toContain("text/html");
    const text = (await refused?.text()) ?? "";
    expect(text).toContain('<html lang="de"');
    expect(text).toContain(`<a class="button" href="${path}">Noch einmal versuchen</a>`);
    expect(text).toContain("data-everline-open");
  });

  const hello = { type: "message", text: "Hej", locale: "sv-SE" };
});

describe("what search engines are told", () => {
  const alternates = (text: string) =>
    Object.fromEntries(
      [...text.matchAll(/hreflang="([^"]+)" href="([^"]+)"\/?>/g)].map(([, locale, url]) => [
        locale,
        url?.replace(desk.url, ""),
      ]),
    );
  const locales = ["en", "ar", "de", "es", "sv"];
  const everywhere = (rest: string) => Object.fromEntries(locales.map((locale) => [locale, `/help/${locale}${rest}`]));

  test("a page names its own address and its languages, with one for readers of any other", async () => {
    for (const path of ["/", "/help/sv"]) {
      const home = headOf(await textOf(path));
      expect(alternates(home)).toEqual({ ...everywhere(""), "x-default": "/" });
    }
    const text = headOf(await textOf("/help/sv/late-fee?from=mail"));
    expect(text).toContain(`<link rel="canonical" href="${desk.url}/help/sv/late-fee">`);
    expect(alternates(text)).toEqual({ ...everywhere("/late-fee"), "x-default": "/help/en/late-fee" });
    expect(text).not.toContain("noindex");
  });

  test("an answer is told as a question with its answer, and nothing in it ends the block (X1)", async () => {
    const [faq] = dataOf(await textOf("/help/en/late-fee")).filter((one) => one["@type"] === "FAQPage");
    expect(faq).toMatchObject({
      "@context": "https://schema.org",
      mainEntity: [
        {
          "@type": "Question",
          name: "Why was I charged a late fee?",
          acceptedAnswer: { "@type": "Answer", text: expect.stringContaining("7 USD") },
        },
      ],
    });
    expect(JSON.stringify(faq)).not.toContain("**");
    const question = "Why </script><script>alert(1)</script>?";
    const article = { question, answer: question, short: "Short", samples: ["why"] };
    await admin.call("POST", "/articles", { id: "ends-a-block", locale: "en", ...article });
    await admin.call("POST", "/articles/ends-a-block/translations/en/publish", { version: 1 });
    const names = dataOf(await textOf("/help/en/ends-a-block")).map((one) => JSON.stringify(one));
    expect(names.some((one) => one.includes(JSON.stringify(question).slice(1, -1)))).toBe(true);
  });

  test("results, forms, problems and a text in another language than the page's are kept by none", async () => {
    const paths = [
      "/help/sv?q=avgift",
      "/help/sv/nothing-there",
      "/help/sv/late-fee?helped=yes",
      "/help/sv/ends-a-block",
    ];
    for (const path of [...paths, `/resume/${"B".repeat(22)}`]) {
      const head = headOf(await textOf(path));
      expect(head, path).toContain('<meta name="robots" content="noindex">');
      expect(head, path).not.toMatch(/canonical|hreflang/);
    }
  });

  test("robots are kept from what is for people who work here, and shown the list of pages", async () => {
    const robots = await page("/robots.txt");
    expect(robots.headers.get("content-type")).toContain("text/plain");
    const lines = (await robots.text()).trim().split("\n");
    expect(lines).toContain(`Sitemap: ${desk.url}/sitemap.xml`);
    for (const path of ["/inbox", "/api/", "/v3/", "/simulator"]) expect(lines).toContain(`Disallow: ${path}`);
    expect(lines.filter((line) => /^Disallow: \/(help.*)?$/.test(line))).toEqual([]);
  });

  test("the list has every page that may be kept, each with its languages, and none twice", async () => {
    const answer = await page("/sitemap.xml");
    expect(answer.headers.get("content-type")).toContain("xml");
    const entries = [...(await answer.text()).matchAll(/<url><loc>([^<]+)<\/loc>(.*?)<\/url>/g)].map(
      ([, url = "", rest = ""]) => ({ path: url.replace(desk.url, ""), rest }),
    );
    const listed = new Map(entries.map(({ path, rest }) => [path, rest]));
    expect(listed.size).toBe(entries.length);
    const [{ count = 0 } = {}] = await desk.db.run(
      (sql) => sql<{ count: number }[]>`select count(*)::int as count from article_translations`,
    );
    expect(listed.size).toBe(count + locales.length);
    expect(alternates(listed.get("/help/de") ?? "")).toEqual({ ...everywhere(""), "x-default": "/" });
    expect(alternates(listed.get("/help/ar/late-fee") ?? "")).toEqual({
      ...everywhere("/late-fee"),
      "x-default": "/help/en/late-fee",
    });
    expect(listed.get("/help/en/ends-a-block")).toMatch(/<lastmod>\d{4}-\d\d-\d\d<\/lastmod>/);
    expect(alternates(listed.get("/help/en/ends-a-block") ?? "")).toEqual({
      en: "/help/en/ends-a-block",
      "x-default": "/help/en/ends-a-block",
    });
    for (const path of ["/help/sv/late-fee", "/help/es"]) expect(headOf(await textOf(path))).not.toContain("noindex");
  });
});

interface Session {
  readonly conversationId: string;
  readonly token: string;
}

const headOf = (html: string) => html.slice(0, html.indexOf("</head>"));

/** Every block of structured data of a page. */
const dataOf = (html: string) =>
  [...html.matchAll(/<script type="application\/ld\+json">(.*?)<\/script>/gs)].map(
    ([, json = ""]) => JSON.parse(json) as Record<string, unknown>,
  );
