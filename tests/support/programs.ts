import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const installWithinMs = 120_000;

/** The first of these programs that the PATH holds. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs a Debian package where we may; whoever needs it looks for the program afterwards. */
export function installWithApt(name: string): void {
  if (process.getuid?.() !== 0 || findProgram("apt-get") === null) return;
  process.stdout.write(`Installing ${name} for the tests that need it.\n`);
  const options = {
    stdio: "ignore",
    timeout: installWithinMs,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  } as const;
  spawnSync("apt-get", ["update", "-qq"], options);
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", name], options);
}
