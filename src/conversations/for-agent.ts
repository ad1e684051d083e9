import type { Db } from "../db/client.ts";
import { type FileState, withFileStates } from "../lib/attachment.ts";
import { cutText } from "../lib/clean-text.ts";
import { type Author, type Part, plainText, type ReplyMeta } from "../lib/message.ts";
import { shownName } from "../lib/shown-name.ts";
import { type ListedConversation, listedColumns, listedFrom } from "./lists.ts";
import { fileStates } from "./timeline.ts";

/** A page of a timeline: enough for several screens, small enough for one statement. */
export const timelinePageMax = 200;

export interface ConversationForAgent extends ListedConversation {
  readonly account: string | null;
  /** The latest hand-off's summary (src/escalations). */
  readonly summary: unknown;
  readonly contact: {
    readonly id: string;
    readonly name: string | null;
    readonly locale: string | null;
    readonly createdAt: Date;
    readonly addresses: readonly ContactAddressShown[];
  };
  readonly callbacks: readonly CallbackShown[];
}

interface ContactAddressShown {
  readonly id: string;
  readonly channel: string;
  readonly kind: string;
  readonly value: string;
  readonly evidence: "claimed" | "verified";
  readonly optedOutAt: string | null;
  /** The customer wants no calls to it. */
  readonly neverCalled: boolean;
}

interface CallbackShown {
  readonly id: string;
  readonly state: string;
  readonly phone: string | null;
  readonly wish: string | null;
  readonly wantedAt: string | null;
  readonly zone: string | null;
  readonly localTime: string | null;
  readonly topic: string | null;
  readonly outcome: string | null;
}

/** The panel shows the latest; the list of callbacks has them all. */
const callbacksShown = 5;

/** One conversation with its contact, or null: the same for "not there" and "not yours" (A3). */
export async function conversationForAgent(db: Db, agentId: string, id: string): Promise<ConversationForAgent | null> {
  const [row] = await db.run(
    (sql) => sql<(ConversationForAgent & { contactId: string; contactLocale: string | null; contactSince: Date })[]>`
      select ${listedColumns(sql)}, c.account, c.summary, p.id as "contactId", p.locale as "contactLocale",
        p.created_at as "contactSince",
        (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'channel', o.channel, 'kind', o.kind, 'value', o.value,
            'evidence', o.evidence, 'optedOutAt', o.opted_out_at,
            'neverCalled', exists (select 1 from never_call n where n.phone = o.value)) order by o.created_at), '[]')
          from contact_addresses o where o.contact_id = p.id) as addresses,
        (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'state', k.state, 'phone', k.phone, 'wish', k.wish,
            'wantedAt', k.wanted_at, 'zone', k.zone, 'localTime', k.local_time, 'topic', k.topic, 'outcome', k.outcome)
            order by k.created_at desc), '[]')
          from (select * from callbacks b where b.conversation_id = c.id order by b.created_at desc limit ${callbacksShown}) k
        ) as callbacks
      ${listedFrom(sql, agentId)} where c.id = ${id}`,
  );
  if (row === undefined) return null;
  const { contactId, contactLocale, contactSince, addresses, ...rest } = row as typeof row & {
    addresses: ContactAddressShown[];
  };
  const name = shownName(row.contactName);
  return {
    ...rest,
    contactName: name,
    contact: { id: contactId, name, locale: contactLocale, createdAt: contactSince, addresses },
  };
}

/** One event of the timeline as agents see it; messages and notes with their words. */
export interface TimelineEntry {
  readonly seq: number;
  readonly type: string;
  readonly at: Date;
  readonly actor: string;
  readonly agentId: string | null;
  readonly agentName: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly messageId: string | null;
  readonly parts: readonly Part[] | null;
  readonly meta: ReplyMeta | null;
  readonly channel: string | null;
  readonly locale: string | null;
  readonly visibility: "public" | "internal" | null;
  /** The message that this one answers, as the customer marked it; null: none, or one that is not here. */
  readonly replyTo: { readonly seq: number; readonly author: Author; readonly text: string | null } | null;
  readonly deliveries: readonly {
    readonly piece: number;
    readonly state: string;
    readonly error: unknown;
    /** The carrier did not deliver it, and it goes out once more then; null: it does not wait for that. */
    readonly againAt: string | null;
  }[];
}

/**
 * A page of the timeline in the order of seq: what came after a seq, or the last page before one (to read a long thread
 * from its end). Every event is there, notes included; a page that ends before `lastSeq` has another after it (R7).
 */
export async function timelineForAgent(
  db: Db,
  id: string,
  from: { readonly after: number } | { readonly before: number },
  limit: number = timelinePageMax,
): Promise<TimelineEntry[]> {
  const rows = await db.run((sql) => {
    const [range, order] =
      "after" in from ? [sql`e.seq > ${from.after}`, sql`e.seq`] : [sql`e.seq < ${from.before}`, sql`e.seq desc`];
    return sql<(TimelineEntry & { files: FileState[] | null; quoted: Quoted | null })[]>`
      select e.seq, e.type, e.at, e.actor, g.id as "agentId", g.name as "agentName", e.data,
        m.id as "messageId", m.parts, m.meta, m.channel, m.locale, m.visibility, ${fileStates(sql)} as files,
        (select jsonb_build_object('seq', q.seq, 'author', q.author, 'parts', q.parts) from messages q
          where m.reply_to is not null and q.conversation_id = m.conversation_id and q.seq < m.seq
            and (q.external_id = m.reply_to
              or q.id in (select d.message_id from deliveries d where d.external_id = m.reply_to))
          order by q.seq desc limit 1) as quoted,
        (select coalesce(jsonb_agg(jsonb_build_object('piece', d.piece, 'state', d.state, 'error', d.error,
            'againAt', case when d.again and d.state = 'ready' then d.due_at end) order by d.piece), '[]')
          from deliveries d where d.message_id = m.id) as deliveries
      from events e
      left join messages m on m.conversation_id = e.conversation_id and m.seq = e.seq
      left join agents g on g.id = coalesce(m.agent_id, e.agent_id)
      where e.conversation_id = ${id} and ${range} order by ${order} limit ${Math.min(limit, timelinePageMax)}`;
  });
  const entries = rows.map(({ files, parts, quoted, ...event }) => ({
    ...event,
    parts: parts === null ? null : withFileStates(parts, files),
    replyTo: quoted === null ? null : excerptOf(quoted),
  }));
  return "after" in from ? entries : entries.reverse();
}

interface Quoted {
  readonly seq: number;
  readonly author: Author;
  readonly parts: readonly Part[];
}

/** As much of a quoted message as tells which one it is. */
const excerptMaxChars = 140;

function excerptOf({ seq, author, parts }: Quoted) {
  return { seq, author, text: cutText(plainText(parts), excerptMaxChars) || null };
}

/** Remembers what was on this agent's screen; an older seq than the known one changes nothing. False: no such conversation. */
export async function markRead(db: Db, agentId: string, id: string, seq: number): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`
      insert into conversation_reads (agent_id, conversation_id, seq)
        select ${agentId}, c.id, least(${seq}, c.next_seq - 1) from conversations c where c.id = ${id}
      on conflict (agent_id, conversation_id) do update set seq = greatest(conversation_reads.seq, excluded.seq)
      returning 1`,
  );
  return rows.length > 0;
}
