import type postgres from "postgres";

/** What can be taken away to prove that the judge would see its absence (safety.md, 4.3). */
export const sabotages = ["unique-key", "fence", "look-up", "sweeper"] as const;
export type Sabotage = (typeof sabotages)[number];

/** Breaks what lives in the database. The look-up and the sweeper are broken in the processes (crash-points.ts). */
export async function sabotageDatabase(sql: postgres.Sql, sabotage: Sabotage | null): Promise<void> {
  if (sabotage === "unique-key") await sql`alter table provider_keys drop constraint provider_keys_pkey`;
  if (sabotage === "fence") await withoutFence(sql);
}

/** What makes a worker's write count only while it still holds the turn and knows all of it. */
const fenceConditions = [/and t\.lease_token = i\.token/, /and t\.last_seq = i\.last_seq/, /and c\.fence = i\.fence/];

async function withoutFence(sql: postgres.Sql): Promise<void> {
  const [row] = await sql<{ definition: string }[]>`
    select pg_get_functiondef('write_replies(jsonb)'::regprocedure) as definition`;
  let definition = row?.definition ?? "";
  for (const condition of fenceConditions) {
    if (!condition.test(definition)) throw new Error(`write_replies does not say ${condition} any more: mend this.`);
    definition = definition.replace(condition, "");
  }
  await sql.unsafe(definition);
}
