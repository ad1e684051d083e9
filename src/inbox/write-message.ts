import type { OutboundItem, Rendered } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import { claimWithReply } from "../conversations/change.ts";
import type { Ownership } from "../conversations/ownership.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { cleanText } from "../lib/clean-text.ts";
import { newId } from "../lib/ids.ts";
import { maskCards } from "../lib/mask.ts";
import { type Part, plainText, type ReplyMeta } from "../lib/message.ts";
import { whyNotSend } from "../outbox/may-send.ts";
import { type ChannelFor, type WayTo, type WrittenFrom, wayTo } from "./way-to.ts";

/** Enough for one line of a list. */
const previewMaxChars = 140;

export interface AgentMessage {
  readonly clientId: string;
  readonly kind: "reply" | "note";
  readonly text: string;
  readonly fence?: number | undefined;
  readonly afterSeq?: number | undefined;
}

export type WriteOutcome =
  | {
      readonly outcome: "written";
      readonly seq: number;
      readonly messageId: string;
      readonly fence: number;
      readonly deliveries: number;
    }
  /** The conversation moved on: `newer` messages of others came after what the agent saw. */
  | { readonly outcome: "newer"; readonly newer: number; readonly lastSeq: number }
  /** It changed hands or state since the agent looked. */
  | { readonly outcome: "stale"; readonly fence: number }
  | { readonly outcome: WriteRefusal };

export type WriteRefusal =
  | "taken"
  | "not-found"
  | "opted-out"
  | "window-closed"
  | "no-way"
  | "client-id-used"
  | "not-failed";

export interface WriteDeps {
  readonly db: Db;
  readonly channelFor: ChannelFor;
}

/**
 * Writes an agent's reply with its deliveries, or a note, in one transaction. Idempotent by clientId: a repeated request
 * gets the first result, the same id with other words is refused. A reply to a conversation that nobody has claims it.
 */
export async function writeAgentMessage(
  deps: WriteDeps,
  conversationId: string,
  agentId: string,
  message: AgentMessage,
): Promise<WriteOutcome> {
  const parts: Part[] = [{ t: "text", text: maskCards(cleanText(message.text)), format: "plain" }];
  return deps.db.transaction(async (sql): Promise<WriteOutcome> => {
    const target = await lockTarget(sql, conversationId);
    if (target === null) return { outcome: "not-found" };
    // Sent together: each round to the database is a millisecond that the customer waits.
    const [before, refused, way] = await Promise.all([
      earlier(sql, conversationId, message.clientId),
      outOfDate(sql, target, agentId, message),
      wayTo(sql, deps.channelFor, target),
    ]);
    if (before !== null) {
      const same = before.agentId === agentId && before.kind === message.kind && before.text === plainText(parts);
      return same ? written(before, target.fence, 0) : { outcome: "client-id-used" };
    }
    const draft: Draft = { clientId: message.clientId, kind: message.kind, parts, data: {} };
    if (message.kind === "note") return written(await store(sql, target, null, agentId, draft), target.fence, 0);
    if (refused !== null) return refused;
    return way === null
      ? { outcome: "no-way" }
      : send(sql, target, way, agentId, draft, (meta) => render(way, target, draft, meta));
  });
}

/**
 * Sends the failed pieces of a message again, as a new message of this agent: states only move forward, so the failure
 * stays in the timeline with its reason. Asked twice, it sends once.
 */
