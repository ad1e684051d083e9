import type {
  Answer,
  AwaitCallToken,
  AwaitStanding,
  CallerStanding,
  CallStanding,
  ContactAddress,
  HoldsCalls,
  HttpAnswer,
  RawRequest,
} from "../channel.ts";
import { isFromTwilio } from "../twilio/verify.ts";
import { callerOf } from "./parse.ts";
import { likelyLocale, phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { toStanding } from "./place-call.ts";
import { frameMaxBytes, type Handoff, readHandoff } from "./relay-frames.ts";
import { type Opening, openRelaySession } from "./relay-session.ts";
import { type RelayTimes, usualTimes } from "./relay-times.ts";
import { escapeXml, response } from "./twiml.ts";

export interface RelayAccount {
  readonly account: string;
  readonly authToken: string;
  readonly publicUrl: () => string;
  readonly company: string;
  readonly times?: RelayTimes;
}

const ends: ReadonlySet<CallStanding | null> = new Set(["completed", "busy", "failed", "no-answer", "canceled"]);
const noForm = new URLSearchParams();
const path = "/relay";

/**
 * The socket of Twilio's ConversationRelay. Its upgrade is signed like a GET over the wss address, which has no query: so
 * the signature is the same for every call, and the token that the session shows first binds it to one.
 */
export function relaySocket(account: RelayAccount): HoldsCalls["callSocket"] {
  return {
    path,
    frameMaxBytes,
    admits(request: RawRequest) {
      const { authToken, publicUrl } = account;
      return (
        !request.url.includes("?") &&
        isFromTwilio({ authToken, publicUrl: socketOrigin(publicUrl()), request, form: noForm })
      );
    },
    open: (wire, host) =>
      openRelaySession({ company: account.company, times: account.times ?? usualTimes }, wire, host),
  };
}

export interface Connecting {
  readonly from: ContactAddress;
  readonly callId: string;
  readonly locale: SpokenLocale;
  readonly opening: Opening;
  /** Said before the socket is there, whatever becomes of it: TwiML. */
  readonly before: string;
  /** Said over the socket: whoever speaks over it is heard. */
  readonly greeting: string | null;
  /** What came after this seq is said; null: only what comes from now on. */
  readonly afterSeq: number | null;
  /** How often this call lost its socket. */
  readonly drops: number;
}

/** Connects the caller to the socket, once the core has made its token; `without` is how the call goes on if it has none. */
export function connectCall(account: RelayAccount, call: Connecting, without: () => HttpAnswer): AwaitCallToken {
  const { from, callId, locale, afterSeq } = call;
  return {
    kind: "await-call-token",
    ...{ from, callId, locale, afterSeq },
    respond: (token) => (token === null ? without() : twiml(call.before + connect(account, call, token))),
  };
}

function connect(
  { account, publicUrl }: RelayAccount,
  { locale, opening, greeting, drops }: Connecting,
  token: string,
): string {
  const base = `/channels/voice/${account}`;
  const ended = `${publicUrl()}${base}/relay-ended${drops > 0 ? `?d=${drops}` : ""}`;
  const attributes = {
    url: `${socketOrigin(publicUrl())}${base}${path}`,
    ...(greeting === null ? {} : { welcomeGreeting: greeting, welcomeGreetingInterruptible: "any" }),
    language: phrases[locale].language,
    transcriptionLanguage: phrases[locale].language,
    interruptible: "any",
    // A caller who speaks over us interrupts us; what they say then comes as a prompt of its own.
    reportInputDuringAgentSpeech: "none",
    dtmfDetection: "true",
    partialPrompts: "false",
    // "Mhm" is listening, not interrupting.
    ignoreBackchannel: "true",
    events: "speaker-events tokens-played",
  };
  const parameters = Object.entries({ token, opening }).map(
    ([name, value]) => `<Parameter name="${name}" value="${escapeXml(value)}"/>`,
  );
  const languages = Object.values(phrases)
    .filter(({ relayed }) => relayed)
    .map((one) => `<Language code="${one.language}"/>`);
  return (
    `<Connect action="${escapeXml(ended)}" method="POST">` +
    `<ConversationRelay ${written(attributes)}>${languages.join("")}${parameters.join("")}</ConversationRelay></Connect>`
  );
}

/** What comes after the session: nothing when the call is over, else what the channel or the core says. */
export function afterRelay(
  form: URLSearchParams,
  from: ContactAddress,
  next: (handoff: Handoff | null, locale: SpokenLocale, standing: CallerStanding | null) => Answer,
): HttpAnswer | AwaitStanding {
  if (ends.has(toStanding(form.get("CallStatus")))) return twiml("");
  const handoff = readHandoff(form.get("HandoffData"));
  return {
    kind: "await-standing",
    from,
    respond(standing) {
      return next(handoff, toSpokenLocale(handoff?.locale ?? standing?.locale) ?? likelyLocale(from.value), standing);
    },
  };
}

/** The language of the session that ended, as far as it says so itself. */
export function spokenIn(form: URLSearchParams): SpokenLocale {
  return toSpokenLocale(readHandoff(form.get("HandoffData"))?.locale) ?? likelyLocale(callerOf(form).value);
}

/** Twilio takes wss alone; ws is what the simulator on this machine gets. */
function socketOrigin(publicUrl: string): string {
  return publicUrl.replace(/^http/, "ws");
}

function written(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${escapeXml(value)}"`)
    .join(" ");
}

function twiml(content: string): HttpAnswer {
  return { status: 200, contentType: "text/xml", body: response(content) };
}
