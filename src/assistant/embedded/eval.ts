import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readArticles, readConcepts, readIntents } from "../../help-centre/read-articles.ts";
import type { Brain } from "../understanding.ts";
import { type BrainContent, createEmbeddedBrain } from "./brain.ts";
import { choices, fitConfidence } from "./calibrate.ts";
import { crossValidate } from "./cross-validate.ts";
import { type Figures, figuresOf, type Judged, type Question } from "./figures.ts";

export const evalLocales = ["en", "sv", "de", "es", "ar"] as const;
const contentFolder = new URL("../../../content/", import.meta.url).pathname;
const company = "Paylark";

/** A change that takes a figure below its floor must say why. */
export const floors: Partial<Record<keyof Figures, number>> = { top1: 0.93, answersRight: 0.97, people: 0.98 };
export const wronglyHandledMax = 0.06;
export const foldFloors: Partial<Record<keyof Figures, number>> = { top1: 0.82, answersRight: 0.94 };
/** Arabic has 15 samples for an article where the others have 40, so a fifth less of them is felt more. */
const foldFloorsFew: Partial<Record<keyof Figures, number>> = { top1: 0.68, answersRight: 0.86 };

const question = z.object({
  text: z.string(),
  article: z.string().nullable().optional(),
  expect: z.literal("unknown").optional(),
  flow: z.string().optional(),
  locale: z.string().optional(),
});

export async function readContent(): Promise<BrainContent> {
  return {
    articles: await readArticles(join(contentFolder, "articles"), company),
    intents: await readIntents(join(contentFolder, "intents"), company),
    concepts: await readConcepts(join(contentFolder, "concepts")),
    company,
  };
}

/** Questions that no model was trained on: content/eval/<name>.jsonl. */
export async function readQuestions(name: string): Promise<Question[]> {
  const text = await readFile(join(contentFolder, "eval", `${name}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => question.parse(JSON.parse(line)) as Question);
}

/** How well a brain does on questions it never saw. The locale is what a browser would tell; null tells nothing. */
export async function evaluate(brain: Brain, questions: readonly Question[], locale: string | null): Promise<Figures> {
  const hint = locale === null ? {} : { locale };
  const judged: Judged[] = [];
  for (const one of questions) judged.push({ question: one, got: await brain.understand({ text: one.text, ...hint }) });
  return figuresOf(judged, locale);
}

export function belowFloor(figures: Figures, floor: Partial<Record<keyof Figures, number>>): string[] {
  const low = Object.entries(floor).filter(([name, least]) => figures[name as keyof Figures] < least);
  return low.map(([name, least]) => `${name} is below ${percent(least)}`);
}

async function main(flags: readonly string[]): Promise<void> {
  const content = await readContent();
  if (flags.includes("--calibrate")) return printCalibration(content);
  const brain = createEmbeddedBrain(content);
  if (flags.includes("--speed")) return printSpeed(brain);
  const faults: string[] = [];
  for (const locale of evalLocales) {
    const figures = await evaluate(brain, await readQuestions(locale), locale);
    const folds = figuresOf(crossValidate(content, locale), locale);
    print(locale, figures);
    print(`${locale} five-fold`, folds);
    faults.push(...belowFloor(figures, floors).map((fault) => `${locale}: ${fault}`));
    if (figures.wronglyHandled > wronglyHandledMax) faults.push(`${locale}: wronglyHandled is too high`);
    faults.push(
      ...belowFloor(folds, locale === "ar" ? foldFloorsFew : foldFloors).map(
        (fault) => `${locale} five-fold: ${fault}`,
      ),
    );
  }
  const elsewhere = await evaluate(brain, await readQuestions("people"), null);
  print("elsewhere", elsewhere);
  faults.push(...belowFloor(elsewhere, { people: 0.98 }).map((fault) => `elsewhere: ${fault}`));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function print(name: string, figures: Figures): void {
  const shares = Object.entries(figures).map(([figure, value]) => `${figure} ${percent(value)}`);
  process.stdout.write(`${name}: ${shares.join(", ")}\n`);
}

/** For confidence.ts, whenever the features, the training or much of the content changed. */
function printCalibration(content: BrainContent): void {
  const heldOut = evalLocales.flatMap((locale) => crossValidate(content, locale));
  const [constant, likelihood, familiarity] = fitConfidence(heldOut);
  process.stdout.write(`weights: ${JSON.stringify({ constant, likelihood, familiarity })}\n`);
  for (const { from, answered, answersRight, wronglyAnswered } of choices(heldOut)) {
    process.stdout.write(
      `answer from ${from}: answered ${percent(answered)}, right ${percent(answersRight)}, out of scope answered ${percent(wronglyAnswered)}\n`,
    );
  }
}

async function printSpeed(brain: ReturnType<typeof createEmbeddedBrain>): Promise<void> {
  const began = performance.now();
  await brain.warm();
  process.stdout.write(`all languages trained in ${Math.round(performance.now() - began)} ms\n`);
  for (const locale of evalLocales) {
    const questions = await readQuestions(locale);
    await timesOf(brain, questions);
    const times = await timesOf(brain, questions);
    process.stdout.write(`${locale}: p50 ${at(times, 0.5)} µs, p99 ${at(times, 0.99)} µs\n`);
  }
  globalThis.gc?.();
  process.stdout.write(`resident ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB, the eval itself included\n`);
}

async function timesOf(brain: Brain, questions: readonly Question[]): Promise<number[]> {
  const times: number[] = [];
  for (const { text } of questions) {
    const began = performance.now();
    await brain.understand({ text });
    times.push((performance.now() - began) * 1000);
  }
  return times.sort((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

if (process.argv[1]?.endsWith("eval.ts")) await main(process.argv.slice(2));
