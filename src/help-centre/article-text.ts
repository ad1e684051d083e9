import { z } from "zod";
import { cleanText } from "../lib/clean-text.ts";
import type { ArticleTranslation } from "./read-articles.ts";

/** A heading of a page; longer ones are texts. */
const questionMaxChars = 200;
const answerMaxChars = 20_000;
/** Two SMS of the usual letters with room for a link. */
const shortMaxChars = 300;
/** Training takes 40 a language and article; ten times that is a mistake. */
const samplesMax = 400;
const sampleMaxChars = 300;

/** Text fit to be stored and shown: no NUL, no halves of letters. */
const text = (max: number) => z.string().max(max).transform(cleanText).pipe(z.string().trim().min(1));
const line = (max: number) => text(max).pipe(z.string().regex(/^[^\n]*$/, "must be one line"));

/** An article's text as an operator writes it. What would end a part of its Markdown file too early is refused. */
export const articleText = z.object({
  question: line(questionMaxChars),
  answer: text(answerMaxChars).refine(
    (answer) => !/^## (short|samples)$/m.test(answer),
    'must not contain the headings "## short" or "## samples"',
  ),
  short: text(shortMaxChars).refine(
    (short) => !/^## samples$/m.test(short),
    'must not contain the heading "## samples"',
  ),
  samples: z.array(line(sampleMaxChars)).max(samplesMax),
});

export const articleId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be small letters, digits and hyphens");
export const articleLocale = z.string().regex(/^[a-z]{2,3}$/, "must be a language code such as en");

/** The article as a Markdown file that `parseArticle` reads back to the same. */
export function articleToMarkdown({ question, answer, short, samples }: ArticleTranslation): string {
  return `# ${question}\n\n${answer}\n\n## short\n\n${short}\n\n## samples\n\n${samples.map((one) => `- ${one}\n`).join("")}`;
}
