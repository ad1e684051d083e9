import { sqlState } from "./client.ts";
import { DatabaseUnavailable } from "./errors.ts";

/** How many callers may share one statement. Measured: 64 gives 16,486 stored messages a second, more adds latency only. */
const batchMax = 64;
/**
 * One statement under way: what arrives meanwhile goes with the next. Two at a time halve the batches, which cost a tenth
 * of the throughput when measured; beyond 10,000 messages a second the disk's 4 ms would ask for two.
 */
const inFlightMax = 1;
/** Deadlock, serialization: the batch met another one, and each of its inputs alone may pass. */
const metOthers: ReadonlySet<string> = new Set(["40P01", "40001"]);
/** Beyond this many waiting callers new ones are refused at once: better a quick 503 than a long queue (R9). */
const waitingMax = 5_000;

export class TooBusy extends Error {
  override readonly name = "TooBusy";
  readonly safeMessage = "Too many messages wait to be stored; the sender should try again.";
}

interface Waiting<In, Out> {
  readonly input: In;
  readonly key: string;
  readonly resolve: (output: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets callers that wait at the same time share one statement and so one commit. A single caller is served at once.
 * Inputs with the same key are never in two statements at once and keep their order.
 * `run` gives one output per input, in the same order, or throws and has done nothing. An input that the database
 * refuses harms nobody else: then each of its batch is tried alone. A database that is away fails them all at once.
 */
export function createGroupCommit<In, Out>(options: {
  readonly keyOf: (input: In) => string;
  readonly run: (batch: readonly In[]) => Promise<readonly Out[]>;
}): (input: In) => Promise<Out> {
  let waiting: Waiting<In, Out>[] = [];
  const busyKeys = new Set<string>();
  let inFlight = 0;

  function next(): void {
    while (inFlight < inFlightMax && waiting.length > 0) {
      const batch = take();
      if (batch.length === 0) return;
      inFlight += 1;
      void carryOut(batch);
    }
  }

  /** The longest-waiting inputs whose key is not being written; later ones of a skipped key are skipped too. */
  function take(): Waiting<In, Out>[] {
    const batch: Waiting<In, Out>[] = [];
    const left: Waiting<In, Out>[] = [];
    for (const entry of waiting) {
      if (batch.length < batchMax && !busyKeys.has(entry.key)) batch.push(entry);
      else left.push(entry);
    }
    for (const entry of batch) busyKeys.add(entry.key);
    waiting = left;
    return batch;
  }

  async function carryOut(batch: readonly Waiting<In, Out>[]): Promise<void> {
    try {
      await settle(batch);
    } finally {
      for (const entry of batch) busyKeys.delete(entry.key);
      inFlight -= 1;
      next();
    }
  }

  async function settle(batch: readonly Waiting<In, Out>[]): Promise<void> {
    try {
      const outputs = await options.run(batch.map((entry) => entry.input));
      batch.forEach((entry, index) => {
        const output = outputs[index];
        if (output === undefined) entry.reject(new Error("The statement gave fewer results than it was given inputs."));
        else entry.resolve(output);
      });
    } catch (error) {
      const all = batch.length === 1 || (error instanceof DatabaseUnavailable && !metOthers.has(sqlState(error) ?? ""));
      if (all) for (const entry of batch) entry.reject(error);
      else for (const entry of batch) await settle([entry]);
    }
  }

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      if (waiting.length >= waitingMax) return reject(new TooBusy());
      waiting.push({ input, key: options.keyOf(input), resolve, reject });
      // In the next microtask round, so that what arrived in one read of the sockets goes together.
      if (inFlight < inFlightMax) setImmediate(next);
    });
}
