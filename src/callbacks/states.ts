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
