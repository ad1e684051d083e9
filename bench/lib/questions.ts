import { renderSms } from "../../channels/sms/render.ts";
import { createEmbeddedBrain } from "../../src/assistant/embedded/brain.ts";
import { evalLocales, readQuestions } from "../../src/assistant/embedded/eval.ts";
import { readArticles, readIntents } from "../../src/help-centre/read-articles.ts";
import type { Question } from "./orders.ts";

const content = new URL("../../content/", import.meta.url).pathname;
export const company = "Paylark";

/**
 * Held-out questions that the embedded assistant answers with an article, with the SMS that must come back, by language.
 * Neighbours in each list have different answers, so that a reply in the wrong place is seen.
 */
export async function answeredQuestions(): Promise<Question[][]> {
  const articles = await readArticles(`${content}articles`, company);
  const brain = createEmbeddedBrain({ articles, intents: await readIntents(`${content}intents`, company), company });
  return Promise.all(
    evalLocales.map(async (locale) => {
      const asked = await readQuestions(`${content}eval`, locale);
      const questions = asked.flatMap(({ text }): Question[] => {
        // The first message of a conversation and later ones, when its language is known, must be understood alike.
        const [first, later] = [{ text }, { text, conversationLocale: locale }].map(brain.understand);
        const id = first?.articles[0]?.id;
        const sure = [first, later].every(
          (one) => one?.zone === "answer" && one.flow === null && one.locale === locale && one.articles[0]?.id === id,
        );
        const short = articles.find((article) => article.id === id)?.translations[locale]?.short;
        if (!sure || short === undefined) return [];
        const answer = asSms(short);
        return answer === null ? [] : [{ text, answer }];
      });
      return apart(questions);
    }),
  );
}

/** The text of the one SMS that carries this answer; null when it takes several. */
function asSms(text: string): string | null {
  const { items } = renderSms({
    parts: [{ t: "text", text, format: "plain" }],
    meta: null,
    to: { channel: "sms", kind: "e164", value: "+46701000000" },
    locale: null,
  });
  return items.length === 1 ? String(items[0]?.body.Body) : null;
}

/** One question of each answer after the other, round and round; the odd ones at the end are left out. */
function apart(questions: readonly Question[]): Question[] {
  const byAnswer = new Map<string, Question[]>();
  for (const one of questions) byAnswer.set(one.answer, [...(byAnswer.get(one.answer) ?? []), one]);
  const piles = [...byAnswer.values()];
  const rounds = Math.min(...piles.map((pile) => pile.length));
  return Array.from({ length: rounds }, (_, round) => piles.flatMap((pile) => pile[round] ?? [])).flat();
}
