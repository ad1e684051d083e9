import type { FlowName, SmallTalkIntent } from "./commands.ts";

/** What a brain makes of a text: the same shape `everline understand` prints, whichever brain it was. */
export interface Understanding {
  readonly locale: string;
  readonly zone: "answer" | "clarify" | "unknown";
  /** Best five, descending. */
  readonly articles: readonly { readonly id: string; readonly confidence: number }[];
  readonly flow: FlowName | null;
  /** The kind behind `flow: "small-talk"`. */
  readonly intent?: SmallTalkIntent | null;
}

export interface Brain {
  /** Resolves at once when the language is ready; the first text of a language may wait for its training. */
  understand(input: { text: string; locale?: string; conversationLocale?: string }): Promise<Understanding>;
}

/** An article as the assistant quotes it. */
export interface QuotableArticle {
  readonly id: string;
  readonly translations: Readonly<
    Record<string, { readonly question: string; readonly answer: string; readonly short: string }>
  >;
}