export async function sendAgain(
  deps: WriteDeps,
  conversationId: string,
  agentId: string,
  failedMessageId: string,
): Promise<WriteOutcome> {
  const clientId = `again:${failedMessageId}`;
  return deps.db.transaction(async (sql): Promise<WriteOutcome> => {
    const current = await lockTarget(sql, conversationId);
    if (current === null) return { outcome: "not-found" };
    const before = await earlier(sql, conversationId, clientId);
    if (before !== null) return written(before, current.fence, 0);
    const failed = await failedMessage(sql, conversationId, failedMessageId);
    if (failed === null) return { outcome: "not-failed" };
    const refused = await outOfDate(sql, current, agentId, {});
    if (refused !== null) return refused;
    // It goes where it was meant to go, also when the customer has written from elsewhere since.
    const channel = deps.channelFor(failed.to.channel, failed.to.account);
    if (channel === null) return { outcome: "no-way" };
    const target = { ...current, ...failed.to };
    const draft: Draft = { clientId, kind: "reply", parts: failed.parts, data: { againOf: failed.seq } };
    return send(sql, target, { ...failed.to, channel }, agentId, draft, () => ({ items: failed.items, degraded: [] }));
  });
}

/** Stores a reply and what has to be delivered, claims the conversation if need be; or says why it may not go out. */
async function send(
  sql: TransactionSql,
  target: Target,
  way: WayTo,
  agentId: string,
  draft: Draft,
  renderFor: (meta: ReplyMeta) => Rendered,
): Promise<WriteOutcome> {
  const { optedOutAt } = way;
  const refusal = whyNotSend(way.channel.limits, { optedOutAt, lastInboundAt: target.lastInboundAt }, Date.now());
  if (refusal !== null) return { outcome: refusal.class === "optout" ? "opted-out" : "window-closed" };
  const fence = await claimWithReply(sql, target.id, agentId, target);
  const { items, degraded } = renderFor(metaOf(target));
  const stored = await store(sql, target, way, agentId, draft, degraded);
  await Promise.all([queueDeliveries(sql, target, way, stored, items), answered(sql, target, draft)]);
  return written(stored, fence, items.length);
}

interface Target extends Ownership, WrittenFrom {
  readonly lastSeq: number;
  readonly locale: string | null;
  readonly addressId: string | null;
}

interface Draft {
  readonly clientId: string;
  readonly kind: "reply" | "note";
  readonly parts: readonly Part[];
  readonly data: object;
}

interface Stored {
  readonly id: string;
  readonly seq: number;
}

function written(stored: Stored, fence: number, deliveries: number): WriteOutcome {
  return { outcome: "written", seq: stored.seq, messageId: stored.id, fence, deliveries };
}

async function lockTarget(sql: TransactionSql, conversationId: string): Promise<Target | null> {
  const [row] = await sql<Target[]>`
    select c.id, c.status, c.owner, c.agent_id as "agentId", c.fence, c.snoozed_until as "snoozedUntil",
      c.next_seq - 1 as "lastSeq", c.locale, c.channel, c.account, c.address_id as "addressId",
      c.last_inbound_at as "lastInboundAt", a.opted_out_at as "optedOutAt",
      jsonb_build_object('channel', a.channel, 'kind', a.kind, 'value', a.value) as address
    from conversations c left join contact_addresses a on a.id = c.address_id
    where c.id = ${conversationId} for update of c`;
  return row ?? null;
}

/** What was written under this client id before; visitors' ids live apart from agents'. */
async function earlier(sql: TransactionSql, conversationId: string, clientId: string) {
  const [row] = await sql<(Stored & { agentId: string | null; visibility: string; parts: readonly Part[] })[]>`
    select id, seq, agent_id as "agentId", visibility, parts from messages
    where conversation_id = ${conversationId} and author <> 'contact' and client_id = ${clientId}`;
  if (row === undefined) return null;
  return { ...row, kind: row.visibility === "public" ? "reply" : "note", text: plainText(row.parts) };
}

/** A public message with failed pieces: its words, the way it was to go, and those pieces. */
async function failedMessage(sql: TransactionSql, conversationId: string, messageId: string) {
  const rows = await sql<
    (FailedWay & { readonly seq: number; readonly parts: readonly Part[]; readonly item: OutboundItem })[]
  >`select m.seq, m.parts, m.address_id as "addressId", d.channel, d.account, d.address, d.item, a.opted_out_at as "optedOutAt"
    from messages m join deliveries d on d.message_id = m.id
    left join contact_addresses a on a.channel = d.address->>'channel' and a.kind = d.address->>'kind' and a.value = d.address->>'value'
    where m.id = ${messageId} and m.conversation_id = ${conversationId} and m.visibility = 'public' and d.state = 'failed'
    order by d.piece`;
  const [first] = rows;
  if (first === undefined) return null;
  const { seq, parts, item: _, ...to } = first;
  return { seq, parts, to, items: rows.map((row) => row.item) };
}

