import type { DeliveryError } from "../../channel.ts";

/** What Meta's error codes ask of us (Cloud API reference, "Error codes"). */
const known: Readonly<Record<number, readonly [DeliveryError["class"], string]>> = {
  4: ["retry", "Meta asks us to slow down."],
  10: ["auth", "Meta refused our token: it may not send for this number."],
  190: ["auth", "Meta refused our token. Set a new WHATSAPP_CLOUD_TOKEN."],
  200: ["auth", "Meta refused our token: it may not send for this number."],
  368: ["config", "Meta blocked our account for a breach of its policies."],
  80007: ["retry", "Meta asks us to slow down."],
  130429: ["retry", "Meta asks us to slow down."],
  130472: ["permanent", "Meta holds messages to this person back in an experiment of its own."],
  131026: ["permanent", "This person cannot receive our WhatsApp messages."],
  131031: ["config", "Meta locked our WhatsApp account."],
  131047: ["window", "The 24-hour window is closed; an approved template is needed."],
  131048: ["retry", "Meta holds messages back because people reported ours."],
  131049: ["permanent", "Meta holds this message back to keep engagement healthy. Do not send it again today."],
  131051: ["content", "WhatsApp does not take this kind of message."],
  131052: ["content", "Meta could not fetch the file."],
  131053: ["content", "Meta could not take the file."],
  131056: ["retry", "Too many messages to the same person; Meta asks us to slow down."],
  132000: ["content", "The template was given a wrong number of values."],
  132001: ["config", "There is no such template in this language."],
  132015: ["config", "The template is paused because of its quality."],
  132016: ["config", "The template was disabled because of its quality."],
  133010: ["config", "Our number is not registered with the Cloud API."],
};

/** An error code of Meta's as ours. Other codes between 200 and 299 are permissions that the token lacks. */
export function metaError(code: number): DeliveryError {
  const permission = code > 200 && code < 300 ? known[200] : undefined;
  const otherwise = ["permanent", `Meta refused the message (error ${code}).`] as const;
  const [kind, text] = known[code] ?? permission ?? otherwise;
  return { class: kind, code: String(code), text };
}
