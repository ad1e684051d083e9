import type { Db } from "../db/client.ts";
import { createSharedReads } from "../db/shared-reads.ts";
import { facePath } from "../lib/face-path.ts";
import { shownName } from "../lib/shown-name.ts";

/** Who has a conversation, as its customer may know it. */
export interface LineState {
  readonly status: "open" | "snoozed" | "resolved";
  readonly owner: "assistant" | "queue" | "agent";
  /** `face`: where their picture is; null: they have none. */
  readonly agent: { readonly name: string; readonly face: string | null } | null;
  readonly locale: string | null;
  /** How far somebody of ours has read. */
  readonly readSeq: number;
  /** How far the customer has read, on any of their devices. */
  readonly ownReadSeq: number;
  /** This issue has been rated. */
  readonly rated: boolean;
}

/** The state of a customer's own conversation, null when it is gone; those who ask together share one statement. */
export function createLineStates(db: Db): (conversationId: string) => Promise<LineState | null> {
  const read = createSharedReads(async (ids) => new Map((await linesOf(db, ids)).map(({ id, ...row }) => [id, row])));
  return async (conversationId) => {
    const row = await read(conversationId);
    if (row === undefined) return null;
    const { agentName, faceId, ...rest } = row;
    const name = shownName(agentName);
    return { ...rest, agent: name === null ? null : { name, face: faceId === null ? null : facePath(faceId) } };
  };
}

interface LineRow extends Omit<LineState, "agent"> {
  readonly id: string;
  readonly agentName: string | null;
  readonly faceId: string | null;
}

function linesOf(db: Db, ids: readonly string[]): Promise<LineRow[]> {
  return db.run(
    (sql) => sql<LineRow[]>`
      select c.id, c.status, c.owner, c.locale, g.name as "agentName", g.face_id as "faceId",
        (select coalesce(max(r.seq), 0) from conversation_reads r where r.conversation_id = c.id) as "readSeq",
        (select coalesce(max(r.seq), 0) from contact_reads r where r.conversation_id = c.id) as "ownReadSeq",
        exists (select 1 from ratings a where a.conversation_id = c.id and a.episode = c.episode) as rated
      from conversations c left join agents g on g.id = c.agent_id where c.id = any (${[...ids]}::uuid[])`,
  );
}
