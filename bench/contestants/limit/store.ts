import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { keepBusy, readSettings, serveWork } from "./program.ts";

/** How many messages share one commit, and how many commits are under way: as the service does (src/db/group-commit.ts). */
const batchSize = 64;
const statements = 2;

/**
 * The least that durable messages cost: one bare table with the provider's key in it, 64 rows a statement, each commit
 * waits for the disk. Two rows for a message: what the customer wrote, before it is acknowledged, and the reply, before
 * it is sent.
 */
const { port, engineUrl } = readSettings();
const sql = postgres(engineUrl, { max: statements, onnotice: () => undefined });
await sql`create table limit_messages (
  id uuid primary key, provider_key text unique, customer text not null, body text not null,
  stored_at timestamptz not null default now())`;
const inbound = "Where can I see when my next payment is due, and can I move it by a week?";
const reply = "You find all your payments with their due dates in the app under Payments. Choose one to move its date.";

serveWork(port, (until) =>
  keepBusy(statements, until, async () => {
    const ids = Array.from({ length: batchSize }, () => randomUUID());
    await insert(ids, ids.map(providerKey), inbound);
    await insert(
      ids.map(() => randomUUID()),
      ids.map(() => null),
      reply,
    );
    return batchSize;
  }),
);

async function insert(ids: readonly string[], keys: readonly (string | null)[], text: string): Promise<void> {
  const customers = ids.map((_, index) => `+4670100${1000 + index}`);
  const bodies = ids.map(() => text);
  await sql`insert into limit_messages (id, provider_key, customer, body)
    select * from unnest(${[...ids]}::uuid[], ${[...keys]}::text[], ${customers}::text[], ${bodies}::text[])`;
}

function providerKey(id: string): string {
  return `twilio:in:AC0123456789abcdef0123456789abcdef:SM${id.replaceAll("-", "")}`;
}
