export type CallbackState =
  | "requested"
  | "scheduled"
  | "due"
  | "dialling"
  | "connected"
  | "done"
  | "missed"
  | "cancelled"
  | "expired";

/** A customer has at most one callback in these. */
export const openStates = ["requested", "scheduled", "due", "dialling", "connected"] as const satisfies CallbackState[];
/** Until `dialling` is committed it can still be moved, and cancelling wins (safety.md, "Callbacks"). */
const beforeDialling: readonly CallbackState[] = ["requested", "scheduled", "due"];
const beforeEnd: readonly CallbackState[] = openStates;

export type CallbackChange = "move" | "cancel" | "done" | "missed";

/** The state after a change by an agent; null when the callback is past it. Pure. */
export function nextCallbackState(now: CallbackState, change: CallbackChange): CallbackState | null {
  switch (change) {
    case "move":
      return beforeDialling.includes(now) ? "scheduled" : null;
    case "cancel":
      return beforeDialling.includes(now) ? "cancelled" : null;
    case "done":
    case "missed":
      return beforeEnd.includes(now) ? change : null;
  }
}
