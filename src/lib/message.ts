/**
 * What a message is made of, in our words. Channels translate to and from these shapes at their door;
 * the core stores them as they are. Source of the list: the normalised model every channel can be mapped to.
 */
export type MediaKind = "image" | "audio" | "voice" | "video" | "document" | "sticker";

export interface ChoiceOption {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly url?: string;
}

/** Where a worker can fetch the bytes of a provider's media; opaque outside the channel that made it. */
export interface MediaReference {
  readonly channel: string;
  readonly account: string;
  readonly reference: string;
}

/** Why a file is not there, as a fixed word: screens say it in the reader's language, logs may carry it. */
export type FileReason =
  | "empty"
  | "kind-not-allowed"
  | "damaged"
  | "too-many-pixels"
  | "too-big"
  | "quota"
  | "gone"
  | "refused"
  | "unreachable";

export interface MediaPart {
  readonly t: "media";
  readonly kind: MediaKind;
  readonly mime: string;
  readonly assetId?: string;
  readonly name?: string;
  readonly size?: number;
  readonly caption?: string;
  readonly state: "pending" | "ready" | "failed" | "blocked";
  /** Why it is failed or blocked; a fixed word. */
  readonly reason?: FileReason;
  /** The same as a sentence, in English. */
  readonly why?: string;
  /** Where a provider may fetch it: signed and expiring, present only while it is sent. */
  readonly url?: string;
  /** Present on arrival only; moved to the attachment's row when the message is stored. */
  readonly source?: MediaReference;
}

export type Part =
  | { readonly t: "text"; readonly text: string; readonly format: "plain" | "markdown" }
  | MediaPart
  | {
      readonly t: "location";
      readonly lat: number;
      readonly lng: number;
      readonly name?: string;
      readonly address?: string;
    }
  | { readonly t: "contact"; readonly name: string; readonly phones: readonly string[] }
  | {
      readonly t: "choices";
      readonly prompt?: string;
      readonly style: "buttons" | "list";
      readonly options: readonly ChoiceOption[];
    }
  | { readonly t: "choice"; readonly optionId: string; readonly title: string }
  | { readonly t: "dtmf"; readonly digits: string }
  | { readonly t: "event"; readonly name: string; readonly data?: unknown }
  | { readonly t: "unsupported"; readonly what: string };

/** Who wrote an entry. */
export type Author = "contact" | "assistant" | "agent" | "system";

/** What kind of reply ours is; clients use it to draw it, tests to judge it. */
export type ReplyKind = "answer" | "clarify" | "unknown" | "flow" | "handoff" | "agent" | "notice";

/** What we say about a message of ours beside its parts. */
export interface ReplyMeta {
  readonly kind: ReplyKind;
  /** Article ids the text is taken from. */
  readonly sources: readonly string[];
  /** Article ids offered as "did you mean". */
  readonly choices: readonly string[];
  readonly flow: string | null;
  readonly locale: string;
  /** What the channel could not carry, in words for the agent; absent when it carried everything. */
  readonly degraded?: readonly string[];
}

/** The words of a message as one plain text: for understanding, previews and search. Empty when it has none. */
export function plainText(parts: readonly Part[]): string {
  // A key that was pressed for a choice says no more than the choice.
  const chosen = parts.some(({ t }) => t === "choice");
  return parts
    .map((part) => (chosen && part.t === "dtmf" ? "" : partText(part)))
    .filter(Boolean)
    .join("\n");
}

function partText(part: Part): string {
  switch (part.t) {
    case "text":
      return part.text;
    case "choice":
      return part.title;
    case "choices":
      return part.prompt ?? "";
    case "media":
      return part.caption ?? "";
    case "dtmf":
      return part.digits;
    case "location":
      return part.name ?? part.address ?? "";
    case "contact":
    case "event":
    case "unsupported":
      return "";
  }
}
