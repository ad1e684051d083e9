import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { readConfig } from "../../src/config.ts";
import { type Substitutes, startService } from "../../src/service.ts";
import { dataFolder } from "./data-folder.ts";
import { freshDatabase, quiet } from "./database.ts";

const triesMax = 5;
const pauseMs = 300;
const admin = { email: "ada@example.com", password: "correct-horse-battery" };

export interface Everline {
  /** The service itself, also when a proxy stands before it. */
  readonly url: string;
  readonly databaseUrl: string;
  /** Where the first administrator is made; null when it was configured, as it is by default. */
  readonly setupUrl: string | null;
  /** Straight to the truth, to compare screens with. */
  readonly sql: postgres.Sql;
  /** Signs an agent in and calls the agents' API; throws unless the answer is 2xx. */
  agent(): Promise<Agent>;
  stop(): Promise<void>;
}

export type Agent = <Answer>(method: "GET" | "POST", path: string, body?: object) => Promise<Answer>;

/** The whole service on a database of its own. `settings` are the environment's, laid over those of a test. */
export async function startEverline(
  settings: Readonly<Record<string, string>> = {},
  substitutes: Substitutes = {},
): Promise<Everline> {
  const database = await freshDatabase();
  const dataDir = dataFolder("service");
  const service = await startService(
    readConfig({
      PORT: "0",
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      DEMO: "true",
      BURST_WAIT_MS: "0",
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
      ...settings,
    }),
    quiet,
    substitutes,
  );
  // With a public address of its own the service is still reached where it listens.
  const url = service.address ?? "";
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  return {
    url,
    databaseUrl: database.url,
    setupUrl: service.setupUrl,
    sql,
    agent: () => signIn(url),
    async stop() {
      await sql.end();
      await service.stop();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function signIn(url: string): Promise<Agent> {
  const call = async (method: string, path: string, body?: object, token?: string, tries = 1): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // As a client does it: 503 says that nothing was taken and to try again (R9); the machine may be busy.
    if (response.status === 503 && tries < triesMax) {
      await sleep(pauseMs);
      return call(method, path, body, token, tries + 1);
    }
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}`);
    return response.status === 204 ? null : response.json();
  };
  const { token } = (await call("POST", "/session", admin)) as { token: string };
  return async <Answer>(method: "GET" | "POST", path: string, body?: object) =>
    (await call(method, path, body, token)) as Answer;
}
