import type { HeldTurn } from "./turn.ts";

/** So many turns under way in one process; beyond, the bell shares the work out. */
const inHandMax = 256;

/** The way from a stored message to its answer inside one process: no bell, no queue, no second look at the database. */
export interface AtOnce {
  /** For how long a turn may be held by us from its first moment; null: not here, ring the bell. */
  leaseMs(): number | null;
  /** Answers a turn that was opened under our lease; whatever becomes of it, the lease and the sweeper make up for it. */
  answer(turn: HeldTurn): void;
}

/** The worker's side of it. */
export interface OpenAtOnce extends AtOnce {
  open(leaseMs: number, answerHeld: (turn: HeldTurn) => Promise<void>): void;
  /** Takes no more; resolves when nothing is in hand. */
  close(): Promise<void>;
}

/** Closed until a worker in this process opens it. */
export function createAtOnce(): OpenAtOnce {
  let worker: { readonly leaseMs: number; readonly answerHeld: (turn: HeldTurn) => Promise<void> } | null = null;
  const underWay = new Set<Promise<void>>();
  let waiting: HeldTurn[] = [];

  function begin(): void {
    const turns = waiting;
    waiting = [];
    for (const turn of turns) {
      const answered = (worker?.answerHeld(turn) ?? Promise.resolve()).finally(() => underWay.delete(answered));
      underWay.add(answered);
    }
  }

  return {
    leaseMs: () => (worker !== null && underWay.size + waiting.length < inHandMax ? worker.leaseMs : null),
    answer(turn) {
      // After the acknowledgements of all messages that were stored together.
      if (waiting.length === 0) setImmediate(begin);
      waiting.push(turn);
    },
    open(leaseMs, answerHeld) {
      worker = { leaseMs, answerHeld };
    },
    async close() {
      begin();
      worker = null;
      await Promise.all(underWay);
    },
  };
}
