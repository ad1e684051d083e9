import type { Db } from "../db/client.ts";

/** What the language model has cost so far: this conversation over all days, and every conversation today (UTC). */
export async function readTokenSpending(
  db: Db,
  conversationId: string,
): Promise<{ readonly conversation: number; readonly today: number }> {
  const [row] = await db.run(
    (sql) => sql<{ conversation: number; today: number }[]>`
      select
        (select coalesce(sum(tokens), 0)::float8 from token_spending where conversation_id = ${conversationId}) as conversation,
        (select coalesce(sum(tokens), 0)::float8 from token_spending where day = (now() at time zone 'utc')::date) as today`,
  );
  if (row === undefined) throw new Error("The token spending could not be read.");
  return row;
}

/** Adds to both counters, atomically. */
export async function addTokenSpending(db: Db, conversationId: string, tokens: number): Promise<void> {
  await db.run(
    (sql) => sql`
      insert into token_spending (day, conversation_id, tokens)
      values ((now() at time zone 'utc')::date, ${conversationId}, ${tokens})
      on conflict (day, conversation_id) do update set tokens = token_spending.tokens + excluded.tokens`,
  );
}
