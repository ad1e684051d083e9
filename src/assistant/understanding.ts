import { type Command, choicesMax, type FlowName, type SmallTalkIntent } from "./commands.ts";

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

/** What an understanding asks the policy to do. */
export function commandsOf({ zone, articles, flow, intent }: Understanding): Command[] {
  if (flow === "live-agent") return [{ command: "Handoff", reason: "asked-for-person" }];
  if (flow === "small-talk") return [{ command: "SmallTalk", intent: intent ?? "greeting" }];
  if (flow === "cancel") return [{ command: "CancelFlow" }];
  if (flow !== null) return [{ command: "StartFlow", flow }];
  const ids = articles.map((one) => one.id);
  const [first] = ids;
  if (zone === "unknown" || first === undefined) return [{ command: "DontKnow" }];
  if (zone === "answer") return [{ command: "Answer", articleId: first }];
  return [{ command: "Clarify", articleIds: ids.slice(0, choicesMax) }];
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
