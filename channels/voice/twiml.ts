import { type Phrases, phrases, type SpokenLocale } from "./phrases.ts";

/** Twilio's limit for the text of one Say is 4,096 characters; shorter pieces start sooner. */
const sayCharsMax = 1_000;
/** Silence before an empty result, and the pause that ends an utterance. */
const listenSeconds = 5;

/** Everything the next request must know; it rides in the action URL, which the provider's signature covers. */
export interface CallState {
  readonly locale: SpokenLocale;
  /** Which utterance of this call comes next. */
  readonly turn: number;
  /** How often in a row nothing was heard. */
  readonly empty: number;
  /** How often this utterance was waited for. */
  readonly waits: number;
  /** Say what came after this seq; null before the first one is known. */
  readonly after: number | null;
  /** How often this call lost its socket. */
  readonly drops: number;
  /** How often in a row our systems did not answer. */
  readonly away: number;
}

export function firstState(locale: SpokenLocale): CallState {
  return { locale, turn: 0, empty: 0, waits: 0, after: null, drops: 0, away: 0 };
}

/** Where utterances are numbered on from when the count is not at hand: those of before keep their own numbers. */
export function turnFromNow(): number {
  return Math.floor(Date.now() / 1000);
}

export function say(text: string, locale: SpokenLocale): string {
  return piecesOf(withoutIllegal(text))
    .map((piece) => `<Say language="${phrases[locale].language}">${escapeXml(piece)}</Say>`)
    .join("");
}

/** Listens for speech and keys and sends them to `action`; nothing heard is sent too. */
export function gather(options: { action: string; locale: SpokenLocale; prompt: string; manyDigits: boolean }): string {
  const { language }: Phrases = phrases[options.locale];
  const digits = options.manyDigits ? 'finishOnKey="#"' : 'numDigits="1"';
  return (
    `<Gather input="speech dtmf" method="POST" action="${escapeXml(options.action)}" language="${language}" ` +
    `speechTimeout="auto" timeout="${listenSeconds}" ${digits} actionOnEmptyResult="true">` +
    `${options.prompt}</Gather>`
  );
}

export function redirect(action: string): string {
  return `<Redirect method="POST">${escapeXml(action)}</Redirect>`;
}

export function response(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${content}</Response>`;
}

export function toQuery(state: CallState): string {
  const query = new URLSearchParams({
    l: state.locale,
    n: String(state.turn),
    e: String(state.empty),
    w: String(state.waits),
  });
  if (state.after !== null) query.set("a", String(state.after));
  if (state.drops > 0) query.set("d", String(state.drops));
  if (state.away > 0) query.set("x", String(state.away));
  return query.toString();
}

/** X4: characters that XML 1.0 forbids, halves of surrogate pairs included. */
function withoutIllegal(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "");
}

/** Text inside an attribute or an element; X4: without what XML forbids. */
export function escapeXml(text: string): string {
  return withoutIllegal(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > sayCharsMax) {
    const head = rest.slice(0, sayCharsMax);
    const space = Math.max(head.lastIndexOf(". ") + 1, head.lastIndexOf(" "));
    // A cut between two halves of a surrogate pair would make both illegal.
    const edge = /[\uD800-\uDBFF]$/.test(head) ? sayCharsMax - 1 : sayCharsMax;
    const cut = space > 0 ? space : edge;
    pieces.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return rest === "" ? pieces : [...pieces, rest];
}
