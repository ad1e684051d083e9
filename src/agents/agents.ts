import type { Db } from "../db/client.ts";
import type { Agent } from "./sessions.ts";

/** Agents that work now, people only: whom a conversation can be given to. */
export async function listAgents(db: Db): Promise<Agent[]> {
  return db.run(
    (sql) => sql<Agent[]>`select id, name, email, role from agents
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
