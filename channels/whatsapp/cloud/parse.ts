import { z } from "zod";
import { cleanText, cutText, mapTexts } from "../../../src/lib/clean-text.ts";
import type { ContactAddress, InboundEvent, InboundMessage, Part, StatusReport } from "../../channel.ts";
import { addressesOf } from "../address.ts";
import { withConsent } from "../consent.ts";
import { metaError } from "./errors.ts";
import { type Content, messageParts } from "./parts.ts";

export interface CloudAccount {
  readonly account: string;
  readonly phoneNumberId: string;
}

const nameMaxChars = 200;
const id = z.string().min(1).max(400);
/** Meta was asked for too much: it says so also of messages that it had taken. */
const againAfterMs = [15 * 60_000, 120 * 60_000] as const;

/** A field that adds something: in a form we do not know it is left out, and the message it came with is kept. */
const extra = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const personId = extra(z.string().max(200));
const list = extra(z.array(z.unknown()));
const envelope = z.looseObject({
  entry: z.array(z.looseObject({ changes: z.array(z.looseObject({ field: z.string(), value: z.unknown() })) })),
});
const change = z.looseObject({
  metadata: z.looseObject({ phone_number_id: z.string().optional() }).optional(),
  contacts: extra(
    z.array(
      z.looseObject({
        profile: extra(z.looseObject({ name: extra(z.string()) })),
        wa_id: personId,
        user_id: personId,
        parent_user_id: personId,
      }),
    ),
  ),
  messages: list,
  statuses: list,
  user_id_update: list,
});
const message = z.looseObject({
  id,
  type: z.string().max(100).catch("a message of no known type"),
  from: personId,
  from_user_id: personId,
  from_parent_user_id: personId,
  timestamp: extra(z.string().or(z.number())),
  context: extra(z.looseObject({ id: z.string().max(400).optional() })),
});
const status = z.looseObject({
  id,
  status: z.string(),
  type: z.string().optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
  errors: z.array(z.looseObject({ code: z.number().int() })).optional(),
});
const scopedIds = z.looseObject({ previous: personId, current: personId }).optional();
const idUpdate = z.looseObject({ wa_id: personId, user_id: scopedIds, parent_user_id: scopedIds });
const reaction = z.looseObject({ message_id: id, emoji: z.string().max(64).optional() });
const edit = z.looseObject({ original_message_id: id, message: z.looseObject({ type: z.string().max(100) }) });
const revoke = z.looseObject({ original_message_id: id });
const system = z.looseObject({
  type: z.string().max(100).optional(),
  wa_id: personId,
  user_id: personId,
  previous_user_id: personId,
});

type Change = z.output<typeof change>;
type CloudMessage = z.output<typeof message>;

/** A webhook body of Meta's as our events. Pure; what it does not know is kept as `unsupported`, never an error. */
export function parseCloud(body: unknown, account: CloudAccount): InboundEvent[] {
  const parsed = envelope.safeParse(body);
  if (!parsed.success) return [{ kind: "ignored", why: "not-an-envelope" }];
  return parsed.data.entry.flatMap((entry) =>
    entry.changes.flatMap(({ field, value }) => changeEvents(field, value, account)),
  );
}

/** Fields that say nothing about a person's conversation; subscribed to with others, so not a fault. */
const otherFields = new Set([
  "account_update",
  "calls",
  "history",
  "message_template_status_update",
  "smb_message_echoes",
  "user_preferences",
]);

function changeEvents(field: string, value: unknown, account: CloudAccount): InboundEvent[] {
  if (otherFields.has(field)) return [{ kind: "ignored", why: `field-${field}` }];
  if (field !== "messages" && field !== "user_id_update") return [{ kind: "ignored", why: "field-unknown" }];
  const parsed = change.safeParse(value);
  if (!parsed.success) return [{ kind: "ignored", why: "change-unreadable" }];
  if (parsed.data.metadata?.phone_number_id !== account.phoneNumberId) {
    return [{ kind: "ignored", why: "another-number" }];
  }
  const { messages = [], statuses = [], user_id_update: updates = [] } = parsed.data;
  return [
    ...messages.map((one) => messageEvent(one, parsed.data, account)),
    ...statuses.map(statusEvent),
    ...updates.map((one) => idUpdateEvent(one, account)),
  ];
}

function messageEvent(given: unknown, within: Change, account: CloudAccount): InboundEvent {
  const parsed = message.safeParse(given);
  if (!parsed.success) return { kind: "ignored", why: "message-unreadable" };
  const { data } = parsed;
  if (data.type === "system") return systemEvent(data, account);
  const contact = within.contacts?.find(({ wa_id, user_id }) => isTheSame(data, wa_id, user_id)) ?? onlyOne(within);
  // A person with a user name may hide the number; then the business-scoped id is who wrote.
  const [from, ...aliases] = addressesOf([
    data.from,
    data.from_user_id,
    contact?.user_id,
    data.from_parent_user_id,
    contact?.parent_user_id,
  ]);
  if (from === undefined) return { kind: "ignored", why: "message-without-sender" };
  const who = { key: keyOf(account, data.id), from, ...(aliases.length > 0 ? { aliases } : {}) };
  const changed = changeOf(data, who, account);
  if (changed !== null) return changed;
  const name = cutText(contact?.profile?.name ?? "", nameMaxChars);
  return toMessage(data, { ...who, ...(name === "" ? {} : { profileName: name }) }, account);
}

interface Who {
  readonly key: string;
  readonly from: ContactAddress;
  readonly aliases?: readonly ContactAddress[];
}

