import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import type { Db } from "../db/client.ts";
import { digest } from "./digest.ts";
import type { Presence } from "./presence.ts";

/** A working day since it was last used, and a week in all. */
const sessionHours = 12;
const sessionMaxDays = 7;
/** Written at most this often, however much happens. */
const renewHours = 1;
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
  const nobodys = await decoyHash();
  const right = await verify(row?.password_hash ?? nobodys, password);
  if (row === undefined || row.password_hash === null || !right) return null;
  const { password_hash: _, ...agent } = row;
  return { token: await openSession(db, agent.id), agent };
}

let decoy: Promise<string> | undefined;
function decoyHash(): Promise<string> {
  decoy ??= hash(randomBytes(16).toString("hex"));
  return decoy;
}

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

/**
 * The agent behind a session token, or null when it is unknown, expired or the agent was disabled. `isUsed`: by somebody
 * who is there, and so it lives on.
 */
export async function agentOf(db: Db, token: string, isUsed: boolean): Promise<PresentAgent | null> {
  if (token === "") return null;
  const [agent] = await db.run(
    (sql) => sql<PresentAgent[]>`with renewed as (
        update agent_sessions
          set expires_at = least(now() + ${sessionHours} * interval '1 hour', created_at + ${sessionMaxDays} * interval '1 day')
          where ${isUsed} and token_hash = ${digest(token)} and expires_at > now() and expires_at < least(
            now() + ${sessionHours - renewHours} * interval '1 hour', created_at + ${sessionMaxDays} * interval '1 day'))
      select a.id, a.email, a.name, a.role, a.presence from agent_sessions s join agents a on a.id = s.agent_id
      where s.token_hash = ${digest(token)} and s.expires_at > now() and a.disabled_at is null`,
  );
  return agent ?? null;
}

/** Keeps the table small; sessions that ended open nothing. */
export async function removeEndedSessions(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from agent_sessions where expires_at < now()`);
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
 * Makes the first administrator from the settings. Without them, or where that address is an agent's, whom nobody
 * promotes in passing, gives a one-time token for the set-up page; null when there is an administrator.
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
    const who = { email: admin.email, name: "Administrator", role: "admin", password: admin.password } as const;
    if ((await createAgent(db, who)) !== null) return null;
  }
  const token = randomBytes(24).toString("base64url");
  await db.run(
    (sql) => sql`insert into agent_invitations (token_hash, expires_at)
      values (${digest(token)}, now() + ${invitationHours} * interval '1 hour')`,
  );
  return token;
}

/** Uses the one-time link: makes the administrator and signs them in. A link that is used, expired or unknown makes nobody (A6). */
export async function useSetupLink(
  db: Db,
  token: string,
  who: { email: string; name: string; password: string },
): Promise<
  | { readonly outcome: "made"; readonly token: string }
  /** The address is an agent's already; the link can be used with another. */
  | { readonly outcome: "exists" | "link-used" }
> {
  // The link first: only who holds it makes us do the costly work of hashing.
  if (!(await isSetupLink(db, token))) return { outcome: "link-used" };
  const passwordHash = await hash(who.password);
  const made = await db.transaction(async (sql) => {
    // Two links used at once must not make two administrators.
    await sql`lock table agents in share row exclusive mode`;
    const taken = await sql`select 1 from agents where lower(email) = lower(${who.email})`;
    if (taken.length > 0) return "exists";
    const used = await sql`update agent_invitations set used_at = now()
      where token_hash = ${digest(token)} and agent_id is null and used_at is null and expires_at > now()
        and not exists (select 1 from agents where role = 'admin') returning 1`;
    if (used.length === 0) return "link-used";
    const [row] = await sql<{ id: string }[]>`insert into agents (email, name, role, password_hash)
      values (${who.email}, ${who.name}, 'admin', ${passwordHash}) returning id`;
    if (row === undefined) throw new Error("The administrator was not stored.");
    return row;
  });
  return typeof made === "string" ? { outcome: made } : { outcome: "made", token: await openSession(db, made.id) };
}

async function isSetupLink(db: Db, token: string): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`select 1 from agent_invitations
      where token_hash = ${digest(token)} and agent_id is null and used_at is null and expires_at > now()
        and not exists (select 1 from agents where role = 'admin')`,
  );
  return rows.length > 0;
}

/** Adds an agent; null when the address is taken. `createdBy`: the administrator who did it. */
export async function createAgent(
  db: Db,
  who: { email: string; name: string; role: "agent" | "admin"; password: string },
  createdBy: string | null = null,
): Promise<Agent | null> {
  const passwordHash = await hash(who.password);
  const [agent] = await db.run(
    (sql) => sql<Agent[]>`with made as (
        insert into agents (email, name, role, password_hash) values (${who.email}, ${who.name}, ${who.role}, ${passwordHash})
          on conflict (lower(email)) do nothing returning id, email, name, role),
      logged as (
        insert into audit_log (agent_id, action, subject, data)
          select ${createdBy}::uuid, 'agent-created', id, jsonb_build_object('role', role) from made)
      select id, email, name, role from made`,
  );
  return agent ?? null;
}
