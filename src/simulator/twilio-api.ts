import type { JournalEntry, Media } from "./journal.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Instead of the body, as they are. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message Twilio would take, or the refusal it would give. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly answer: Answer };

export interface TwilioMessage {
  readonly channel: "sms" | "whatsapp";
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly statusCallback: string | null;
}

const bodyMaxChars = 1_600;
/** WhatsApp takes one. */
const mmsMediaMax = 10;
const address = /^(whatsapp:)?(\+[1-9]\d{6,14})$/;
const senderForm = /^(whatsapp:)?(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/;
const businessScoped = /^whatsapp:[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/;

/** The rules of POST /Messages.json, in the order Twilio applies them, with its codes. */
export function checkMessage(
  form: URLSearchParams,
  optedOut: (to: string, from: string) => boolean,
  isOurs: (from: string) => boolean,
  publicUrl: string,
): Checked<TwilioMessage> {
  const to = form.get("To") ?? "";
  const service = form.get("MessagingServiceSid") ?? "";
  const from = form.get("From") ?? "";
  const body = form.get("Body") ?? "";
  const content = form.get("ContentSid") ?? "";
  if (to === "") return refuse(400, 21604, "A 'To' phone number is required.");
  if (!address.test(to) && !businessScoped.test(to)) return refuse(400, 21211, "Invalid 'To' Phone Number.");
  if (from === "" && service === "") return refuse(400, 21603, "A 'From' phone number is required.");
  if (from !== "" && !senderForm.test(from)) return refuse(400, 21212, "Invalid 'From' Phone Number.");
  if (service !== "" && !/^MG[0-9a-fA-F]{32}$/.test(service))
    return refuse(400, 21701, "The Messaging Service does not exist.");
  const channel = to.startsWith("whatsapp:") ? "whatsapp" : "sms";
  if (from !== "" && from.startsWith("whatsapp:") !== (channel === "whatsapp")) {
    return refuse(400, 21910, "Invalid From and To pair. From and To should be of the same channel");
  }
  if (from !== "" && !isOurs(from.replace("whatsapp:", ""))) {
    return channel === "sms"
      ? refuse(400, 21606, "The 'From' phone number is not a message-capable phone number of this account.")
      : refuse(400, 63007, "Twilio could not find a Channel with the specified From address");
  }
  if (body === "" && !form.has("MediaUrl") && content === "") return refuse(400, 21602, "Message body is required.");
  if ([...body].length > bodyMaxChars) {
    return refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit");
  }
  if (content !== "" && !/^HX[0-9a-fA-F]{32}$/.test(content)) return refuse(400, 21655, "The ContentSid is invalid.");
  if (form.has("ContentVariables") && content === "") return refuse(400, 21654, "ContentSid is required.");
  const media = form.getAll("MediaUrl");
  if (media.length > (channel === "sms" ? mmsMediaMax : 1)) {
    return refuse(400, 21623, "Number of media files exceeds allowed limit");
  }
  if (!media.every((one) => isFetched(one, publicUrl))) return refuse(400, 21620, "Invalid media URL(s)");
  const statusCallback = form.get("StatusCallback");
  if (statusCallback !== null && !isCallback(statusCallback)) {
    return refuse(400, 21609, "The StatusCallback URL is not a valid URL.");
  }
  if (optedOut(to, from)) return refuse(400, 21610, "Attempt to send to unsubscribed recipient");
  return {
    ok: true,
    value: { channel, to, from: from === "" ? service : from, body: body || content, statusCallback },
  };
}

export interface TwilioCall {
  readonly to: string;
  readonly from: string;
  readonly url: string | null;
  readonly twiml: string | null;
  readonly statusCallback: string | null;
  readonly events: ReadonlySet<string>;
  readonly detectsMachine: boolean;
  /** It rings for so long. */
  readonly ringSeconds: number;
}

const callee = /^(\+[1-9]\d{6,14}|client:[A-Za-z0-9_]{1,121}|sip:\S{1,200})$/;
const callEvents = new Set(["initiated", "ringing", "answered", "completed"]);

/** Seconds for the whole, milliseconds for the parts. */
const detectionBounds = {
  MachineDetectionTimeout: [3, 59],
  MachineDetectionSpeechThreshold: [1_000, 6_000],
  MachineDetectionSpeechEndThreshold: [500, 5_000],
  MachineDetectionSilenceTimeout: [2_000, 10_000],
} as const;

/** The rules of POST /Calls.json, in the order Twilio applies them, with its codes. */
export function checkCall(form: URLSearchParams): Checked<TwilioCall> {
  const to = form.get("To") ?? "";
  const from = form.get("From") ?? "";
  const twiml = form.get("Twiml");
  const statusCallback = form.get("StatusCallback");
  if (to === "") return refuse(400, 21201, "No 'To' number is specified");
  if (!callee.test(to)) return refuse(400, 21211, "Invalid 'To' Phone Number.");
  if (from === "") return refuse(400, 21213, "'From' phone number is required");
  if (!address.test(from)) return refuse(400, 21212, "Invalid 'From' Phone Number.");
  if (!form.has("Url") && twiml === null && !form.has("ApplicationSid")) {
    return refuse(400, 21205, "Url parameter is required.");
  }
  if (twiml !== null && twiml.length > 4_000) return refuse(400, 21232, "Twiml must be at most 4000 characters");
  if (statusCallback !== null && !isCallback(statusCallback)) {
    return refuse(400, 21609, "The StatusCallback URL is not a valid URL.");
  }
  const url = form.get("Url");
  if (url !== null && !isCallback(url)) return refuse(400, 21205, "Url is not a valid URL.");
  const timeout = Number(form.get("Timeout") ?? 60);
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 600)
    return refuse(400, 20001, "Timeout must be 1 to 600.");
  const detection = form.get("MachineDetection");
  if (detection !== null && detection !== "Enable" && detection !== "DetectMessageEnd") {
    return refuse(400, 20001, "MachineDetection must be Enable or DetectMessageEnd.");
  }
  for (const [name, [least, most]] of Object.entries(detectionBounds)) {
    const given = Number(form.get(name) ?? least);
    if (!Number.isInteger(given) || given < least || given > most)
      return refuse(400, 20001, `${name} must be ${least} to ${most}.`);
  }
  const events = form.getAll("StatusCallbackEvent").flatMap((one) => one.split(" "));
  if (events.some((one) => !callEvents.has(one))) return refuse(400, 21626, "Invalid StatusCallbackEvent.");
  const wanted = new Set(events.length === 0 ? ["completed"] : events);
  return {
    ok: true,
    value: {
      ...{ to, from, url, twiml, statusCallback, events: wanted },
      ...{ detectsMachine: detection !== null, ringSeconds: timeout },
    },
  };
}

export function refuse(status: number, code: number, message: string): { readonly ok: false; readonly answer: Answer } {
  return {
    ok: false,
    answer: { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } },
  };
}

