import type { z } from "zod";
import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** One thing that operators change while the service runs. */
export interface Setting<Schema extends z.ZodType<object> = z.ZodType<object>> {
  readonly key: string;
  readonly schema: Schema;
  /** What holds until somebody changes it. */
  readonly fallback: z.output<Schema>;
}

/** The stored value, or the fallback where there is none. A stored value that an older version wrote may fall back too. */
export function readSetting<Schema extends z.ZodType<object>>(
  db: Db,
  setting: Setting<Schema>,
): Promise<z.output<Schema>> {
  return db.run((sql) => readSettingIn(sql, setting));
}

/** The same within a transaction. */
export async function readSettingIn<Schema extends z.ZodType<object>>(
  sql: Sql | TransactionSql,
  { key, schema, fallback }: Setting<Schema>,
): Promise<z.output<Schema>> {
  const [row] = await sql<{ value: unknown }[]>`select value from settings where key = ${key}`;
  const read = schema.safeParse(row?.value);
  return read.success ? read.data : fallback;
}

/** Stores a value that its schema has already passed, with who changed what (audit log); every process sees it in seconds. */
export async function writeSetting(db: Db, key: string, value: object, by: string | null): Promise<void> {
  await db.transaction(async (sql) => {
    const [before] = await sql<{ value: object }[]>`select value from settings where key = ${key} for update`;
    await sql`insert into settings (key, value, updated_by) values (${key}, ${sql.json(asJson(value))}, ${by})
      on conflict (key) do update set value = excluded.value, updated_at = now(), updated_by = excluded.updated_by`;
    await sql`insert into audit_log (agent_id, action, subject, data)
      values (${by}, 'setting-changed', ${key}, ${sql.json(asJson({ before: before?.value ?? null, after: value }))})`;
    await sql`update content_version set version = version + 1`;
  });
}
