import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe } from "vitest";

/**
 * Other people's lists of attacks. They are not ours to bring: CORPORA_DIR, or a folder `shared/corpora` in one above
 * this repository, holds them where somebody put them there. Null elsewhere.
 */
export function findCorpus(name: string): string | null {
  const given = process.env.CORPORA_DIR;
  const places =
    given === undefined ? foldersAbove(import.meta.dirname).map((one) => join(one, "shared/corpora")) : [given];
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? null;
}

/** Tests over a corpus; skipped under a name that says so where it is missing, also where every program is required. */
export function describeWithCorpus(corpus: string, name: string, tests: (folder: string) => void): void {
  const folder = findCorpus(corpus);
  if (folder === null) describe.skip(`${name} [the corpus ${corpus} is not here]`, () => undefined);
  else describe(name, () => tests(folder));
}

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...foldersAbove(above)];
}
