import type { CallingHours } from "./calling-hours.ts";
import type { DeskHours } from "./desk-hours.ts";
import type { CallbackState } from "./states.ts";

/** How often and when a customer is rung, and how long a promise holds. Times in ms. */
export interface CallbackPolicy {
  readonly attemptsMax: number;
  /** After the first attempt, the second…; outside the calling hours the next opening (channels.md 7). */
  readonly retryAfterMs: readonly number[];
  /** A call promised for ten o'clock is not placed after ten plus this. */
  readonly windowMs: number;
  /** So long after its time the customer is told that nobody is free yet. */
  readonly lateAfterMs: number;
  /** Asked for "now": allowed at any hour for so long, and given up so long after somebody can first call. */
  readonly nowForMs: number;
  readonly asapForMs: number;
  /** Heard from again between two attempts: they are at their telephone. */
  readonly heardAfterMs: number;
}

export const usualPolicy: CallbackPolicy = {
  attemptsMax: 3,
  retryAfterMs: [10 * 60_000, 60 * 60_000],
  windowMs: 30 * 60_000,
  lateAfterMs: 3 * 60_000,
  nowForMs: 30 * 60_000,
  asapForMs: 48 * 60 * 60_000,
  heardAfterMs: 60_000,
};

/** Everything that decides what happens next with a promised call. */
export interface Promised {
  readonly state: CallbackState;
  readonly askedAt: number;
  /** Null: as soon as possible. */
  readonly wantedAt: number | null;
  /** The customer chose this time, whatever the hour. */
  readonly picked: boolean;
  /** When to dial, or to dial again. */
  readonly dueAt: number;
  /** Nobody is dialled after this: the promised window. */
  readonly until: number;
  /** Not before this: the provider or the agent was not to be had. */
  readonly notBefore: number;
  /** How often dialling was begun: it names the legs, each of which is dialled once. */
  readonly round: number;
  /** How often the customer's telephone was dialled. */
  readonly attempts: number;
  /** In this round the customer's telephone was dialled. */
  readonly rung: boolean;
  /** The customer was told that it takes longer. */
  readonly toldLate: boolean;
  /** They opted out meanwhile: what is under way ends, nothing follows. */
  readonly last: boolean;
}

export type CallbackEvent =
  | { readonly type: "clock" }
  | { readonly type: "move"; readonly wantedAt: number | null; readonly picked: boolean }
  /** The customer asks for their call once more and names no time. */
  | { readonly type: "ask-again" }
  | { readonly type: "cancel" }
  | { readonly type: "opted-out" }
  /** Its time has come, and the number is never called (M5): it ends as one that nobody answers. */
  | { readonly type: "refused" }
  | { readonly type: "heard-from" }
  /** Somebody is free to talk: dial, if it may be. */
  | { readonly type: "dial" }
  | { readonly type: "rings"; readonly round: number }
  /** The customer's telephone surely did not ring in this round; not before `againAt`. */
  | { readonly type: "not-dialled"; readonly round: number; readonly againAt: number }
  | { readonly type: "answered"; readonly round: number }
  | { readonly type: "unanswered"; readonly round: number }
  | { readonly type: "hung-up"; readonly round: number }
  | { readonly type: "ended"; readonly as: "done" | "missed" };

export type Effect =
  | { readonly do: "dial"; readonly round: number }
  /** `late`: nobody is free yet; `retry`: we rang and ring again; `gave-up`, `expired`: over, with a new offer. */
  | { readonly do: "tell"; readonly what: "late" | "retry" | "gave-up" | "expired" };

export interface Stepped {
  readonly callback: Promised;
  readonly effects: readonly Effect[];
  /** False: the event came too late, twice, or out of place, and changed nothing. */
  readonly accepted: boolean;
}

export interface Surroundings {
  readonly now: number;
  /** When the customer may be called. */
  readonly hours: CallingHours;
  /** When somebody is there to call. */
  readonly desk: DeskHours;
  readonly policy: CallbackPolicy;
}

/** Two openings of the customer's day and the desk's that never meet are looked for so often. */
const looksMax = 16;

/** Nobody remembers a promise for longer. */
export const aheadMaxMs = 90 * 86_400_000;
/** Clocks differ a little, and a form is open for a while. */
export const pastMaxMs = 60_000;

/** Can a call still be promised for this time? */
export function isPromisable(at: number, now: number): boolean {
  return at >= now - pastMaxMs && at <= now + aheadMaxMs;
}

/** A new promise. */
export function promise(
  wish: { readonly wantedAt: number | null; readonly picked: boolean },
  around: Surroundings,
): Promised {
  return {
    ...timed(wish, around),
    askedAt: around.now,
    notBefore: 0,
    round: 0,
    attempts: 0,
    rung: false,
    toldLate: false,
    last: false,
  };
}

