import { cleanText as clean, firstOf } from "../../src/lib/clean-text.ts";
import type { ChoiceOption, MediaPart } from "../../src/lib/message.ts";
import type { InboundMessage, Part, ReplyMeta } from "../channel.ts";
import type { Visitor } from "./tokens.ts";

/** Direct Line allows more; nobody reads more. */
export const textMaxChars = 32_000;

/** One entry of the customer's timeline, as the core hands it over. */
export interface TimelineEntry {
  readonly seq: number;
  readonly at: Date;
  readonly author: "contact" | "assistant" | "agent" | "system";
  readonly agentName: string | null;
  readonly parts: readonly Part[];
  readonly meta: ReplyMeta | null;
  readonly clientId: string | null;
}

/** A timeline entry as a Direct Line activity; its id is stable, so that clients can leave out what they have. Pure. */
export function toActivity(
  visitor: Visitor,
  entry: TimelineEntry,
  linkTo: (fileId: string) => string,
  articleTitle: (id: string, locale: string) => string | null,
) {
  const ours = entry.author !== "contact";
  const { parts, meta } = entry;
  const { conversationId } = visitor;
  const files = parts.filter((part) => part.t === "media");
  return {
    type: "message",
    id: activityId(conversationId, entry.seq),
    timestamp: entry.at.toISOString(),
    channelId: "directline",
    from: ours
      ? { id: ourId, name: entry.agentName ?? "Assistant", role: "bot" }
      : { id: visitor.visitorId, role: "user" },
    conversation: { id: conversationId },
    text: parts.map(words).filter(Boolean).join("\n\n"),
    textFormat: parts.some((part) => part.t === "text" && part.format === "markdown") ? "markdown" : "plain",
    ...(meta === null ? {} : { locale: meta.locale }),
    ...(files.length === 0 ? {} : { attachments: files.map((file) => toAttachment(file, linkTo)) }),
    ...suggestedActions(parts),
    channelData: {
      // Only the visitor's own: an agent's would let the visitor write under it.
      ...(ours || entry.clientId === null ? {} : { clientActivityID: entry.clientId }),
      // Microsoft's Web Chat sorts by this, else by the time: two who write at once may begin in one order and be stored
      // in the other (R3).
      "webchat:sequence-id": entry.seq,
      everline: {
        seq: entry.seq,
        author: entry.author,
        kind: meta?.kind ?? (entry.author === "agent" ? "agent" : "notice"),
        sources: meta?.sources ?? [],
        ...sourceTitles(meta, articleTitle),
        choices: meta?.choices ?? [],
        flow: meta?.flow ?? null,
        locale: meta?.locale ?? null,
        ...(files.length === 0 ? {} : { files: files.map(toFile) }),
      },
    },
  };
}

/** What the sources are called, in their order: a name reads better than an id. */
function sourceTitles(meta: ReplyMeta | null, articleTitle: (id: string, locale: string) => string | null) {
  if (meta === null || meta.sources.length === 0) return {};
  return { sourceTitles: meta.sources.map((id) => articleTitle(id, meta.locale) ?? id) };
}

const ourId = "everline";

/** Who has the conversation now. Passes by like typing: the truth is asked for anew with every stream. */
export function stateActivity(conversationId: string, value: object) {
  return {
    type: "event",
    name: "everline.state",
    channelId: "directline",
    from: { id: ourId, role: "bot" },
    conversation: { id: conversationId },
    value,
  };
}

/** Somebody of ours is writing, perhaps to be read along. Passes by: it has no id and moves no watermark. */
export function typingActivity(conversationId: string, by: "assistant" | "agent", draft?: string) {
  return {
    type: "typing",
    channelId: "directline",
    from: { id: ourId, role: "bot" },
    conversation: { id: conversationId },
    ...(draft === undefined ? {} : { text: draft }),
    channelData: { everline: { author: by } },
  };
}

