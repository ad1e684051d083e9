import { cleanText } from "../../src/lib/clean-text.ts";
import type { ContactAddress, InboundMessage, Part, TimelineChange } from "../channel.ts";
import { sidIn } from "../twilio/inbound.ts";
import { isNoise } from "./noise.ts";
import { phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import type { CallState } from "./twiml.ts";

const speechCharsMax = 4_000;
const digitsMax = 64;
/** Twilio's placeholder for a withheld number. */
const withheld = new Set(["", "anonymous", "+266696687", "restricted", "unknown", "unavailable"]);

/**
 * Whose conversation is this call? A withheld number is nobody in particular: each such call gets a conversation of its
 * own, or strangers would share one (R8).
 */
export function callerOf(form: URLSearchParams): ContactAddress {
  // On a call that we placed, the customer is the one who was called.
  const customer = (form.get("Direction") ?? "").startsWith("outbound") ? "To" : "From";
  const from = cleanText(form.get(customer) ?? "").slice(0, 200);
  if (withheld.has(from.toLowerCase()))
    return { channel: "voice", kind: "opaque", value: `call:${sidIn(form, "CallSid")}` };
  return { channel: "voice", kind: /^\+[1-9]\d{6,14}$/.test(from) ? "e164" : "opaque", value: from };
}

/** The call itself as an entry of the timeline; nobody owes it an answer. */
export function parseStart(form: URLSearchParams, locale: string): InboundMessage {
  const callSid = sidIn(form, "CallSid");
  return {
    kind: "message",
    key: `twilio:call:${callSid}:start`,
    from: callerOf(form),
    externalId: callSid,
    parts: [{ t: "event", name: "call-started", data: { callId: callSid } }],
    locale,
    wantsAnswer: false,
  };
}

/** What was said or pressed; null when nothing was. */
export function parseInput(form: URLSearchParams, state: CallState): InboundMessage | null {
  const parts = inputParts(form, state);
  if (parts.length === 0) return null;
  const callSid = sidIn(form, "CallSid");
  return {
    kind: "message",
    key: `twilio:call:${callSid}:${state.turn}`,
    from: callerOf(form),
    externalId: `${callSid}:${state.turn}`,
    parts,
    // Keys have no language, and recognised speech is written in the language we listened for.
    locale: state.locale,
    wantsAnswer: true,
  };
}

function inputParts(form: URLSearchParams, { locale }: CallState): Part[] {
  const said = form.get("SpeechResult") ?? "";
  // A cough is heard as nothing: the caller is asked again.
  return partsOf(form.get("Digits") ?? "", isNoise(said) ? "" : said, locale);
}

/** Keys, or else words, as the parts of a message; none when nothing was said. */
export function partsOf(pressed: string, said: string, locale: SpokenLocale): Part[] {
  const digits = pressed.replace(/[^\d*#]/g, "").slice(0, digitsMax);
  if (digits === "0")
    return [
      { t: "dtmf", digits },
      { t: "choice", optionId: "live-agent", title: phrases[locale].person },
    ];
  if (digits === "1")
    return [
      { t: "dtmf", digits },
      { t: "choice", optionId: "callback", title: phrases[locale].callMe },
    ];
  if (digits !== "") return [{ t: "dtmf", digits }];
  const speech = cleanText(said).trim().slice(0, speechCharsMax);
  return speech === "" ? [] : [{ t: "text", text: speech, format: "plain" }];
}

/** A change of the call's state. The key's word keeps it apart from the utterances' numbers. */
export function parseCallStatus(form: URLSearchParams): TimelineChange | null {
  const callSid = sidIn(form, "CallSid");
  const state = /^[a-z-]{1,32}/.exec(form.get("CallStatus") ?? "")?.[0];
  if (callSid === "" || state === undefined) return null;
  const duration = Number(form.get("CallDuration"));
  return {
    kind: "change",
    key: `twilio:call:${callSid}:status-${/^\d{1,9}/.exec(form.get("SequenceNumber") ?? "")?.[0] ?? state}`,
    from: callerOf(form),
    change: "call",
    targetExternalId: callSid,
    data: {
      callId: callSid,
      state,
      ...(Number.isFinite(duration) && duration > 0 ? { durationSeconds: duration } : {}),
    },
  };
}

/** The state a request carries; anything unreadable starts afresh. */
export function readState(url: string, fallback: CallState): CallState {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  const after = query.get("a");
  return {
    locale: toSpokenLocale(query.get("l")) ?? fallback.locale,
    turn: count(query.get("n")),
    empty: count(query.get("e")),
    waits: count(query.get("w")),
    after: after === null ? null : count(after),
    drops: count(query.get("d")),
    away: count(query.get("x")),
  };
}

function count(text: string | null): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
