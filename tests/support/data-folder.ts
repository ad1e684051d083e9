import { mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the embedded brain learned, kept over all tests: a model's name tells what it was made from. */
export const modelsFolder = fileURLToPath(new URL("../../node_modules/.cache/everline/models", import.meta.url));

/** A new folder for the data of one service, which does not have to train what another test's service trained. */
export function dataFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `everline-${name}-`));
  mkdirSync(modelsFolder, { recursive: true });
  symlinkSync(modelsFolder, join(folder, "models"));
  return folder;
}
