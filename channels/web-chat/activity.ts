import { cleanText as clean } from "../../src/lib/clean-text.ts";
import type { InboundMessage, Part, ReplyMeta } from "../channel.ts";

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
export function toActivity(conversationId: string, visitorId: string, entry: TimelineEntry) {
  const ours = entry.author !== "contact";
  const { parts, meta } = entry;
  const options = parts.flatMap((part) => (part.t === "choices" ? part.options : []));
  const markdown = parts.some((part) => part.t === "text" && part.format === "markdown");
  return {
    type: "message",
    id: activityId(conversationId, entry.seq),
    timestamp: entry.at.toISOString(),
    channelId: "directline",
    from: ours
      ? { id: "everline", name: entry.agentName ?? "Assistant", role: "bot" }
      : { id: visitorId, role: "user" },
    conversation: { id: conversationId },
    text: parts.map(words).filter(Boolean).join("\n\n"),
    textFormat: markdown ? "markdown" : "plain",
    ...(meta === null ? {} : { locale: meta.locale }),
    ...(options.length === 0
      ? {}
      : {
          suggestedActions: {
            actions: options.map((one) => ({
              type: "postBack",
              title: one.title,
              value: { choice: one.id, title: one.title },
              displayText: one.title,
            })),
          },
        }),
    channelData: {
      // Only the visitor's own: an agent's would let the visitor write under it.
      ...(ours || entry.clientId === null ? {} : { clientActivityID: entry.clientId }),
      everline: {
        seq: entry.seq,
        author: entry.author,
        kind: meta?.kind ?? (entry.author === "agent" ? "agent" : "notice"),
        sources: meta?.sources ?? [],
        choices: meta?.choices ?? [],
        flow: meta?.flow ?? null,
        locale: meta?.locale ?? null,
      },
    },
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
      return part.caption ?? part.name ?? "";
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
  readonly channelData?: unknown;
}

/** A visitor's activity as our message; null for a type that is no message (typing, events). Pure, never throws. */
export function toMessage(
  posted: PostedActivity,
  visitor: { readonly conversationId: string; readonly visitorId: string },
  fallbackId: string,
): InboundMessage | null {
  if (posted.type !== "message") return null;
  const ownId = clientIdOf(posted.channelData);
  const clientId = ownId ?? fallbackId;
  const parts = partsOf(posted);
  return {
    kind: "message",
    key: `webchat:${visitor.conversationId}:${clientId}`,
    from: { channel: "web-chat", kind: "web-visitor", value: visitor.visitorId },
    externalId: clientId,
    ...(ownId === null ? {} : { clientId: ownId }),
    parts: parts.length > 0 ? parts : [{ t: "unsupported", what: "a message without words" }],
    wantsAnswer: parts.length > 0,
    ...(typeof posted.locale === "string" && posted.locale.length <= 35 ? { locale: posted.locale } : {}),
    ...(parts.length > 0
      ? {}
      : { raw: JSON.parse(clean(JSON.stringify(posted).slice(0, 10_000)).replaceAll("\\u0000", "")) as unknown }),
  };
}

function partsOf(posted: PostedActivity): Part[] {
  const picked = posted.value;
  if (typeof picked === "object" && picked !== null && "choice" in picked && typeof picked.choice === "string") {
    const title = "title" in picked && typeof picked.title === "string" ? picked.title : picked.choice;
    return [{ t: "choice", optionId: clean(picked.choice).slice(0, 200), title: clean(title).slice(0, 200) }];
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
