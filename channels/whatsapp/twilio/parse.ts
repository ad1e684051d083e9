import { cutText, firstOf } from "../../../src/lib/clean-text.ts";
import type { ContactAddress, InboundEvent, Part } from "../../channel.ts";
import { mediaParts, rawForm, readMessage, textParts } from "../../twilio/inbound.ts";
import { addressesOf } from "../address.ts";
import { withConsent } from "../consent.ts";

const shortMaxChars = 1_000;

/** A Twilio message form about WhatsApp as our events. Pure; what it does not know is kept as `unsupported`. */
export function parseTwilio(form: URLSearchParams, account: string): InboundEvent[] {
  const read = readMessage(form);
  const [from, ...aliases] = addressesOf([read?.from, form.get("WaId"), form.get("ExternalUserId")]);
  if (read === null || from === undefined) return [{ kind: "ignored", why: "no-message-id" }];
  const { key, externalId, text } = read;
  const repliesTo = cutText(form.get("OriginalRepliedMessageSid") ?? "", shortMaxChars);
  if (form.get("MessageType") === "reaction" && repliesTo !== "") {
    return [reactionEvent(key, from, repliesTo, text)];
  }
  const name = cutText(form.get("ProfileName") ?? "", shortMaxChars);
  const shared = {
    kind: "message",
    key,
    externalId,
    from,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(name === "" ? {} : { profileName: name }),
    ...(repliesTo === "" ? {} : { replyToExternalId: repliesTo }),
  } as const;
  const parts = partsOf(form, text, account);
  if (parts.length === 0) {
    const what = cutText(form.get("MessageType") ?? "an empty message", 100);
    return [{ ...shared, parts: [{ t: "unsupported", what }], wantsAnswer: true, raw: rawForm(form) }];
  }
  return [{ ...shared, ...withConsent(parts, form.get("OptOutType")) }];
}

function partsOf(form: URLSearchParams, text: string, account: string): Part[] {
  const picked = choiceIn(form);
  if (picked !== null) return [picked];
  const place = placeIn(form);
  return [...textParts(text), ...mediaParts(form, "whatsapp", account), ...(place === null ? [] : [place])];
}

/** A tapped button or list row; a template's button carries the payload that the template gave it. */
function choiceIn(form: URLSearchParams): Part | null {
  const optionId = form.get("ListId") ?? form.get("ButtonPayload");
  if (optionId === null || optionId === "") return null;
  const title = form.get("ListTitle") ?? form.get("ButtonText") ?? form.get("Body") ?? "";
  return { t: "choice", optionId: cutText(optionId, 400), title: cutText(title, shortMaxChars) };
}

function placeIn(form: URLSearchParams): Part | null {
  const [lat, lng] = [coordinate(form.get("Latitude"), 90), coordinate(form.get("Longitude"), 180)];
  if (lat === null || lng === null) return null;
  const name = cutText(form.get("Label") ?? "", shortMaxChars);
  const address = cutText(form.get("Address") ?? "", shortMaxChars);
  return { t: "location", lat, lng, ...(name === "" ? {} : { name }), ...(address === "" ? {} : { address }) };
}

function coordinate(text: string | null, max: number): number | null {
  if (text === null || text.trim() === "") return null;
  const degrees = Number(text);
  return Math.abs(degrees) <= max ? degrees : null;
}

function reactionEvent(key: string, from: ContactAddress, target: string, text: string): InboundEvent {
  const emoji = text.trim() === "" ? null : firstOf(text.trim(), 64);
  return { kind: "change", key, from, change: "reaction", targetExternalId: target, data: { emoji } };
}
