import { normalise } from "./text.ts";

/** The line of a language's concepts that names none: words that could be about anything ("it", "possible", "thing"). */
const anything = "anything:";

/** The lines that name concepts. */
export function conceptLines(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith(anything));
}

/**
 * Does a text name anything that it could be about? "Is it possible with the thing?" does not: training may know each of
 * its words, and has learned only by chance to which article they lead.
 */
export function compileSubject(lines: readonly string[]): (text: string) => boolean {
  const words = lines
    .filter((line) => line.startsWith(anything))
    .flatMap((line) => line.slice(anything.length).split(","));
  const empty = new Set(words.map(normalise));
  return (text) =>
    normalise(text)
      .split(" ")
      .some((word) => !empty.has(word));
}
