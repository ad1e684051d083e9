/** C1: how sure we are who writes. Each level holds all that the ones before it hold. */
export const levels = ["anonymous", "claimed", "verified", "stepped-up"] as const;
export type Level = (typeof levels)[number];

/** C1: a proof is good for so long, on the channel where it was given. */
export const proofHoldsMs = 15 * 60_000;

export interface Proof {
  /** An address that says nothing about a person (a browser, a withheld number) is anonymous without a proof. */
  readonly addressKind: string;
  /** When the person last proved on this channel that they are this account's customer; null: never. */
  readonly provedAt: Date | null;
  /** Since when that proof is over before its time (a new call began on the same number); null: it is not. */
  readonly endedAt: Date | null;
  /** The one action that a further proof was given for, and when. */
  readonly steppedUp: { readonly action: string; readonly at: Date } | null;
}

const tellsNothing = new Set(["web-visitor", "opaque"]);

/** The level of a channel's address for one action at this moment (C1). Pure; a proof from the future is none. */
export function levelOf(
  { addressKind, provedAt, endedAt, steppedUp }: Proof,
  action: string | null,
  now: number,
): Level {
  const claimed = tellsNothing.has(addressKind) ? "anonymous" : "claimed";
  if (!holds(provedAt, now) || (endedAt !== null && provedAt !== null && endedAt >= provedAt)) return claimed;
  const further = steppedUp !== null && steppedUp.action === action && holds(steppedUp.at, now);
  return further ? "stepped-up" : "verified";
}

/** Does a level reach the one that is asked for? */
export function reaches(level: Level, asked: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(asked);
}

function holds(at: Date | null, now: number): boolean {
  return at !== null && at.getTime() <= now && now - at.getTime() < proofHoldsMs;
}
