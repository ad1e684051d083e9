import type { OutboundItem, Rendered } from "../../channels/channel.ts";
import { decideChange, type Ownership } from "../conversations/ownership.ts";
import { recallReplies } from "../conversations/recall-replies.ts";
import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { DatabaseUnavailable } from "../db/errors.ts";
import { asJson } from "../db/json.ts";
import { cleanText, firstOf } from "../lib/clean-text.ts";
import { newId } from "../lib/ids.ts";
import { maskCards } from "../lib/mask.ts";
import { type Part, plainText, type ReplyMeta } from "../lib/message.ts";
import { whyNotSend } from "../outbox/may-send.ts";
import { type ChannelFor, type WayTo, type WrittenFrom, wayTo } from "./way-to.ts";

/** In all, whatever has to be tried again: as one statement may take (src/db/client.ts). */
const withinMs = 1_500;
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
  | "too-long"
  | "no-way"
  | "client-id-used"
  | "not-failed"
  | "sent-again";

export interface Author {
  readonly agentId: string;
  /** A program with a token of its own. */
  readonly isMachine: boolean;
}

export interface WriteDeps {
  readonly db: Db;
  readonly channelFor: ChannelFor;
}

/**
 * Writes an agent's reply with its deliveries, or a note, in one transaction. Idempotent by clientId: a repeated request
 * gets the first result, the same id with other words is refused. A person's reply to a conversation that nobody has
 * claims it; a machine has none, and what the assistant had is people's after it (R6).
 */
export async function writeAgentMessage(
  deps: WriteDeps,
  conversationId: string,
  author: Author,
  message: AgentMessage,
): Promise<WriteOutcome> {
  const until = Date.now() + withinMs;
  const write = (sql: Sql | TransactionSql, held: boolean) =>
    attempt(sql, { ...author, held, until }, deps, conversationId, message);
  // Each round to the database is one that the customer waits for, so the first attempt looks without a lock and then
  // writes in one statement, if nothing happened in between.
  const first = await deps.db.run((sql) => write(sql, false));
  if (first !== "moved") return first;
  const locked = async (sql: TransactionSql): Promise<WriteOutcome> => {
    await lock(sql, conversationId);
    const second = await write(sql, true);
    if (second === "moved") throw new Error("A conversation moved under its lock.");
    return second;
  };
  return deps.db.transaction(locked, { deadlineMs: Math.max(1, until - Date.now()) });
}

/** `moved`: it did while we looked, or something has to be done under its lock first; nothing was written. */
async function attempt(
  sql: Sql | TransactionSql,
  writer: Writer,
  deps: WriteDeps,
  conversationId: string,
  message: AgentMessage,
): Promise<WriteOutcome | "moved"> {
  const { agentId } = writer;
  const target = await readTarget(sql, conversationId, agentId, message);
  if (target === null) return { outcome: "not-found" };
  const parts: Part[] = [{ t: "text", text: maskCards(cleanText(message.text)), format: "plain" }];
  const { before } = target;
  if (before !== null) {
    const kind = before.visibility === "public" ? "reply" : "note";
    const same = before.agentId === agentId && kind === message.kind && plainText(before.parts) === plainText(parts);
    return same ? written(before, target.fence, 0) : { outcome: "client-id-used" };
  }
  const draft: Draft = { clientId: message.clientId, kind: message.kind, parts, data: {} };
  if (message.kind === "note") return store(sql, target, null, writer, draft);
  const refused = outOfDate(target, agentId, message.fence, target.newer);
  if (refused !== null) return refused;
  const way = await wayTo(sql, deps.channelFor, target);
  return way === null
    ? { outcome: "no-way" }
    : send(sql, target, way, writer, draft, (meta) => render(way, target, draft, meta));
}

/**
 * Sends the failed pieces of a message again, as a new message of this agent: states only move forward, so the failure
 * stays in the timeline with its reason. Asked twice, it sends once; where that failed too, it is that one's turn.
 */