/** What an event makes of a callback. Pure: the clock is handed in, and every rule about when a telephone rings is here. */
export function step(callback: Promised, event: CallbackEvent, around: Surroundings): Stepped {
  switch (event.type) {
    case "clock":
      return onClock(callback, around);
    case "move":
      return isBeforeDialling(callback) ? onMove(callback, event, around) : unchanged(callback);
    case "ask-again":
      return isBeforeDialling(callback) ? onAskAgain(callback, around) : unchanged(callback);
    case "cancel":
      return mayCancel(callback) ? changed({ ...callback, state: "cancelled" }) : unchanged(callback);
    case "opted-out":
      return onOptOut(callback);
    case "refused":
      return isReady(callback, around)
        ? changed({ ...callback, state: "missed", last: true }, { do: "tell", what: "gave-up" })
        : unchanged(callback);
    case "heard-from":
      return onHeardFrom(callback, around);
    case "dial":
      return onDial(callback, around);
    case "rings":
      return isDialling(callback, event.round) && !callback.rung
        ? changed({ ...callback, rung: true, attempts: callback.attempts + 1 })
        : unchanged(callback);
    case "not-dialled":
      return isDialling(callback, event.round) ? changed(takenBack(callback, event.againAt)) : unchanged(callback);
    case "answered":
      return isDialling(callback, event.round) && callback.rung
        ? changed({ ...callback, state: "connected" })
        : unchanged(callback);
    case "unanswered":
      return isDialling(callback, event.round) && callback.rung ? onUnanswered(callback, around) : unchanged(callback);
    case "hung-up":
      return onHungUp(callback, event.round);
    case "ended":
      return isOpen(callback) ? changed({ ...callback, state: event.as }) : unchanged(callback);
  }
}

/** May this customer's telephone ring now? In the promised window, or in the calling hours where they are. */
export function mayRing(
  callback: Promised,
  at: number,
  { hours, policy }: Pick<Surroundings, "hours" | "policy">,
): boolean {
  const { wantedAt, picked, askedAt } = callback;
  if (at > callback.until || at < callback.dueAt) return false;
  if (hours.allows(at)) return true;
  const chosen = wantedAt === null ? askedAt : picked ? wantedAt : null;
  const lasts = wantedAt === null ? policy.nowForMs : policy.windowMs;
  return chosen !== null && at >= chosen && at <= chosen + lasts;
}

function timed(
  { wantedAt, picked }: { readonly wantedAt: number | null; readonly picked: boolean },
  around: Surroundings,
) {
  const { now, hours, policy } = around;
  if (wantedAt === null) {
    const from = isOpenAt(now, around) ? now : (nextCall(now, around) ?? now);
    return { state: "requested" as const, wantedAt, picked, dueAt: now, until: from + policy.asapForMs };
  }
  const end = wantedAt + policy.windowMs;
  const until = picked ? end : Math.min(end, Math.max(wantedAt, hours.closes(wantedAt)));
  return { state: "scheduled" as const, wantedAt, picked, dueAt: wantedAt, until };
}

function isOpenAt(at: number, { desk }: Surroundings): boolean {
  const opening = desk.opening(at);
  return opening !== null && opening.from <= at;
}

/**
 * The first instant at or after this at which the customer may be called and somebody is there to call. Of hours that never
 * meet the customer's count; null: the customer may not be called at all.
 */
function nextCall(from: number, { hours, desk }: Surroundings): number | null {
  const first = hours.opens(from);
  let at = first;
  for (let look = 0; at !== null && look < looksMax; look++) {
    const opening = desk.opening(at);
    if (opening === null) return first;
    if (opening.from <= at) return at;
    at = hours.opens(opening.from);
  }
  return first;
}

/** Whoever asks for "now" gives up no place in line, and is not rung more often for asking more often. */
function onMove(callback: Promised, wish: Pick<Promised, "wantedAt" | "picked">, around: Surroundings): Stepped {
  if (wish.wantedAt === null && mayRing(callback, around.now, around)) return changed({ ...callback });
  const attempts = wish.wantedAt === null ? callback.attempts : 0;
  return changed({ ...callback, ...timed(wish, around), askedAt: around.now, attempts, toldLate: false });
}

/** The same promise stands; one whose time passed unseen is made anew, and between two attempts they are at their telephone. */
function onAskAgain(callback: Promised, around: Surroundings): Stepped {
  if (around.now > callback.until) return onMove(callback, { wantedAt: null, picked: false }, around);
  const heard = onHeardFrom(callback, around);
  return heard.accepted ? heard : changed({ ...callback });
}

