import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import { startService } from "../../../src/service.ts";
import { findProgram } from "../../support/programs.ts";
import { runDrops } from "./run.ts";
import { runWindowDrops } from "./windows.ts";

const admin = { email: "drops@example.com", password: "correct-horse-battery" };

const identitySecret = "an-identity-secret-of-32-characters";

/**
 * `npm run drops [-- how many]`: the whole service on the embedded engines, its chat sockets cut a thousand times.
 * `npm run drops -- windows [how many]`: the same to the widget itself in Chromium.
 */
async function main(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "everline-drops-"));
  chmodSync(dataDir, 0o755);
  const config = readConfig({
    PORT: "0",
    DATA_DIR: dataDir,
    DEMO: "true",
    BURST_WAIT_MS: "0",
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    IDENTITY_SECRET: identitySecret,
  });
  const inWindows = process.argv[2] === "windows";
  const drops = Number(process.argv[inWindows ? 3 : 2] ?? 1_000);
  const service = await startService(config, createLog({ level: "error" }));
  try {
    const url = service.address ?? "";
    const call = await signIn(`${url}/api/v1`);
    if (inWindows) {
      const chromium = findProgram("chromium", "chromium-browser", "google-chrome") ?? "chromium";
      const agent = async <Answer>(...asked: Parameters<Call>) => (await call(...asked)) as Answer;
      const report = await runWindowDrops({ url, chromium, identitySecret, agent }, drops);
      process.stdout.write(`${JSON.stringify(report)}\n`);
      const { missing, twice, outOfOrder, late } = report;
      return missing + twice + outOfOrder + late > 0 ? 1 : 0;
    }
    const report = await runDrops({ url, agent: call, truth: (conversationId) => truth(call, conversationId) }, drops);
    process.stdout.write(`${JSON.stringify(report)}\n`);
    const { missing, twice, outOfOrder, equalAfterMs } = report;
    return missing + twice + outOfOrder > 0 || equalAfterMs >= 2_000 ? 1 : 0;
  } finally {
    await service.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Call = (method: "GET" | "POST", path: string, body?: object) => Promise<unknown>;

async function signIn(base: string): Promise<Call> {
  const headers = { "content-type": "application/json" };
  const session = await fetch(`${base}/session`, { method: "POST", headers, body: JSON.stringify(admin) });
  const { token } = (await session.json()) as { token: string };
  return async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : headers) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  };
}

/** The public messages of the timeline, page by page. */
async function truth(call: Call, conversationId: string): Promise<number[]> {
  const seqs: number[] = [];
  for (let after = 0; ; ) {
    const page = (await call("GET", `/conversations/${conversationId}/events?after=${after}`)) as {
      events: { seq: number; type: string; visibility: string | null }[];
    };
    const last = page.events.at(-1)?.seq;
    if (last === undefined) return seqs;
    for (const { seq, type, visibility } of page.events)
      if (type === "message" && visibility === "public") seqs.push(seq);
    after = last;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
