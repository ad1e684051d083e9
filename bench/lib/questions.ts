import { Readable, Writable } from "node:stream";
import { renderSms } from "../../channels/sms/render.ts";
import { type Understood, understood } from "../../src/assistant/commands.ts";
import { evalLocales, readQuestions } from "../../src/assistant/embedded/eval.ts";
import { understandLines } from "../../src/cli/understand.ts";
import { readArticles } from "../../src/help-centre/read-articles.ts";
import type { Question } from "./orders.ts";

const content = new URL("../../content/", import.meta.url).pathname;
export const company = "Paylark";

/**
 * Held-out questions that the embedded assistant answers with an article, with the SMS that must come back, by language.
 * Neighbours in each list have different answers, so that a reply in the wrong place is seen.
 */
export async function answeredQuestions(modelsFolder: string | null = null): Promise<Question[][]> {
  const articles = new Map((await readArticles(`${content}articles`, company)).map((article) => [article.id, article]));
  const candidates = await Promise.all(
    evalLocales.map(async (locale) => (await readQuestions(locale)).map(({ text }) => ({ text, locale }))),
  );
  // The first message of a conversation and later ones, when its language is known, must be understood alike.
  const asFirst = await understand(
    candidates.flat().map(({ text }) => ({ text })),
    modelsFolder,
  );
  const asLater = await understand(candidates.flat(), modelsFolder);
  const understoodAs = new Map(candidates.flat().map((one, at) => [one, [asFirst[at], asLater[at]]]));

  return candidates.map((list) =>
    apart(
      list.flatMap((candidate): Question[] => {
        const [first, later] = understoodAs.get(candidate) ?? [];
        const id = articleOf(first, candidate.locale);
        if (id === null || id !== articleOf(later, candidate.locale)) return [];
        const answer = asSms(articles.get(id)?.translations[candidate.locale]?.short ?? "");
        return answer === null ? [] : [{ text: candidate.text, answer }];
      }),
    ),
  );
}

/** What `everline understand` makes of each. */
async function understand(
  lines: readonly { readonly text: string; readonly locale?: string }[],
  modelsFolder: string | null,
): Promise<Understood[]> {
  const input = Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`));
  const results: Understood[] = [];
  const output = new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      results.push(understood.parse(JSON.parse(String(line))));
      done();
    },
  });
  await understandLines(company, input, output, modelsFolder);
  return results;
}

/** The article that answers it in this language; null when anything else would come of it. */
function articleOf(one: Understood | undefined, locale: string): string | null {
  const sure = one !== undefined && one.zone === "answer" && one.flow === null && one.locale === locale;
  return sure ? (one.articles[0]?.id ?? null) : null;
}

/** The text of the one SMS that carries this answer; null when there is none or it takes several. */
function asSms(text: string): string | null {
  const { items } = renderSms({
    parts: [{ t: "text", text, format: "plain" }],
    meta: null,
    to: { channel: "sms", kind: "e164", value: "+46701000000" },
    locale: null,
  });
  return items.length === 1 ? String(items[0]?.body.body) : null;
}

/** One question of each answer after the other, round and round; the odd ones at the end are left out. */
function apart(questions: readonly Question[]): Question[] {
  const byAnswer = new Map<string, Question[]>();
  for (const one of questions) byAnswer.set(one.answer, [...(byAnswer.get(one.answer) ?? []), one]);
  const piles = [...byAnswer.values()];
  const rounds = Math.min(...piles.map((pile) => pile.length));
  return Array.from({ length: rounds }, (_, round) => piles.flatMap((pile) => pile[round] ?? [])).flat();
}
