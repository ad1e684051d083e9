import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import { eraseCustomer, findCustomer } from "./personal-data.ts";

/** As many as the chores erase in one go; the next go is minutes later. */
const batchMax = 200;

/** Erases with whom nothing was said for so many days (P3); null: nobody. Safe side by side in every worker. */
export async function forgetOldCustomers(db: Db, days: number | null, log: Log): Promise<void> {
  if (days === null) return;
  const old = await db.run(
    (sql) => sql<{ id: string }[]>`select c.contact_id as id from conversations c
      join contacts p on p.id = c.contact_id and p.merged_into is null
      where c.last_activity_at < now() - make_interval(days => ${days}::int)
        -- People owe this customer something.
        and (c.status = 'resolved' or c.owner = 'assistant')
        and not exists (select 1 from callbacks k where k.contact_id = c.contact_id
          and k.state in ('requested', 'scheduled', 'due', 'dialling', 'connected'))
        and not exists (select 1 from contacts m join conversations o on o.contact_id = m.id
          where m.merged_into = c.contact_id and o.last_activity_at >= now() - make_interval(days => ${days}::int))
      order by c.last_activity_at limit ${batchMax}`,
  );
  let count = 0;
  for (const { id } of old) {
    const found = await findCustomer(db, id);
    if (found.outcome === "found" && (await eraseCustomer(db, found.customer, null)).outcome === "erased") count += 1;
  }
  if (count > 0) log.info({ component: "retention", count }, "customers-erased");
}
