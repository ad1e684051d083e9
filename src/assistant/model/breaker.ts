/** So many failures in a row, and the provider is taken to be down. */
const failuresMax = 3;
/** How long it is left alone before one turn tries again. */
const restMs = 30_000;

export interface Breaker {
  /** May this call be made? After a rest, exactly one caller hears yes until its outcome is known. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
  /** The call said nothing about the provider (it was given up from our side). */
  abandoned(): void;
}

/** Keeps customers from waiting for a provider that is down: while it rests, the embedded brain answers at once. */
export function createBreaker(deps: {
  readonly now: () => number;
  readonly onChange: (open: boolean) => void;
}): Breaker {
  let failures = 0;
  let openUntil: number | null = null;
  let trying = false;
  return {
    allows() {
      if (openUntil === null) return true;
      if (trying || deps.now() < openUntil) return false;
      trying = true;
      return true;
    },
    succeeded() {
      failures = 0;
      trying = false;
      if (openUntil === null) return;
      openUntil = null;
      deps.onChange(false);
    },
    failed() {
      failures += 1;
      const wasOpen = openUntil !== null;
      // A call from before the breaker opened says nothing new; the trial's failure begins another rest.
      if (trying || failures >= failuresMax) openUntil = deps.now() + restMs;
      trying = false;
      if (!wasOpen && openUntil !== null) deps.onChange(true);
    },
    abandoned() {
      trying = false;
    },
  };
}
