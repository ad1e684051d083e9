import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { buildProgram } from "../../src/cli/build.ts";

const root = new URL("../../", import.meta.url);
const packageSchema = z.object({ scripts: z.object({ start: z.string().startsWith("node ") }) });

/** Node's arguments by which `npm start` runs the service, freshly built. */
export async function serviceArgs(): Promise<string[]> {
  const { scripts } = packageSchema.parse(JSON.parse(readFileSync(new URL("package.json", root), "utf8")));
  await buildProgram(fileURLToPath(new URL("src/main.ts", root)), fileURLToPath(new URL("dist/main.js", root)));
  return scripts.start.split(" ").slice(1);
}
