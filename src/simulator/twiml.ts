/** What a caller hears and where the call goes next. */
export interface HeardTwiml {
  readonly said: readonly { readonly text: string; readonly language: string }[];
  /** Where speech and keys are sent; null: the call does not listen. */
  readonly action: string | null;
  readonly redirect: string | null;
  /** The conference that is dialled once nobody pressed anything. */
  readonly conference: string | null;
  readonly pauseSeconds: number;
  readonly ended: boolean;
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
    ended: action === null && redirect === undefined,
  };
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
