import { NamedTimers } from "../../src/lib/named-timers.ts";
import type { CallHost, CallSession, CallWire, HeldCall, InboundMessage, ReplyDraft } from "../channel.ts";
import { Keypad } from "./keypad.ts";
import { isNoise } from "./noise.ts";
import { partsOf } from "./parse.ts";
import { phrases, type SpokenLocale, toRelayedLocale } from "./phrases.ts";
import { type Handoff, type OurFrame, type RelayFrame, readFrame } from "./relay-frames.ts";
import type { RelayTimes } from "./relay-times.ts";
import { ReplyReader } from "./reply-reader.ts";
import { Speaker } from "./speaker.ts";

/** How long a text takes to be spoken, where the provider does not say: slow voices say 14 characters a second. */
const speakMsPerChar = 70;
const retryMs = 500;
/** An embedded answer takes less. */
const ownBellMs = 40;
/** Whoever is said to be speaking and never ends has stopped unheard. */
const speakingMaxMs = 60_000;

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

type Phase = "new" | "open" | "ending" | "over";

class Session {
  readonly #options: RelayOptions;
  readonly #wire: CallWire;
  readonly #host: CallHost;
  readonly #timers = new NamedTimers();
  readonly #speaker: Speaker;
  readonly #reader: ReplyReader;
  readonly #keypad = new Keypad();
  #phase: Phase = "new";
  #call: HeldCall | null = null;
  #sessionId = "";
  #undo = (): void => undefined;
  /** Frames are handled one after the other; only an interruption does not wait. */
  #work: Promise<void> = Promise.resolve();
  #frames = 0;
  /** The caller waits for an answer since then; null: nobody waits. */
  #askedAt: number | null = null;
  #storing = false;
  #ownBell = false;
  #silences = 0;
  #turns = 0;
  #handoff: Handoff["reason"] = "failed";

  constructor(options: RelayOptions, wire: CallWire, host: CallHost) {
    this.#options = options;
    this.#wire = wire;
    this.#host = host;
    this.#speaker = new Speaker((frame) => this.#send(frame));
    this.#reader = new ReplyReader(this.#speaker, this.#timers, {
      isOpen: () => this.#phase === "open",
      hasAsked: () => this.#turns > 0,
      answered: (replies) => {
        this.#askedAt = null;
        this.#stop("filler");
        this.#keypad.expectAfter(replies);
      },
      said: (chars) => this.#listen(chars),
      handOver: () => this.#handOver(),
    });
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
    this.#reader.close();
    this.#call?.ended(how, this.#reader.heardSeq);
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
    this.#reader.open(call);
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
    const before = this.#reader.after;
    await this.#reader.catchUp();
    if (this.#phase !== "open" || this.#reader.after > before || this.#askedAt !== null) return;
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
    this.#turns += 1;
    this.#silences = 0;
    await this.#reader.overtaken();
    this.#await();
    this.#storing = true;
    this.#ownBell = true;
    const seq = await this.#store(call, {
      kind: "message",
      key: `twilio:relay:${this.#sessionId}:${input.number}`,
      from: call.from,
      externalId: `${this.#sessionId}:${input.number}`,
      parts,
      locale: input.heardIn,
      wantsAnswer: true,
    });
    this.#reader.asked(seq);
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

  #await(): void {
    if (this.#phase !== "open") return;
    this.#stop("silence");
    this.#askedAt = Date.now();
    this.#timer("filler", this.#options.times.fillerMs, () => this.#fill(phrases[this.#locale].oneMoment));
  }

  #fill(words: string): void {
    if (this.#askedAt === null) return;
    // A bell may have been lost (R7).
    void this.#reader.catchUp();
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
      this.#timer("look", ownBellMs, () => void this.#reader.catchUp());
    } else {
      this.#stop("look");
      void this.#reader.catchUp();
    }
  }

  /** An answer as it is made: whoever hears of it is not asked to wait. */
  #sayDraft(draft: ReplyDraft): void {
    if (this.#phase !== "open" || this.#askedAt === null || this.#storing || !this.#reader.sayDraft(draft)) return;
    this.#timer("filler", this.#options.times.stillMs, () => this.#fill(phrases[this.#locale].stillThere));
  }

  #sayOwn(words: string, locale: SpokenLocale): void {
    this.#speaker.sayOwn(words, locale);
    this.#listen(words.length);
  }

  #interrupted(until: string): void {
    if (this.#call === null) return;
    this.#reader.interrupted(until);
    this.#listen(0);
  }

  /** A cough, or a room: what was being said goes on. */
  #goOn(): void {
    if (this.#phase === "open" && this.#reader.goOn()) this.#listen(this.#speaker.chars());
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
    this.#reader.heardToTheEnd();
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
    void this.#reader.catchUp();
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
    const after = this.#call?.storedSeq(this.#reader.after) ?? this.#reader.after;
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
