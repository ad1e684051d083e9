import type {
  Answer,
  AwaitDetails,
  AwaitReply,
  BridgesCalls,
  CallerStanding,
  Channel,
  ContactAddress,
  FetchesMedia,
  HoldsCalls,
  HttpAnswer,
  InboundEvent,
  PlacesCalls,
  RawRequest,
  Received,
  ReceivesWebhooks,
  RepliesVia,
  SpokenReply,
  Webhook,
} from "../channel.ts";
import type { TwilioClient } from "../twilio/client.ts";
import { sidIn } from "../twilio/inbound.ts";
import { queryOf, twilioWebhook } from "../twilio/webhook.ts";
import { orCallLater, stayAndAskAgain } from "./away.ts";
import { bridgesCalls } from "./bridge-calls.ts";
import { askLive, liveUrl, liveWebhooks, waitForLive } from "./live.ts";
import { isOutbound, outboundWebhooks, parseCallReport } from "./outbound.ts";
import { callerOf, parseCallStatus, parseInput, parseStart, readState } from "./parse.ts";
import { likelyLocale, phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { placesCalls } from "./place-call.ts";
import { afterRelay, connectCall, relaySocket, spokenIn } from "./relay.ts";
import type { Handoff } from "./relay-frames.ts";
import type { RelayTimes } from "./relay-times.ts";
import { renderSpeech, toSpeech } from "./render.ts";
import { shorten } from "./sentences.ts";
import { type CallState, firstState, gather, redirect, response, say, toQuery, turnFromNow } from "./twiml.ts";

/** Longer than anybody listens to at once; the short answers of articles are far below. */
const textMaxChars = 3_000;
/** The webhook as a whole has 2 s (safety.md, time limits). */
const replyWaitMs = 1_500;
/** A look for what came while the caller was silent. */
const silentWaitMs = 1;
/** 20 waits of 1.5 s and a pause: the 60 s a model call may take in all. */
const waitsMax = 20;
const stillThereEvery = 4;
/** A socket that breaks more often in one call is not trusted with the rest of it. */
const resumptionsMax = 2;

export interface VoiceOptions {
  readonly account: string;
  readonly authToken: string;
  readonly publicUrl: () => string;
  readonly company: string;
  /** The company's number: callers dial it, and those whom we call see it. */
  readonly number: string;
  readonly client: TwilioClient;
  /** How calls are held: over ConversationRelay's socket, or in the provider's own requests. */
  readonly transport: "relay" | "gather";
  readonly times?: RelayTimes;
}

/**
 * Telephone calls over Twilio: speech and keys in, spoken replies out. Over a socket where the account has
 * ConversationRelay; inside the provider's own requests elsewhere, and whenever the socket is gone.
 */
export function createVoice(
  options: VoiceOptions,
): Channel & ReceivesWebhooks & RepliesVia & PlacesCalls & HoldsCalls & BridgesCalls & FetchesMedia {
  const webhook = (path: string, read: (form: URLSearchParams, request: RawRequest) => Received): Webhook =>
    twilioWebhook(options, path, (form, request) =>
      sidIn(form, "CallSid") !== ""
        ? read(form, request)
        : { kind: "refused", answer: { status: 400 }, reason: "no-call-id" },
    );
  return {
    name: "voice",
    account: options.account,
    limits: {
      textMaxChars,
      replyWindowMs: null,
      burstWaitMs: 0,
      pulled: true,
      wording: "spoken",
    },
    repliesVia: "sms",
    render: renderSpeech,
    callSocket: relaySocket(options),
    ...placesCalls({
      client: options.client,
      from: options.number,
      callbackUrl: () => `${options.publicUrl()}/channels/voice/${options.account}`,
    }),
    ...bridgesCalls(options),
    async fetchMedia({ reference }, limitBytes, signal) {
      const fetched = await options.client.fetchMedia(reference, limitBytes, signal);
      // Twilio says where a recording will be before it is there.
      return fetched.outcome === "gone" ? { ...fetched, outcome: "later" } : fetched;
    },
    webhooks: [
      ...liveWebhooks(options, (form, words, state) => talk(options, form, state, words)),
      ...outboundWebhooks({
        account: options.account,
        authToken: options.authToken,
        publicUrl: options.publicUrl,
        talk: (form, before, words, locale) => talk(options, form, firstState(locale), words, before),
      }),
      webhook("/incoming", (form, request) => {
        const locale = likelyLocale(form.get("From") ?? "");
        const began = { kind: "call-began", externalId: sidIn(form, "CallSid"), from: callerOf(form), locale } as const;
        const gathered = () => listen(options, firstState(locale), greeting(options.company, locale));
        const answer = isRelayed(options, firstState(locale))
          ? connectCall(options, { ...callIn(form, firstState(locale)), ...greeted(options.company, locale) }, gathered)
          : gathered();
        const { away } = readState(request.url, firstState(locale));
        const again = `${options.publicUrl()}/channels/voice/${options.account}/incoming?x=${away + 1}`;
        const whenAway = () => stayAndAskAgain(locale, away, again);
        return { kind: "accepted", events: [parseStart(form, locale), began], answer, whenAway };
      }),
      webhook("/relay-ended", (form, request) => {
        const stateIn = (locale: SpokenLocale) => {
          const { drops } = readState(request.url, firstState(locale));
          return { ...firstState(locale), turn: turnFromNow(), drops };
        };
        return {
          kind: "accepted",
          events: [],
          answer: afterRelay(form, callerOf(form), (handoff, locale, standing) =>
            goOn(options, form, handoff, stateIn(locale), standing),
          ),
          // Whoever had the call: what they hear next is asked from the beginning.
          whenAway: () => waitForLive(options, stateIn(spokenIn(form))),
        };
      }),
      webhook("/gather", (form, request) => {
        const state = readState(request.url, firstState(likelyLocale(form.get("From") ?? "")));
        const here = { ...state, away: 0 };
        const received = state.waits > 0 ? waitOn(options, form, here) : takeInput(options, form, here);
        return { ...received, whenAway: () => sayAgain(options, state) };
      }),
      webhook("/status", (form, request) => {
        const change = isOutbound(form) ? null : parseCallStatus(form);
        const report = parseCallReport(form, queryOf(request));
        const events: InboundEvent[] = [change, report].filter((event) => event !== null);
        if (events.length === 0) events.push({ kind: "ignored", why: "call-status-without-state" });
        return { kind: "accepted", events, answer: { status: 204 } };
      }),
    ],
  };
}

function greeting(company: string, locale: SpokenLocale): string {
  const text = say(phrases[locale].greeting(company), locale);
  return locale === "en" ? text : text + say(phrases[locale].english, "en");
}

function greeted(company: string, locale: SpokenLocale) {
  return { opening: "greeted", greeting: phrases[locale].greeting(company) } as const;
}

function callIn(form: URLSearchParams, { locale, drops }: CallState) {
  return { from: callerOf(form), callId: sidIn(form, "CallSid"), locale, drops, before: "", afterSeq: null };
}

function isRelayed({ transport }: VoiceOptions, { drops, locale }: CallState): boolean {
  return transport === "relay" && phrases[locale].relayed && drops <= resumptionsMax;
}

/** The assistant has the call (again): over the socket where it holds, else in single requests. `before` is TwiML. */
function talk(
  options: VoiceOptions,
  form: URLSearchParams,
  state: CallState,
  words: string | null,
  before = "",
): Answer {
  const gathered = () => listen(options, state, before + (words === null ? "" : say(words, state.locale)));
  if (!isRelayed(options, state)) return gathered();
  const call = { ...callIn(form, state), opening: "returned", greeting: words, before, afterSeq: state.after } as const;
  return connectCall(options, call, gathered);
}

/** The session is over, the call is not. */
function goOn(
  options: VoiceOptions,
  form: URLSearchParams,
  handoff: Handoff | null,
  state: CallState,
  standing: CallerStanding | null,
): Answer {
  const { locale } = state;
  switch (handoff?.reason) {
    case "goodbye":
      return twiml("<Hangup/>");
    case "handoff":
      return toLive(options, form, state);
    case "too-long":
      return listen(options, { ...state, after: handoff.after }, say(phrases[locale].tooLong, locale));
    case "failed":
    case undefined:
      if (standing !== null && standing.owner !== "assistant") return toLive(options, form, state);
      return resume(options, form, { ...state, drops: state.drops + 1 }, handoff?.after ?? standing?.lastInboundSeq);
  }
}

function toLive(options: VoiceOptions, form: URLSearchParams, state: CallState): Answer {
  return askLive(options, form, state, (_, words, next) => talk(options, form, next, words));
}

/** Never dead air: whatever broke, the caller hears so, and goes on over another socket; or in single requests. */
function resume(options: VoiceOptions, form: URLSearchParams, state: CallState, after: number | undefined): Answer {
  const { cutOff, sayAgain } = phrases[state.locale];
  const gathered = () =>
    listen(options, { ...state, after: after ?? null }, say(`${cutOff} ${sayAgain}`, state.locale));
  if (after === undefined || !isRelayed(options, state)) return gathered();
  const before = say(cutOff, state.locale);
  const call = { ...callIn(form, state), opening: "resumed", greeting: null, before, afterSeq: after } as const;
  return connectCall(options, call, gathered);
}

/** What was said may not be stored: the caller is asked again. What was only waited for is waited for. */
function sayAgain(options: VoiceOptions, state: CallState): HttpAnswer {
  const { locale, waits, turn } = state;
  const next = { ...state, away: state.away + 1 };
  if (waits > 0) return stayAndAskAgain(locale, state.away, actionOf(options, next));
  const { away, sayAgain: again } = phrases[locale];
  return orCallLater(
    locale,
    state.away,
    listening(options, { ...next, turn: turn + 1 }, say(`${away} ${again}`, locale)),
  );
}

function takeInput(options: VoiceOptions, form: URLSearchParams, state: CallState): Received {
  if (form.get("Digits") === "2" && state.turn === 0 && state.locale !== "en") {
    const answer = listen(options, firstState("en"), greeting(options.company, "en"));
    return { kind: "accepted", events: [], answer };
  }
  const message = parseInput(form, state);
  if (message === null) return { kind: "accepted", events: [], answer: onSilence(options, form, state) };
  const next = { ...state, turn: state.turn + 1, empty: 0 };
  return { kind: "accepted", events: [message], answer: speakWhenReady(options, form, next, null) };
}

/** The provider was sent round because no reply had come yet. */
function waitOn(options: VoiceOptions, form: URLSearchParams, state: CallState): Received {
  return { kind: "accepted", events: [], answer: speakWhenReady(options, form, state, state.after) };
}

function speakWhenReady(
  options: VoiceOptions,
  form: URLSearchParams,
  state: CallState,
  afterSeq: number | null,
): AwaitReply {
  return {
    kind: "await-reply",
    from: callerOf(form),
    afterSeq,
    waitMs: replyWaitMs,
    respond(replies, lastSeq, withPeople = false) {
      if (replies.length > 0) return speak(options, callerOf(form), state, replies, lastSeq);
      return withPeople ? toPeople(options, state, "") : comeBack(options, state, lastSeq);
    },
  };
}

/** Nothing was heard: first say what an agent wrote meanwhile; else ask again, offer a person, say goodbye. */
function onSilence(options: VoiceOptions, form: URLSearchParams, state: CallState): HttpAnswer | AwaitReply {
  const prompt = (): HttpAnswer => {
    const words = phrases[state.locale];
    const next = { ...state, empty: state.empty + 1 };
    if (state.empty === 0) return listen(options, next, say(words.notHeard, state.locale));
    if (state.empty === 1) return listen(options, next, say(words.offer, state.locale));
    return twiml(`${say(words.goodbye, state.locale)}<Hangup/>`);
  };
  if (state.after === null) return prompt();
  return {
    kind: "await-reply",
    from: callerOf(form),
    afterSeq: state.after,
    waitMs: silentWaitMs,
    respond(replies, lastSeq, withPeople = false) {
      if (replies.length > 0) return speak(options, callerOf(form), { ...state, empty: 0 }, replies, lastSeq);
      return withPeople ? toPeople(options, state, "") : prompt();
    },
  };
}

function speak(
  options: VoiceOptions,
  from: ContactAddress,
  state: CallState,
  replies: readonly SpokenReply[],
  lastSeq: number,
): HttpAnswer | AwaitDetails {
  const locale = toSpokenLocale(replies.at(-1)?.meta?.locale) ?? state.locale;
  const speeches = replies.map((reply) => {
    const spoken = toSpokenLocale(reply.meta?.locale) ?? locale;
    return { seq: reply.seq, spoken, ...shorten(reply, toSpeech(reply.parts, spoken), spoken) };
  });
  const seqs = speeches.filter(({ rest }) => rest.length > 0).map(({ seq }) => seq);
  const respond = (texted: readonly number[]): HttpAnswer => {
    const words = speeches.map(({ seq, spoken, said, rest }) => {
      const after = texted.includes(seq) ? [phrases[spoken].texted] : rest;
      return say([...said, ...after].join(""), spoken);
    });
    return sayReplies(options, { ...state, locale }, replies, lastSeq, words.join(""));
  };
  return seqs.length === 0 ? respond([]) : { kind: "await-details", from, seqs, respond };
}

function sayReplies(
  options: VoiceOptions,
  state: CallState,
  replies: readonly SpokenReply[],
  lastSeq: number,
  words: string,
): HttpAnswer {
  if (replies.some(({ meta }) => meta?.kind === "handoff"))
    return toPeople(options, { ...state, after: lastSeq }, words);
  // A telephone number or a one-time code is more than one key.
  const manyDigits = replies.some(({ meta }) => meta?.flow === "callback" || meta?.flow === "sign-in");
  return listen(options, { ...state, waits: 0, after: lastSeq }, words, manyDigits);
}

/** People have the call: what is heard next is theirs to say. */
function toPeople(options: VoiceOptions, state: CallState, words: string): HttpAnswer {
  return twiml(words + redirect(liveUrl(options, { ...state, empty: 0, waits: 0 })));
}

function comeBack(options: VoiceOptions, state: CallState, lastSeq: number): HttpAnswer {
  const words = phrases[state.locale];
  if (state.waits >= waitsMax) {
    return listen(options, { ...state, waits: 0, after: lastSeq }, say(words.tooLong, state.locale));
  }
  const next = { ...state, waits: state.waits + 1, after: lastSeq };
  const filler =
    state.waits === 0
      ? say(words.oneMoment, state.locale)
      : state.waits % stillThereEvery === 0
        ? say(words.stillThere, state.locale)
        : '<Pause length="1"/>';
  return twiml(filler + redirect(actionOf(options, next)));
}

function listen(options: VoiceOptions, state: CallState, prompt: string, manyDigits = false): HttpAnswer {
  return twiml(listening(options, state, prompt, manyDigits));
}

function listening(options: VoiceOptions, state: CallState, prompt: string, manyDigits = false): string {
  return gather({ action: actionOf(options, state), locale: state.locale, prompt, manyDigits });
}

function actionOf(options: VoiceOptions, state: CallState): string {
  return `${options.publicUrl()}/channels/voice/${options.account}/gather?${toQuery(state)}`;
}

function twiml(content: string): HttpAnswer {
  return { status: 200, contentType: "text/xml", body: response(content) };
}
