/**
 * node start.cjs SCRIPT: runs a bundled script (bundle.ts) with the code that V8 compiled when it first ran, which is
 * kept beside it.
 */
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { constants, Script } = require("node:vm");

const file = process.argv[2];
const kept = `${file}.code`;
const cachedData = readIfThere(kept);
const script = new Script(`(function (require, module, exports) {${readFileSync(file, "latin1")}\n})`, {
  filename: file,
  cachedData,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const main = { exports: {} };
script.runInThisContext()(createRequire(file), main, main.exports);
if (cachedData === undefined || script.cachedDataRejected) {
  // In one step: nobody reads half of it.
  writeFileSync(`${kept}.${process.pid}`, script.createCachedData());
  renameSync(`${kept}.${process.pid}`, kept);
}

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
