import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runDoctor } from "../../src/cli/doctor.ts";
import { answerLines, openOwnBrain } from "../../src/cli/understand.ts";
import { readConfig } from "../../src/config.ts";
import { importFiles } from "../../src/help-centre/article-files.ts";
import { dataFolder } from "../support/data-folder.ts";
import { freshDatabase, quiet } from "../support/database.ts";
import { openPatientDb } from "../support/patient-db.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: ReturnType<typeof openPatientDb>;
const dataDir = dataFolder("commands");
beforeAll(async () => {
  database = await freshDatabase();
  db = openPatientDb(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A port that nobody listens on. */
const nowhere = "http://127.0.0.1:9";

async function doctor(settings: Readonly<Record<string, string>>): Promise<{ well: boolean; words: string }> {
  const lines: string[] = [];
  const config = readConfig({ PORT: "9", ...settings }, { keepKey: false });
  const well = await runDoctor(config, quiet, (line) => void lines.push(line));
  return { well, words: lines.join("\n") };
}

test("the doctor makes nothing, and says of what is not there that it is not there", async () => {
  const fresh = join(mkdtempSync(join(tmpdir(), "everline-doctor-")), "deep", "data");
  const { well, words } = await doctor({ DATA_DIR: fresh });
  expect(words).toContain("○ Database: none yet; the first start makes one in DATA_DIR.");
  expect(words).toContain("✓ Providers: none configured; the built-in simulator plays");
  expect(words).toContain("✓ Countries: calls, codes and texts with links go to US, GB, SE, DE, ES alone.");
  expect(words).toContain("○ Service: not running");
  expect(well).toBe(true);
  expect(existsSync(join(fresh, ".."))).toBe(false);
});

test("the doctor says that DATA_DIR cannot be written", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "everline-doctor-")), "a-file");
  writeFileSync(file, "");
  const { well, words } = await doctor({ DATA_DIR: join(file, "data") });
  expect(words).toMatch(/✗ Disk: The data directory .* cannot be written/);
  expect(well).toBe(false);
});

test("the doctor tries what is set, and names what would not work", async () => {
  const { well, words } = await doctor({
    ...{ DATA_DIR: dataDir, DATABASE_URL: database.url, ASSISTANT_API_KEY: "a-key" },
    ...{ ACCOUNT_MCP_URL: `${nowhere}/mcp`, IDENTITY_JWKS_URL: `${nowhere}/keys` },
  });
  expect(well).toBe(false);
  expect(words).toContain("✗ Settings: nothing is done with ASSISTANT_API_KEY");
  expect(words).toMatch(/✓ Database: DATABASE_URL answers \(PostgreSQL \d+\); (\d+) of \1 migrations are applied\./);
  expect(words).toContain("○ Providers: none configured: customers have the web chat alone.");
  expect(words).toContain("✗ Sign-in: IDENTITY_JWKS_URL answers with no keys");
  expect(words).toContain("✗ Account data: ACCOUNT_MCP_URL does not answer find_customer");
});

test("the doctor refuses edited migrations as a start does", async () => {
  const change = (hash: string) =>
    db.run(
      (sql) => sql<
        { hash: string }[]
      >`with first as (select id, hash from drizzle.__drizzle_migrations order by id limit 1)
        update drizzle.__drizzle_migrations m set hash = ${hash} from first where m.id = first.id returning first.hash`,
    );
  const [before] = await change("of another file");
  const { words } = await doctor({ DATA_DIR: dataDir, DATABASE_URL: database.url });
  await change(before?.hash ?? "");
  expect(words).toMatch(/✗ Database: Migrations were edited after they had been applied: 0000_/);
});

test("understand knows the operator's own articles, and says when there are none", async () => {
  const settings = { DATA_DIR: dataDir, DATABASE_URL: database.url };
  await expect(openOwnBrain(settings, quiet)).rejects.toThrow("no published articles yet");
  const article = `# Where do I park my bicycle?\n\nIn the yard behind the shop.\n\n## short\n\nIn the yard.\n\n## samples\n\n- where can I leave my bike\n- bicycle parking\n- is there a bike rack\n`;
  const report = await importFiles(db, null, [{ path: "bicycles/en.md", text: article }], { publish: true });
  expect(report).toEqual({ published: 1, saved: 0, unchanged: 0, faults: [] });
  const own = await openOwnBrain(settings, quiet);
  if (own === null) throw new Error("There is a database.");
  const output = new PassThrough();
  const question = JSON.stringify({ text: "where can I park my bicycle?", locale: "en" });
  await answerLines(own.brain, Readable.from([`${question}\n`]), output);
  output.end();
  expect(JSON.parse(await readText(output)).articles[0].id).toBe("bicycles");
  await own.close();
  const nothing = join(dataDir, "nothing");
  expect(await openOwnBrain({ DATA_DIR: nothing }, quiet)).toBeNull();
  expect(existsSync(nothing)).toBe(false);
});