function onClock(callback: Promised, around: Surroundings): Stepped {
  const { now, policy } = around;
  if (!isBeforeDialling(callback) || now < callback.dueAt) return unchanged(callback);
  if (now > callback.until) return changed({ ...callback, state: "expired" }, { do: "tell", what: "expired" });
  if (!mayRing(callback, now, around)) return waitForOpening(callback, around);
  if (callback.state !== "due") return changed({ ...callback, state: "due" });
  if (callback.toldLate || now < callback.dueAt + policy.lateAfterMs) return unchanged(callback);
  // Nobody is on another call while nobody is at the desk.
  const opening = around.desk.opening(now);
  if (opening === null || now < opening.from + policy.lateAfterMs) return unchanged(callback);
  // The customer is told that they keep their place, so the promise holds until the calling hours end.
  const until = Math.max(callback.until, around.hours.closes(now));
  return changed({ ...callback, toldLate: true, until }, { do: "tell", what: "late" });
}

/** "As soon as possible" and a further attempt wait until somebody can call; a promised time that cannot be kept is over. */
function waitForOpening(callback: Promised, around: Surroundings): Stepped {
  const opens = callback.wantedAt === null || callback.attempts > 0 ? nextCall(around.now, around) : null;
  if (opens === null) return changed({ ...callback, state: "expired" }, { do: "tell", what: "expired" });
  return changed({ ...callback, state: "scheduled", dueAt: opens, until: windowFrom(opens, callback, around) });
}

function windowFrom(start: number, callback: Promised, { policy, hours }: Surroundings): number {
  const end = Math.min(start + policy.windowMs, Math.max(start, hours.closes(start)));
  return callback.wantedAt === null ? Math.max(callback.until, end) : end;
}

function onOptOut(callback: Promised): Stepped {
  if (isBeforeDialling(callback)) return changed({ ...callback, state: "cancelled" });
  return isOpen(callback) && !callback.last ? changed({ ...callback, last: true }) : unchanged(callback);
}

function onHeardFrom(callback: Promised, around: Surroundings): Stepped {
  const soon = around.now + around.policy.heardAfterMs;
  const waits = callback.state === "scheduled" && callback.attempts > 0 && callback.dueAt > soon;
  if (!waits || !around.hours.allows(soon)) return unchanged(callback);
  return changed({ ...callback, dueAt: soon, until: windowFrom(soon, callback, around) });
}

function onDial(callback: Promised, around: Surroundings): Stepped {
  if (!isReady(callback, around)) return unchanged(callback);
  const round = callback.round + 1;
  return changed({ ...callback, state: "dialling", round, rung: false }, { do: "dial", round });
}

function isReady(callback: Promised, around: Surroundings): boolean {
  const ready = callback.state === "due" && !callback.last && around.now >= callback.notBefore;
  return ready && mayRing(callback, around.now, around);
}

function onUnanswered(callback: Promised, around: Surroundings): Stepped {
  const { policy, now } = around;
  if (callback.last) return changed({ ...callback, state: "missed" });
  const next = now + (policy.retryAfterMs[callback.attempts - 1] ?? policy.retryAfterMs.at(-1) ?? 0);
  const dueAt = nextCall(next, around);
  if (callback.attempts >= policy.attemptsMax || dueAt === null) {
    return changed({ ...callback, state: "missed" }, { do: "tell", what: "gave-up" });
  }
  const again = { ...callback, state: "scheduled" as const, dueAt, toldLate: false };
  return changed({ ...again, until: windowFrom(dueAt, again, around) }, { do: "tell", what: "retry" });
}

function takenBack(callback: Promised, againAt: number): Promised {
  const attempts = callback.rung ? callback.attempts - 1 : callback.attempts;
  const state = callback.last ? "cancelled" : "due";
  return { ...callback, state, attempts, rung: false, notBefore: againAt };
}

/** Reports come out of order: the end of a conversation may be told before its beginning. */
function onHungUp(callback: Promised, round: number): Stepped {
  const talked = callback.state === "connected" && callback.round === round;
  return talked || (isDialling(callback, round) && callback.rung)
    ? changed({ ...callback, state: "done" })
    : unchanged(callback);
}

function isBeforeDialling({ state }: Promised): boolean {
  return state === "requested" || state === "scheduled" || state === "due";
}

/** Until their own telephone rings; that somebody is asked to take the call binds no customer. */
function mayCancel(callback: Promised): boolean {
  return isBeforeDialling(callback) || (callback.state === "dialling" && !callback.rung);
}

function isDialling(callback: Promised, round: number): boolean {
  return callback.state === "dialling" && callback.round === round;
}

function isOpen(callback: Promised): boolean {
  return isBeforeDialling(callback) || callback.state === "dialling" || callback.state === "connected";
}

function changed(callback: Promised, ...effects: readonly Effect[]): Stepped {
  return { callback, effects, accepted: true };
}

function unchanged(callback: Promised): Stepped {
  return { callback, effects: [], accepted: false };
}
