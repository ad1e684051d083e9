import { setTimeout as sleep } from "node:timers/promises";
import { createAgent, openSession } from "../../src/agents/sessions.ts";
import { readConfig } from "../../src/config.ts";
import type { Db } from "../../src/db/client.ts";
import { createAccept } from "../../src/intake/accept.ts";
import { type Service, startService } from "../../src/service.ts";
import { dataFolder } from "./data-folder.ts";
import { freshDatabase, quiet } from "./database.ts";
import { openPatientDb } from "./patient-db.ts";

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of an answer.
  readonly body: any;
}

export interface Desk {
  readonly url: string;
  readonly db: Db;
  readonly service: Service;
  /** An agent who is signed in. */
  agent(name: string, role?: "agent" | "admin"): Promise<SignedIn>;
  /** A message of a customer, stored as the webhook would; `owner` sets who has the conversation afterwards. */
  says(from: string, text: string, owner?: "queue"): Promise<{ conversationId: string; seq: number }>;
  close(): Promise<void>;
}

export interface SignedIn {
  readonly id: string;
  readonly token: string;
  call(method: string, path: string, body?: object): Promise<Answer>;
}

/** The whole service with its worker, and agents at it. */
export async function openDesk(environment: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const database = await freshDatabase();
  const config = readConfig({
    PORT: "0",
    DATA_DIR: dataFolder("desk"),
    DATABASE_URL: database.url,
    DEMO: "false",
    BURST_WAIT_MS: "0",
    ADMIN_EMAIL: "first@example.com",
    ADMIN_PASSWORD: "correct-horse-battery",
    CALL_COUNTRIES: "US,GB,SE,DE,ES",
    ...environment,
  });
  // The simulator's telephones, also without the demo company, which takes long to load.
  const simulator = config.twilio === null && config.whatsappCloud === null;
  const service = await startService({ ...config, simulator }, quiet);
  // With a public address of its own the service is still reached where it listens.
  const url = service.address ?? "";
  const db = openPatientDb(database.url);
  const accept = createAccept({
    db,
    bell: { ring: () => undefined, ringTurn: () => undefined },
    publish: () => undefined,
  });
  let keys = 0;
  return {
    url,
    db,
    service,
    async agent(name, role = "agent") {
      const made = await createAgent(db, { email: `${name}@example.com`, name, role, password: "not-used-in-here" });
      if (made === null) throw new Error("There is an agent of that name already.");
      const token = await openSession(db, made.id);
      return { id: made.id, token, call: (method, path, body) => call(url, token, method, path, body) };
    },
    async says(from, text, owner) {
      keys += 1;
      const stored = await accept(
        {
          kind: "message",
          key: `desk:${keys}`,
          from: { channel: "sms", kind: "e164", value: from },
          externalId: `desk:${keys}`,
          parts: [{ t: "text", text, format: "plain" }],
          wantsAnswer: false,
        },
        { name: "sms", account: "default", limits: { burstWaitMs: 0 } },
      );
      if (owner === "queue")
        await db.run(
          (sql) => sql`update conversations set owner = 'queue', fence = fence + 1, waiting_since = now()
            where id = ${stored.conversationId} and owner = 'assistant'`,
        );
      return stored;
    },
    async close() {
      await service.stop();
      await db.close();
      await database.drop();
    },
  };
}

const triesMax = 5;
const pauseMs = 300;

/** As a client does it: 503 says that nothing was taken and to try again (R9); the machine may be busy. */
async function call(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: object,
  tries = 1,
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status === 503 && tries < triesMax) {
    await sleep(pauseMs);
    return call(url, token, method, path, body, tries + 1);
  }
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}
