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

/** An inbox that stands open says so every 20 s; browsers slow the clocks of a tab behind others to a minute. */
export const seenForSeconds = 90;

/** An agent's inbox stands open: it can ring. `here`: they have it before them. */
export async function seeAgent(db: Db, agentId: string, here: boolean): Promise<void> {
  await db.run(
    (sql) => sql`update agents set open_at = now(), seen_at = case when ${here} then now() else seen_at end
      where id = ${agentId} and kind = 'person'`,
  );
}

/** How many agents have the inbox before them now, and how many of those are on no call. */
export async function agentsHere(db: Db): Promise<{ readonly here: number; readonly free: number }> {
  const [row] = await db.run(
    (sql) => sql<{ here: number; free: number }[]>`
      select count(*)::int as here, count(*) filter (where a.presence <> 'busy' and not exists
        (select 1 from calls l where l.agent_id = a.id and l.ended_at is null))::int as free
      from agents a where a.kind = 'person' and a.disabled_at is null
        and a.seen_at > now() - ${seenForSeconds} * interval '1 second'`,
  );
  return row ?? { here: 0, free: 0 };
}

/** What is left out stays as it is. Whoever says that they take calls is there. */
export async function setPresence(
  db: Db,
  agentId: string,
  { presence, phone }: { readonly presence?: Presence | undefined; readonly phone?: string | null | undefined },
): Promise<AgentPresence> {
  await db.run(
    (sql) => sql`update agents set presence = coalesce(${presence ?? null}, presence),
        open_at = case when ${presence === "available"} then now() else open_at end,
        phone = case when ${phone === undefined} then phone else ${phone ?? null} end
      where id = ${agentId}`,
  );
  return readPresence(db, agentId);
}
