import type { Joins } from "./conferences.ts";

/** What a caller hears and where the call goes next. */
export interface HeardTwiml {
  readonly said: readonly { readonly text: string; readonly language: string }[];
  /** Where speech and keys are sent; null: the call does not listen. */
  readonly action: string | null;
  /** How long a key is waited for once the words are over; null: it listens for speech too, or not at all. */
  readonly keysSeconds: number | null;
  readonly redirect: string | null;
  /** The conference that is dialled once nobody pressed anything. */
  readonly conference: string | null;
  /** How it is joined, and where the line asks what comes next when it is over. */
  readonly joins: (Joins & { readonly action: string | null }) | null;
  /** A message is recorded now. */
  readonly record: { readonly action: string | null; readonly textTo: string | null } | null;
  /** It listens while music plays, and asks again when the music is over. */
  readonly music: boolean;
  /** Keys that are played to the line. */
  readonly keys: string | null;
  readonly pauseSeconds: number;
  /** The session that the call is connected to. */
  readonly relay: RelayTwiml | null;
  readonly ended: boolean;
}

export interface RelayTwiml {
  readonly attributes: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** What is asked when the session is over; null: the call goes on with the next verb. */
  readonly action: string | null;
}

/** Twilio's own, where the document names none. */
const gatherSeconds = 5;

/** Reads the TwiML this service uses. Not a general XML parser: anything else in the text is passed over. */
export function readTwiml(xml: string): HeardTwiml {
  const said = [...xml.matchAll(/<Say([^>]*)>([\s\S]*?)<\/Say>/g)].map(([, attributes = "", text = ""]) => ({
    text: unescapeXml(text),
    language: attribute(attributes, "language") ?? "en-US",
  }));
  const gather = /<Gather([^>]*)>/.exec(xml)?.[1];
  const redirect = /<Redirect[^>]*>([\s\S]*?)<\/Redirect>/.exec(xml)?.[1];
  const pause = /<Pause([^>]*)\/?>/.exec(xml)?.[1];
  const conference = /<Conference[^>]*>([\s\S]*?)<\/Conference>/.exec(xml)?.[1];
  const action = gather === undefined ? null : attribute(gather, "action");
  const record = /<Record([^>]*)>/.exec(xml)?.[1];
  const play = /<Play([^>]*?)\/?>/.exec(xml)?.[1];
  const joins = readJoins(xml);
  const music = /<Gather[^>]*>(?:(?!<\/Gather>)[\s\S])*<Play/.test(xml);
  const keysAlone = gather !== undefined && !music && attribute(gather, "input") === "dtmf";
  return {
    said,
    joins,
    keysSeconds: keysAlone ? Number(attribute(gather, "timeout") ?? gatherSeconds) : null,
    record:
      record === undefined
        ? null
        : { action: attribute(record, "action"), textTo: attribute(record, "transcribeCallback") },
    music,
    keys: play === undefined ? null : attribute(play, "digits"),
    action,
    redirect: redirect === undefined ? null : unescapeXml(redirect.trim()),
    conference: conference === undefined ? null : unescapeXml(conference.trim()),
    pauseSeconds: pause === undefined ? 0 : Number(attribute(pause, "length") ?? 1),
    relay: readRelay(xml),
    ended:
      action === null &&
      redirect === undefined &&
      joins === null &&
      record === undefined &&
      !xml.includes("<ConversationRelay"),
  };
}

/** What is left of a document when nobody pressed a key. */
export function withoutGather(heard: HeardTwiml): HeardTwiml {
  const { redirect, joins, record, relay } = heard;
  const ended = redirect === null && joins === null && record === null && relay === null;
  return { ...heard, action: null, keysSeconds: null, ended };
}

function readJoins(xml: string): HeardTwiml["joins"] {
  const [, given, name] = /<Conference([^>]*)>([\s\S]*?)<\/Conference>/.exec(xml) ?? [];
  if (given === undefined || name === undefined) return null;
  const dial = /<Dial([^>]*)>/.exec(xml)?.[1] ?? "";
  return {
    name: unescapeXml(name.trim()),
    label: attribute(given, "participantLabel"),
    muted: attribute(given, "muted") === "true",
    coach: attribute(given, "coach"),
    starts: attribute(given, "startConferenceOnEnter") !== "false",
    ends: attribute(given, "endConferenceOnExit") === "true",
    waitUrl: attribute(given, "waitUrl"),
    action: attribute(dial, "action"),
  };
}

function readRelay(xml: string): RelayTwiml | null {
  const relay = /<ConversationRelay([^>]*)>/.exec(xml)?.[1];
  if (relay === undefined) return null;
  const parameters = [...xml.matchAll(/<Parameter([^>]*)\/>/g)].map(([, one = ""]) => allIn(one));
  return {
    attributes: allIn(relay),
    parameters: Object.fromEntries(parameters.map(({ name = "", value = "" }) => [name, value])),
    action: attribute(/<Connect([^>]*)>/.exec(xml)?.[1] ?? "", "action"),
  };
}

function allIn(attributes: string): Record<string, string> {
  return Object.fromEntries(
    [...attributes.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, unescapeXml(value)]),
  );
}

function attribute(attributes: string, name: string): string | null {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return value === undefined ? null : unescapeXml(value);
}

function unescapeXml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