/** What happened to an earlier message; null when this is a message of its own. */
function changeOf(data: CloudMessage, { key, from }: Who, account: CloudAccount): InboundEvent | null {
  const about = { kind: "change", key, from } as const;
  switch (data.type) {
    case "reaction": {
      const { success, data: one } = reaction.safeParse(data.reaction);
      if (!success) return null;
      const emoji = one.emoji === undefined || one.emoji === "" ? null : cleanText(one.emoji);
      return { ...about, change: "reaction", targetExternalId: cleanText(one.message_id), data: { emoji } };
    }
    case "edit": {
      const { success, data: one } = edit.safeParse(data.edit);
      if (!success) return null;
      // The new media are not fetched: the first ones are stored, and the timeline says that there was an edit.
      const parts = (messageParts(one.message, account) ?? []).map(withoutSource);
      return { ...about, change: "edit", targetExternalId: cleanText(one.original_message_id), data: { parts } };
    }
    case "revoke": {
      const { success, data: one } = revoke.safeParse(data.revoke);
      if (!success) return null;
      return { ...about, change: "revoke", targetExternalId: cleanText(one.original_message_id), data: {} };
    }
    default:
      return null;
  }
}

function withoutSource(part: Part): Part {
  if (part.t !== "media") return part;
  const { source: _source, ...rest } = part;
  return rest;
}

function toMessage(
  data: CloudMessage & Content,
  who: Who & { readonly profileName?: string },
  account: CloudAccount,
): InboundMessage {
  const externalId = cleanText(data.id);
  const at = timeOf(data.timestamp);
  const repliesTo = data.context?.id;
  const shared = {
    kind: "message",
    ...who,
    externalId,
    ...(at === null ? {} : { providerTime: at }),
    ...(repliesTo === undefined ? {} : { replyToExternalId: cleanText(repliesTo) }),
  } as const;
  const parts = messageParts(data, account);
  if (parts === null) {
    const what = cutText(data.type, 100);
    return { ...shared, parts: [{ t: "unsupported", what }], wantsAnswer: true, raw: mapTexts(data, cleanText) };
  }
  return { ...shared, ...withConsent(parts, null) };
}

/** Beyond the year 9999 a date is written in a form that databases do not read. */
const secondsMax = 253_402_300_799;

function timeOf(timestamp: string | number | undefined): Date | null {
  const seconds = Number(timestamp ?? Number.NaN);
  return seconds >= 0 && seconds <= secondsMax ? new Date(seconds * 1000) : null;
}

function statusEvent(given: unknown): InboundEvent {
  const parsed = status.safeParse(given);
  const state = parsed.success ? states[parsed.data.status] : undefined;
  if (!parsed.success || state === undefined) return { kind: "ignored", why: "status-without-news" };
  const { id: externalId, biz_opaque_callback_data: deliveryId, errors } = parsed.data;
  const report: StatusReport = {
    kind: "status",
    state,
    externalId: cleanText(externalId),
    ...(deliveryId === undefined ? {} : { deliveryId: cleanText(deliveryId) }),
  };
  if (state !== "failed") return report;
  const error = metaError(errors?.[0]?.code ?? 0);
  return { ...report, error, ...(error.class === "retry" ? { againAfterMs } : {}) };
}

const states: Readonly<Record<string, StatusReport["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  // A voice message that was listened to.
  played: "read",
  failed: "failed",
};

/** A system message: the person's number or scoped id changed, or their phone was set up anew. */
function systemEvent(data: CloudMessage, account: CloudAccount): InboundEvent {
  const { success, data: told } = system.safeParse(data.system);
  if (!success) return { kind: "ignored", why: "system-unreadable" };
  const before = [data.from, data.from_user_id, told.previous_user_id];
  const [from, ...aliases] = addressesOf([...before, told.wa_id, told.user_id]);
  // Without the former id there is nobody to link the new one to; it arrives again with the next message.
  if (from === undefined || addressesOf(before).length === 0) {
    return { kind: "ignored", why: "identity-without-person" };
  }
  const reason = cutText(told.type ?? "changed", 100);
  return { kind: "change", key: keyOf(account, data.id), from, aliases, change: "identity", data: { reason } };
}

function idUpdateEvent(given: unknown, account: CloudAccount): InboundEvent {
  const parsed = idUpdate.safeParse(given);
  if (!parsed.success) return { kind: "ignored", why: "identity-unreadable" };
  const { wa_id, user_id, parent_user_id } = parsed.data;
  const before = [wa_id, user_id?.previous, parent_user_id?.previous];
  const [from, ...aliases] = addressesOf([...before, user_id?.current, parent_user_id?.current]);
  if (from === undefined || addressesOf(before).length === 0) {
    return { kind: "ignored", why: "identity-without-person" };
  }
  const ids = [user_id?.previous, user_id?.current, parent_user_id?.previous, parent_user_id?.current];
  const key = `wa:identity:${account.phoneNumberId}:${ids.map((one) => cutText(one ?? "", 200)).join(":")}`;
  return { kind: "change", key, from, aliases, change: "identity", data: { reason: "user_changed_user_id" } };
}

function keyOf(account: CloudAccount, messageId: string): string {
  return `wa:in:${account.phoneNumberId}:${cleanText(messageId)}`;
}

function isTheSame(data: CloudMessage, waId: string | undefined, userId: string | undefined): boolean {
  return (
    (data.from !== undefined && data.from === waId) || (data.from_user_id !== undefined && data.from_user_id === userId)
  );
}

/** With one sender in a change its contact is the sender's, even when both ids are spelled differently. */
function onlyOne(within: Change) {
  return within.contacts?.length === 1 && within.messages?.length === 1 ? within.contacts[0] : undefined;
}
