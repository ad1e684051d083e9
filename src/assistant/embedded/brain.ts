import type { Article, Intents } from "../../help-centre/read-articles.ts";
import type { FlowName, SmallTalkIntent } from "../commands.ts";
import type { Brain, Understanding } from "../understanding.ts";
import { type Classifier, type Sample, trainClassifier } from "./classifier.ts";
import { detectLanguage } from "./language.ts";

/** Set by hand on content/eval; five-fold on the samples themselves is harsher (about 88 % of the answers right). */
const answerFrom = 0.42;
/** Below this the right article is too seldom among the three that "did you mean" shows. */
const clarifyFrom = 0.1;
const flowFrom = 0.3;
/** A person who is asked for must be understood, even at the price of a needless hand-off. */
const personFrom = 0.18;
/** Text made of word pieces that no sample holds is not about us. */
const familiarFrom = 0.35;
const bestCount = 5;

const flowOf: Readonly<Record<string, FlowName>> = {
  "live-agent": "live-agent",
  callback: "callback",
  "sign-in": "sign-in",
  account: "account",
  greeting: "small-talk",
  thanks: "small-talk",
  "bot-question": "small-talk",
  goodbye: "goodbye",
  cancel: "cancel",
  yes: "yes",
  no: "no",
  "opt-out-request": "opt-out",
  "complaint-about-assistant": "complaint",
};
const smallTalkOf: Readonly<Record<string, SmallTalkIntent>> = {
  greeting: "greeting",
  thanks: "thanks",
  "bot-question": "bot-question",
};
const outOfScope = "out-of-scope";

export interface EmbeddedBrain extends Brain {
  readonly languages: readonly string[];
  /** Trains a language now instead of at its first question; blocks for about half a second. */
  warm(language: string): void;
}

/** The assistant that needs no key and no network: one classifier per language the articles are written in. */
export function createEmbeddedBrain(content: {
  readonly articles: readonly Article[];
  readonly intents: Intents;
  readonly company: string;
}): EmbeddedBrain {
  const languages = new Set(content.articles.flatMap((article) => Object.keys(article.translations)));
  const classifiers = new Map<string, Classifier>();
  const classifierFor = (language: string): Classifier | null => {
    if (!languages.has(language)) return null;
    const trained = classifiers.get(language) ?? trainClassifier(samplesOf(content, language));
    classifiers.set(language, trained);
    return trained;
  };
  // In other languages only the flows are known: a person must be understood everywhere.
  const elsewhere = trainClassifier(flowSamples(content));
  const articleIds = new Set(content.articles.map((article) => article.id));

  return {
    warm(language) {
      classifierFor(language);
    },
    languages: [...languages],
    async understand({ text, locale, conversationLocale }) {
      const language = detectLanguage(text, {
        conversation: conversationLocale ?? null,
        browser: locale ?? null,
        known: languages,
      });
      const classifier = classifierFor(language);
      return classifier === null
        ? understandElsewhere(elsewhere, text, language)
        : understandKnown(classifier, text, language, articleIds);
    },
  };
}

function understandKnown(
  classifier: Classifier,
  text: string,
  locale: string,
  articleIds: ReadonlySet<string>,
): Understanding {
  const ranked = rank(classifier, text);
  const familiar = classifier.familiarity();
  const best = ranked[0] ?? { label: outOfScope, confidence: 0 };
  const articles = ranked
    .filter((one) => articleIds.has(one.label))
    .slice(0, bestCount)
    .map((one) => ({ id: one.label, confidence: Math.round(one.confidence * 1e4) / 1e4 }));
  const flow = flowOf[best.label];
  if (flow !== undefined && best.confidence >= (flow === "live-agent" ? personFrom : flowFrom))
    return { locale, zone: "answer", articles, flow, intent: smallTalkOf[best.label] ?? null };
  const first = articles[0]?.confidence ?? 0;
  const zone =
    best.label === outOfScope || familiar < familiarFrom
      ? "unknown"
      : first >= answerFrom
        ? "answer"
        : first >= clarifyFrom
          ? "clarify"
          : "unknown";
  return { locale, zone, articles, flow: null, intent: null };
}

function understandElsewhere(classifier: Classifier, text: string, locale: string): Understanding {
  const best = rank(classifier, text)[0];
  const sure = best !== undefined && best.confidence >= flowFrom && classifier.familiarity() >= familiarFrom;
  const flow = sure ? (flowOf[best.label] ?? null) : null;
  return {
    locale,
    zone: flow === null ? "unknown" : "answer",
    articles: [],
    flow,
    intent: null,
  };
}

function rank(classifier: Classifier, text: string): { label: string; confidence: number }[] {
  const scores = classifier.classify(text);
  const top: { label: string; confidence: number }[] = [];
  for (const [index, label] of classifier.labels.entries()) top.push({ label, confidence: scores[index] ?? 0 });
  return top.sort((a, b) => b.confidence - a.confidence).slice(0, bestCount + Object.keys(flowOf).length + 1);
}

function samplesOf(content: Parameters<typeof createEmbeddedBrain>[0], language: string): Sample[] {
  const masked = (text: string): string => text.replaceAll(content.company, " ");
  const articles = content.articles.flatMap((article) => {
    const translation = article.translations[language];
    if (translation === undefined) return [];
    // The title counts twice: it is how the help centre asks.
    return [translation.question, translation.question, ...translation.samples].map((text) => ({
      text: masked(text),
      label: article.id,
    }));
  });
  const intents = Object.entries(content.intents).flatMap(([label, byLanguage]) =>
    (byLanguage[language] ?? []).map((text) => ({ text: masked(text), label })),
  );
  return [...articles, ...intents];
}

function flowSamples(content: Parameters<typeof createEmbeddedBrain>[0]): Sample[] {
  return ["live-agent", "callback", outOfScope].flatMap((label) =>
    Object.values(content.intents[label] ?? {}).flatMap((texts) => texts.map((text) => ({ text, label }))),
  );
}
