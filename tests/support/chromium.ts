import { spawnSync } from "node:child_process";
import { findProgram } from "./programs.ts";

const answersWithinMs = 15_000;

/** Where browsers are; null for one that is not here. */
export interface Browsers {
  /** The headless shell inside an npm package: it takes half the processor time, and shows no notifications. */
  readonly shell: string | null;
  readonly whole: string | null;
}

/** Vitest's global set-up: looks for the browsers once for the whole run, and alone unpacks the one from npm. */
export default async function setUp(project: { provide(key: "browsers", value: Browsers): void }): Promise<void> {
  project.provide("browsers", {
    shell: await fromNpm(),
    whole: findProgram("chromium", "chromium-browser", "google-chrome"),
  });
}

/** Null where it does not run. */
async function fromNpm(): Promise<string | null> {
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    const path = await packed.executablePath();
    return spawnSync(path, ["--version", "--no-sandbox"], { timeout: answersWithinMs }).status === 0 ? path : null;
  } catch {
    return null;
  }
}

declare module "vitest" {
  interface ProvidedContext {
    browsers: Browsers;
  }
}
