/** What a brain makes of a text: the same shape `everline understand` prints, whichever brain it was. */
export interface Understanding {
  readonly locale: string;
  readonly zone: "answer" | "clarify" | "unknown";
  /** Best five, descending. */
  readonly articles: readonly { readonly id: string; readonly confidence: number }[];
  readonly flow: string | null;
  /** The small-talk kind behind `flow: "small-talk"`: greeting, thanks, bot-question. */
  readonly intent?: string | null;
}

export interface Brain {
  understand(input: { text: string; locale?: string; conversationLocale?: string }): Understanding;
}

/** An article as the assistant quotes it. */
export interface QuotableArticle {
  readonly id: string;
  readonly translations: Readonly<
    Record<string, { readonly question: string; readonly answer: string; readonly short: string }>
  >;
}
