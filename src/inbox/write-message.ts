import type { Channel, ContactAddress } from "../../channels/channel.ts";
import { appendEvent, applyChange } from "../conversations/for-agent.ts";
import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { newId } from "../lib/ids.ts";
import { maskCards } from "../lib/mask.ts";
import type { Part, ReplyMeta } from "../lib/message.ts";

export interface AgentMessage {
  readonly clientId: string;
  readonly kind: "reply" | "note";
  readonly text: string;
  readonly fence?: number | undefined;
  readonly afterSeq?: number | undefined;
}

export type WriteOutcome =
  | { readonly outcome: "written"; readonly seq: number; readonly messageId: string; readonly deliveries: number }
  /** The conversation moved on: `newer` messages of the customer came after what the agent saw. */
  | { readonly outcome: "newer"; readonly newer: number; readonly lastSeq: number }
  | { readonly outcome: "not-owner" | "not-found" | "opted-out" | "window-closed" };

/**
 * Writes an agent's reply with its deliveries, or a note, in one transaction. Idempotent by clientId: a repeated request
 * gets the first result. A reply to a conversation that nobody has claims it.
 */
export async function writeAgentMessage(
  deps: { readonly db: Db; readonly channelFor: (channel: string, account: string) => Channel | null },
  conversationId: string,
  agentId: string,
  message: AgentMessage,
): Promise<WriteOutcome> {
  return deps.db.transaction(async (sql): Promise<WriteOutcome> => {
    const [row] = await sql<Target[]>`
      select c.owner, c.agent_id, c.fence, c.next_seq, c.locale, c.channel, c.account, c.address_id, c.last_inbound_at,
        jsonb_build_object('channel', a.channel, 'kind', a.kind, 'value', a.value) as address, a.opted_out_at
      from conversations c left join contact_addresses a on a.id = c.address_id where c.id = ${conversationId} for update of c`;
    if (row === undefined) return { outcome: "not-found" };
    const [before] = await sql<{ id: string; seq: number }[]>`
      select id, seq from messages where conversation_id = ${conversationId} and author = 'agent' and client_id = ${message.clientId}`;
    if (before !== undefined) return { outcome: "written", seq: before.seq, messageId: before.id, deliveries: 0 };
    if (message.kind === "reply") {
      const refused = await refusal(sql, conversationId, agentId, row, message, deps.channelFor);
      if (refused !== null) return refused;
      if (row.agent_id !== agentId) await applyChange(sql, conversationId, agentId, "claim");
    }
    const id = newId();
    const parts: Part[] = [{ t: "text", text: maskCards(message.text), format: "plain" }];
    const meta: ReplyMeta = { kind: "agent", sources: [], choices: [], flow: null, locale: row.locale ?? "en" };
    const type = message.kind === "reply" ? "message" : "note";
    const seq = await appendEvent(sql, conversationId, { type, agentId, data: {} });
    await sql`insert into messages (id, conversation_id, seq, author, agent_id, visibility, channel, account, address_id, client_id, parts, meta)
      values (${id}, ${conversationId}, ${seq}, 'agent', ${agentId}, ${message.kind === "reply" ? "public" : "internal"}, ${row.channel},
        ${row.account}, ${row.address_id}, ${message.clientId}, ${sql.json(asJson(parts))}, ${sql.json(asJson(meta))})`;
    if (message.kind === "note") return { outcome: "written", seq, messageId: id, deliveries: 0 };
    await sql`update conversations set preview = ${maskCards(message.text).slice(0, 140)} where id = ${conversationId}`;
    const channel = deps.channelFor(row.channel ?? "", row.account ?? "");
    const items =
      channel === null || channel.limits.pulled
        ? []
        : channel.render({ parts, meta, to: row.address, locale: row.locale }).items;
    for (const [index, item] of items.entries()) {
      await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
        values (${id}, ${index + 1}, ${conversationId}, ${seq}, ${row.channel}, ${row.account}, ${sql.json(asJson(row.address))},
          ${sql.json(asJson(item))}, 'ready')`;
    }
    return { outcome: "written", seq, messageId: id, deliveries: items.length };
  });
}

interface Target {
  owner: string;
  agent_id: string | null;
  fence: number;
  next_seq: number;
  locale: string | null;
  channel: string | null;
  account: string | null;
  address_id: string | null;
  last_inbound_at: Date | null;
  address: ContactAddress;
  opted_out_at: Date | null;
}

async function refusal(
  sql: Parameters<Parameters<Db["transaction"]>[0]>[0],
  conversationId: string,
  agentId: string,
  row: Target,
  message: AgentMessage,
  channelFor: (channel: string, account: string) => Channel | null,
): Promise<WriteOutcome | null> {
  if (row.owner === "agent" && row.agent_id !== agentId) return { outcome: "not-owner" };
  if (message.fence !== undefined && message.fence !== row.fence) return { outcome: "not-owner" };
  if (message.afterSeq !== undefined) {
    const [{ newer } = { newer: 0 }] = await sql<{ newer: number }[]>`select count(*)::int as newer from messages
      where conversation_id = ${conversationId} and seq > ${message.afterSeq} and visibility = 'public' and (author <> 'agent' or client_id is distinct from ${message.clientId})`;
    if (newer > 0) return { outcome: "newer", newer, lastSeq: row.next_seq - 1 };
  }
  if (row.opted_out_at !== null) return { outcome: "opted-out" };
  const windowMs = channelFor(row.channel ?? "", row.account ?? "")?.limits.replyWindowMs ?? null;
  if (windowMs !== null && row.last_inbound_at !== null && Date.now() - row.last_inbound_at.getTime() > windowMs)
    return { outcome: "window-closed" };
  return null;
}
