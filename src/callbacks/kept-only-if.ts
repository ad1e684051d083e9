import type { Db, TransactionSql } from "../db/client.ts";

/** Does work in a transaction of its own, and takes all of it back when its outcome is not to be kept. */
export async function keptOnlyIf<Outcome>(
  db: Db,
  work: (sql: TransactionSql) => Promise<Outcome>,
  keeps: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  try {
    return await db.transaction(async (sql) => {
      const outcome = await work(sql);
      if (!keeps(outcome)) throw new TakenBack(outcome);
      return outcome;
    });
  } catch (error) {
    if (error instanceof TakenBack) return error.outcome as Outcome;
    throw error;
  }
}

class TakenBack extends Error {
  override readonly name = "TakenBack";
  readonly outcome: unknown;
  constructor(outcome: unknown) {
    super("This was tried, and is not kept.");
    this.outcome = outcome;
  }
}
