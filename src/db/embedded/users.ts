import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Place, unwritable } from "./place.ts";

/** Longer than any start takes: a lock that is older was left behind by a process whose id is in use again. */
const lockedMsMax = 60_000;

/** Two processes that start at once on one directory: the second waits, then adopts what the first started. */
export async function lockStart(place: Place): Promise<() => void> {
  const file = join(dirname(place.data), "starting.lock");
  for (const until = Date.now() + lockedMsMax; ; await sleep(50)) {
    try {
      writeFileSync(file, self(), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST"))
        throw unwritable(dirname(place.data), error);
      if (!lives(readIfThere(file)) || Date.now() > until) rmSync(file, { force: true });
    }
  }
}

/** Who uses the server, a line each. The name is that of versions which knew one user alone. */
function usersFile(place: Place): string {
  return join(dirname(place.data), "owner");
}

/** The lines of the processes that use the server and live. */
export function livingUsers(place: Place): string[] {
  return readIfThere(usersFile(place)).split("\n").filter(lives);
}

/** Nobody left: the file goes. */
export function writeUsers(place: Place, users: readonly string[]): void {
  if (users.length === 0) rmSync(usersFile(place), { force: true });
  else writeFileSync(usersFile(place), users.join("\n"));
}

/** The line of this process. */
export function self(): string {
  return identity(process.pid) ?? "";
}

/** The text of a file; none where there is no file. */
export function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Process id and start time: ids are given out again, in containers at once. */
export function identity(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return null;
  }
  const stat = readIfThere(`/proc/${pid}/stat`);
  return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
}

function lives(written: string): boolean {
  const pid = Number.parseInt(written, 10);
  return Number.isInteger(pid) && pid > 0 && identity(pid) === written;
}