/** A file as stock clients show it; one that cannot be had is a name with the reason behind it. */
function toAttachment(file: MediaPart, linkTo: (fileId: string) => string) {
  const name = file.name ?? file.kind;
  if (file.state !== "ready" || file.assetId === undefined)
    return { contentType: "application/octet-stream", name: file.why === undefined ? name : `${name} (${file.why})` };
  const contentUrl = linkTo(file.assetId);
  return {
    contentType: file.mime,
    contentUrl,
    name,
    ...(file.kind === "image" || file.kind === "sticker" ? { thumbnailUrl: contentUrl } : {}),
  };
}

/** The same for our own widget, which has words for each state in the reader's language. */
function toFile(file: MediaPart) {
  const { assetId = null, name = file.kind, mime, size = null, state, reason = null } = file;
  return { id: assetId, name, mime, size, state, reason };
}

function suggestedActions(parts: readonly Part[]) {
  const options = parts.flatMap((part) => (part.t === "choices" ? part.options : []));
  if (options.length === 0) return {};
  const actions = options.map((one) =>
    one.url === undefined ? postBack(one) : { type: "openUrl", title: one.title, value: one.url },
  );
  return { suggestedActions: { actions } };
}

function postBack(one: ChoiceOption) {
  return {
    type: "postBack",
    title: one.title,
    value: { choice: one.id, title: one.title },
    displayText: one.title,
  };
}

export function activityId(conversationId: string, seq: number): string {
  return `${conversationId}|${String(seq).padStart(7, "0")}`;
}

function words(part: Part): string {
  switch (part.t) {
    case "text":
      return part.text;
    case "choice":
      return part.title;
    case "choices":
      return part.prompt ?? "";
    case "media":
      return part.caption ?? "";
    default:
      return "";
  }
}

/** What we read of a posted activity; everything else is accepted and left alone. */
export interface PostedActivity {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly locale?: unknown;
  readonly value?: unknown;
  readonly attachments?: unknown;
  readonly channelData?: unknown;
}

/** A visitor's message activity, and the files that came with it, as our message. Pure, never throws. */
export function toMessage(
  posted: PostedActivity,
  visitor: Visitor,
  fallbackId: string,
  files: readonly MediaPart[] = [],
): InboundMessage {
  const ownId = clientIdOf(posted.channelData);
  const clientId = ownId ?? fallbackId;
  const understood = [...partsOf(posted), ...files];
  const linked = Array.isArray(posted.attachments) && posted.attachments.length > 0;
  // X2: nothing is fetched because a message says so; it is shown that there was something.
  const parts: Part[] = linked ? [...understood, { t: "unsupported", what: "an attachment by link" }] : understood;
  const raw = JSON.stringify(posted).slice(0, rawMaxChars);
  return {
    kind: "message",
    key: `webchat:${visitor.conversationId}:${clientId}`,
    from: { channel: "web-chat", ...visitor.address },
    externalId: clientId,
    ...(ownId === null ? {} : { clientId: ownId }),
    parts: parts.length > 0 ? parts : [{ t: "unsupported", what: "a message without words" }],
    wantsAnswer: understood.length > 0,
    ...(typeof posted.locale === "string" && posted.locale.length <= 35 ? { locale: clean(posted.locale) } : {}),
    ...(understood.length > 0 && !linked ? {} : { raw: clean(raw).replaceAll("\\u0000", "") }),
  };
}

/** Enough to see what a client meant. */
const rawMaxChars = 10_000;

function partsOf(posted: PostedActivity): Part[] {
  const picked = posted.value;
  if (typeof picked === "object" && picked !== null && "choice" in picked && typeof picked.choice === "string") {
    const title = "title" in picked && typeof picked.title === "string" ? picked.title : picked.choice;
    return [{ t: "choice", optionId: firstOf(clean(picked.choice), 200), title: firstOf(clean(title), 200) }];
  }
  const text = typeof posted.text === "string" ? clean(posted.text).slice(0, textMaxChars) : "";
  return text.trim() === "" ? [] : [{ t: "text", text, format: "plain" }];
}

/** The id that the browser gave its message: a resend is the same message. */
export function clientIdOf(channelData: unknown): string | null {
  if (typeof channelData !== "object" || channelData === null || !("clientActivityID" in channelData)) return null;
  const id = channelData.clientActivityID;
  return typeof id === "string" && id.length > 0 && id.length <= 200 ? clean(id) : null;
}
