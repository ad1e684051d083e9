import { randomBytes } from "node:crypto";
import type { Db } from "../db/client.ts";
import { digest } from "./digest.ts";
import type { PresentAgent } from "./sessions.ts";

/** Says what it is, so that a leaked one is recognised; sessions never begin like this. */
export const tokenPrefix = "evl_";

export interface ListedToken {
  readonly id: string;
  readonly name: string;
  readonly role: "agent" | "admin";
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

/** Makes a machine with a token of its own; the token is shown this once and stored hashed (A6). */
export async function createToken(
  db: Db,
  createdBy: string,
  machine: { readonly name: string; readonly role: "agent" | "admin"; readonly days: number },
): Promise<{ readonly id: string; readonly agentId: string; readonly token: string; readonly expiresAt: Date }> {
  const token = `${tokenPrefix}${randomBytes(32).toString("base64url")}`;
  return db.transaction(async (sql) => {
    const address = `${randomBytes(8).toString("hex")}@machine.invalid`;
    const [agent] = await sql<{ id: string }[]>`
      insert into agents (email, name, role, kind) values (${address}, ${machine.name}, ${machine.role}, 'machine') returning id`;
    if (agent === undefined) throw new Error("The machine was not stored.");
    const [row] = await sql<{ id: string; expiresAt: Date }[]>`
      insert into api_tokens (agent_id, token_hash, created_by, expires_at)
      values (${agent.id}, ${digest(token)}, ${createdBy}, now() + ${machine.days} * interval '1 day')
      returning id, expires_at as "expiresAt"`;
    if (row === undefined) throw new Error("The token was not stored.");
    await sql`insert into audit_log (agent_id, action, subject) values (${createdBy}, 'token-created', ${row.id})`;
    return { ...row, agentId: agent.id, token };
  });
}

export async function listTokens(db: Db): Promise<ListedToken[]> {
  return db.run(
    (sql) => sql<ListedToken[]>`select t.id, a.name, a.role, t.created_at as "createdAt", t.expires_at as "expiresAt",
        t.revoked_at as "revokedAt"
      from api_tokens t join agents a on a.id = t.agent_id order by t.created_at desc limit 500`,
  );
}

/** Ends a token at once; the machine it spoke for, or null when there is no such token. Ending it twice is no fault. */
export async function revokeToken(db: Db, revokedBy: string, id: string): Promise<string | null> {
  return db.transaction(async (sql) => {
    const [row] = await sql<{ agentId: string }[]>`
      update api_tokens set revoked_at = coalesce(revoked_at, now()) where id = ${id} returning agent_id as "agentId"`;
    if (row === undefined) return null;
    await sql`insert into audit_log (agent_id, action, subject) values (${revokedBy}, 'token-revoked', ${id})`;
    return row.agentId;
  });
}

/**
 * Gives what machines have back to the queue; names the conversations. They take none, but nobody would notice one that
 * has some when its token ends.
 */
export async function releaseFromMachines(db: Db): Promise<readonly string[]> {
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`with moved as (
        update conversations c set owner = 'queue', agent_id = null, fence = fence + 1, next_seq = next_seq + 1,
          waiting_since = coalesce(waiting_since, now())
        from agents a where a.id = c.agent_id and a.kind = 'machine' and c.owner = 'agent'
        returning c.id, c.next_seq - 1 as seq)
      insert into events (conversation_id, seq, type, actor, data)
        select id, seq, 'assignment', 'system', '{"change":"release","to":"queue"}' from moved
      returning conversation_id as id`,
  );
  return rows.map(({ id }) => id);
}

/** The machine behind a token; null when it is unknown, expired, revoked, or the machine was disabled. */
export async function machineOf(db: Db, token: string): Promise<PresentAgent | null> {
  const [agent] = await db.run(
    (sql) => sql<
      PresentAgent[]
    >`select a.id, a.email, a.name, a.role, a.presence from api_tokens t join agents a on a.id = t.agent_id
      where t.token_hash = ${digest(token)} and t.revoked_at is null and t.expires_at > now() and a.disabled_at is null`,
  );
  return agent ?? null;
}
