import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrate, migrationState } from "../../src/db/migrate.ts";
import { freshDatabase, quiet } from "../support/database.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let sql: postgres.Sql;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => undefined });
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

test("a migrated database is left as it is, also by three processes at once", async () => {
  const before = await migrationState(database.url);
  const states = await Promise.all([1, 2, 3].map(() => migrate(database.url, quiet)));
  expect(before.applied).toBe(before.known);
  for (const state of states) expect(state).toEqual(before);
});

test("a migration that was edited after it had been applied stops the start and is named", async () => {
  await sql`update drizzle.__drizzle_migrations set hash = 'another'
    where created_at = (select min(created_at) from drizzle.__drizzle_migrations)`;
  await expect(migrate(database.url, quiet)).rejects.toThrow(/edited .* 0000_core/);
});

test("a database of a newer version is not touched", async () => {
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of tomorrow', 9999999999999)`;
  await expect(migrate(database.url, quiet)).rejects.toThrow(/newer version/);
});
