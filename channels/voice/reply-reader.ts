import type { NamedTimers } from "../../src/lib/named-timers.ts";
import type { CallNews, HeldCall, ReplyDraft, SpokenReply } from "../channel.ts";
import { type Cut, prefixEnd } from "./heard.ts";
import { phrases, type SpokenLocale, toRelayedLocale } from "./phrases.ts";
import { toSpeech } from "./render.ts";
import { listenableCount, sentencesOf, shorten } from "./sentences.ts";
import { noSeqYet, type Speaker } from "./speaker.ts";

const retryMs = 500;
/** So soon after somebody spoke over us it is known what they said. */
const cutMs = 3_000;
/** A reply that is not there by now will not be: longer than a statement of the database may take. */
const storedWithinMs = 2_500;

/** The beginning of an answer whose rest is still being made. */
interface Early {
  speech: string;
  /** The caller spoke over it. */
  dead: boolean;
}

/** The call that a conversation is read out in. */
export interface Listening {
  readonly isOpen: () => boolean;
  /** The caller has said something: from then on people who have the conversation get the call. */
  readonly hasAsked: () => boolean;
  /** There are answers, and nobody waits for one any more. */
  readonly answered: (replies: readonly SpokenReply[]) => void;
  /** All that is new was said; it is the caller's turn when it was heard. */
  readonly said: (chars: number) => void;
  readonly handOver: () => void;
}

/**
 * Reads out what is new in a conversation: once, in order, whichever process wrote it, and the beginning of an answer
 * before its end is made. What was heard of each reply is kept: what somebody spoke over was not said.
 */
export class ReplyReader {
  readonly #speaker: Speaker;
  readonly #timers: NamedTimers;
  readonly #listening: Listening;
  #call: HeldCall | null = null;
  /** Everything up to here was said. */
  #after = 0;
  /** Up to here it was heard to its end, or spoken over. */
  #heardSeq = 0;
  #reading = false;
  #again = false;
  #askedSeq = 0;
  #early: Early | null = null;
  /** The rest of this reply is still to be said. */
  #unsaidOf: number | null = null;
  /** What somebody spoke over, until it is known whether it was a noise. */
  #cut: (Cut & { readonly heardSeq: number }) | null = null;

  constructor(speaker: Speaker, timers: NamedTimers, listening: Listening) {
    this.#speaker = speaker;
    this.#timers = timers;
    this.#listening = listening;
  }

  get after(): number {
    return this.#after;
  }

  get heardSeq(): number {
    return this.#heardSeq;
  }

  open(call: HeldCall): void {
    this.#call = call;
    this.#after = call.lastSeq;
    this.#heardSeq = call.lastSeq;
  }

