import { createHmac } from "node:crypto";
import type { Db } from "../db/client.ts";

/** A row beside the settings that no route shows or changes. */
const row = "secret-key-mark";

/**
 * Does this process sign with the key of the others on this database? What is kept there is a mark that tells nothing of
 * the key. A key that somebody gave is the key from now on; so is that of a process which is alone.
 */
export async function signsAsOthersDo(
  db: Db,
  key: Buffer,
  processes: "one" | "many",
  keyIsOwn: boolean,
): Promise<boolean> {
  const mark = createHmac("sha256", key).update(row).digest("hex");
  if (processes === "one" || !keyIsOwn) {
    await db.run(
      (sql) => sql`insert into settings (key, value) values (${row}, ${sql.json({ mark })})
        on conflict (key) do update set value = excluded.value, updated_at = now() where settings.value <> excluded.value`,
    );
    return true;
  }
  await db.run(
    (sql) => sql`insert into settings (key, value) values (${row}, ${sql.json({ mark })}) on conflict do nothing`,
  );
  const [kept] = await db.run(
    (sql) => sql<{ mark: string }[]>`select value ->> 'mark' as mark from settings where key = ${row}`,
  );
  return kept?.mark === mark;
}
