import type { Db } from "../db/client.ts";
import type { Part } from "../lib/message.ts";
import { codeInText } from "./code-in-text.ts";
import { codeHash, openCode } from "./sign-in-codes.ts";

/** The part that stands in the place of a code: what it was can be checked, not read (R10). */
export const codeEntered = "code-entered";

/** Whoever sends a code writes little else. */
const textMaxChars = 200;

interface Incoming {
  readonly from: { readonly channel: string; readonly kind: string; readonly value: string };
  readonly parts: readonly Part[];
}

/**
 * Takes a one-time code out of a message before it is stored (R10), when one was asked for at this address. Every other
 * message passes unchanged and costs nothing but a look at its digits.
 */
export function createHideCode(deps: { readonly db: Db; readonly key: Buffer }) {
  return async <Message extends Incoming>(message: Message): Promise<Message> => {
    // Codes are sent to telephone numbers alone.
    if (message.from.kind !== "e164") return message;
    const at = message.parts.findIndex((part) => codeIn(part) !== null);
    const part = message.parts[at];
    if (part === undefined) return message;
    const found = codeIn(part);
    const open = found === null ? null : await openCode(deps.db, message.from);
    if (found === null || open === null) return message;
    const digest = codeHash(deps.key, open, found.digits).toString("hex");
    const masked: Part = part.t === "dtmf" ? { t: "dtmf", digits: found.masked } : { ...part, ...textOf(found.masked) };
    const parts = [...message.parts.slice(0, at), masked, ...message.parts.slice(at + 1)];
    return { ...message, parts: [...parts, { t: "event", name: codeEntered, data: { code: open.id, digest } }] };
  };
}

function textOf(text: string) {
  return { t: "text", text, format: "plain" } as const;
}

function codeIn(part: Part) {
  if (part.t === "text") return part.text.length > textMaxChars ? null : codeInText(part.text);
  return part.t === "dtmf" ? codeInText(part.digits.replaceAll(/[#*]/g, " ")) : null;
}
