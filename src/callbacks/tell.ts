import { type Channel, type ContactAddress, can, type OutboundItem } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import { isWindowOpen } from "../conversations/reply-window.ts";
import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { firstOf } from "../lib/clean-text.ts";
import { newId } from "../lib/ids.ts";
import type { Part, ReplyMeta } from "../lib/message.ts";
import { readSettingIn } from "../settings/settings.ts";
import { templateFor, templatesSetting } from "../settings/templates.ts";
import type { CallDesk } from "./desk.ts";
import { callToken } from "./link.ts";
import { refusesCalls, takeAllowances, textAllowances } from "./phone-policy.ts";
import { type CallbackRow, lockCallback, openCallbackOf } from "./store.ts";
import { type CallWords, callWords, fillIn, timeInWords } from "./words.ts";

const previewMaxChars = 140;

/**
 * Writes to the customer about their call, with the link to move or cancel it: in the conversation, and by text message
 * where that is not read by itself (web chat, telephone), so often at most as M2 allows. Goes out through the outbox like every message.
 */
export async function tellCustomer(
  sql: TransactionSql,
  desk: CallDesk,
  callback: Pick<CallbackRow, "id" | "conversationId" | "phone" | "locale" | "zone" | "zones" | "dueAt">,
  what: Telling,
): Promise<void> {
  const { locale } = callback;
  const zone = callback.zone ?? callback.zones[0] ?? "UTC";
  const company = desk.company();
  const when = timeInWords(callback.dueAt, zone, locale);
  const link = callLink(desk, callback.id);
  const text = fillIn(callWords(locale)[what], { company, when, link });
  const parts: readonly Part[] = [{ t: "text", text, format: "plain" }];
  const meta: ReplyMeta = { kind: "notice", sources: [], choices: [], flow: "callback", locale: locale ?? "en" };
  const way = await wayToTell(sql, desk, callback, (channel) =>
    approved(sql, channel, what, locale, [company, when, link]),
  );
  const seq = await appendEvent(sql, callback.conversationId, { type: "message", agentId: null, data: {} });
  const id = newId();
  await sql`insert into messages (id, conversation_id, seq, author, channel, account, parts, meta, locale)
    values (${id}, ${callback.conversationId}, ${seq}, 'system', ${way?.channel.name ?? null}, ${way?.channel.account ?? null},
      ${sql.json(asJson(parts))}, ${sql.json(asJson(meta))}, ${locale})`;
  await sql`update conversations set preview = ${firstOf(text, previewMaxChars)} where id = ${callback.conversationId}`;
  if (way === null) return;
  const items = way.template ?? way.channel.render({ parts, meta, to: way.address, locale }).items;
  for (const [index, item] of items.entries()) {
    await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
      values (${id}, ${index + 1}, ${callback.conversationId}, ${seq}, ${way.channel.name}, ${way.channel.account},
        ${sql.json(asJson(way.address))}, ${sql.json(asJson(item))}, 'ready')`;
  }
}

/** The customer reads that they will be called, and when. */
export async function tellPromised(sql: TransactionSql, desk: CallDesk, id: string): Promise<void> {
  const row = await lockCallback(sql, id);
  if (row !== null) await tellCustomer(sql, desk, row, row.wantedAt === null ? "bookedSoon" : "booked");
}

/** Two promises became one by joining conversations: the customer reads which of them is kept. */
export async function tellKept(sql: TransactionSql, desk: CallDesk, contactId: string): Promise<void> {
  const kept = await openCallbackOf(sql, contactId);
  if (kept === null) return;
  const [place] = await sql<{ locale: string | null }[]>`
    select locale from conversations where id = ${kept.conversationId}`;
  const callback = { ...kept, locale: place?.locale ?? kept.locale };
  await tellCustomer(sql, desk, callback, kept.wantedAt === null ? "keptSoon" : "kept");
}

export function callLink(desk: Pick<CallDesk, "key" | "now" | "publicUrl">, callbackId: string): string {
  return `${desk.publicUrl()}/call/${callToken(desk.key, callbackId, desk.now())}`;
}

type Telling = Exclude<keyof CallWords, "greeting" | "optedOut" | "assistant">;

interface Way {
  readonly channel: Channel;
  readonly address: ContactAddress;
  /** What goes out instead of the words where nothing may be written freely any more. */
  readonly template?: readonly OutboundItem[];
}

/** The template for these words in the customer's language, filled in; null: there is none that this channel can send. */
async function approved(
  sql: TransactionSql,
  channel: Channel,
  what: Telling,
  locale: string | null,
  values: readonly string[],
): Promise<OutboundItem | null> {
  if (!can(channel, "renderTemplate")) return null;
  const { calls } = await readSettingIn(sql, templatesSetting);
  const template = templateFor(calls[what], locale);
  return template === null ? null : channel.renderTemplate(template, values);
}

async function wayToTell(
  sql: TransactionSql,
  desk: CallDesk,
  { conversationId, phone }: Pick<CallbackRow, "conversationId" | "phone">,
  templateOf: (channel: Channel) => Promise<OutboundItem | null>,
): Promise<Way | null> {
  const [row] = await sql<{ channel: string | null; account: string | null; address: ContactAddress | null }[]>`
    select c.channel, c.account, case when a.id is not null then
      jsonb_build_object('channel', a.channel, 'kind', a.kind, 'value', a.value) end as address
    from conversations c left join contact_addresses a on a.id = c.address_id where c.id = ${conversationId}`;
  const here = desk.channelFor(row?.channel ?? "", row?.account ?? "");
  if (here !== null && can(here, "send") && !here.limits.pulled && row?.address) {
    if (await isWindowOpen(sql, conversationId, here)) return { channel: here, address: row.address };
    const template = await templateOf(here);
    if (template !== null) return { channel: here, address: row.address, template: [template] };
  }
  const caller = desk.phone();
  if (phone === null || caller === null || !can(caller, "repliesVia")) return null;
  const channel = desk.channelFor(caller.repliesVia, caller.account);
  if (channel === null || !can(channel, "send")) return null;
  // R5: whoever wants no calls wants no texts about calls. M2: nobody fills another person's telephone by moving a call.
  if (await refusesCalls(sql, phone)) return null;
  const full = await takeAllowances(sql, textAllowances(phone, new Date(desk.now()), desk.caps));
  if (full !== null) {
    desk.log.warn({ conversationId, reason: full }, "callback-text-held");
    return null;
  }
  return { channel, address: { channel: channel.name, kind: "e164", value: phone } };
}
