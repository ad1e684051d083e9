import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { beforeAll, expect, test } from "vitest";
import { understood } from "../src/assistant/commands.ts";
import { createEmbeddedBrain, type EmbeddedBrain } from "../src/assistant/embedded/brain.ts";
import { evalLocales, evaluate, readQuestions } from "../src/assistant/embedded/eval.ts";
import { understandLines } from "../src/cli/understand.ts";
import { parseArticle, readArticles, readIntents } from "../src/help-centre/read-articles.ts";

const content = join(import.meta.dirname, "../content");
let brain: EmbeddedBrain;
beforeAll(async () => {
  const company = "Paylark";
  const articles = await readArticles(join(content, "articles"), company);
  expect(articles).toHaveLength(50);
  for (const { id, translations } of articles) {
    for (const locale of evalLocales) {
      expect(translations[locale]?.samples.length, `${id}/${locale}`).toBeGreaterThanOrEqual(12);
      expect(translations[locale]?.short.length, `${id}/${locale}`).toBeLessThanOrEqual(300);
    }
  }
  brain = createEmbeddedBrain({ articles, intents: await readIntents(join(content, "intents"), company), company });
});

// Floors a little below what was measured when they were written; a change that lowers them must say why.
test.each(evalLocales)("questions that it never saw are understood in %s", async (locale) => {
  const figures = await evaluate(brain, await readQuestions(join(content, "eval"), locale), locale);
  expect(figures.top1).toBeGreaterThan(0.91);
  expect(figures.top3).toBeGreaterThan(0.96);
  expect(figures.answersRight).toBeGreaterThan(0.95);
  expect(figures.people).toBe(1);
  expect(figures.wronglyAnswered).toBeLessThan(0.09);
});

test("a person is understood in languages without articles", async () => {
  for (const text of [
    "je voudrais parler à une personne s'il vous plaît",
    "vorrei parlare con una persona per favore",
  ]) {
    expect((await brain.understand({ text })).flow, text).toBe("live-agent");
  }
});

test("one word keeps the conversation's language", async () => {
  expect((await brain.understand({ text: "ok", conversationLocale: "sv" })).locale).toBe("sv");
  expect(
    (await brain.understand({ text: "wo finde ich meinen zahlungsplan bitte", conversationLocale: "sv" })).locale,
  ).toBe("de");
});

test("an article without its parts is refused with its file's name", () => {
  expect(() => parseArticle("# Only a title\n", "content/articles/x/en.md", "Paylark")).toThrow(
    /content\/articles\/x\/en\.md/,
  );
});

test("every line that understand writes is of the closed union, in the order of the questions", async () => {
  const texts = [
    "why was I charged a late fee",
    "a person please",
    "hello there",
    "",
    "what's the weather today",
    "cancel",
  ];
  const output = new PassThrough();
  const input = Readable.from([...texts.map((text) => `${JSON.stringify({ text, locale: "en" })}\n`), "not json\n"]);
  await understandLines("Paylark", input, output);
  output.end();
  const lines = (await readText(output)).trim().split("\n");
  const commands = lines.slice(0, -1).map((line) => understood.parse(JSON.parse(line)).commands[0]);
  expect(commands).toEqual([
    { command: "Answer", articleId: "late-fee" },
    { command: "Handoff", reason: "asked-for-person" },
    { command: "SmallTalk", intent: "greeting" },
    { command: "DontKnow" },
    { command: "DontKnow" },
    { command: "CancelFlow" },
  ]);
  expect(lines.at(-1)).toContain("error");
});
