import { createHash, randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import type { Db } from "../db/client.ts";
import type { Presence } from "./presence.ts";

/** A working day; renewed by signing in again. */
const sessionHours = 12;
const invitationHours = 24;

export interface Agent {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: "agent" | "admin";
}

/** Checks address and password. Null for a wrong one, an unknown address and a disabled agent alike (M5). */
export async function signIn(
  db: Db,
  email: string,
  password: string,
): Promise<{ readonly token: string; readonly agent: Agent } | null> {
  const [row] = await db.run(
    (sql) => sql<(Agent & { password_hash: string | null })[]>`
      select id, email, name, role, password_hash from agents where lower(email) = lower(${email}) and disabled_at is null`,
  );
  // The same work for an address that does not exist, so that the time tells nothing.
  const right = await verify(row?.password_hash ?? (await decoy), password);
  if (row === undefined || row.password_hash === null || !right) return null;
  const { password_hash: _, ...agent } = row;
  return { token: await openSession(db, agent.id), agent };
}

const decoy = hash(randomBytes(16).toString("hex"));

/** Opens a session for an agent who proved who they are. */
export async function openSession(db: Db, agentId: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await db.run(
    (sql) => sql`insert into agent_sessions (token_hash, agent_id, expires_at)
      values (${digest(token)}, ${agentId}, now() + ${sessionHours} * interval '1 hour')`,
  );
  return token;
}

/** Somebody who is signed in, and whether they take calls. */
export interface PresentAgent extends Agent {
  readonly presence: Presence;
}

/** The agent behind a session token, or null when it is unknown, expired or the agent was disabled. */
export async function agentOf(db: Db, token: string): Promise<PresentAgent | null> {
  if (token === "") return null;
  const [agent] = await db.run(
    (sql) => sql<
      PresentAgent[]
    >`select a.id, a.email, a.name, a.role, a.presence from agent_sessions s join agents a on a.id = s.agent_id
      where s.token_hash = ${digest(token)} and s.expires_at > now() and a.disabled_at is null`,
  );
  return agent ?? null;
}

/** Ends the session; whoever has no other one is not here any more. */
export async function signOut(db: Db, token: string): Promise<void> {
  await db.run(
    (
      sql,
    ) => sql`with ended as (delete from agent_sessions where token_hash = ${digest(token)} returning agent_id, token_hash)
      update agents a set seen_at = null, open_at = null from ended where a.id = ended.agent_id and not exists (select 1
        from agent_sessions s where s.agent_id = a.id and s.token_hash <> ended.token_hash and s.expires_at > now())`,
  );
}

/**
 * Makes the first administrator from the settings; without them gives a one-time token for the set-up page, or null
 * when there is an administrator already.
 */
export async function ensureFirstAdmin(
  db: Db,
  admin: { readonly email: string; readonly password: string } | null,
): Promise<string | null> {
  const [{ count } = { count: 0 }] = await db.run(
    (sql) => sql<{ count: number }[]>`select count(*)::int as count from agents where role = 'admin'`,
  );
  if (count > 0) return null;
  if (admin !== null) {
    await createAgent(db, { email: admin.email, name: "Administrator", role: "admin", password: admin.password });
    return null;
  }
  const token = randomBytes(24).toString("base64url");
  await db.run(
    (sql) => sql`insert into agent_invitations (token_hash, expires_at)
      values (${digest(token)}, now() + ${invitationHours} * interval '1 hour')`,
  );
  return token;
}

/** Uses the one-time link: makes the administrator and signs them in. Null when the link is used, expired or unknown (A6). */
export async function useSetupLink(
  db: Db,
  token: string,
  who: { email: string; name: string; password: string },
): Promise<string | null> {
  // The link first: only who holds it makes us do the costly work of hashing.
  if (!(await isSetupLink(db, token))) return null;
  const passwordHash = await hash(who.password);
  const agentId = await db.transaction(async (sql) => {
    // Two links used at once must not make two administrators.
    await sql`lock table agents in share row exclusive mode`;
    const used = await sql`update agent_invitations set used_at = now()
      where token_hash = ${digest(token)} and agent_id is null and used_at is null and expires_at > now()
        and not exists (select 1 from agents where role = 'admin') returning 1`;
    if (used.length === 0) return null;
    const [row] = await sql<{ id: string }[]>`insert into agents (email, name, role, password_hash)
      values (${who.email}, ${who.name}, 'admin', ${passwordHash}) returning id`;
    return row?.id ?? null;
  });
  return agentId === null ? null : openSession(db, agentId);
}

async function isSetupLink(db: Db, token: string): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`select 1 from agent_invitations
      where token_hash = ${digest(token)} and agent_id is null and used_at is null and expires_at > now()
        and not exists (select 1 from agents where role = 'admin')`,
  );
  return rows.length > 0;
}

/** Adds an agent; null when the address is taken. */
export async function createAgent(
  db: Db,
  who: { email: string; name: string; role: "agent" | "admin"; password: string },
): Promise<Agent | null> {
  const passwordHash = await hash(who.password);
  const [agent] = await db.run(
    (sql) => sql<
      Agent[]
    >`insert into agents (email, name, role, password_hash) values (${who.email}, ${who.name}, ${who.role}, ${passwordHash})
      on conflict (lower(email)) do nothing returning id, email, name, role`,
  );
  return agent ?? null;
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
