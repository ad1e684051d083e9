import type { Article, Intents } from "../../help-centre/read-articles.ts";
import { callWish } from "../call-wish.ts";
import type { FlowName, SmallTalkIntent } from "../commands.ts";
import type { Brain, Understanding } from "../understanding.ts";
import { asksForCall } from "./call-request.ts";
import { classify, type Model, type Ranking } from "./classifier.ts";
import {
  answerFrom,
  clarifyFrom,
  confidenceOf,
  familiarFrom,
  flowFrom,
  foreignPersonFrom,
  nativeFrom,
  personFrom,
} from "./confidence.ts";
import { compileSubject, conceptLines } from "./empty-words.ts";
import { FeatureBuffer } from "./features.ts";
import { detectLanguage } from "./language.ts";
import { compileLexicon, type Lexicon, noLexicon, type Sample } from "./lexicon.ts";
import { obtainModel } from "./model-store.ts";

const bestCount = 5;
/** A text this familiar is in the language it was read as: of 5,784 questions in another one, one is taken for it. */
const plainlyFrom = 0.9;

export const flowOf: Readonly<Record<string, FlowName>> = {
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
export const outOfScope = "out-of-scope";
/** The languages without articles share one model, which knows only these. */
const elsewhere = "other";
const knownElsewhere = ["live-agent", "callback", outOfScope];

export interface BrainContent {
  readonly articles: readonly Article[];
  readonly intents: Intents;
  /** By language: lines "name: word, begin*, several words", and one of words that could be about anything. */
  readonly concepts: Readonly<Record<string, readonly string[]>>;
  readonly company: string;
}

export interface EmbeddedBrain extends Brain {
  /** Those the articles are written in at the moment. */
  readonly languages: readonly string[];
  /** Takes over changed content, training in the background; each language answers as before until it is ready. */
  learn(content: BrainContent): Promise<void>;
  /** Makes every language ready, one after the other, between other work. */
  warm(signal?: AbortSignal): Promise<void>;
}

/** The assistant that needs no key and no network: one classifier per language the articles are written in. */
export function createEmbeddedBrain(first: BrainContent, modelsFolder: string | null = null): EmbeddedBrain {
  let content = first;
  let languages = languagesOf(content);
  let articleIds = new Set(content.articles.map((article) => article.id));
  const buffer = new FeatureBuffer();
  const skills = new Map<string, Promise<Skill>>();
  const skillFor = (language: string): Promise<Skill> => {
    const skill = skills.get(language) ?? obtainSkill(content, language, modelsFolder);
    skills.set(language, skill);
    return skill;
  };
  return {
    get languages() {
      return [...languages];
    },
    async learn(next) {
      const before = content;
      const added = languagesOf(next);
      const changed = [...added].filter((language) => {
        const [old, now] = [before, next].map((one) => JSON.stringify(samplesOf(one, language)));
        return !languages.has(language) || old !== now;
      });
      for (const language of changed) {
        const skill = await obtainSkill(next, language, modelsFolder);
        skills.set(language, Promise.resolve(skill));
      }
      content = next;
      languages = added;
      articleIds = new Set(next.articles.map((article) => article.id));
    },
    async warm(signal) {
      for (const language of [...languages, elsewhere]) {
        if (signal?.aborted === true) return;
        await skillFor(language);
      }
    },
    async understand({ text, locale, conversationLocale }) {
      const spoken = conversationLocale?.slice(0, 2) ?? null;
      const read = async (language: string): Promise<Ranking> => {
        const { model, lexicon } = await skillFor(language);
        return classify(model, text, lexicon, buffer);
      };
      const asSpoken = spoken !== null && languages.has(spoken) ? await read(spoken) : null;
      // Made of what that language's samples are made of: detecting would cost as much again and say the same.
      const plainly = asSpoken !== null && asSpoken.familiarity >= plainlyFrom;
      const language =
        plainly && spoken !== null
          ? spoken
          : detectLanguage(text, { conversation: spoken, browser: locale ?? null, known: languages });
      const known = languages.has(language);
      const skill = await skillFor(known ? language : elsewhere);
      const ranking = asSpoken !== null && language === spoken ? asSpoken : await read(known ? language : elsewhere);
      const understood = callAskedFor(text, unlessVague(skill, text, understandRanking(ranking, language, articleIds)));
      const native = ranking.familiarity >= nativeFrom && ranking.ranked[0]?.label === outOfScope;
      if (!known || native || understood.flow !== null || understood.zone !== "unknown") return understood;
      // "Operatore!" may pass for English; a person is understood in any language.
      const [wanted] = (await read(elsewhere)).ranked;
      const person = wanted?.label === "live-agent" && wanted.probability >= foreignPersonFrom;
      return person ? { ...understood, zone: "answer", flow: "live-agent" } : understood;
    },
  };
}

function languagesOf({ articles }: BrainContent): Set<string> {
  return new Set(articles.flatMap((article) => Object.keys(article.translations)));
}

/** What it takes to understand one language. */
interface Skill {
  readonly model: Model;
  readonly lexicon: Lexicon;
  readonly hasSubject: (text: string) => boolean;
}

async function obtainSkill(content: BrainContent, language: string, folder: string | null): Promise<Skill> {
  const shared = language === elsewhere;
  const samples = shared ? samplesElsewhere(content) : samplesOf(content, language);
  const lines = content.concepts[language] ?? [];
  const concepts = conceptLines(lines);
  const lexicon = shared ? noLexicon : compileLexicon(samples, concepts);
  const model = await obtainModel({ language, samples, concepts }, lexicon, folder);
  return { model, lexicon, hasSubject: compileSubject(lines) };
}

/** The policy of the three zones: sure, "did you mean", unknown. */
export function understandRanking(
  { ranked, familiarity }: Ranking,
  locale: string,
  articleIds: ReadonlySet<string>,
): Understanding {
  const articles = ranked
    .filter((one) => articleIds.has(one.label))
    .slice(0, bestCount)
    .map((one) => ({ id: one.label, confidence: round(confidenceOf(one.probability, familiarity)) }));
  const best = ranked[0] ?? { label: outOfScope, probability: 0 };
  const flow = flowIn(ranked, familiarity);
  if (flow !== null) return { locale, zone: "answer", articles, flow, intent: smallTalkOf[best.label] ?? null };
  const first = best.label === outOfScope ? 0 : (articles[0]?.confidence ?? 0);
  const zone = first >= answerFrom ? "answer" : first >= clarifyFrom ? "clarify" : "unknown";
  return { locale, zone, articles, flow: null, intent: null };
}

/** Whoever names nothing is asked what they mean, however sure training is. */
function unlessVague({ hasSubject }: Skill, text: string, understood: Understanding): Understanding {
  if (understood.zone !== "answer" || hasSubject(text)) return understood;
  // "What about the other one?" takes nothing back.
  if (understood.flow === "cancel" && text.trimEnd().endsWith("?"))
    return { ...understood, zone: "unknown", flow: null };
  return understood.flow === null ? { ...understood, zone: "clarify" } : understood;
}

/** The call, or no call ever again, comes before what it is about. */
function callAskedFor(text: string, understood: Understanding): Understanding {
  if (callWish(text) === "never") return { ...understood, zone: "answer", flow: "opt-out", intent: null };
  const about = understood.flow === null || understood.flow === "account";
  return about && asksForCall(text) ? { ...understood, zone: "answer", flow: "callback", intent: null } : understood;
}

function flowIn(ranked: Ranking["ranked"], familiarity: number): FlowName | null {
  const person = ranked.find((one) => one.label === "live-agent");
  if (person !== undefined && person.probability >= personFrom && familiarity >= familiarFrom) return "live-agent";
  const best = ranked[0];
  const sure = best !== undefined && confidenceOf(best.probability, familiarity) >= flowFrom;
  return sure ? (flowOf[best.label] ?? null) : null;
}

function round(confidence: number): number {
  return Math.round(confidence * 1e4) / 1e4;
}

/** Everything a language is trained with. The company's name is left out: it says nothing about the question. */
export function samplesOf({ articles, intents, company }: BrainContent, language: string): Sample[] {
  // Learning depends on the order, and the same articles must make the same model wherever they come from.
  const inOrder = [...articles].sort((one, other) => (one.id < other.id ? -1 : 1));
  const samples = inOrder.flatMap((article) => {
    const translation = article.translations[language];
    if (translation === undefined) return [];
    // The title counts twice: it is how the help centre asks.
    return [translation.question, translation.question, ...translation.samples].map((text) => ({
      text,
      label: article.id,
    }));
  });
  const others = Object.entries(intents).flatMap(([label, byLanguage]) =>
    (byLanguage[language] ?? []).map((text) => ({ text, label })),
  );
  return [...samples, ...others].map(({ text, label }) => ({ text: text.replaceAll(company, " "), label }));
}

function samplesElsewhere({ intents }: BrainContent): Sample[] {
  return knownElsewhere.flatMap((label) =>
    Object.values(intents[label] ?? {}).flatMap((texts) => texts.map((text) => ({ text, label }))),
  );
}
