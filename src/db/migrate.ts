import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as drizzleMigrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import type { Log } from "../lib/log.ts";
import type { Db } from "./client.ts";
import { EngineError } from "./errors.ts";

/** Any number that nothing else in the database locks. */
const lockKey = 7_316_552;
export const engineMin = 18;
const migrationsFolder = join(dirname(fileURLToPath(import.meta.url)), "../../migrations");

export interface MigrationState {
  readonly applied: number;
  readonly known: number;
  /** The database holds migrations that this version does not know. */
  readonly newer: boolean;
  /** Applied migrations whose file is another now, by name. */
  readonly edited: readonly string[];
  /** PostgreSQL's own version: 18. */
  readonly engine: number;
}

export const editedWords = (edited: readonly string[]): string =>
  `Migrations were edited after they had been applied: ${edited.join(", ")}. Restore those files; a change is a new migration.`;
export const oldEngineWords = (engine: number): string =>
  `The database is a PostgreSQL ${engine}, and this needs ${engineMin} or newer. Set DATABASE_URL to one.`;

/** Brings the database to this version, under a lock, so that many processes may start at once. Safe to repeat. */
export async function migrate(url: string, log: Log): Promise<MigrationState> {
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    await client`select pg_advisory_lock(${lockKey})`;
    const before = await readState(client);
    if (before.newer) {
      throw new EngineError(
        "The database was migrated by a newer version of Everline. Start that version, or restore the backup made before it.",
      );
    }
    if (before.edited.length > 0) {
      throw new EngineError(editedWords(before.edited));
    }
    if (before.applied < before.known) {
      await drizzleMigrate(drizzle(client), { migrationsFolder }).catch((error) => {
        throw before.engine < engineMin ? new EngineError(oldEngineWords(before.engine), { cause: error }) : error;
      });
      log.info({ component: "database", count: before.known - before.applied }, "migrated");
    }
    return await readState(client);
  } finally {
    // The session lock goes with its connection.
    await client.end({ timeout: 2 });
  }
}

/** Where the database stands, without changing it. */
export async function migrationState(url: string): Promise<MigrationState> {
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 2 });
  try {
    return await readState(client);
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** Throws where the database is behind this version, or was brought further by a newer one. */
export async function checkMigrations(db: Db): Promise<void> {
  const { applied, known, newer } = await db.run(readState);
  if (newer || applied < known) throw new EngineError("The database does not stand where this version left it.");
}

async function readState(client: postgres.Sql): Promise<MigrationState> {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, "meta/_journal.json"), "utf8")) as {
    entries: { when: number; tag: string }[];
  };
  const tags = new Map(journal.entries.map((entry) => [entry.when, entry.tag]));
  const [database] = await client<{ migrations: string | null; engine: number }[]>`
    select to_regclass('drizzle.__drizzle_migrations') as migrations,
      current_setting('server_version_num')::int / 10000 as engine`;
  const engine = database?.engine ?? 0;
  if (database?.migrations == null) return { applied: 0, known: tags.size, newer: false, edited: [], engine };
  const rows = await client<{ created_at: string; hash: string }[]>`
    select created_at, hash from drizzle.__drizzle_migrations order by created_at`;
  const edited = rows.flatMap(({ created_at, hash }) => {
    const tag = tags.get(Number(created_at));
    return tag === undefined || hashOf(tag) === hash ? [] : [tag];
  });
  return {
    applied: rows.length,
    known: tags.size,
    newer: rows.some((row) => !tags.has(Number(row.created_at))),
    edited,
    engine,
  };
}

/** As drizzle writes it beside a migration that it applied. */
function hashOf(tag: string): string {
  return createHash("sha256")
    .update(readFileSync(join(migrationsFolder, `${tag}.sql`), "utf8"))
    .digest("hex");
}
