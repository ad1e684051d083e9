import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { type FileState, withFileStates } from "../lib/attachment.ts";
import type { Author, Part, ReplyMeta } from "../lib/message.ts";
import type { LiveHub } from "../live/hub.ts";

/** A page of a timeline: enough for a screen, small enough for one statement. */
const pageMax = 200;

/** One message as the customer may see it. */
export interface CustomerEntry {
  readonly seq: number;
  readonly at: Date;
  readonly author: Author;
  readonly agentName: string | null;
  readonly parts: readonly Part[];
  readonly meta: ReplyMeta | null;
  readonly clientId: string | null;
}

/**
 * What a customer sees of their conversation after a seq: public messages, never notes (R7, R8). `channel`: only what
 * goes this way or no other.
 */
export async function timelineForContact(
  db: Db,
  conversationId: string,
  afterSeq: number,
  limit: number = pageMax,
  channel: string | null = null,
): Promise<CustomerEntry[]> {
  const rows = await db.run(
    (sql) => sql<(CustomerEntry & { files: FileState[] | null })[]>`
      select m.seq, m.at, m.author, g.name as "agentName", m.parts, m.meta, m.client_id as "clientId",
        ${fileStates(sql)} as files
      from messages m left join agents g on g.id = m.agent_id
      where m.conversation_id = ${conversationId} and m.seq > ${afterSeq} and m.visibility = 'public'
        ${channel === null ? sql`` : sql`and (m.channel is null or m.channel = ${channel})`}
      order by m.seq limit ${Math.min(limit, pageMax)}`,
  );
  return rows.map(({ files, ...entry }) => ({ ...entry, parts: withFileStates(entry.parts, files) }));
}

/** The present states of the files that a message `m` refers to; null when it has none. */
export function fileStates(sql: Sql | TransactionSql) {
  return sql`(select jsonb_agg(jsonb_build_object('id', f.id, 'state', f.state, 'mime', f.mime, 'size', f.size, 'reason', f.reason))
    from jsonb_array_elements(m.parts) as part
    join attachments f on f.id = (part ->> 'assetId')::uuid and f.conversation_id = m.conversation_id
    where part ? 'assetId')`;
}

/**
 * The replies on a channel after a seq; waits up to `waitMs` for the first of them. What answers the same person
 * elsewhere is not for this ear: a caller's number can be feigned (R8).
 */
export async function nextReplies(
  deps: { readonly db: Db; readonly live: Pick<LiveHub, "subscribe"> },
  conversationId: string,
  channel: string,
  afterSeq: number,
  waitMs: number,
): Promise<CustomerEntry[]> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    let wake = (): void => undefined;
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const unsubscribe = deps.live.subscribe(conversationId, () => wake());
    try {
      const replies = (await timelineForContact(deps.db, conversationId, afterSeq, pageMax, channel)).filter(
        (one) => one.author !== "contact",
      );
      const left = deadline - Date.now();
      if (replies.length > 0 || left <= 0) return replies;
      const timer = setTimeout(wake, left);
      await changed;
      clearTimeout(timer);
    } finally {
      unsubscribe();
    }
  }
}
