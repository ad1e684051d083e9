import type en from "../words/en.json";

export type WordKey = Exclude<keyof typeof en, "later"> | keyof (typeof en)["later"];

/** What the page came with: the words of one language, so that opening the chat fetches no other. */
interface Config {
  readonly locale: string;
  readonly company: string;
  readonly colour: string;
  /** Those under "later" come with the rest of the app, as the names of the languages do. */
  readonly words: Record<WordKey, string>;
  languages?: Readonly<Record<string, string>>;
  /** Where those are. */
  readonly later: string;
}

export const config = JSON.parse(document.querySelector("#config")?.textContent ?? "{}") as Config;

/** A label in the customer's language, with its blanks filled. */
export function say(key: WordKey, blanks: Readonly<Record<string, string | number>> = {}): string {
  return config.words[key].replace(/\{(\w+)\}/g, (_, name: string) => `${blanks[name] ?? config.company}`);
}
