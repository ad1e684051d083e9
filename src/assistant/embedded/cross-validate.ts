import { type BrainContent, flowOf, outOfScope, samplesOf, understandRanking } from "./brain.ts";
import { classify, type Ranking } from "./classifier.ts";
import { conceptLines } from "./empty-words.ts";
import { FeatureBuffer } from "./features.ts";
import type { Judged, Question } from "./figures.ts";
import { compileLexicon, type Sample } from "./lexicon.ts";
import { trainNow } from "./train.ts";

const folds = 5;

export interface HeldOut extends Judged {
  readonly label: string;
  readonly ranking: Ranking;
}

/** Asks each sample of a model that was trained without it, a fifth of every label at a time. */
export function crossValidate(content: BrainContent, language: string): HeldOut[] {
  const samples = distinct(samplesOf(content, language));
  const articleIds = new Set(content.articles.map((article) => article.id));
  const buffer = new FeatureBuffer();
  const foldOf = foldsOf(samples);
  return Array.from({ length: folds }, (_, fold) => {
    const learned = samples.filter((_, index) => foldOf[index] !== fold);
    const lexicon = compileLexicon(learned, conceptLines(content.concepts[language] ?? []));
    const model = trainNow(learned, lexicon);
    return samples
      .filter((_, index) => foldOf[index] === fold)
      .map(({ text, label }) => {
        const ranking = classify(model, text, lexicon, buffer);
        const got = understandRanking(ranking, language, articleIds);
        return { question: questionOf(text, label), got, label, ranking };
      });
  }).flat();
}

/** The title is in the samples twice: asking one while knowing the other would be too easy. */
function distinct(samples: readonly Sample[]): Sample[] {
  return [...new Map(samples.map((sample) => [sample.text, sample])).values()];
}

/** Each label is dealt out like cards, in steps that part neighbours, which are often each other's paraphrase. */
function foldsOf(samples: readonly Sample[]): number[] {
  const dealt = new Map<string, number>();
  return samples.map(({ label }) => {
    const count = dealt.get(label) ?? 0;
    dealt.set(label, count + 1);
    return (count * 7 + 3) % folds;
  });
}

function questionOf(text: string, label: string): Question {
  if (label === outOfScope) return { text, expect: "unknown" };
  const flow = flowOf[label];
  return flow === undefined ? { text, article: label } : { text, flow };
}
