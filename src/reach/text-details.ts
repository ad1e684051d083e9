import { type Channel, can } from "../../channels/channel.ts";
import { checkPhone, takeAllowances } from "../callbacks/phone-policy.ts";
import { appendEvent } from "../conversations/append-event.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { newId } from "../lib/ids.ts";
import { toPlain } from "../lib/markdown.ts";
import { type Part, plainText, type ReplyMeta } from "../lib/message.ts";

/** M2: more than a long call needs, less than hurts; a day each. */
const caps = { number: 10, prefix: 100, all: 2_000 } as const;
/** A block of 1,000 numbers: they are abused together. */
const prefixWithoutLast = 3;
const dayMs = 24 * 60 * 60_000;

export interface DetailsDeps {
  readonly db: Db;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly countries: readonly string[];
  readonly publicUrl: () => string;
  readonly now: () => number;
  /** Sends what is open in a conversation. */
  readonly ring: (conversationId: string) => void;
}

/**
 * Sends a reply that is too long to be listened to as a text message, with the address of its article, to the number that
 * it was said to. False: that number cannot or may not get one. Once, however often it is asked.
 */
export async function textDetails(
  deps: DetailsDeps,
  conversationId: string,
  seq: number,
  spokenOn: Channel,
): Promise<boolean> {
  const other = can(spokenOn, "repliesVia") ? deps.channelFor(spokenOn.repliesVia, spokenOn.account) : null;
  if (other === null || !can(other, "send")) return false;
  const written = await deps.db.transaction(async (sql) => {
    const reply = await lockReply(sql, conversationId, seq, spokenOn.name);
    if (reply === null || !(await mayGetText(sql, deps, reply.number, other.name))) return false;
    const [fresh] = await sql`insert into provider_keys (key, conversation_id)
      values (${`details:${conversationId}:${seq}`}, ${conversationId}) on conflict do nothing returning key`;
    if (fresh === undefined) return true;
    const text = [toPlain(plainText(reply.parts)), linkTo(deps, reply.meta)].filter(Boolean).join("\n");
    const meta: ReplyMeta = { ...reply.meta, kind: "notice" };
    const parts: Part[] = [{ t: "text", text, format: "plain" }];
    const to = { channel: other.name, kind: "e164", value: reply.number } as const;
    const { items } = other.render({ parts, meta, to, locale: meta.locale });
    const at = await appendEvent(sql, conversationId, {
      type: "reach",
      agentId: null,
      data: { way: other.name, state: "details", of: seq },
    });
    const id = newId();
    // Internal: it is said already; agents read in the timeline that it went there.
    await sql`insert into messages (id, conversation_id, seq, author, visibility, channel, account, parts, meta)
      values (${id}, ${conversationId}, ${at}, 'system', 'internal', ${to.channel}, ${other.account},
        ${sql.json(asJson(parts))}, ${sql.json(asJson(meta))})`;
    for (const [index, item] of items.entries()) {
      await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
        values (${id}, ${index + 1}, ${conversationId}, ${at}, ${to.channel}, ${other.account},
          ${sql.json(asJson(to))}, ${sql.json(asJson(item))}, 'ready')`;
    }
    return true;
  });
  if (written) deps.ring(conversationId);
  return written;
}

interface SpokenReply {
  readonly number: string;
  readonly parts: readonly Part[];
  readonly meta: ReplyMeta;
}

/** An answer from articles, and the number that it was said to; null: it is neither, or the number is withheld. */
async function lockReply(sql: TransactionSql, conversationId: string, seq: number, channel: string) {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
  const [row] = await sql<SpokenReply[]>`
    select a.value as number, m.parts, m.meta from messages m join contact_addresses a on a.id = m.address_id
    where m.conversation_id = ${conversationId} and m.seq = ${seq} and a.channel = ${channel} and a.kind = 'e164'
      and m.author = 'assistant' and m.meta->>'kind' = 'answer'`;
  return row ?? null;
}

async function mayGetText(
  sql: TransactionSql,
  { countries, now }: DetailsDeps,
  number: string,
  channel: string,
): Promise<boolean> {
  // They call from it, but a caller's number is only a claim: lists and caps hold as for every other (M1, M2).
  const checked = checkPhone(number, countries, true);
  if (checked.outcome !== "callable" || checked.landline) return false;
  const [optedOut] = await sql`select 1 from contact_addresses
    where channel = ${channel} and kind = 'e164' and value = ${number} and opted_out_at is not null`;
  if (optedOut !== undefined) return false;
  const period = new Date(Math.floor(now() / dayMs) * dayMs);
  const one = (scope: string, key: string, cap: number) => ({ scope, key, period, amount: 1, cap });
  const full = await takeAllowances(sql, [
    one("details-number", number, caps.number),
    one("details-prefix", number.slice(0, -prefixWithoutLast), caps.prefix),
    one("details-all", "all", caps.all),
  ]);
  return full === null;
}

function linkTo({ publicUrl }: DetailsDeps, { sources, locale }: ReplyMeta): string {
  const [article] = sources;
  return article === undefined ? "" : `${publicUrl()}/help/${locale.slice(0, 2)}/${article}`;
}
