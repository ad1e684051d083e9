import { type Concepts, compileConcepts } from "./concepts.ts";
import { compileSpelling, type Spelling } from "./spelling.ts";

/** A text, and the article or flow that it asks for. */
export interface Sample {
  readonly text: string;
  readonly label: string;
}

/** What is known of a language's words before anything is learned from them. */
export interface Lexicon {
  readonly spelling: Spelling;
  readonly concepts: Concepts;
}

/** Where several languages share a model, neither spelling nor concepts make sense. */
export const noLexicon: Lexicon = { spelling: { correct: (words) => words }, concepts: { in: () => [] } };

export function compileLexicon(samples: readonly Sample[], concepts: readonly string[]): Lexicon {
  return {
    spelling: compileSpelling(samples.map((sample) => sample.text)),
    concepts: compileConcepts(concepts),
  };
}
