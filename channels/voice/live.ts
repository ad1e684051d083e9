import { cleanText } from "../../src/lib/clean-text.ts";
import type { Answer, AwaitLive, HttpAnswer, LivePlan, RawRequest, Received, Webhook } from "../channel.ts";
import { sidIn } from "../twilio/inbound.ts";
import { queryOf, twilioWebhook } from "../twilio/webhook.ts";
import { stayAndAskAgain } from "./away.ts";
import { bridge } from "./conference.ts";
import { holdTune } from "./hold-tune.ts";
import { callerOf, readState } from "./parse.ts";
import { likelyLocale, phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { type CallState, escapeXml, firstState, redirect, response, say, toQuery } from "./twiml.ts";

const speechCharsMax = 500;
const chooseSeconds = 5;
/** A message is as long as people listen to, and silence ends it. */
const messageMaxSeconds = 120;
const messageSilenceSeconds = 5;

export interface LiveOptions {
  readonly account: string;
  readonly authToken: string;
  readonly publicUrl: () => string;
}

/** How the call goes on when the assistant has it: after these words, over whatever carries speech. */
export type Talk = (form: URLSearchParams, words: string | null, state: CallState) => Answer;

/** Where a caller's line asks what comes next, from every transport of speech. */
export function liveUrl({ publicUrl, account }: LiveOptions, state: CallState): string {
  return `${publicUrl()}/channels/voice/${account}/live?${toQuery(state)}`;
}

/** Asks people's side what the caller hears next; the answer is given in this very request. */
export function askLive(
  options: LiveOptions,
  form: URLSearchParams,
  state: CallState,
  talk: Talk,
  more: Pick<AwaitLive, "recorded" | "calledBack"> = {},
): AwaitLive {
  const digits = (form.get("Digits") ?? "").replace(/[^\d*#]/g, "").slice(0, 1);
  const speech = cleanText(form.get("SpeechResult") ?? "")
    .trim()
    .slice(0, speechCharsMax);
  const input = digits !== "" ? { digits } : speech !== "" ? { speech } : null;
  return {
    kind: "await-live",
    externalId: sidIn(form, "CallSid"),
    from: callerOf(form),
    locale: state.locale,
    input,
    silences: state.empty,
    ...more,
    respond(plan) {
      const here = { ...state, locale: toSpokenLocale(plan.locale) ?? state.locale, waits: 0, empty: 0 };
      // What was said to people is over: the assistant's replies begin after what it says now.
      if (plan.do === "assistant") return talk(form, plan.say, { ...here, after: plan.after });
      return twiml(liveTwiml(options, plan, here, state.empty));
    },
  };
}

/** Our systems do not answer: what comes next is asked again, with what was recorded meanwhile. */
export function waitForLive(options: LiveOptions, state: CallState, more: URLSearchParams | null = null): HttpAnswer {
  const again = `${liveUrl(options, { ...state, away: state.away + 1 })}${more === null ? "" : `&${more}`}`;
  return stayAndAskAgain(state.locale, state.away, again);
}

const recordingFields = ["RecordingSid", "RecordingUrl", "RecordingDuration"];

/** What is only said once is kept in the address of the next try. */
function askedOnce(query: URLSearchParams, form: URLSearchParams): URLSearchParams | null {
  const kept = new URLSearchParams();
  for (const name of ["m", "r"]) if (query.has(name)) kept.set(name, query.get(name) ?? "");
  for (const name of recordingFields) if (form.has(name)) kept.set(name, form.get(name) ?? "");
  return kept.size === 0 ? null : kept;
}

function liveTwiml(
  options: LiveOptions,
  plan: Exclude<LivePlan, { do: "assistant" }>,
  here: CallState,
  silences: number,
): string {
  const { locale } = here;
  const spoken = plan.do === "join" || plan.say === null ? "" : say(plan.say, locale);
  const again = escapeXml(liveUrl(options, here));
  switch (plan.do) {
    case "wait": {
      const tune = `<Play>${escapeXml(tuneUrl(options))}</Play>`;
      return `<Gather input="dtmf" numDigits="1" timeout="1" actionOnEmptyResult="true" method="POST" action="${again}">${spoken}${tune}</Gather>`;
    }
    case "choose": {
      const next = escapeXml(liveUrl(options, { ...here, empty: silences + 1 }));
      return (
        `<Gather input="speech dtmf" numDigits="1" timeout="${chooseSeconds}" speechTimeout="auto" ` +
        `language="${phrases[locale].language}" actionOnEmptyResult="true" method="POST" action="${next}">${spoken}</Gather>`
      );
    }
    case "join":
      return bridge({
        conference: plan.conference,
        leg: "customer",
        label: plan.callId,
        waitUrl: holdUrl(options, locale),
        action: liveUrl(options, here),
      });
    case "record": {
      const base = `${options.publicUrl()}/channels/voice/${options.account}`;
      return (
        `${spoken}<Record method="POST" action="${escapeXml(`${liveUrl(options, here)}&r=1`)}" maxLength="${messageMaxSeconds}" ` +
        `timeout="${messageSilenceSeconds}" finishOnKey="#" playBeep="true" trim="trim-silence" transcribe="true" ` +
        `transcribeCallback="${escapeXml(`${base}/recording-text?${toQuery(here)}`)}"/>` +
        redirect(`${liveUrl(options, here)}&r=0`)
      );
    }
    case "hang-up":
      return `${spoken}<Hangup/>`;
  }
}

export function holdUrl({ publicUrl, account }: LiveOptions, locale: SpokenLocale): string {
  return `${publicUrl()}/channels/voice/${account}/hold?l=${locale}`;
}

function tuneUrl({ publicUrl, account }: LiveOptions): string {
  return `${publicUrl()}/channels/voice/${account}/hold-tune.wav`;
}

export function keysUrl({ publicUrl, account }: LiveOptions, keys: string): string {
  return `${publicUrl()}/channels/voice/${account}/keys?d=${encodeURIComponent(keys)}`;
}

/** Everything around a call that people have. */
export function liveWebhooks(options: LiveOptions, talk: Talk): Webhook[] {
  const webhook = (path: string, read: (form: URLSearchParams, request: RawRequest) => Received): Webhook =>
    twilioWebhook(options, path, (form, request) =>
      sidIn(form, "CallSid") !== ""
        ? read(form, request)
        : { kind: "refused", answer: { status: 400 }, reason: "no-call-id" },
    );
  const stateIn = (form: URLSearchParams, request: RawRequest): CallState =>
    readState(request.url, firstState(likelyLocale(form.get("From") ?? "")));
  return [
    webhook("/live", (form, request) => {
      const query = queryOf(request);
      const asked = stateIn(form, request);
      const state = { ...asked, away: 0 };
      for (const name of recordingFields) if (query.has(name)) form.set(name, query.get(name) ?? "");
      const recorded = query.has("r") ? { recorded: query.get("r") === "1" && isMessage(form) } : {};
      const calledBack = query.get("m") === "1" ? { calledBack: true } : {};
      // The key that ended the recording chooses nothing.
      if (query.has("r")) form.delete("Digits");
      const answer = askLive(options, form, state, talk, { ...recorded, ...calledBack });
      const events = recorded.recorded === true ? [toMessage(options, form, state)] : [];
      return { kind: "accepted", events, answer, whenAway: () => waitForLive(options, asked, askedOnce(query, form)) };
    }),
    webhook("/recording-text", (form, request) => {
      const text = cleanText(form.get("TranscriptionText") ?? "").trim();
      const heard = form.get("TranscriptionStatus") === "completed" && text !== "";
      const events = heard ? [toText(form, stateIn(form, request), text)] : [];
      return { kind: "accepted", events, answer: { status: 204 } };
    }),
    // Asked again by Twilio when it was played: words now and then, music between.
    webhook("/hold", (_form, request) => {
      const locale = toSpokenLocale(queryOf(request).get("l")) ?? "en";
      const played = `${say(phrases[locale].onHold, locale)}<Play loop="3">${escapeXml(tuneUrl(options))}</Play>`;
      return { kind: "accepted", events: [], answer: twiml(played + redirect(holdUrl(options, locale))) };
    }),
    webhook("/keys", (_form, request) => {
      const keys = (queryOf(request).get("d") ?? "").replace(/[^\d*#]/g, "").slice(0, 32);
      return { kind: "accepted", events: [], answer: twiml(`<Play digits="${keys}"/>`) };
    }),
    {
      method: "GET",
      path: "/hold-tune.wav",
      receive: () => ({
        kind: "accepted",
        events: [],
        answer: { status: 200, contentType: "audio/wav", body: holdTune() },
      }),
    },
  ];
}

/** Nobody spoke: Twilio gives no recording then, or one without length. */
function isMessage(form: URLSearchParams): boolean {
  return sidIn(form, "RecordingSid") !== "" && Number(form.get("RecordingDuration") ?? 1) > 0;
}

/** The recording as a message of the customer's; its sound is fetched like all other media. */
function toMessage(options: LiveOptions, form: URLSearchParams, { locale }: CallState) {
  const sid = sidIn(form, "RecordingSid");
  const part = {
    t: "media",
    kind: "voice",
    mime: "audio/mpeg",
    name: "message.mp3",
    state: "pending",
    source: { channel: "voice", account: options.account, reference: `${form.get("RecordingUrl") ?? ""}.mp3` },
  } as const;
  const key = `twilio:recording:${sid}`;
  return {
    kind: "message",
    key,
    from: callerOf(form),
    externalId: sid,
    parts: [part],
    locale,
    wantsAnswer: false,
  } as const;
}

function toText(form: URLSearchParams, { locale }: CallState, text: string) {
  const sid = sidIn(form, "RecordingSid");
  const part = { t: "text", text, format: "plain" } as const;
  const key = `twilio:recording:${sid}:text`;
  const externalId = `${sid}:text`;
  return { kind: "message", key, from: callerOf(form), externalId, parts: [part], locale, wantsAnswer: false } as const;
}

function twiml(content: string): HttpAnswer {
  return { status: 200, contentType: "text/xml", body: response(content) };
}
