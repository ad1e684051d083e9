import type { ReachSettings } from "../settings/reach.ts";

/** All that decides what becomes of a nudge that is due. */
export interface Standing {
  /** Everything of the burst was seen, or the customer has written since. */
  readonly isBack: boolean;
  /** What came of the push: a push service took it, or none did. */
  readonly push: "untried" | "taken" | "failed";
  /** Null: no number was left, or nothing may be sent to it. */
  readonly number: { readonly quietUntil: Date | null } | null;
}

export type Step =
  | { readonly step: "seen" }
  | { readonly step: "push" }
  | { readonly step: "message" }
  | { readonly step: "wait"; readonly until: Date }
  /** A push went out and nothing else is left to try. */
  | { readonly step: "told" }
  | { readonly step: "unreachable" };

/** What to do next for a customer who has not seen a message. Pure: the same standing gives the same step. */
export function nextStep(order: ReachSettings["order"], standing: Standing): Step {
  if (standing.isBack) return { step: "seen" };
  for (const way of ways[order]) {
    if (way === "push" && standing.push === "untried") return { step: "push" };
    if (way === "message" && standing.number !== null) return byMessage(standing.number.quietUntil);
  }
  return standing.push === "taken" ? { step: "told" } : { step: "unreachable" };
}

const ways = {
  "push-first": ["push", "message"],
  "message-first": ["message", "push"],
  "push-only": ["push"],
  "message-only": ["message"],
  off: [],
} as const satisfies Record<ReachSettings["order"], readonly ("push" | "message")[]>;

function byMessage(quietUntil: Date | null): Step {
  return quietUntil === null ? { step: "message" } : { step: "wait", until: quietUntil };
}
