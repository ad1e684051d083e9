import { type Channel, can } from "../../channels/channel.ts";

/** A provider is asked at most so often, however many agents look. */
const freshForMs = 60_000;
/** Providers answer in a second; a slower one is told apart from a broken one. */
const askLimitMs = 5_000;
/** The page gets what is known by then (R9). */
const answerWithinMs = 1_200;

export interface ChannelHealth {
  readonly name: string;
  readonly account: string;
  readonly state: "ok" | "degraded" | "down" | "needs-action" | "unknown";
  /** What is wrong and what to do, in words. */
  readonly detail: string;
  /** When the provider was asked; null: not yet. */
  readonly checkedAt: Date | null;
}

export type ReadChannelHealth = () => Promise<readonly ChannelHealth[]>;

/** Says how each channel account stands, asking the providers as seldom as it may. Never waits long and never throws. */
export function watchChannelHealth(channels: readonly Channel[], now: () => number = Date.now): ReadChannelHealth {
  let known: readonly ChannelHealth[] = channels.map(notAskedYet);
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> = Promise.resolve();
  return async () => {
    if (now() - askedAt >= freshForMs) {
      askedAt = now();
      asking = Promise.all(channels.map((channel) => ask(channel, new Date(now())))).then((told) => {
        known = told;
      });
    }
    await Promise.race([asking, timeLimit(answerWithinMs)]);
    return known;
  };
}

function notAskedYet({ name, account }: Channel): ChannelHealth {
  return { name, account, state: "unknown", detail: "Being asked.", checkedAt: null };
}

async function ask(channel: Channel, checkedAt: Date): Promise<ChannelHealth> {
  const { name, account } = channel;
  if (!can(channel, "health")) return { name, account, state: "ok", detail: "Needs no provider.", checkedAt };
  try {
    const limit = timeLimit(askLimitMs).then(() => slow);
    const { state, detail } = await Promise.race([channel.health(AbortSignal.timeout(askLimitMs)), limit]);
    return { name, account, state, detail, checkedAt };
  } catch {
    return { name, account, state: "down", detail: "The provider could not be asked.", checkedAt };
  }
}

const slow = { state: "degraded", detail: `The provider did not answer in ${askLimitMs / 1_000} s.` } as const;

function timeLimit(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms).unref());
}
