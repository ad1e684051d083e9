import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import type { Model } from "./classifier.ts";
import type { Lexicon, Sample } from "./lexicon.ts";
import { training } from "./train.ts";

/** What a model is made from: the same material and the same code make the same model. */
export interface Material {
  readonly language: string;
  readonly samples: readonly Sample[];
  readonly concepts: readonly string[];
}

/** Other work waits for training no longer than this and one step. */
const sliceMs = 5;
const code = ["text.ts", "features.ts", "concepts.ts", "spelling.ts", "lexicon.ts", "classifier.ts", "train.ts"];

/** The model of some material: from the folder when it was trained there before, else trained now and kept. */
export async function obtainModel(material: Material, lexicon: Lexicon, folder: string | null): Promise<Model> {
  if (folder === null) return inSlices(training(material.samples, lexicon));
  const name = `${material.language}-${await fingerprint(material)}.model`;
  const kept = await readModel(join(folder, name));
  if (kept !== null) return kept;
  const model = await inSlices(training(material.samples, lexicon));
  await keepModel(folder, name, material.language, model);
  return model;
}

async function fingerprint(material: Material): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(material));
  for (const file of code) hash.update(await readFile(new URL(file, import.meta.url)));
  return hash.digest("hex").slice(0, 16);
}

/** Null when there is none, or none that this version of Node can read: training makes it anew. */
async function readModel(file: string): Promise<Model | null> {
  try {
    return deserialize(await readFile(file)) as Model;
  } catch {
    return null;
  }
}

/** Written aside and renamed, so that nobody reads half a model. Without a writable folder each start trains again. */
async function keepModel(folder: string, name: string, language: string, model: Model): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const outdated = (await readdir(folder)).filter((file) => file.startsWith(`${language}-`));
    const unfinished = join(folder, `${name}.${process.pid}`);
    await writeFile(unfinished, serialize(model));
    await rename(unfinished, join(folder, name));
    await Promise.all(outdated.map((file) => rm(join(folder, file), { force: true })));
  } catch {
    return;
  }
}

async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const until = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await setImmediate();
  }
}
