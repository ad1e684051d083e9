import type {
  AwaitCallToken,
  AwaitStanding,
  CallStanding,
  ContactAddress,
  HoldsCalls,
  HttpAnswer,
  RawRequest,
} from "../channel.ts";
import { isFromTwilio } from "../twilio/verify.ts";
import { likelyLocale, phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { toStanding } from "./place-call.ts";
import { frameMaxBytes, type Handoff, readHandoff } from "./relay-frames.ts";
import { openRelaySession, type RelayTimes, usualTimes } from "./relay-session.ts";
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

/** Welcomes the caller and connects them to the socket, once the core has made its token. */
export function connectCall(
  account: RelayAccount,
  call: { readonly from: ContactAddress; readonly callId: string; readonly locale: SpokenLocale },
): AwaitCallToken {
  return {
    kind: "await-call-token",
    ...call,
    respond: (token) => twiml(connect(account, call.locale, token)),
  };
}

function connect({ account, publicUrl, company }: RelayAccount, locale: SpokenLocale, token: string): string {
  const base = `/channels/voice/${account}`;
  const { language, greeting } = phrases[locale];
  const attributes = {
    url: `${socketOrigin(publicUrl())}${base}${path}`,
    welcomeGreeting: greeting(company),
    welcomeGreetingInterruptible: "any",
    language,
    interruptible: "any",
    // A caller who speaks over us interrupts us; what they say then comes as a prompt of its own.
    reportInputDuringAgentSpeech: "none",
    dtmfDetection: "true",
    partialPrompts: "false",
    // "Mhm" is listening, not interrupting.
    ignoreBackchannel: "true",
    events: "speaker-events tokens-played",
  };
  const languages = Object.values(phrases).map((one) => `<Language code="${one.language}"/>`);
  return (
    `<Connect action="${escapeXml(`${publicUrl()}${base}/relay-ended`)}" method="POST">` +
    `<ConversationRelay ${written(attributes)}>` +
    `${languages.join("")}<Parameter name="token" value="${escapeXml(token)}"/>` +
    "</ConversationRelay></Connect>"
  );
}

/** What comes after the session: nothing when the call is over, else what the channel or the core says. */
export function afterRelay(
  form: URLSearchParams,
  from: ContactAddress,
  next: (handoff: Handoff | null, locale: SpokenLocale, after: number | null) => ReturnType<AwaitStanding["respond"]>,
): HttpAnswer | AwaitStanding {
  if (ends.has(toStanding(form.get("CallStatus")))) return twiml("");
  const handoff = readHandoff(form.get("HandoffData"));
  return {
    kind: "await-standing",
    from,
    respond(standing) {
      const spoken = handoff?.locale ?? standing?.locale ?? likelyLocale(form.get("From") ?? "");
      return next(handoff, toSpokenLocale(spoken) ?? "en", handoff?.after ?? standing?.lastInboundSeq ?? null);
    },
  };
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
