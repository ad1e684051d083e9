import type { Answer, CallPlan, CallReport, HttpAnswer, Received, Webhook } from "../channel.ts";
import { sidIn } from "../twilio/inbound.ts";
import { queryOf, twilioWebhook } from "../twilio/webhook.ts";
import { stayAndAskAgain } from "./away.ts";
import { bridge, keyMenu } from "./conference.ts";
import { liveUrl } from "./live.ts";
import { callerOf, readState } from "./parse.ts";
import { likelyLocale, phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { toAnsweredBy, toStanding } from "./place-call.ts";
import { escapeXml, firstState, redirect, response, say, turnFromNow } from "./twiml.ts";

/** A UUID, with room. */
const callIdMaxChars = 64;
/** Time to find the key after the words have ended. */
const acceptSeconds = 10;
const optOutSeconds = 1;

export interface OutboundOptions {
  readonly account: string;
  readonly authToken: string;
  readonly publicUrl: () => string;
  /** How the call goes on once the plan gave it to the assistant: `before` is TwiML, the words are its own. */
  readonly talk: (form: URLSearchParams, before: string, words: string | null, locale: SpokenLocale) => Answer;
}

/** Calls that we placed: what to do when they are answered. Reports come to `/status` with all others. */
export function outboundWebhooks(options: OutboundOptions): Webhook[] {
  return [
    twilioWebhook(options, "/answered", (form, request): Received => {
      const callId = callIdIn(queryOf(request));
      const report = parseCallReport(form, queryOf(request));
      if (callId === null || report === null) {
        return { kind: "refused", answer: { status: 400 }, reason: "no-call-id" };
      }
      const digits = form.has("Digits") ? (form.get("Digits") ?? "").replace(/[^\d*#]/g, "").slice(0, 1) : null;
      const respond = (plan: CallPlan | null): Answer =>
        plan?.do === "assistant" ? toAssistant(plan, callId, options, form) : twiml(planTwiml(plan, callId, options));
      const { locale, away } = readState(request.url, firstState(likelyLocale(callerOf(form).value)));
      const again = `${answeredUrl(options, callId)}&x=${away + 1}`;
      return {
        kind: "accepted",
        events: [],
        answer: { kind: "await-plan", callId, digits, report, respond },
        whenAway: () => stayAndAskAgain(locale, away, again),
      };
    }),
  ];
}

/** A report on a call of ours; null when it says no state. Pure. */
export function parseCallReport(form: URLSearchParams, query: URLSearchParams): CallReport | null {
  const externalId = sidIn(form, "CallSid");
  const state = toStanding(form.get("CallStatus"));
  if (externalId === "" || state === null) return null;
  const number = /^\d{1,9}$/.exec(form.get("SequenceNumber") ?? "")?.[0];
  return {
    kind: "call",
    key: `twilio:call:${externalId}:line-${number ?? state}`,
    externalId,
    callId: callIdIn(query),
    state,
    sequence: number === undefined ? null : Number(number),
    answeredBy: toAnsweredBy(form.get("AnsweredBy")),
  };
}

export function isOutbound(form: URLSearchParams): boolean {
  return (form.get("Direction") ?? "").startsWith("outbound");
}

function callIdIn(query: URLSearchParams): string | null {
  const id = query.get("c");
  return id === null || id === "" ? null : id.slice(0, callIdMaxChars);
}

function actionOf(options: OutboundOptions, callId: string): string {
  return escapeXml(answeredUrl(options, callId));
}

function answeredUrl({ publicUrl, account }: OutboundOptions, callId: string): string {
  return `${publicUrl()}/channels/voice/${account}/answered?c=${encodeURIComponent(callId)}`;
}

function toAssistant(
  { say: words, optOutKey, locale: named }: Extract<CallPlan, { do: "assistant" }>,
  callId: string,
  options: OutboundOptions,
  form: URLSearchParams,
): Answer {
  const locale = toSpokenLocale(named) ?? "en";
  if (optOutKey === null) return options.talk(form, "", words === "" ? null : words, locale);
  return options.talk(form, offerOptOut(actionOf(options, callId), words, optOutKey, locale), null, locale);
}

function planTwiml(
  plan: Exclude<CallPlan, { do: "assistant" }> | null,
  callId: string,
  options: OutboundOptions,
): string {
  if (plan === null) return "<Hangup/>";
  const locale = toSpokenLocale(plan.locale) ?? "en";
  const action = actionOf(options, callId);
  switch (plan.do) {
    case "hang-up":
      return `${plan.say === null ? "" : say(plan.say, locale)}<Hangup/>`;
    case "people": {
      const next = redirect(liveUrl(options, { ...firstState(locale), turn: turnFromNow() }));
      return offerOptOut(action, plan.say, plan.optOutKey, locale) + next;
    }
    case "ask-agent":
      return `${keyMenu(action, acceptSeconds, say(`${plan.say} ${phrases[locale].accept}`, locale))}<Hangup/>`;
    case "bridge":
      return (
        offerOptOut(action, plan.say, plan.optOutKey, locale) +
        bridge({
          conference: plan.conference,
          leg: plan.leg,
          label: callId,
          coaches: plan.coaches,
          muted: plan.muted,
        })
      );
  }
}

/** M3: said to numbers whose owner never proved to have asked for the call. Without a key the call goes on. */
function offerOptOut(action: string, words: string | null, key: string | null, locale: SpokenLocale): string {
  const spoken = words === null ? "" : say(words, locale);
  return key === null ? spoken : keyMenu(action, optOutSeconds, spoken + say(phrases[locale].neverAgain(key), locale));
}

function twiml(content: string): HttpAnswer {
  return { status: 200, contentType: "text/xml", body: response(content) };
}
