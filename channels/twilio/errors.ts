import type { DeliveryError } from "../channel.ts";

/** What Twilio's error codes ask of us (https://www.twilio.com/docs/api/errors). */
const known: Readonly<Record<number, readonly [DeliveryError["class"], string]>> = {
  13224: ["permanent", "The number is not valid."],
  13225: ["permanent", "Twilio or the carrier blocks calls to this number."],
  13227: ["config", "Calls to this country are not enabled at Twilio."],
  14107: ["permanent", "Twilio limits replies to this sender; it looks like a loop."],
  20003: ["auth", "Twilio refused our credentials. Check TWILIO_AUTH_TOKEN or the API key."],
  20429: ["retry", "Twilio asks us to slow down."],
  21210: ["config", "TWILIO_VOICE_NUMBER is not a number of our Twilio account."],
  21211: ["permanent", "The number is not valid."],
  21212: ["config", "TWILIO_VOICE_NUMBER is not a number that Twilio knows."],
  21214: ["permanent", "The number cannot be reached."],
  21215: ["config", "Calls to this country are not enabled at Twilio."],
  21217: ["permanent", "The number is not valid."],
  21408: ["config", "Sending to this country is not enabled at Twilio."],
  21606: ["config", "Our number cannot send to this one."],
  21608: ["config", "A trial account can send to verified numbers only."],
  21610: ["optout", "The contact opted out (STOP)."],
  21612: ["config", "Our number cannot send to this one."],
  21614: ["permanent", "The number is not a mobile; call it instead."],
  21617: ["content", "The text is longer than Twilio takes. This is a fault of ours: please report it."],
  30001: ["retry", "Twilio's queue for our number is full."],
  30002: ["config", "Our Twilio account is suspended."],
  30003: ["permanent", "The telephone could not be reached; it may be switched off. Try again later or call."],
  30004: ["permanent", "The contact or the carrier blocks our messages."],
  30005: ["permanent", "The number is not in use."],
  30006: ["permanent", "The number is a landline or its carrier cannot be reached; call it instead."],
  30007: ["config", "The carrier filtered the message. Check the sender's registration at Twilio."],
  30008: ["permanent", "The carrier did not deliver the message and gave no reason."],
  30034: ["config", "Our number is not registered for A2P 10DLC, so US carriers refuse it."],
  30410: ["permanent", "The carrier did not answer Twilio in time."],
  63003: ["permanent", "This address cannot receive WhatsApp."],
  63007: ["config", "TWILIO_WHATSAPP_NUMBER is not a WhatsApp sender of our Twilio account."],
  63016: ["window", "The 24-hour window is closed; an approved template is needed."],
  63018: ["retry", "WhatsApp asks us to slow down."],
  63021: ["content", "WhatsApp does not take this kind of content."],
  63024: ["permanent", "This address cannot receive WhatsApp."],
  63030: ["content", "WhatsApp does not take this kind of content."],
  63038: ["config", "The day's limit of our Twilio account is reached."],
};

/** An error code of Twilio's as ours. `otherwise` is the sentence for a code that we do not know. */
export function twilioError(code: number, otherwise: string): DeliveryError {
  const [kind, text] = known[code] ?? (["permanent", otherwise] as const);
  return { class: kind, code: String(code), text };
}

const minuteMs = 60_000;
/** A telephone that is off or a queue that is full: a quarter of an hour, then two hours (channels.md 3.4). */
const passing = [15 * minuteMs, 120 * minuteMs];
const oncePassing = [15 * minuteMs];
const againAfterMs: Readonly<Record<number, readonly number[]>> = {
  30001: passing,
  30003: passing,
  30008: oncePassing,
  30410: oncePassing,
  63018: passing,
};

/** When a message that Twilio took and then reported with this code may be tried again; none: never. */
export function twilioAgainAfterMs(code: number): readonly number[] {
  return againAfterMs[code] ?? [];
}
