import type { Db } from "../db/client.ts";

/** As many as one look of the sweeper wakes; the rest follow two seconds later. */
const batchMax = 200;

/** Opens the snoozed conversations whose time has come, each with its event; gives their ids. Safe to run side by side. */
export async function wakeSnoozed(db: Db): Promise<string[]> {
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`
      with due as (
        select id from conversations where status = 'snoozed' and snoozed_until <= now()
        order by snoozed_until limit ${batchMax} for update skip locked),
      woken as (
        update conversations c set status = 'open', snoozed_until = null, next_seq = next_seq + 1, last_activity_at = now(),
          listed_at = now()
        from due where c.id = due.id returning c.id, c.next_seq - 1 as seq)
      insert into events (conversation_id, seq, type, actor, data)
        select id, seq, 'woken', 'system', '{"by":"time"}' from woken
      returning conversation_id as id`,
  );
  return rows.map((row) => row.id);
}
