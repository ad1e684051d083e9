import { type Form, twilioForged, twilioGenuine, twilioPost } from "../support/signed.ts";
import { account, channelContract, ourNumber, publicUrl } from "./contract.ts";

/** What a caller says is a message; each utterance of a call has its number in the address that the TwiML gave. */
const path = "/channels/voice/default/gather?l=en&n=0&e=0&w=0";

function form(person: string, id: string, more: Form): Form {
  const CallSid = `CA${id.padStart(32, "0")}`;
  return { CallSid, AccountSid: account.accountSid, From: person, To: ourNumber, CallStatus: "in-progress", ...more };
}

channelContract({
  name: "voice",
  settings: ({ url }) => ({
    PUBLIC_URL: publicUrl,
    TWILIO_ACCOUNT_SID: account.accountSid,
    TWILIO_AUTH_TOKEN: account.authToken,
    TWILIO_API_URL: url,
    TWILIO_VOICE_NUMBER: ourNumber,
  }),
  text: (_line, person, id, text) => twilioPost(path, form(person, id, { SpeechResult: text, Confidence: "0.9" })),
  genuine: twilioGenuine,
  forged: twilioForged,
  unknown: (person, id) => ({
    "a field of the future": twilioPost(path, form(person, `${id}1`, { SpeechResult: "hello", HologramDepth: "3" })),
    "a caller who hides the number": twilioPost(path, form("anonymous", `${id}2`, { SpeechResult: "hello" })),
    "keys that are none": twilioPost(path, form(person, `${id}3`, { Digits: "5x" })),
  }),
});
