import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findCorpus } from "./corpora.ts";

/** Others' lists of attacks by text, line by line, where they are at hand; empty elsewhere. */
export function attackLines(): string[] {
  const fuzzdb = ["HTML5sec_Injections", "naughty-unicode", "right-to-left"].map((name) => `fuzzdb/${name}.txt`);
  const patt = ["IntrudersXSS", "RSNAKE_XSS", "XSS_Polyglots"].map((name) => `patt/xss/${name}.txt`);
  const blns = findCorpus("blns");
  const naughty = blns === null ? [] : (JSON.parse(readFileSync(join(blns, "blns.json"), "utf8")) as string[]);
  return [...[...fuzzdb, ...patt].flatMap(corpusLines), ...naughty];
}

export function corpusLines(name: string): string[] {
  const file = findCorpus(name);
  return file === null ? [] : readFileSync(file, "utf8").split("\n");
}

/** So many of a list where all would take too long: from its beginning to its end, so that every kind is among them. */
export function spread<Item>(list: readonly Item[], count: number): Item[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, at) => list[Math.floor((at * (list.length - 1)) / (count - 1))] as Item);
}
