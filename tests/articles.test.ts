import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { articlesCommand } from "../src/cli/articles.ts";
import { articleToMarkdown } from "../src/help-centre/article-text.ts";
import { parseArticle, readArticles } from "../src/help-centre/read-articles.ts";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";
import { png } from "./support/files.ts";

/** Training a language takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

let desk: Desk;
let admin: SignedIn;
let ada: SignedIn;
beforeAll(async () => {
  desk = await openDesk({ DEMO: "true" });
  admin = await desk.agent("Root", "admin");
  ada = await desk.agent("Ada");
});
afterAll(() => desk.close());

const page = async (path: string) => {
  const response = await fetch(desk.url + path, { headers: { accept: "text/html" } });
  return { status: response.status, text: await response.text() };
};
const state = async (id: string) =>
  (await admin.call("GET", "/articles")).body.articles.find((one: { id: string }) => one.id === id);
const stateIn = async (id: string, locale: string) =>
  (await state(id)).translations.find((one: { locale: string }) => one.locale === locale);
const parcel = {
  question: "Where is my parcel?",
  answer: "Look in the app → **Deliveries**.",
  short: "Look in the app under Deliveries.",
  samples: ["where is my parcel", "my parcel has vanished", "track the parcel", "parcel lost by the carrier"],
};

test("an article is a draft until it is published, and then on its page, in search and in the assistant's mouth", async () => {
  expect((await ada.call("POST", "/articles", { id: "parcel", locale: "en", ...parcel })).status).toBe(403);
  const made = await admin.call("POST", "/articles", { id: "parcel", topic: "problems", locale: "en", ...parcel });
  expect(made.status).toBe(201);
  expect((await admin.call("POST", "/articles", { id: "parcel", locale: "en", ...parcel })).status).toBe(409);
  expect((await page("/help/en/parcel")).status).toBe(404);
  expect(await stateIn("parcel", "en")).toMatchObject({ published: null, newest: 1, savedBy: "Root" });

  expect((await admin.call("POST", "/articles/parcel/translations/en/publish", { version: 1 })).status).toBe(200);
  expect((await page("/help/en/parcel")).text).toContain("<strong>Deliveries</strong>");
  expect((await page("/help/en?q=parsel+vanished")).text).toContain("/help/en/parcel");
  await expect
    .poll(async () => answerTo("my parcel has vanished, track the parcel"), { timeout: 60_000 })
    .toContain("parcel");
});

/** The articles that the assistant takes for a question on the web chat. */
async function answerTo(text: string): Promise<readonly string[]> {
  const post = async (path: string, body: object, token?: string) =>
    (
      await fetch(`${desk.url}/v3/directline${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      })
    ).json() as Promise<Record<string, string>>;
  const { token, conversationId } = await post("/tokens/generate", {});
  await post(`/conversations/${conversationId}/activities`, { type: "message", text, locale: "en" }, token);
  const read = async () => {
    const response = await fetch(`${desk.url}/v3/directline/conversations/${conversationId}/activities`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { activities } = (await response.json()) as {
      activities: {
        from: { role?: string };
        channelData?: { everline?: { sources?: string[]; choices?: string[] } };
      }[];
    };
    return activities.find(({ from }) => from.role === "bot")?.channelData?.everline;
  };
  await expect.poll(read, { timeout: 30_000 }).toBeDefined();
  const said = await read();
  return [...(said?.sources ?? []), ...(said?.choices ?? [])];
}

test("a translation is out of date when its source was published after it, until somebody checks it", async () => {
  const sv = {
    question: "Var är mitt paket?",
    answer: "Se i appen.",
    short: "Se i appen.",
    samples: ["var är paketet"],
  };
  const save = (body: object) => admin.call("PUT", "/articles/parcel/translations/sv", body);
  expect((await save({ ...sv, base: 0 })).body).toEqual({ version: 1 });
  expect((await save({ ...sv, base: 0 })).body).toMatchObject({ error: { code: "Newer" }, newest: 1 });
  await admin.call("POST", "/articles/parcel/translations/sv/publish", { version: 1 });
  expect((await stateIn("parcel", "sv")).outOfDate).toBe(false);

  const text = { ...parcel, answer: "Ask the carrier." };
  expect((await admin.call("PUT", "/articles/parcel/translations/en", { ...text, base: 1 })).body.version).toBe(2);
  expect((await stateIn("parcel", "sv")).outOfDate).toBe(false);
  expect((await page("/help/en/parcel")).text).toContain("Deliveries");
  await admin.call("POST", "/articles/parcel/translations/en/publish", { version: 2 });
  expect((await page("/help/en/parcel")).text).toContain("Ask the carrier.");
  expect((await stateIn("parcel", "sv")).outOfDate).toBe(true);
  expect((await stateIn("parcel", "en")).outOfDate).toBe(false);
  await admin.call("POST", "/articles/parcel/translations/sv/checked");
  expect((await stateIn("parcel", "sv")).outOfDate).toBe(false);
});

test("every text stays in the history, and an old one can be shown again", async () => {
  const { versions } = (await admin.call("GET", "/articles/parcel/translations/en")).body;
  expect(versions.map((one: { version: number; answer: string }) => [one.version, one.answer])).toEqual([
    [2, "Ask the carrier."],
    [1, parcel.answer],
  ]);
  await admin.call("POST", "/articles/parcel/translations/en/publish", { version: 1 });
  expect((await page("/help/en/parcel")).text).toContain("Deliveries");
});

test("what is taken away can be brought back: a translation and a whole article", async () => {
  expect((await admin.call("DELETE", "/articles/parcel/translations/sv")).status).toBe(200);
  const other = await page("/help/sv/parcel");
  expect([other.status, other.text.includes("finns inte på ditt språk än")]).toEqual([200, true]);
  await admin.call("POST", "/articles/parcel/translations/sv/publish", { version: 1 });
  expect((await page("/help/sv/parcel")).text).toContain("Var är mitt paket?");
  await admin.call("DELETE", "/articles/parcel");
  expect((await page("/help/en/parcel")).status).toBe(404);
  expect((await state("parcel")).deletedAt).not.toBeNull();
  await admin.call("POST", "/articles/parcel/restore");
  expect((await page("/help/en/parcel")).status).toBe(200);
});

test("readers' answers are counted where operators see them", async () => {
  await fetch(`${desk.url}/help/en/parcel/feedback`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "helped=yes",
  });
  expect((await state("parcel")).helped).toEqual({ yes: 1, no: 0 });
});

test("an article as Markdown is read back to the same, whatever is in it", async () => {
  const company = "{{company}}";
  const articles = await readArticles(new URL("../content/articles", import.meta.url).pathname, company);
  expect(articles.length).toBeGreaterThanOrEqual(50);
  for (const { translations } of articles)
    for (const text of Object.values(translations))
      expect(parseArticle(articleToMarkdown(text), "again.md", company)).toEqual(text);
});

test("what was exported and changed comes back by import, once; a bad file is named and changes nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "everline-articles-"));
  await articlesCommand(desk.db, ["export", folder]);
  expect(await articlesCommand(desk.db, ["import", folder])).toEqual([
    expect.stringMatching(/^Published 0, saved 0 as drafts, \d{3} were there already\.$/),
  ]);
  const file = join(folder, "parcel/en.md");
  writeFileSync(file, readFileSync(file, "utf8").replace("Deliveries**", "Parcels**"));
  writeFileSync(join(folder, "parcel/de.md"), "nothing of use");
  const lines = await articlesCommand(desk.db, ["import", folder]);
  expect(lines?.[0]).toMatch(/^Published 1, saved 0/);
  expect(lines?.[1]).toContain("parcel/de.md");
  // The command is another process: this one notices by itself.
  await expect.poll(async () => (await page("/help/en/parcel")).text, { timeout: 10_000 }).toContain("Parcels");
  rmSync(folder, { recursive: true });
});

test("importing drafts changes nothing that customers see, and a deleted article is not published unseen", async () => {
  const folder = mkdtempSync(join(tmpdir(), "everline-drafts-"));
  await articlesCommand(desk.db, ["export", folder]);
  const topicsFile = join(folder, "topics.json");
  const topics = readFileSync(topicsFile, "utf8");
  writeFileSync(topicsFile, JSON.stringify([...JSON.parse(topics)].reverse()));
  const file = join(folder, "late-fee/en.md");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^# .*$/m, "# What is late?"));
  expect(await articlesCommand(desk.db, ["import", folder, "--draft"])).toEqual([
    expect.stringMatching(/^Published 0, saved 1 as drafts/),
  ]);
  const after = mkdtempSync(join(tmpdir(), "everline-drafts-"));
  await articlesCommand(desk.db, ["export", after]);
  expect(readFileSync(join(after, "topics.json"), "utf8")).toBe(topics);

  await desk.db.run((sql) => sql`update articles set deleted_at = now() where id = 'late-fee'`);
  rmSync(topicsFile);
  const [first, second] = (await articlesCommand(desk.db, ["import", folder])) ?? [];
  expect(first).toMatch(/^Published 0, saved 0/);
  expect(second).toMatch(/^late-fee\/\w\w\.md: the article was deleted\. Take it back/);
  await desk.db.run((sql) => sql`update articles set deleted_at = null where id = 'late-fee'`);
  for (const one of [folder, after]) rmSync(one, { recursive: true });
});

test("the archive of articles is one that others can open", async () => {
  const response = await fetch(`${desk.url}/api/v1/articles-archive`, {
    headers: { authorization: `Bearer ${admin.token}` },
  });
  expect(response.headers.get("content-type")).toBe("application/zip");
  const file = join(mkdtempSync(join(tmpdir(), "everline-zip-")), "articles.zip");
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const listed = spawnSync("python3", [
    "-c",
    `import zipfile; z=zipfile.ZipFile(${JSON.stringify(file)}); print(z.testzip(), len(z.namelist()), z.read("parcel/sv.md").decode()[:20])`,
  ]);
  if (listed.error === undefined) expect(listed.stdout.toString()).toMatch(/^None \d{3} # Var är mitt paket/);
});

test("X3 a logo is what its bytes say, and is served so that it can be nothing else", async () => {
  const upload = (body: Buffer, token: string) =>
    fetch(`${desk.url}/api/v1/logo`, {
      method: "POST",
      headers: { "content-type": "image/png", authorization: `Bearer ${token}` },
      body: new Uint8Array(body),
    });
  expect((await upload(png(160, 40), ada.token)).status).toBe(403);
  expect(
    (await upload(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), admin.token)).status,
  ).toBe(400);
  const { id } = (await (await upload(png(160, 40), admin.token)).json()) as { id: string };
  const value = { company: null, colour: "#0b57d0", logo: id };
  expect((await admin.call("PUT", "/settings/brand", { value })).status).toBe(200);
  expect((await page("/help/en")).text).toContain(`<img src="/help/logo/${id}" alt="Paylark"`);
  const logo = await fetch(`${desk.url}/help/logo/${id}`);
  expect(logo.headers.get("content-type")).toBe("image/png");
  expect(logo.headers.get("content-security-policy")).toContain("sandbox");
  const settings = await (await fetch(`${desk.url}/widget/settings.json`)).json();
  expect(settings).toMatchObject({
    company: "Paylark",
    colour: "#0b57d0",
    textColour: "#ffffff",
    logo: `/help/logo/${id}`,
  });
});
