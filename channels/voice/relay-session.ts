import { NamedTimers } from "../../src/lib/named-timers.ts";
import type {
  CallHost,
  CallNews,
  CallSession,
  CallWire,
  HeldCall,
  InboundMessage,
  ReplyDraft,
  SpokenReply,
} from "../channel.ts";
import { type Cut, prefixEnd } from "./heard.ts";
import { Keypad } from "./keypad.ts";
import { isNoise } from "./noise.ts";
import { partsOf } from "./parse.ts";
import { phrases, type SpokenLocale, toRelayedLocale } from "./phrases.ts";
import { type Handoff, type OurFrame, type RelayFrame, readFrame } from "./relay-frames.ts";
import type { RelayTimes } from "./relay-times.ts";
import { toSpeech } from "./render.ts";
import { listenableCount, sentencesOf, shorten } from "./sentences.ts";
import { noSeqYet, Speaker } from "./speaker.ts";

/** How long a text takes to be spoken, where the provider does not say: slow voices say 14 characters a second. */
const speakMsPerChar = 70;
const retryMs = 500;
/** So soon after somebody spoke over us it is known what they said. */
const cutMs = 3_000;
/** An embedded answer takes less. */
const ownBellMs = 40;
/** Whoever is said to be speaking and never ends has stopped unheard. */
const speakingMaxMs = 60_000;
/** A reply that is not there by now will not be: longer than a statement of the database may take. */
const storedWithinMs = 2_500;

/**
 * What the caller heard before: our greeting, which offers a language; that the assistant has them (again); or that the
 * line was cut off, so that what was under way is taken up.
 */
export type Opening = "greeted" | "returned" | "resumed";

export interface RelayOptions {
  readonly company: string;
  readonly times: RelayTimes;
}

/**
 * One call over ConversationRelay: what is heard becomes messages of the conversation, what is new there is said,
 * sentence by sentence, until somebody speaks over it. Never throws; whatever breaks ends the session in words, and the
 * call goes on without it.
 */
export function openRelaySession(options: RelayOptions, wire: CallWire, host: CallHost): CallSession {
  const session = new Session(options, wire, host);
  return { receive: (frame) => session.receive(frame), closed: () => session.close("dropped") };
}

/** The beginning of an answer whose rest is still being made. */
interface Early {
  speech: string;
  /** The caller spoke over it. */
  dead: boolean;
}

type Phase = "new" | "open" | "ending" | "over";

class Session {
  readonly #options: RelayOptions;
  readonly #wire: CallWire;
  readonly #host: CallHost;
  readonly #timers = new NamedTimers();
  readonly #speaker: Speaker;
  readonly #keypad = new Keypad();
  #phase: Phase = "new";
  #call: HeldCall | null = null;
  #sessionId = "";
  #undo = (): void => undefined;
  /** Frames are handled one after the other; only an interruption does not wait. */
  #work: Promise<void> = Promise.resolve();
  #frames = 0;
  /** Everything up to here was said. */
  #after = 0;
  /** Up to here it was heard to its end, or spoken over. */
  #heardSeq = 0;
  #reading = false;
  #again = false;
  /** The caller waits for an answer since then; null: nobody waits. */
  #askedAt: number | null = null;
  #askedSeq = 0;
  #storing = false;
  #ownBell = false;
  #silences = 0;
  #early: Early | null = null;
  /** The rest of this reply is still to be said. */
  #unsaidOf: number | null = null;
  /** What somebody spoke over, until it is known whether it was a noise. */
  #cut: (Cut & { readonly heardSeq: number }) | null = null;
  #turns = 0;
  #handoff: Handoff["reason"] = "failed";

  constructor(options: RelayOptions, wire: CallWire, host: CallHost) {
    this.#options = options;
    this.#wire = wire;
    this.#host = host;
    this.#speaker = new Speaker((frame) => this.#send(frame));
    this.#timer("setup", options.times.setupMs, () => this.#refuse());
  }

