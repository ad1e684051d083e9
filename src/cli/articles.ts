import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Db } from "../db/client.ts";
import { type ContentFile, exportFiles, importFiles } from "../help-centre/article-files.ts";

/** `articles export <folder>` and `articles import <folder> [--draft]`. Returns what to say, or null when not understood. */
export async function articlesCommand(
  db: Db,
  [action, folder, ...flags]: readonly string[],
): Promise<readonly string[] | null> {
  if (folder === undefined) return null;
  if (action === "export") {
    const files = await exportFiles(db);
    for (const { path, text } of files) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    return [`Wrote ${files.length} files to ${folder}.`];
  }
  if (action !== "import") return null;
  const report = await importFiles(db, null, await readFolder(folder), { publish: !flags.includes("--draft") });
  const { published, saved, unchanged, faults } = report;
  return [`Published ${published}, saved ${saved} as drafts, ${unchanged} were there already.`, ...faults];
}

async function readFolder(folder: string): Promise<ContentFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && /(\.md|^topics\.json)$/.test(entry.name));
  return Promise.all(
    files.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: relative(folder, file).replaceAll("\\", "/"), text: await readFile(file, "utf8") };
    }),
  );
}
