import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import type { Log } from "../lib/log.ts";
import { TooSlow, within } from "../lib/within.ts";
import { connectionCodes, sqlState } from "./client.ts";
import { DatabaseUnavailable, EngineError } from "./errors.ts";

/** A database restart takes seconds, a fail-over a minute; after that it is better to end and be seen. */
const patienceMs = 60_000;
const pauseMs = 500;
/** A fresh connection and `select 1` take milliseconds; this is for a busy machine. */
const answerMs = 3_000;
/** One line every few seconds is enough. */
const sayEveryMs = 5_000;

/** Runs a step of the start, again and again while the database is away. */
export type Patiently = <Result>(step: () => Promise<Result>) => Promise<Result>;

/**
 * For everything that a start needs of the database: one patience for all of it, progress in words in the log. A step may
 * run several times. Every other fault, as a wrong password, ends the start at once.
 */
export function createPatience(log: Log, now: () => number = Date.now): Patiently {
  const until = now() + patienceMs;
  let saidAt = Number.NEGATIVE_INFINITY;
  return async (step) => {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        const why = whyAway(error);
        if (why === null) throw error;
        const leftMs = until - now();
        if (leftMs <= 0) {
          throw new EngineError(
            `The database has not answered for ${patienceMs / 1_000} s (${why}). Start it, check DATABASE_URL, then start this again.`,
            { cause: error },
          );
        }
        if (now() - saidAt >= sayEveryMs) {
          saidAt = now();
          const reason = `The database does not answer (${why}). Trying again for ${Math.ceil(leftMs / 1_000)} s.`;
          log.warn({ component: "database", reason }, "waiting-for-database");
        }
        await pause(pauseMs);
      }
    }
  };
}

/**
 * Throws DatabaseUnavailable unless the database answers. The driver alone would try for ever where a proxy takes
 * connections for a database that is down.
 */
export async function askDatabase(url: string): Promise<void> {
  const client = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    await within(client`select 1`, answerMs);
  } catch (error) {
    throw error instanceof TooSlow ? new DatabaseUnavailable(`no answer in ${answerMs} ms`) : error;
  } finally {
    void client.end({ timeout: 0 });
  }
}

/** Why this fault is one that passes; null: it does not. */
function whyAway(error: unknown): string | null {
  if (error instanceof DatabaseUnavailable) return "it is away or starting up";
  if (error instanceof Error && codelessFaults.has(error.message)) return error.message;
  const code = sqlState(error);
  return code !== null && (connectionCodes.has(code) || code === tooManyConnections) ? code : null;
}

const tooManyConnections = "53300";
/** The queue's driver (pg) has no codes for a connection that broke or did not come about. */
const codelessFaults = new Set([
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "timeout expired",
]);
