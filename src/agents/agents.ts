import { hash } from "@node-rs/argon2";
import type { Db, TransactionSql } from "../db/client.ts";
import type { Skills } from "./fit.ts";
import type { Agent } from "./sessions.ts";

export interface SkilledAgent extends Agent, Skills {}

/** Agents that work now, people only: whom a conversation can be given to. */
export async function listAgents(db: Db): Promise<SkilledAgent[]> {
  return db.run(
    (sql) => sql<SkilledAgent[]>`select id, name, email, role, languages, team from agents
      where disabled_at is null and kind = 'person' order by name, id`,
  );
}

/** Is this somebody who can be given a conversation? */
export async function assignable(db: Db, agentId: string): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`select 1 from agents where id = ${agentId} and disabled_at is null and kind = 'person'`,
  );
  return rows.length > 0;
}

export type AgentEdit = {
  readonly name?: string | undefined;
  readonly role?: "agent" | "admin" | undefined;
  readonly disabled?: boolean | undefined;
  readonly password?: string | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly team?: string | undefined;
};

/**
 * Renames, promotes, disables or enables an agent, says which languages they speak and which team is theirs, or gives
 * them a password, which ends their sessions. Disabling ends
 * the sessions too and gives the agent's open and snoozed conversations back to the queue, so that none is visible to
 * nobody; `released` names them.
 */
export async function editAgent(
  db: Db,
  editedBy: string,
  id: string,
  edit: AgentEdit,
): Promise<
  | { readonly outcome: "edited"; readonly agent: SkilledAgent; readonly released: readonly string[] }
  | { readonly outcome: "not-found" | "last-admin" }
> {
  const passwordHash = edit.password === undefined ? null : await hash(edit.password);
  return db.transaction(async (sql) => {
    // Two administrators who disable each other at once must not leave none.
    await sql`lock table agents in share row exclusive mode`;
    const others = await sql`select 1 from agents
      where role = 'admin' and kind = 'person' and disabled_at is null and id <> ${id} limit 1`;
    const stops = edit.disabled === true || edit.role === "agent";
    if (stops && others.length === 0) return { outcome: "last-admin" };
    const languages = edit.languages === undefined ? null : [...new Set(edit.languages)];
    const [agent] = await sql<SkilledAgent[]>`
      update agents set name = coalesce(${edit.name ?? null}, name), role = coalesce(${edit.role ?? null}, role),
        password_hash = coalesce(${passwordHash}, password_hash),
        languages = coalesce(${languages}::text[], languages), team = coalesce(${edit.team ?? null}, team),
        disabled_at = case when ${edit.disabled ?? null}::boolean is null then disabled_at
          when ${edit.disabled ?? null}::boolean then coalesce(disabled_at, now()) end
      where id = ${id} returning id, email, name, role, languages, team`;
    if (agent === undefined) return { outcome: "not-found" };
    if (passwordHash !== null) await sql`delete from agent_sessions where agent_id = ${id}`;
    await sql`insert into audit_log (agent_id, action, subject, data)
      values (${editedBy}, 'agent-edited', ${id}, ${sql.json({ role: edit.role ?? null, disabled: edit.disabled ?? null, languages, team: edit.team ?? null })})`;
    return { outcome: "edited", agent, released: edit.disabled === true ? await leave(sql, editedBy, id) : [] };
  });
}

async function leave(sql: TransactionSql, editedBy: string, id: string): Promise<string[]> {
  await sql`delete from agent_sessions where agent_id = ${id}`;
  await sql`select 1 from conversations where owner = 'agent' and agent_id = ${id} order by id for update`;
  const rows = await sql<{ id: string }[]>`
    with moved as (
      update conversations set owner = 'queue', agent_id = null, fence = fence + 1, next_seq = next_seq + 1,
        waiting_since = coalesce(waiting_since, now())
      where owner = 'agent' and agent_id = ${id} returning id, next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, agent_id, data)
      select id, seq, 'assignment', 'agent', ${editedBy}, '{"change":"release","to":"queue"}' from moved
    returning conversation_id as id`;
  return rows.map((row) => row.id);
}
