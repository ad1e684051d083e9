import { type Cut, cutAt, lettersOf, type SpokenPiece } from "./heard.ts";
import { phrases, type SpokenLocale } from "./phrases.ts";
import type { OurFrame } from "./relay-frames.ts";

/** So many letters of our last words tell that they were played. */
const tailLetters = 12;
/** The seq of an answer that is said while it is still being made, and has none yet. */
export const noSeqYet = -1;

/**
 * Our side of what is spoken in a call. Only the last sentence of a turn says that it is the last, so one is held back
 * until the next; what was said is kept with the message that it is from, until it is known how much was heard.
 */
export class Speaker {
  readonly #send: (frame: OurFrame) => void;
  #locale: SpokenLocale = "en";
  #held: OurFrame | null = null;
  #spoken: readonly SpokenPiece[] = [];
  /** What was heard of the messages that are said on after a noise. */
  #before: ReadonlyMap<number, string> = new Map();
  /** What the provider played of it, letters alone. */
  #played = "";
  #interruptions = 0;

  constructor(send: (frame: OurFrame) => void) {
    this.#send = send;
  }

  /** Rises when the caller speaks over us: whoever was speaking stops. */
  get interruptions(): number {
    return this.#interruptions;
  }

  get locale(): SpokenLocale {
    return this.#locale;
  }

  /** The language of the call so far; the provider speaks it already. */
  startIn(locale: SpokenLocale): void {
    this.#locale = locale;
  }

  switchTo(locale: SpokenLocale): void {
    if (locale === this.#locale) return;
    this.flush(false);
    this.#locale = locale;
    const { language } = phrases[locale];
    this.#send({ type: "language", ttsLanguage: language, transcriptionLanguage: language });
  }

  /** A sentence of a message; null: of none. */
  speak(seq: number | null, text: string): void {
    this.flush(false);
    this.#held = { type: "text", token: text, last: false, lang: phrases[this.#locale].language };
    this.#spoken = [...this.#spoken, { seq, text }];
  }

  /** Sends what is held back, as the last of a turn or not. False: there was nothing. */
  flush(last: boolean): boolean {
    const frame = this.#held;
    this.#held = null;
    if (frame?.type === "text") this.#send({ ...frame, last });
    return frame !== null;
  }

  /** The turn is over, when all its sentences have gone already. */
  endTurn(): void {
    this.#send({ type: "text", token: "", last: true, lang: phrases[this.#locale].language });
  }

  /** Words of ours that are no message: a question again, an offer, a goodbye. */
  sayOwn(words: string, locale: SpokenLocale): void {
    this.#spoken = [{ seq: null, text: words }];
    this.#send({ type: "text", token: words, last: true, lang: phrases[locale].language });
  }

  /** Said while the caller waits; whatever comes next may cut it off. */
  fill(words: string): void {
    this.#send({ type: "text", token: words, last: true, preemptible: true });
  }

  /** The answer that was begun without a number has this one. */
  nameEarly(seq: number): void {
    this.#spoken = this.#spoken.map((piece) => (piece.seq === noSeqYet ? { ...piece, seq } : piece));
  }

  /** Nothing that was said so far is part of what comes. */
  forget(): void {
    this.#spoken = [];
  }

  /** The caller spoke over us, or what they said next has overtaken it. */
  overtaken(): void {
    this.#interruptions += 1;
    this.#held = null;
    this.#spoken = [];
    this.#played = "";
  }

  /** A caller spoke over us: how much of each message they heard, and what is left. */
  cutAt(until: string): Cut {
    return cutAt(this.#spoken, until, this.#before);
  }

  /** It was a noise: goes on where we were cut off. */
  goOn({ rest, before }: Cut): void {
    this.#before = before;
    for (const { seq, text } of rest) this.speak(seq, text);
    this.flush(true);
  }

  /** The provider played these words. True: they are the last that we said. */
  wasPlayed(words: string): boolean {
    this.#played = (this.#played + lettersOf(words)).slice(-2 * tailLetters);
    const tail = lettersOf(this.#spoken.at(-1)?.text ?? "").slice(-tailLetters);
    return tail !== "" && this.#played.endsWith(tail);
  }

  /** How much there is to be spoken. */
  chars(): number {
    return this.#spoken.reduce((sum, { text }) => sum + text.length, 0);
  }
}