type FailedWay = Pick<Target, "address" | "optedOutAt" | "addressId"> & {
  readonly channel: string;
  readonly account: string;
};

async function outOfDate(
  sql: TransactionSql,
  target: Target,
  agentId: string,
  seen: Pick<AgentMessage, "fence" | "afterSeq">,
): Promise<WriteOutcome | null> {
  if (target.owner === "agent" && target.agentId !== agentId) return { outcome: "taken" };
  if (seen.fence !== undefined && seen.fence !== target.fence) return { outcome: "stale", fence: target.fence };
  if (seen.afterSeq === undefined) return null;
  const newer = await newerOf(sql, target.id, agentId, seen.afterSeq);
  return newer > 0 ? { outcome: "newer", newer, lastSeq: target.lastSeq } : null;
}

/** What others wrote after a seq; the agent's own messages are no news to them. */
async function newerOf(sql: TransactionSql, id: string, agentId: string, afterSeq: number): Promise<number> {
  const [row] = await sql<{ newer: number }[]>`select count(*)::int as newer from messages
    where conversation_id = ${id} and seq > ${afterSeq} and visibility = 'public'
      and agent_id is distinct from ${agentId}`;
  return row?.newer ?? 0;
}

async function store(
  sql: TransactionSql,
  target: Target,
  way: WayTo | null,
  agentId: string,
  draft: Draft,
  degraded: readonly string[] = [],
): Promise<Stored> {
  const id = newId();
  // Nothing vanishes in silence: what the channel could not carry is kept with the message, for the agent to see.
  const meta = degraded.length === 0 ? metaOf(target) : { ...metaOf(target), degraded };
  const isReply = draft.kind === "reply";
  const seq = await appendEvent(sql, target.id, { type: isReply ? "message" : "note", agentId, data: draft.data });
  await sql`insert into messages
      (id, conversation_id, seq, author, agent_id, visibility, channel, account, address_id, client_id, parts, meta)
    values (${id}, ${target.id}, ${seq}, 'agent', ${agentId}, ${isReply ? "public" : "internal"},
      ${way?.channel.name ?? target.channel}, ${target.account}, ${target.addressId}, ${draft.clientId},
      ${sql.json(asJson(draft.parts))}, ${sql.json(asJson(meta))})`;
  return { id, seq };
}

function metaOf({ locale }: Target): ReplyMeta {
  return { kind: "agent", sources: [], choices: [], flow: null, locale: locale ?? "en" };
}

/** No items for a channel that customers read from the timeline. */
function render({ channel, address }: WayTo, { locale }: Target, { parts }: Draft, meta: ReplyMeta): Rendered {
  return channel.limits.pulled ? { items: [], degraded: [] } : channel.render({ parts, meta, to: address, locale });
}

async function queueDeliveries(
  sql: TransactionSql,
  target: Target,
  way: WayTo,
  { id, seq }: Stored,
  items: readonly OutboundItem[],
): Promise<void> {
  for (const [index, item] of items.entries()) {
    await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
      values (${id}, ${index + 1}, ${target.id}, ${seq}, ${way.channel.name}, ${way.channel.account},
        ${sql.json(asJson(way.address))}, ${sql.json(asJson(item))}, 'ready')`;
  }
}

/** The customer has a person's answer: nobody waits any more. */
async function answered(sql: TransactionSql, target: Target, draft: Draft): Promise<void> {
  await sql`update conversations set waiting_since = null, preview = ${plainText(draft.parts).slice(0, previewMaxChars)}
    where id = ${target.id}`;
}
