import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbeddedPostgres } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createLog } from "../../src/lib/log.ts";

const templateName = "everline_template";
export const quiet = createLog({ level: "error" });

/** Vitest's global set-up: one PostgreSQL for the whole run, with a migrated template to copy. */
export default async function setUp(project: {
  provide(key: "databaseUrl", value: string): void;
}): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const own = given === undefined ? await startOwn() : null;
  const url = given ?? own?.url ?? "";
  const admin = postgres(url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`drop database if exists ${templateName}`);
  await admin.unsafe(`create database ${templateName}`);
  await migrate(withDatabase(url, templateName), quiet);
  await admin.end();
  project.provide("databaseUrl", url);
  return async () => {
    await own?.stop();
  };
}

async function startOwn(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join("/tmp", "everline-test-"));
  // mkdtemp makes 0700; as root, PostgreSQL runs as "nobody" and would have to keep its data elsewhere.
  chmodSync(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, log: quiet });
  await withoutDisk(server.url);
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What these databases hold is thrown away; what must survive a crash is tested on servers that wait for the disk. */
async function withoutDisk(url: string): Promise<void> {
  const admin = postgres(url, { max: 1, onnotice: () => undefined });
  await admin.unsafe("alter system set fsync = off");
  await admin.unsafe("alter system set full_page_writes = off");
  await admin.unsafe("select pg_reload_conf()");
  await admin.end();
}

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** A new database copied from the migrated template; dropped by `drop`. */
export async function freshDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const { inject } = await import("vitest");
  const server = inject("databaseUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name} template ${templateName}`);
  return {
    url: withDatabase(server, name),
    async drop() {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}
