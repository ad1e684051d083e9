import type { HttpAnswer } from "../channel.ts";
import { phrases, type SpokenLocale } from "./phrases.ts";
import { redirect, response, say } from "./twiml.ts";

/** Between two looks at a database that is away. */
const pauseSeconds = 3;
/** With its words each look takes about eight seconds: who has waited for two minutes is told to call again. */
const looksMax = 15;

/** Our systems do not answer: the caller hears so and stays, and the same is asked again; after two minutes, goodbye. */
export function stayAndAskAgain(locale: SpokenLocale, looks: number, again: string): HttpAnswer {
  const { away, stay } = phrases[locale];
  return orCallLater(
    locale,
    looks,
    `${say(`${away} ${stay}`, locale)}<Pause length="${pauseSeconds}"/>${redirect(again)}`,
  );
}

/** As long as it makes sense to stay, `content`; then a goodbye. */
export function orCallLater(locale: SpokenLocale, looks: number, content: string): HttpAnswer {
  const spoken = looks < looksMax ? content : `${say(phrases[locale].callLater, locale)}<Hangup/>`;
  return { status: 200, contentType: "text/xml", body: response(spoken) };
}
