/** Who has a conversation and in which state it is. The fence rises with every change, so that a late writer is seen (R4). */
export interface Ownership {
  readonly status: "open" | "snoozed" | "resolved";
  readonly owner: "assistant" | "queue" | "agent";
  readonly agentId: string | null;
  readonly fence: number;
  readonly snoozedUntil: Date | null;
}

export type Change =
  | { readonly kind: "claim" | "resolve" | "reopen" }
  | { readonly kind: "assign"; readonly to: string }
  | { readonly kind: "release"; readonly to: "queue" | "assistant" }
  | { readonly kind: "snooze"; readonly until: Date };

export type Decided =
  | { readonly outcome: "changed"; readonly next: Ownership }
  /** It is so already: a repeated request changes nothing and is no fault. */
  | { readonly outcome: "same" }
  /** Another agent has it. */
  | { readonly outcome: "taken" }
  /** The stated fence is old: it changed hands or state since the agent looked. */
  | { readonly outcome: "stale" }
  | { readonly outcome: "resolved" };

/**
 * What a change by an agent comes to. Pure. Taking from a colleague needs `assign`, which says so in the timeline;
 * everything else respects the colleague who has it.
 */
export function decideChange(now: Ownership, by: string, change: Change, statedFence?: number): Decided {
  if (isSo(now, by, change)) return { outcome: "same" };
  if (statedFence !== undefined && statedFence !== now.fence) return { outcome: "stale" };
  const withColleague = now.owner === "agent" && now.agentId !== by;
  if (withColleague && change.kind !== "assign") return { outcome: "taken" };
  if (now.status === "resolved" && (change.kind === "release" || change.kind === "snooze"))
    return { outcome: "resolved" };
  return { outcome: "changed", next: { ...after(now, by, change), fence: now.fence + 1 } };
}

function isSo(now: Ownership, by: string, change: Change): boolean {
  const openWith = (agentId: string) => now.status === "open" && now.agentId === agentId;
  switch (change.kind) {
    case "claim":
      return openWith(by);
    case "assign":
      return openWith(change.to);
    case "release":
      return now.status === "open" && now.owner === change.to;
    case "snooze":
      return now.status === "snoozed" && now.agentId === by && now.snoozedUntil?.getTime() === change.until.getTime();
    case "resolve":
      return now.status === "resolved";
    case "reopen":
      return now.status === "open";
  }
}

function after(now: Ownership, by: string, change: Change): Omit<Ownership, "fence"> {
  const open = { status: "open", snoozedUntil: null } as const;
  switch (change.kind) {
    case "claim":
      return { ...open, owner: "agent", agentId: by };
    case "assign":
      return { ...open, owner: "agent", agentId: change.to };
    case "release":
      return { ...open, owner: change.to, agentId: null };
    case "snooze":
      // Whoever puts it aside gets it back: a conversation always has an owner, a queue or a timer.
      return { status: "snoozed", snoozedUntil: change.until, owner: "agent", agentId: by };
    case "resolve":
      // The next message opens a new episode, and the assistant answers it afresh.
      return { status: "resolved", snoozedUntil: null, owner: "assistant", agentId: null };
    case "reopen":
      return now.owner === "queue"
        ? { ...open, owner: "queue", agentId: null }
        : { ...open, owner: "agent", agentId: by };
  }
}