  receive(raw: string): void {
    if (this.#phase === "over") return;
    const frame = readFrame(raw);
    this.#frames += 1;
    if (frame === null) return;
    const number = this.#frames;
    if (frame.type === "interrupt") this.#interrupted(frame.utteranceUntilInterrupt);
    else this.#inTurn(() => this.#handle(frame, number));
  }

  close(how: string): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#timers.stopAll();
    this.#undo();
    this.#settleCut();
    if (this.#call !== null) this.#settleEarly(this.#call, this.#early);
    this.#call?.ended(how, this.#heardSeq);
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
      if (!stored) await this.#giveUpEarly(call, early.speech);
    };
    setTimeout(() => void settle().catch(() => undefined), storedWithinMs).unref();
  }

  #inTurn(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(() => this.#end("failed"));
  }

  async #handle(frame: RelayFrame, number: number): Promise<void> {
    if (this.#phase === "over") return;
    // A prompt before the setup, or a second setup, is nothing that Twilio sends.
    if ((frame.type === "setup") !== (this.#phase === "new")) return this.#refuse();
    switch (frame.type) {
      case "setup":
        return this.#setUp(frame);
      case "prompt":
        return frame.last ? this.#prompted(frame.voicePrompt, frame.lang, number) : this.#hears();
      case "dtmf":
        return this.#pressed(frame.digit, number);
      case "info":
        return this.#informed(frame);
      case "interrupt":
      case "error":
        return;
    }
  }

  async #setUp({ sessionId, callSid, customParameters }: RelayFrame & { type: "setup" }): Promise<void> {
    const token = customParameters.token ?? "";
    const call = token === "" ? null : await this.#host.redeem({ token, callId: callSid, sessionId });
    if (this.#phase === "over") return;
    if (call === null) return this.#refuse();
    this.#stop("setup");
    this.#phase = "open";
    this.#call = call;
    this.#sessionId = sessionId;
    this.#after = call.lastSeq;
    this.#heardSeq = call.lastSeq;
    this.#speaker.startIn(toRelayedLocale(call.locale) ?? "en");
    const undo = [call.onNews(() => this.#rung()), call.onDraft((draft) => this.#sayDraft(draft))];
    this.#undo = () => {
      for (const stop of undo) stop();
    };
    this.#timer("call", this.#options.times.callMs, () => this.#tooLong());
    this.#keypad.expectAsked(call.asked);
    switch (customParameters.opening) {
      case "resumed":
        return this.#takeUp(call);
      case "returned":
        this.#turns = 1;
        return this.#listen(0);
      default:
        // The greeting itself is in the TwiML, so that nobody waits for a socket to be welcomed.
        if (this.#locale === "en") this.#listen(phrases.en.greeting(this.#options.company).length);
        else this.#sayOwn(phrases[this.#locale].english, "en");
    }
  }

  /** Says what was not said before the line broke, and waits for what is still being made. */
  async #takeUp(call: HeldCall): Promise<void> {
    this.#turns = 1;
    if (call.answerDue) this.#await();
    const before = this.#after;
    await this.#catchUp();
    if (this.#phase !== "open" || this.#after > before || this.#askedAt !== null) return;
    this.#sayOwn(phrases[this.#locale].sayAgain, this.#locale);
  }

  async #prompted(said: string, lang: string | undefined, number: number): Promise<void> {
    if (isNoise(said)) return this.#goOn();
    await this.#take({ pressed: "", said, number, heardIn: toRelayedLocale(lang) ?? this.#locale });
  }

  async #pressed(digit: string, number: number): Promise<void> {
    if (digit === "2" && this.#turns === 0 && this.#locale !== "en") return this.#switchToEnglish();
    const one = !this.#keypad.wantsMany;
    if (!one) this.#hears();
    const keys = this.#keypad.press(digit);
    if (keys !== null) {
      // What was pressed before one key was asked for is taken in its time.
      if (!one) this.#stop("keys");
      return this.#takeKeys(keys, number);
    }
    const later = () => this.#takeKeys(this.#keypad.take(), number);
    this.#timer("keys", this.#options.times.keysMs, () => this.#inTurn(later));
  }

  async #takeKeys(pressed: string, number: number): Promise<void> {
    if (pressed !== "") await this.#take({ pressed, said: "", number, heardIn: this.#locale });
  }

  #switchToEnglish(): void {
    this.#speaker.switchTo("en");
    this.#sayOwn(phrases.en.greeting(this.#options.company), "en");
  }

  /** Stores what came and waits for its answer; the reply of a turn before it is no longer awaited. */
  async #take(input: { pressed: string; said: string; number: number; heardIn: SpokenLocale }): Promise<void> {
    const call = this.#call;
    const parts = partsOf(input.pressed, input.said, input.heardIn);
    if (call === null || parts.length === 0) return;
    this.#settleCut();
    this.#turns += 1;
    this.#silences = 0;
    await this.#giveUpEarly(call, this.#early?.speech ?? "");
    this.#early = null;
    this.#overtake();
    this.#await();
    this.#storing = true;
    this.#ownBell = true;
    this.#askedSeq = await this.#store(call, {
      kind: "message",
      key: `twilio:relay:${this.#sessionId}:${input.number}`,
      from: call.from,
      externalId: `${this.#sessionId}:${input.number}`,
      parts,
      locale: input.heardIn,
      wantsAnswer: true,
    });
    this.#storing = false;
  }

  async #store(call: HeldCall, message: InboundMessage): Promise<number> {
    for (const until = Date.now() + this.#options.times.storeMs; ; ) {
      try {
        return await call.take(message);
      } catch (error) {
        if (Date.now() > until || this.#phase === "over") throw error;
        await new Promise((resolve) => this.#timer("store", retryMs, () => resolve(undefined)));
      }
    }
  }

  /** Whoever is speaking for us stops. */
  #overtake(): void {
    this.#speaker.overtaken();
    this.#heardSeq = this.#after;
  }

  #await(): void {
    if (this.#phase !== "open") return;
    this.#stop("silence");
    this.#askedAt = Date.now();
    this.#timer("filler", this.#options.times.fillerMs, () => this.#fill(phrases[this.#locale].oneMoment));
  }

  #fill(words: string): void {
    if (this.#askedAt === null) return;
    // A bell may have been lost (R7).
    void this.#catchUp();
    if (Date.now() - this.#askedAt >= this.#options.times.tooLongMs) {
      this.#askedAt = null;
      this.#sayOwn(phrases[this.#locale].tooLong, this.#locale);
    } else {
      this.#speaker.fill(words);
      this.#timer("filler", this.#options.times.stillMs, () => this.#fill(phrases[this.#locale].stillThere));
    }
  }

  /** The first bell after the caller's words is theirs; the answer's follows in a moment, and a read would be in its way. */
  #rung(): void {
    if (this.#ownBell) {
      this.#ownBell = false;
      this.#timer("look", ownBellMs, () => void this.#catchUp());
    } else {
      this.#stop("look");
      void this.#catchUp();
    }
  }

  /** Says what is new; one reader, so that nothing is said twice or out of order. */
  async #catchUp(): Promise<void> {
    if (this.#call === null || this.#phase !== "open") return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#sayNews(this.#call, await this.#call.news(this.#after));
      } while (this.#again && this.#phase === "open");
    } catch {
      // The database is away: the next bell, or the filler's end, tries again.
      this.#timer("again", retryMs, () => void this.#catchUp());
    } finally {
      this.#reading = false;
    }
  }

  async #sayNews(call: HeldCall, { replies: written, lastSeq, owner }: CallNews): Promise<void> {
    if (this.#phase !== "open") return;
    this.#after = Math.max(this.#after, lastSeq);
    // An answer that the caller has overtaken with their next words is not said any more; a person's words are.
    const replies = written.filter(({ seq, author }) => seq > this.#askedSeq || author === "agent");
    for (const { seq } of written.filter((one) => !replies.includes(one))) await call.heard(seq, "");
    if (replies.length > 0) {
      this.#askedAt = null;
      this.#stop("filler");
      this.#keypad.expectAfter(replies);
      const { interruptions } = this.#speaker;
      const spokeEarly = this.#early?.dead === false;
      for (const reply of replies) {
        if (interruptions === this.#speaker.interruptions) await this.#say(call, reply, interruptions);
        else await call.heard(reply.seq, "");
      }
      const flushed = this.#speaker.flush(true);
      if (!flushed && spokeEarly && interruptions === this.#speaker.interruptions) this.#speaker.endTurn();
    }
    if (owner !== "assistant" && this.#turns > 0) {
      // What was said of an answer that a person has overtaken was said.
      await this.#giveUpEarly(call, this.#early?.speech ?? "");
      this.#handOver();
    } else if (replies.length > 0) this.#listen(this.#speaker.chars());
  }

  /** The sentences of an answer that is still being made, as far as they go on from what was said. */
  #sayDraft({ text, locale: named, answers }: ReplyDraft): void {
    if (this.#phase !== "open" || this.#askedAt === null || this.#storing || answers < this.#askedSeq) return;
    this.#early ??= { speech: "", dead: false };
    const early = this.#early;
    const locale = toRelayedLocale(named) ?? this.#locale;
    const speech = toSpeech([{ t: "text", text, format: "markdown" }], locale);
    const said = prefixEnd(speech, early.speech);
    if (early.dead || (said === 0 && early.speech !== "")) return;
    this.#speaker.switchTo(locale);
    this.#timer("filler", this.#options.times.stillMs, () => this.#fill(phrases[this.#locale].stillThere));
    for (const sentence of sentencesOf(speech.slice(said), locale)) {
      // What is too long to be listened to waits for the whole: then it may go as a text.
      if (early.speech !== "" && listenableCount([sentence], early.speech.length) === 0) break;
      const words = `${sentence.trimEnd()} `;
      early.speech += words;
      this.#speaker.speak(noSeqYet, words);
    }
    this.#speaker.flush(false);
  }

  /** What was said of an answer that may never be stored is kept as what it was. */
  async #giveUpEarly(call: HeldCall, words: string): Promise<void> {
    if (this.#early === null || this.#early.dead) return;
    this.#early.dead = true;
    const said = { words: words.trim(), locale: this.#locale, interrupted: true };
    if (said.words !== "") await call.said(said).catch(() => undefined);
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

  async #say(call: HeldCall, reply: SpokenReply, interruptions: number): Promise<void> {
    if (reply.author === "assistant" && this.#early?.dead === true) {
      this.#early = null;
      return call.heard(reply.seq, "");
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

  #sayOwn(words: string, locale: SpokenLocale): void {
    this.#speaker.sayOwn(words, locale);
    this.#listen(words.length);
  }

  /** What was not heard was not said. */
  #interrupted(until: string): void {
    if (this.#call === null) return;
    this.#settleCut();
    const heardSeq = this.#heardSeq;
    const cut = this.#speaker.cutAt(until);
    this.#overtake();
    this.#listen(0);
    const early = cut.heard.find(({ seq }) => seq === noSeqYet);
    if (early !== undefined) void this.#giveUpEarly(this.#call, early.words);
    const heard = cut.heard.filter(({ seq, whole }) => seq !== noSeqYet && (!whole || seq === this.#unsaidOf));
    this.#cut = { ...cut, heard, rest: cut.rest.filter(({ seq }) => seq !== noSeqYet), heardSeq };
    this.#timer("cut", cutMs, () => this.#settleCut());
  }

  /** A cough, or a room: what was being said goes on. */
  #goOn(): void {
    const cut = this.#cut;
    if (cut === null || cut.rest.length === 0 || this.#phase !== "open") return;
    this.#cut = null;
    this.#stop("cut");
    this.#heardSeq = cut.heardSeq;
    this.#speaker.goOn(cut);
    this.#listen(this.#speaker.chars());
  }

  /** Those were words: what was not heard before them stays unheard. */
  #settleCut(): void {
    const cut = this.#cut;
    this.#cut = null;
    this.#stop("cut");
    for (const { seq, words } of cut?.heard ?? []) void this.#call?.heard(seq, words).catch(() => undefined);
  }

  #informed({ name, value }: RelayFrame & { type: "info" }): void {
    const begins = value === "start" || value === "on" || value === true;
    if (name === "tokensPlayed") this.#wasPlayed(String(value ?? ""));
    else if (name !== "agentSpeaking" && name !== "clientSpeaking") return;
    else if (begins) this.#hears();
    else this.#listen(0);
  }

  #wasPlayed(words: string): void {
    if (!this.#speaker.wasPlayed(words)) return;
    if (this.#unsaidOf === null) this.#heardSeq = this.#after;
    if (this.#phase === "ending") this.#sendEnd();
  }

  /** Somebody is speaking: it is not silent. */
  #hears(): void {
    if (this.#phase === "open") this.#timer("silence", speakingMaxMs, () => this.#onSilence());
  }

  #listen(charsToSpeak: number): void {
    if (this.#phase !== "open") return;
    const ms = charsToSpeak * speakMsPerChar + this.#options.times.silenceMs;
    this.#timer("silence", ms, () => this.#onSilence());
  }

  #onSilence(): void {
    if (this.#phase !== "open" || this.#askedAt !== null) return;
    void this.#catchUp();
    const { notHeard, offer, goodbye } = phrases[this.#locale];
    this.#silences += 1;
    if (this.#silences > 2) this.#finish(goodbye, "goodbye");
    else this.#sayOwn(this.#silences === 1 ? notHeard : offer, this.#locale);
  }

  #tooLong(): void {
    if (this.#phase === "open") this.#finish("", "too-long");
  }

  #handOver(): void {
    this.#handoff = "handoff";
    this.#waitToEnd(this.#speaker.chars());
  }

  #finish(words: string, reason: Handoff["reason"]): void {
    if (words !== "") this.#sayOwn(words, this.#locale);
    this.#handoff = reason;
    this.#waitToEnd(words.length);
  }

  /** The last words are heard out before the session ends; the provider says when, or it is reckoned. */
  #waitToEnd(chars: number): void {
    this.#phase = "ending";
    this.#stop("silence", "filler", "keys", "call");
    if (chars === 0) this.#sendEnd();
    else this.#timer("end", chars * speakMsPerChar, () => this.#sendEnd());
  }

  #end(reason: Handoff["reason"]): void {
    if (this.#phase === "new") this.#refuse();
    if (this.#phase === "over") return;
    this.#handoff = reason;
    this.#sendEnd();
  }

  #sendEnd(): void {
    this.#stop("end");
    const after = this.#call?.storedSeq(this.#after) ?? this.#after;
    const handoff: Handoff = { reason: this.#handoff, locale: this.#locale, after };
    this.#send({ type: "end", handoffData: JSON.stringify(handoff) });
    this.close(this.#handoff);
  }

  #refuse(): void {
    if (this.#phase === "over") return;
    this.close("refused");
    this.#wire.close(1008, "not a call of ours");
  }

  #send(frame: OurFrame): void {
    this.#wire.send(JSON.stringify(frame));
  }

  get #locale(): SpokenLocale {
    return this.#speaker.locale;
  }

  #timer(name: string, ms: number, work: () => void): void {
    this.#timers.set(name, ms, work);
  }

  #stop(...names: readonly string[]): void {
    this.#timers.stop(...names);
  }
}