export async function sendAgain(
  deps: WriteDeps,
  conversationId: string,
  author: Author,
  failedMessageId: string,
): Promise<WriteOutcome> {
  const { agentId } = author;
  const clientId = `again:${failedMessageId}`;
  return deps.db.transaction(async (sql): Promise<WriteOutcome> => {
    await lock(sql, conversationId);
    const current = await readTarget(sql, conversationId, agentId, { clientId });
    if (current === null) return { outcome: "not-found" };
    if (current.before !== null)
      return (await failedMessage(sql, conversationId, current.before.id)) === null
        ? written(current.before, current.fence, 0)
        : { outcome: "sent-again" };
    const failed = await failedMessage(sql, conversationId, failedMessageId);
    if (failed === null) return { outcome: "not-failed" };
    const refused = outOfDate(current, agentId, undefined, 0);
    if (refused !== null) return refused;
    // It goes where it was meant to go, also when the customer has written from elsewhere since.
    const channel = deps.channelFor(failed.to.channel, failed.to.account);
    if (channel === null) return { outcome: "no-way" };
    const target = { ...current, ...failed.to };
    const draft: Draft = { clientId, kind: "reply", parts: failed.parts, data: { againOf: failed.seq } };
    const writer: Writer = { ...author, held: true, until: Number.POSITIVE_INFINITY };
    const again = { items: failed.items, degraded: [] };
    const sent = await send(sql, target, { ...failed.to, channel }, writer, draft, () => again);
    if (sent === "moved") throw new Error("A conversation moved under its lock.");
    return sent;
  });
}

/** Stores a reply and what has to be delivered, and whose the conversation is after it; or says why it may not go out. */
async function send(
  sql: Sql | TransactionSql,
  target: Target,
  way: WayTo,
  writer: Writer,
  draft: Draft,
  renderFor: (meta: ReplyMeta) => Rendered,
): Promise<WriteOutcome | "moved"> {
  const { optedOutAt } = way;
  const refusal = whyNotSend(way.channel.limits, { optedOutAt, lastInboundAt: target.lastInboundAt }, Date.now());
  if (refusal !== null) return { outcome: refusal.class === "optout" ? "opted-out" : "window-closed" };
  // Whoever writes can still divide it, so it is said before anything is stored.
  const rendered = renderFor(metaOf(target));
  if (rendered.isCut === true) return { outcome: "too-long" };
  const taking = decideChange(target, writer.agentId, writer.isMachine ? toQueue : { kind: "claim" });
  const taken = taking.outcome === "changed" ? taking.next : null;
  // What the assistant has under way for a customer is looked for and ended under the lock.
  if (taken !== null && (target.unsent || target.owner === "assistant")) {
    if (!writer.held) return "moved";
    await recallReplies(sql as TransactionSql, target.id);
  }
  return store(sql, target, way, writer, draft, rendered, taken);
}

const toQueue = { kind: "release", to: "queue" } as const;

interface Target extends Ownership, WrittenFrom {
  readonly lastSeq: number;
  readonly locale: string | null;
  readonly addressId: string | null;
  /** Public messages of others after what the agent saw. */
  readonly newer: number;
  /** The assistant has written something that the provider does not have yet. */
  readonly unsent: boolean;
  /** What was written under this client id before; visitors' ids live apart from agents'. */
  readonly before: (Stored & { agentId: string | null; visibility: string; parts: readonly Part[] }) | null;
}

