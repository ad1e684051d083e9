import { setTimeout as sleep } from "node:timers/promises";

/** One statement answers so many: more makes the statement slow for its first caller. */
const batchMax = 500;
/**
 * Where one asks while another is answered, more are on their way. A statement for each costs this process and
 * PostgreSQL a third of a millisecond; in a crowd of a thousand a second this makes it one for ten.
 */
const crowdMs = 10;

/**
 * Lets callers who ask at the same time share one read: ten thousand clients that come back at once need some
 * hundred statements, not ten thousand. A single caller is served at once; the same question is asked once. `run` may
 * leave out keys that are not there.
 */
export function createSharedReads<Value>(
  run: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | undefined> {
  let waiting = new Map<string, Question<Value>>();
  let underWay = false;

  async function answer(): Promise<void> {
    underWay = true;
    while (waiting.size > 0) {
      const batch = [...waiting.entries()].slice(0, batchMax);
      // What is asked from here on may have changed since, and is read anew.
      for (const [key] of batch) waiting.delete(key);
      try {
        const values = await run(batch.map(([key]) => key));
        for (const [key, { resolve }] of batch) resolve(values.get(key));
      } catch (error) {
        for (const [, { reject }] of batch) reject(error);
      }
      if (waiting.size > 0 && waiting.size < batchMax) await sleep(crowdMs);
    }
    underWay = false;
  }

  return (key) => {
    const asked = waiting.get(key);
    if (asked !== undefined) return asked.promise;
    const question = newQuestion<Value>();
    if (waiting.size === 0 && !underWay) setImmediate(() => void answer());
    waiting = waiting.set(key, question);
    return question.promise;
  };
}

interface Question<Value> {
  readonly promise: Promise<Value | undefined>;
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
}

function newQuestion<Value>(): Question<Value> {
  let settle: Pick<Question<Value>, "resolve" | "reject"> | undefined;
  const promise = new Promise<Value | undefined>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) };
}
