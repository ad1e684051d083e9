import type { Db } from "../db/client.ts";

export const presences = ["available", "busy", "away", "offline"] as const;
export type Presence = (typeof presences)[number];

/** How the telephone in an agent's browser is called at the provider: letters, digits and underscores only. */
export function clientIdentity(agentId: string): string {
  return `agent_${agentId.replaceAll("-", "_")}`;
}

export interface AgentPresence {
  readonly presence: Presence;
  /** Where calls ring; null: in the browser. */
  readonly phone: string | null;
}

export async function readPresence(db: Db, agentId: string): Promise<AgentPresence> {
  const [row] = await db.run((sql) => sql<AgentPresence[]>`select presence, phone from agents where id = ${agentId}`);
  return row ?? { presence: "offline", phone: null };
}

/** What is left out stays as it is. */
export async function setPresence(
  db: Db,
  agentId: string,
  { presence, phone }: { readonly presence?: Presence | undefined; readonly phone?: string | null | undefined },
): Promise<AgentPresence> {
  await db.run(
    (sql) => sql`update agents set presence = coalesce(${presence ?? null}, presence),
        phone = case when ${phone === undefined} then phone else ${phone ?? null} end
      where id = ${agentId}`,
  );
  return readPresence(db, agentId);
}
