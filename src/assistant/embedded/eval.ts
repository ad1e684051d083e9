import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readArticles, readIntents } from "../../help-centre/read-articles.ts";
import type { Brain } from "../understanding.ts";
import { createEmbeddedBrain } from "./brain.ts";

interface Question {
  readonly text: string;
  readonly article?: string | null;
  readonly expect?: string;
  readonly flow?: string;
}

export interface Figures {
  readonly top1: number;
  readonly top3: number;
  readonly answered: number;
  readonly answersRight: number;
  readonly clarifyRight: number;
  readonly refused: number;
  readonly wronglyAnswered: number;
  readonly flows: number;
  readonly people: number;
  readonly language: number;
}

/** How well a brain does on questions that it was not trained on. Shares from 0 to 1. */
export async function evaluate(brain: Brain, questions: readonly Question[], locale: string): Promise<Figures> {
  const results = await Promise.all(
    questions.map(async (question) => ({ question, got: await brain.understand({ text: question.text, locale }) })),
  );
  const inScope = results.filter(({ question }) => typeof question.article === "string");
  const outside = results.filter(({ question }) => question.expect === "unknown");
  const flows = results.filter(({ question }) => question.flow !== undefined);
  const people = flows.filter(({ question }) => question.flow === "live-agent");
  const answered = inScope.filter(({ got }) => got.flow === null && got.zone === "answer");
  const clarified = inScope.filter(({ got }) => got.flow === null && got.zone === "clarify");
  const top = (count: number) =>
    share(inScope, ({ question, got }) => got.articles.slice(0, count).some((one) => one.id === question.article));
  return {
    top1: top(1),
    top3: top(3),
    answered: answered.length / Math.max(1, inScope.length),
    answersRight: share(answered, ({ question, got }) => got.articles[0]?.id === question.article),
    clarifyRight: share(clarified, ({ question, got }) =>
      got.articles.slice(0, 3).some((one) => one.id === question.article),
    ),
    refused: share(outside, ({ got }) => got.flow === null && got.zone === "unknown"),
    wronglyAnswered: share(outside, ({ got }) => got.flow === null && got.zone === "answer"),
    flows: share(flows, ({ question, got }) => got.flow === question.flow),
    people: share(people, ({ got }) => got.flow === "live-agent"),
    language: share(results, ({ got }) => got.locale === locale),
  };
}

function share<T>(list: readonly T[], holds: (one: T) => boolean): number {
  return list.length === 0 ? 1 : list.filter(holds).length / list.length;
}

export async function readQuestions(folder: string, locale: string): Promise<Question[]> {
  const text = await readFile(join(folder, `${locale}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Question);
}

export const evalLocales = ["en", "sv", "de", "es"] as const;

async function main(): Promise<void> {
  const content = new URL("../../../content/", import.meta.url).pathname;
  const company = "Paylark";
  const began = performance.now();
  const brain = createEmbeddedBrain({
    articles: await readArticles(join(content, "articles"), company),
    intents: await readIntents(join(content, "intents"), company),
    company,
  });
  process.stdout.write(`trained in ${Math.round(performance.now() - began)} ms\n`);
  for (const locale of evalLocales) {
    const questions = await readQuestions(join(content, "eval"), locale);
    const figures = Object.entries(await evaluate(brain, questions, locale)).map(
      ([name, value]) => `${name} ${(value * 100).toFixed(1)} %`,
    );
    process.stdout.write(`${locale}: ${figures.join(", ")}, ${await timing(brain, questions)}\n`);
  }
}

async function timing(brain: Brain, questions: readonly Question[]): Promise<string> {
  const times: number[] = [];
  for (const { text } of questions) {
    const began = performance.now();
    await brain.understand({ text });
    times.push((performance.now() - began) * 1000);
  }
  times.sort((a, b) => a - b);
  return `p50 ${Math.round(times[Math.floor(times.length / 2)] ?? 0)} µs, p99 ${Math.round(times[Math.floor(times.length * 0.99)] ?? 0)} µs`;
}

if (process.argv[1]?.endsWith("eval.ts")) await main();
