import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const entry = fileURLToPath(new URL("entry.ts", import.meta.url));

/**
 * The whole program as one file; gives its path. Processes that are killed hundreds of times start in half the time
 * without the translation of each module, and a run is not disturbed by edits to the sources.
 */
export async function bundleService(name: string): Promise<string> {
  // Inside node_modules, so that packages are found from there; they stay as they are.
  const outfile = join(root, "node_modules/.cache/everline", `${name}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    plugins: [ownPlaces],
  });
  return outfile;
}

/** A module that looks for files beside itself still finds them. */
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
