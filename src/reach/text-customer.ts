import { type Channel, type ContactAddress, can, type OutboundItem, type Template } from "../../channels/channel.ts";
import { isWindowOpen } from "../conversations/reply-window.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { newId } from "../lib/ids.ts";
import type { Part } from "../lib/message.ts";
import type { ReachSettings } from "../settings/reach.ts";
import { readSettingIn } from "../settings/settings.ts";
import { templateFor, templatesSetting } from "../settings/templates.ts";
import { type DueNudge, settleIn } from "./nudges.ts";
import { makeResumeLink, type WithLink } from "./resume-links.ts";
import { fillIn, reachWording } from "./wording.ts";

const account = "default";
/** Where a text goes when the chosen channel would not let us write first. */
const anywhere = "sms";
/** "+46 70": a country and the first digits behind it, where pumping shows (M2). */
const prefixChars = 6;

export interface TextDeps {
  readonly db: Db;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly company: () => string;
  readonly key: Buffer;
  readonly publicUrl: () => string;
}

export type TextOutcome = "written" | "not-written" | "capped" | "no-channel";

/**
 * Writes an SMS or WhatsApp message with a link that resumes the conversation, its delivery, and what is to be known of
 * it, in one transaction: after a crash either all of it is there or nothing. The outbox sends it.
 */
export function textCustomer(deps: TextDeps, nudge: DueNudge, settings: ReachSettings): Promise<TextOutcome> {
  const { number: left } = nudge;
  if (left === null) return Promise.resolve("not-written");
  return deps.db
    .transaction(async (sql): Promise<TextOutcome> => {
      const locale = left.locale ?? nudge.locale ?? "en";
      const way = await wayTo(sql, deps, { conversationId: nudge.conversationId, wish: left.channel, locale });
      if (way === null) return "no-channel";
      const { channel, template } = way;
      const entry = { way: channel.name, state: "sent" };
      const seq = await settleIn(sql, nudge, { to: "told" }, entry);
      if (seq === null) return "not-written";
      if (!(await countText(sql, left.number, settings))) throw new Capped();
      const link = await makeResumeLink(sql, deps.key, nudge.conversationId, settings.linkHours);
      const to = { channel: channel.name, kind: "e164", value: left.number } as const;
      const text = (shown: string): string =>
        fillIn(reachWording(locale).text, { company: deps.company(), link: shown });
      const address = `${deps.publicUrl()}/resume/${link.placeholder}`;
      const approved = template === null ? null : fill(channel, template, [deps.company(), address]);
      const items =
        approved === null ? channel.render({ parts: plain(text(address)), meta: null, to, locale }).items : [approved];
      const withLink = items.map((item) => ({ ...item, resumeLink: link.id }));
      await storeText(sql, { nudge, seq, to, locale, parts: plain(text("…")), items: withLink });
      return "written";
    })
    .catch((error: unknown) => {
      if (error instanceof Capped) return "capped";
      throw error;
    });
}

/** Rolls everything back but is no surprise. */
class Capped extends Error {
  override readonly name = "Capped";
}

function plain(text: string): Part[] {
  return [{ t: "text", text, format: "plain" }];
}

interface Way {
  readonly channel: Channel;
  /** Where writing freely is over: what was approved beforehand. */
  readonly template: Template | null;
}

/**
 * The channel that the customer chose when it lets us write now, freely or by an approved template; else the one on which
 * we may always begin.
 */
async function wayTo(
  sql: TransactionSql,
  deps: TextDeps,
  { conversationId, wish, locale }: { readonly conversationId: string; readonly wish: string; readonly locale: string },
): Promise<Way | null> {
  for (const name of new Set([wish, anywhere])) {
    const channel = deps.channelFor(name, account);
    if (channel === null || !can(channel, "send")) continue;
    if (await isWindowOpen(sql, conversationId, channel)) return { channel, template: null };
    const template = templateFor((await readSettingIn(sql, templatesSetting)).newMessage, locale);
    if (template !== null && fill(channel, template, []) !== null) return { channel, template };
  }
  return null;
}

function fill(channel: Channel, template: Template, values: readonly string[]): OutboundItem | null {
  return can(channel, "renderTemplate") ? channel.renderTemplate(template, values) : null;
}

/** Each cap is counted by the database; the transaction that goes on holds its place in all of them (M2). */
async function countText(sql: TransactionSql, number: string, settings: ReachSettings): Promise<boolean> {
  const caps = [
    [`text:${number}`, settings.perNumber],
    [`text-prefix:${number.slice(0, prefixChars)}`, settings.perPrefix],
    ["text-all", settings.inAll],
  ] as const;
  for (const [key, cap] of caps) {
    const [row] = await sql<{ ok: boolean }[]>`select count_reach(${key}, ${cap}) as ok`;
    if (row?.ok !== true) return false;
  }
  return true;
}

interface StoredText {
  readonly nudge: DueNudge;
  readonly seq: number;
  readonly to: ContactAddress;
  readonly locale: string;
  readonly parts: readonly Part[];
  readonly items: readonly (OutboundItem & WithLink)[];
}

/** Internal: the customer reads it on their phone, and agents read in the timeline that it went there. */
async function storeText(sql: TransactionSql, { nudge, seq, to, locale, parts, items }: StoredText): Promise<void> {
  const id = newId();
  const meta = { kind: "notice", sources: [], choices: [], flow: null, locale };
  await sql`insert into messages (id, conversation_id, seq, author, visibility, channel, account, parts, meta)
    values (${id}, ${nudge.conversationId}, ${seq}, 'system', 'internal', ${to.channel}, ${account},
      ${sql.json(asJson(parts))}, ${sql.json(asJson(meta))})`;
  for (const [index, item] of items.entries()) {
    await sql`insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state)
      values (${id}, ${index + 1}, ${nudge.conversationId}, ${seq}, ${to.channel}, ${account},
        ${sql.json(asJson(to))}, ${sql.json(asJson(item))}, 'ready')`;
  }
}
