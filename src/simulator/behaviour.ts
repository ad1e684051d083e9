import { z } from "zod";

const probability = z.number().min(0).max(1);

/** How the provider misbehaves. Probabilities per request; the same seed and order of requests give the same faults. */
export const behaviourSchema = z.object({
  /** Accepts, then never answers. */
  timeoutAfterAccepting: probability,
  /** Neither accepts nor answers. */
  hang: probability,
  /** 429 with Retry-After. */
  tooMany: probability,
  retryAfterSeconds: z.number().int().min(0).max(60),
  /** 5xx without accepting, and 5xx after accepting. */
  failBefore: probability,
  failAfter: probability,
  /** Webhooks of ours that arrive twice, and status reports that arrive in the wrong order. */
  duplicateWebhooks: probability,
  reorderStatuses: probability,
  /** Send status reports at all, and how long after each other. */
  statuses: z.boolean(),
  statusDelayMs: z.number().int().min(0).max(60_000),
  /** Messages that are taken, and then reported as not delivered: for good, or because the telephone is off (SMS). */
  undelivered: probability,
  lost: probability,
  /** What becomes of calls to numbers that nobody said anything about; the rest is answered by a person. */
  answeringMachine: probability,
  busy: probability,
  noAnswer: probability,
  callFails: probability,
  /** How long a caller hears music before the service is asked what comes next. */
  musicMs: z.number().int().min(1).max(60_000),
});

export type Behaviour = z.output<typeof behaviourSchema>;
export type Fault = "hang" | "timeout-after-accepting" | "too-many" | "fail-before" | "fail-after" | null;

export const wellBehaved: Behaviour = {
  timeoutAfterAccepting: 0,
  hang: 0,
  tooMany: 0,
  retryAfterSeconds: 1,
  failBefore: 0,
  failAfter: 0,
  duplicateWebhooks: 0,
  reorderStatuses: 0,
  statuses: true,
  statusDelayMs: 300,
  undelivered: 0,
  lost: 0,
  answeringMachine: 0,
  busy: 0,
  noAnswer: 0,
  callFails: 0,
  musicMs: 12_000,
};

/** Mulberry32: small, fast, the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** At most one fault a request: one draw, laid out over the probabilities. */
export function drawFault(behaviour: Behaviour, random: () => number): Fault {
  let draw = random();
  const faults: readonly (readonly [Fault, number])[] = [
    ["hang", behaviour.hang],
    ["timeout-after-accepting", behaviour.timeoutAfterAccepting],
    ["too-many", behaviour.tooMany],
    ["fail-before", behaviour.failBefore],
    ["fail-after", behaviour.failAfter],
  ];
  for (const [fault, chance] of faults) {
    if (draw < chance) return fault;
    draw -= chance;
  }
  return null;
}