interface Writer extends Author {
  /** The conversation's row is locked, and stands still. */
  readonly held: boolean;
  /** Who is told after this that nothing was stored must be able to believe it. */
  readonly until: number;
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

async function lock(sql: TransactionSql, conversationId: string): Promise<void> {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
}

/** All that decides about a message, of one moment. */
async function readTarget(
  sql: Sql | TransactionSql,
  conversationId: string,
  agentId: string,
  { clientId, afterSeq }: Pick<AgentMessage, "clientId" | "afterSeq">,
): Promise<Target | null> {
  const [row] = await sql<Target[]>`
    select c.id, c.status, c.owner, c.agent_id as "agentId", c.fence, c.snoozed_until as "snoozedUntil",
      c.next_seq - 1 as "lastSeq", c.locale, c.channel, c.account, c.address_id as "addressId",
      c.last_inbound_at as "lastInboundAt", a.opted_out_at as "optedOutAt",
      jsonb_build_object('channel', a.channel, 'kind', a.kind, 'value', a.value) as address,
      (select count(*)::int from messages n where n.conversation_id = c.id and n.seq > ${afterSeq ?? null}::bigint
        and n.visibility = 'public' and n.agent_id is distinct from ${agentId}::uuid) as newer,
      exists (select 1 from deliveries d join messages o on o.id = d.message_id where d.conversation_id = c.id
        and d.state in ('ready', 'sending', 'unknown') and o.author = 'assistant') as unsent,
      case when b.id is not null then jsonb_build_object('id', b.id, 'seq', b.seq, 'agentId', b.agent_id,
        'visibility', b.visibility, 'parts', b.parts) end as before
    from conversations c left join contact_addresses a on a.id = c.address_id
    left join messages b on b.conversation_id = c.id and b.author <> 'contact' and b.client_id = ${clientId}
    where c.id = ${conversationId}`;
  return row ?? null;
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

function outOfDate(target: Target, agentId: string, fenceSeen: number | undefined, newer: number): WriteOutcome | null {
  if (target.owner === "agent" && target.agentId !== agentId) return { outcome: "taken" };
  if (fenceSeen !== undefined && fenceSeen !== target.fence) return { outcome: "stale", fence: target.fence };
  return newer > 0 ? { outcome: "newer", newer, lastSeq: target.lastSeq } : null;
}

/**
 * Takes the next seq, as `appendEvent` does, and writes there all that a message is, and who took it before: one
 * statement, which does nothing where the conversation moved since it was read, or somebody has it locked.
 */
async function store(
  sql: Sql | TransactionSql,
  target: Target,
  way: WayTo | null,
  { agentId, isMachine, held, until }: Writer,
  { clientId, kind, parts, data }: Draft,
  { items, degraded }: Rendered = { items: [], degraded: [] },
  handed: Ownership | null = null,
): Promise<WriteOutcome | "moved"> {
  if (Date.now() > until) throw new DatabaseUnavailable("the message came too late to be stored");
  const id = newId();
  // Nothing vanishes in silence: what the channel could not carry is kept with the message, for the agent to see.
  const meta = degraded.length === 0 ? metaOf(target) : { ...metaOf(target), degraded };
  const isReply = kind === "reply";
  const isHanded = handed !== null;
  const { status, owner, agentId: ownerId, fence, snoozedUntil } = handed ?? target;
  const change = isMachine ? { change: "release", to: "queue" } : { change: "claim", to: agentId };
  const preview = firstOf(plainText(parts), previewMaxChars);
  const channel = way?.channel.name ?? target.channel;
  // The customer has a person's answer: nobody waits any more. A machine's says nothing of that.
  const [row] = await sql<{ seq: number }[]>`
    with still as (
      select id from conversations
        where id = ${target.id} and fence = ${target.fence} and (${held} or next_seq = ${target.lastSeq + 1})
        for no key update skip locked),
    taken as (
      update conversations c set next_seq = next_seq + ${isHanded ? 2 : 1}, last_activity_at = now(), listed_at = now(),
        waiting_since = case when ${isReply && !isMachine} then null
          when ${isHanded} then coalesce(waiting_since, now()) else waiting_since end,
        preview = case when ${isReply} then ${preview} else preview end,
        status = ${status}, owner = ${owner}, agent_id = ${ownerId}, fence = ${fence}, snoozed_until = ${snoozedUntil},
        summary = case when ${isHanded} and owner = 'assistant' and status <> 'resolved' then null else summary end
      from still where c.id = still.id
      returning c.id, next_seq - 1 as seq),
    handed as (
      insert into events (conversation_id, seq, type, actor, agent_id, data)
        select id, seq - 1, 'assignment', 'agent', ${agentId}::uuid, ${sql.json(change)}::jsonb
        from taken where ${isHanded}),
    dropped as (delete from turns t using taken where ${isHanded} and t.conversation_id = taken.id),
    logged as (
      insert into events (conversation_id, seq, type, actor, agent_id, data)
        select id, seq, ${isReply ? "message" : "note"}, 'agent', ${agentId}::uuid, ${sql.json(asJson(data))}::jsonb from taken),
    said as (
      insert into messages
          (id, conversation_id, seq, author, agent_id, visibility, channel, account, address_id, client_id, parts, meta)
        select ${id}::uuid, id, seq, 'agent', ${agentId}::uuid, ${isReply ? "public" : "internal"}, ${channel}::text,
          ${target.account}::text, ${target.addressId}::uuid, ${clientId}::text, ${sql.json(asJson(parts))}::jsonb,
          ${sql.json(asJson(meta))}::jsonb from taken),
    queued as (
      insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
        select ${id}::uuid, item.piece, id, seq, ${channel}::text, ${way?.channel.account ?? null}::text,
          ${sql.json(asJson(way?.address ?? {}))}::jsonb, item.value, 'ready'
        from taken, jsonb_array_elements(${sql.json(asJson(items))}::jsonb) with ordinality as item (value, piece))
    select seq from taken`;
  return row === undefined ? "moved" : written({ id, seq: row.seq }, fence, items.length);
}

function metaOf({ locale }: Target): ReplyMeta {
  return { kind: "agent", sources: [], choices: [], flow: null, locale: locale ?? "en" };
}

/** No items for a channel that customers read from the timeline. */
function render({ channel, address }: WayTo, { locale }: Target, { parts }: Draft, meta: ReplyMeta): Rendered {
  return channel.limits.pulled ? { items: [], degraded: [] } : channel.render({ parts, meta, to: address, locale });
}