/** The message as Twilio's resource. */
export function toResource(accountSid: string, entry: JournalEntry): Record<string, unknown> {
  const date = rfc2822(entry.at);
  const { company, customer } = partiesOf(entry);
  const failed = entry.status === "undelivered";
  return {
    account_sid: accountSid,
    api_version: "2010-04-01",
    body: entry.body,
    date_created: date,
    date_sent: date,
    date_updated: date,
    direction: entry.direction === "out" ? "outbound-api" : "inbound",
    error_code: failed ? (entry.failure ?? null) : null,
    error_message: null,
    from: sender(entry),
    messaging_service_sid: entry.ours.startsWith("MG") ? entry.ours : null,
    num_media: String(entry.media?.length ?? 0),
    num_segments: "1",
    price: null,
    price_unit: "USD",
    sid: entry.sid,
    status: entry.status,
    to: entry.direction === "out" ? customer : company,
    uri: `/2010-04-01/Accounts/${accountSid}/Messages/${entry.sid}.json`,
  };
}

/** A medium of a message as Twilio's resource. */
export function toMedium(accountSid: string, entry: JournalEntry, { sid, mime }: Media): Record<string, unknown> {
  const date = rfc2822(entry.at);
  return {
    ...{ sid, account_sid: accountSid, parent_sid: entry.sid, content_type: mime },
    ...{ date_created: date, date_updated: date },
    uri: `/2010-04-01/Accounts/${accountSid}/Messages/${entry.sid}/Media/${sid}.json`,
  };
}

/** Whoever the message is from, as Twilio writes addresses. */
export function sender(entry: JournalEntry): string {
  const { company, customer } = partiesOf(entry);
  return entry.direction === "out" ? company : customer;
}

function partiesOf({ channel, ours, customer }: JournalEntry): { readonly company: string; readonly customer: string } {
  const prefix = channel === "whatsapp" ? "whatsapp:" : "";
  return { company: /^(MG|whatsapp:)/.test(ours) ? ours : prefix + ours, customer: prefix + customer };
}

let second = -1;
let secondText = "";
/** Twilio's dates have whole seconds, so one text serves all messages of a second. */
function rfc2822(at: number): string {
  const whole = Math.floor(at / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(at).toUTCString().replace("GMT", "+0000");
  }
  return secondText;
}

/** Twilio refuses hosts with an underscore. */
function isCallback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && !hostname.includes("_");
}

/** Twilio fetches a file from a whole address on the web; a service on this machine has no certificate. */
function isFetched(text: string, publicUrl: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return protocol === "https:" || origin === new URL(publicUrl).origin;
}
