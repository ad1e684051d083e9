import type { Db } from "../db/client.ts";

/** The cards that customers of the demo company had blocked. */
export interface BlockedCards {
  since(customer: string): Promise<Date | null>;
  /** Once for each request id. */
  block(customer: string, requestId: string): Promise<void>;
}

export function createBlockedCards(db: Db): BlockedCards {
  return {
    async since(customer) {
      const [row] = await db.run(
        (sql) => sql<{ at: Date | null }[]>`select min(at) as at from demo_blocked_cards where customer = ${customer}`,
      );
      return row?.at ?? null;
    },
    async block(customer, requestId) {
      await db.run(
        (sql) => sql`insert into demo_blocked_cards (request_id, customer) values (${requestId}, ${customer})
          on conflict do nothing`,
      );
    },
  };
}