  close(): void {
    this.#settleCut();
    if (this.#call !== null) this.#settleEarly(this.#call, this.#early);
  }

  /** What the caller said stands at this seq: answers to what they said before are not said any more. */
  asked(seq: number): void {
    this.#askedSeq = seq;
  }

  /** The caller has said something else: whoever is speaking for us stops, and that answer is not awaited any more. */
  async overtaken(): Promise<void> {
    this.#settleCut();
    await this.#giveUpEarly(this.#early?.speech ?? "");
    this.#early = null;
    this.#stopSpeaking();
  }

  /** Says what is new; one reader, so that nothing is said twice or out of order. */
  async catchUp(): Promise<void> {
    if (this.#call === null || !this.#listening.isOpen()) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#sayNews(this.#call, await this.#call.news(this.#after));
      } while (this.#again && this.#listening.isOpen());
    } catch {
      // The database is away: the next bell, or the filler's end, tries again.
      this.#timers.set("again", retryMs, () => void this.catchUp());
    } finally {
      this.#reading = false;
    }
  }

  async #sayNews(call: HeldCall, { replies: written, lastSeq, owner }: CallNews): Promise<void> {
    if (!this.#listening.isOpen()) return;
    this.#after = Math.max(this.#after, lastSeq);
    // An answer that the caller has overtaken with their next words is not said any more; a person's words are.
    const replies = written.filter(({ seq, author }) => seq > this.#askedSeq || author === "agent");
    for (const reply of written.filter((one) => !replies.includes(one))) await this.#passOver(call, reply);
    if (replies.length > 0) {
      this.#listening.answered(replies);
      const { interruptions } = this.#speaker;
      const spokeEarly = this.#early?.dead === false;
      for (const reply of replies) {
        if (interruptions === this.#speaker.interruptions) await this.#say(call, reply, interruptions);
        else await this.#passOver(call, reply);
      }
      const flushed = this.#speaker.flush(true);
      if (!flushed && spokeEarly && interruptions === this.#speaker.interruptions) this.#speaker.endTurn();
    }
    if (owner !== "assistant" && this.#listening.hasAsked()) {
      // What was said of an answer that a person has overtaken was said.
      await this.#giveUpEarly(this.#early?.speech ?? "");
      this.#listening.handOver();
    } else if (replies.length > 0) this.#listening.said(this.#speaker.chars());
  }

  async #say(call: HeldCall, reply: SpokenReply, interruptions: number): Promise<void> {
    if (reply.author === "assistant" && this.#early?.dead === true) {
      this.#early = null;
      return this.#passOver(call, reply);
    }
    const locale = toRelayedLocale(reply.meta?.locale) ?? this.#locale;
    this.#speaker.switchTo(locale);
    const speech = toSpeech(reply.parts, locale);
    const left = reply.author === "assistant" ? await this.#restOf(call, speech, reply.seq) : speech;
    const { said, rest } = shorten(reply, left, locale, speech.length - left.length);
    for (const sentence of said) this.#speaker.speak(reply.seq, sentence);
    if (rest.length === 0) return;
    this.#speaker.flush(false);
    this.#unsaidOf = reply.seq;
    const texted = await call.sendDetails(reply.seq).catch(() => false);
    this.#unsaidOf = null;
    if (interruptions !== this.#speaker.interruptions) return;
    if (texted) this.#speaker.speak(null, phrases[locale].texted);
    else for (const sentence of rest) this.#speaker.speak(reply.seq, sentence);
  }

  /** It is not said any more; but the language that the caller was understood in is the one they go on in. */
  async #passOver(call: HeldCall, { seq, meta }: SpokenReply): Promise<void> {
    this.#speaker.switchTo(toRelayedLocale(meta?.locale) ?? this.#locale);
    await call.heard(seq, "");
  }

  /** The sentences of an answer that is still being made, as far as they go on from what was said. False: it was not said. */
  sayDraft({ text, locale: named, answers }: ReplyDraft): boolean {
    if (answers < this.#askedSeq) return false;
    this.#early ??= { speech: "", dead: false };
    const early = this.#early;
    const locale = toRelayedLocale(named) ?? this.#locale;
    const speech = toSpeech([{ t: "text", text, format: "markdown" }], locale);
    const said = prefixEnd(speech, early.speech);
    if (early.dead || (said === 0 && early.speech !== "")) return false;
    this.#speaker.switchTo(locale);
    for (const sentence of sentencesOf(speech.slice(said), locale)) {
      // What is too long to be listened to waits for the whole: then it may go as a text.
      if (early.speech !== "" && listenableCount([sentence], early.speech.length) === 0) break;
      const words = `${sentence.trimEnd()} `;
      early.speech += words;
      this.#speaker.speak(noSeqYet, words);
    }
    this.#speaker.flush(false);
    return true;
  }

  /** What was said of an answer that may never be stored is kept as what it was. */
  async #giveUpEarly(words: string): Promise<void> {
    if (this.#early === null || this.#early.dead) return;
    this.#early.dead = true;
    const said = { words: words.trim(), locale: this.#locale, interrupted: true };
    if (said.words !== "") await this.#call?.said(said).catch(() => undefined);
  }

  /** The session is over before the answer that it had begun to say was stored: if it never is, what was said is kept. */
  #settleEarly(call: HeldCall, early: Early | null): void {
    if (early === null || early.dead || early.speech === "") return;
    const settle = async (): Promise<void> => {
      const { replies } = await call.news(this.#askedSeq);
      const stored = replies.some(
        ({ author, parts, meta }) =>
          author === "assistant" &&
          prefixEnd(toSpeech(parts, toRelayedLocale(meta?.locale) ?? this.#locale), early.speech) > 0,
      );
      if (!stored) await this.#giveUpEarly(early.speech);
    };
    setTimeout(() => void settle().catch(() => undefined), storedWithinMs).unref();
  }

  /** What of an answer is still to be said, when its beginning was said before it was there. */
  async #restOf(call: HeldCall, speech: string, seq: number): Promise<string> {
    const early = this.#early;
    this.#early = null;
    if (early === null || early.speech === "") return speech;
    const end = prefixEnd(speech, early.speech);
    if (end > 0) {
      this.#speaker.nameEarly(seq);
      return speech.slice(end);
    }
    // It came out otherwise: what was said stays said.
    this.#speaker.forget();
    await call.said({ words: early.speech.trim(), locale: this.#locale, interrupted: false });
    return speech;
  }

  /** The caller spoke over us. What was not heard was not said. */
  interrupted(until: string): void {
    this.#settleCut();
    const heardSeq = this.#heardSeq;
    const cut = this.#speaker.cutAt(until);
    this.#stopSpeaking();
    const early = cut.heard.find(({ seq }) => seq === noSeqYet);
    if (early !== undefined) void this.#giveUpEarly(early.words);
    const heard = cut.heard.filter(({ seq, whole }) => seq !== noSeqYet && (!whole || seq === this.#unsaidOf));
    this.#cut = { ...cut, heard, rest: cut.rest.filter(({ seq }) => seq !== noSeqYet), heardSeq };
    this.#timers.set("cut", cutMs, () => this.#settleCut());
  }

  /** It was a cough, or a room: what was being said goes on. False: nothing was. */
  goOn(): boolean {
    const cut = this.#cut;
    if (cut === null || cut.rest.length === 0) return false;
    this.#cut = null;
    this.#timers.stop("cut");
    this.#heardSeq = cut.heardSeq;
    this.#speaker.goOn(cut);
    return true;
  }

  /** All that we said was played. */
  heardToTheEnd(): void {
    if (this.#unsaidOf === null) this.#heardSeq = this.#after;
  }

  /** Those were words: what was not heard before them stays unheard. */
  #settleCut(): void {
    const cut = this.#cut;
    this.#cut = null;
    this.#timers.stop("cut");
    for (const { seq, words } of cut?.heard ?? []) void this.#call?.heard(seq, words).catch(() => undefined);
  }

  #stopSpeaking(): void {
    this.#speaker.overtaken();
    this.#heardSeq = this.#after;
  }

  get #locale(): SpokenLocale {
    return this.#speaker.locale;
  }
}
