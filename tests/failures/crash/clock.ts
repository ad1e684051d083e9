import { renameSync, writeFileSync } from "node:fs";

/** The clock of promises, shared by all processes of a run: it goes as the machine's, and is moved by the harness. */
export interface SharedClock {
  readonly file: string;
  now(): number;
  move(byMs: number): void;
  /** What it showed, or may have shown just before it was moved, at an instant of the machine's clock. */
  shownAt(real: number): readonly number[];
  /** How far it rose, in ms, between two instants of the machine's clock: to set it back undoes nothing that had passed. */
  passed(from: number, to: number): number;
  /** When, on the machine's clock, it first showed this time; null: it has not yet. */
  reached(at: number): number | null;
}

/** A process may have read the clock so long before what it then did. */
const readBeforeMs = 1_500;

export function createClock(file: string, start: number): SharedClock {
  const moves: { readonly real: number; readonly offset: number }[] = [];
  let offset = 0;
  const set = (next: number): void => {
    offset = next;
    moves.push({ real: Date.now(), offset });
    // In one step: nobody reads half a number.
    writeFileSync(`${file}.next`, String(offset));
    renameSync(`${file}.next`, file);
  };
  set(start - Date.now());
  return {
    file,
    now: () => Date.now() + offset,
    move: (byMs) => set(offset + byMs),
    shownAt(real) {
      const at = moves.findLastIndex((move) => move.real <= real);
      const first = moves.findLastIndex((move) => move.real <= real - readBeforeMs);
      return moves.slice(Math.max(0, first), Math.max(0, at) + 1).map((move) => real + move.offset);
    },
    passed(from, to) {
      const at = moves.findLastIndex((move) => move.real <= from);
      const shown = [from + (moves[at]?.offset ?? 0)];
      for (const [index, move] of moves.entries()) {
        if (move.real > from && move.real <= to)
          shown.push(move.real + (moves[index - 1]?.offset ?? 0), move.real + move.offset);
      }
      shown.push(to + (moves.findLast((move) => move.real <= to)?.offset ?? 0));
      let least = Number.POSITIVE_INFINITY;
      let most = 0;
      for (const time of shown) {
        least = Math.min(least, time);
        most = Math.max(most, time - least);
      }
      return most;
    },
    reached(at) {
      const then = moves.flatMap((move, index) => {
        const real = Math.max(move.real, at - move.offset);
        return real < (moves[index + 1]?.real ?? Date.now()) ? [real] : [];
      });
      return then[0] ?? null;
    },
  };
}
