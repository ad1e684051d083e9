/** What a caller hears and where the call goes next. */
export interface HeardTwiml {
  readonly said: readonly { readonly text: string; readonly language: string }[];
  /** Where speech and keys are sent; null: the call does not listen. */
  readonly action: string | null;
  readonly redirect: string | null;
  /** The conference that is dialled once nobody pressed anything. */
  readonly conference: string | null;
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
  return {
    said,
    action,
    redirect: redirect === undefined ? null : unescapeXml(redirect.trim()),
    conference: conference === undefined ? null : unescapeXml(conference.trim()),
    pauseSeconds: pause === undefined ? 0 : Number(attribute(pause, "length") ?? 1),
    relay: readRelay(xml),
    ended: action === null && redirect === undefined && !xml.includes("<ConversationRelay"),
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
