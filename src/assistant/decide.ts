import { findPhoneNumbersInText } from "libphonenumber-js";
import { cancelCallback, requestCallback } from "../callbacks/request-callback.ts";
import { type HandOffSummary, handOff } from "../escalations/hand-off.ts";
import { type ChoiceOption, type Part, plainText, type ReplyKind } from "../lib/message.ts";
import type { Decides, Decision, WaitingTurn } from "../turns/turn.ts";
import type { Brain, QuotableArticle, Understanding } from "./understanding.ts";
import { fill, hasWording, type Wording, wordingFor } from "./wording.ts";

/** "Did you mean": more than three is a list nobody reads (assistant.md). */
const choicesMax = 3;
const issueMaxChars = 280;

export interface AssistantDeps {
  readonly brain: Brain;
  readonly article: (id: string) => QuotableArticle | null;
  readonly company: string;
  /** A language model that may answer instead; null or a throw falls back to the embedded brain. */
  readonly model?: (turn: WaitingTurn, text: string, signal: AbortSignal) => Promise<ModelAnswer | null>;
}

/** What the model may decide; everything else stays in code. */
export type ModelAnswer =
  | { readonly kind: "answer"; readonly text: string; readonly sources: readonly string[]; readonly locale: string }
  | { readonly kind: "hand-off"; readonly locale: string }
  | { readonly kind: "callback"; readonly locale: string };

/** The policy: commands of a brain become a reply, a flow, a hand-off. Deterministic; the same for every brain. */
export function createAssistant(deps: AssistantDeps): Decides {
  return {
    async decide(turn, signal) {
      const text = turnText(turn);
      const picked = pickedOption(turn);
      const understood = await deps.brain.understand({
        text,
        ...(browserLocale(turn) === null ? {} : { locale: browserLocale(turn) ?? "" }),
        ...(turn.locale === null ? {} : { conversationLocale: turn.locale }),
      });
      const context = { deps, turn, text, locale: understood.locale, say: wordingFor(understood.locale) };
      if (picked !== null) return choose(context, picked);
      if (text.trim() === "")
        return reply(context, "unknown", context.say.unreadable, { options: peopleOptions(context.say) });
      const inFlow = continueFlow(context, understood);
      if (inFlow !== null) return inFlow;
      if (understood.flow !== null) return startFlow(context, understood.flow, understood);
      const answered = deps.model === undefined ? null : await askModel(deps.model, context, signal);
      return answered ?? fromKnowledge(context, understood);
    },
    giveUp(turn) {
      const locale = turn.locale ?? "en";
      const context = { deps, turn, text: turnText(turn), locale, say: wordingFor(locale) };
      return toPerson(context, "assistant-failed", context.say.giveUp);
    },
  };
}

interface Context {
  readonly deps: AssistantDeps;
  readonly turn: WaitingTurn;
  readonly text: string;
  readonly locale: string;
  readonly say: Wording;
}

function fromKnowledge(context: Context, understood: Understanding): Decision {
  const ids = understood.articles.map((one) => one.id);
  switch (understood.zone) {
    case "answer":
      return ids[0] === undefined ? unknown(context) : quote(context, ids[0]);
    case "clarify":
      return clarify(context, ids.slice(0, choicesMax));
    case "unknown":
      return unknown(context);
  }
}

/** The article's own text in the customer's language; the nearest one, and a word about it, when it is not translated. */
function quote(context: Context, id: string): Decision {
  const article = context.deps.article(id);
  const translation = article?.translations[context.locale.slice(0, 2)] ?? article?.translations.en;
  if (translation === undefined) return unknown(context);
  const body = context.turn.wording === "short" ? translation.short : translation.answer;
  const foreign = hasWording(context.locale) ? "" : `${context.say.otherLanguage}\n\n`;
  return reply(context, "answer", foreign + body, { sources: [id], markdown: context.turn.wording === "full" });
}

function clarify(context: Context, ids: readonly string[]): Decision {
  const options = ids.flatMap((id): ChoiceOption[] => {
    const translation =
      context.deps.article(id)?.translations[context.locale.slice(0, 2)] ?? context.deps.article(id)?.translations.en;
    return translation === undefined ? [] : [{ id: `article:${id}`, title: translation.question }];
  });
  if (options.length === 0) return unknown(context);
  return reply(context, "clarify", context.say.clarify, {
    choices: ids,
    options: [...options, { id: "live-agent", title: context.say.noneOfThese }],
  });
}

function unknown(context: Context): Decision {
  return reply(context, "unknown", context.say.unknown, { options: peopleOptions(context.say) });
}

function peopleOptions(say: Wording): ChoiceOption[] {
  return [
    { id: "live-agent", title: say.person },
    { id: "callback", title: say.callMe },
  ];
}

function startFlow(context: Context, flow: string, understood: Understanding): Decision {
  const { say, deps } = context;
  const company = { company: deps.company };
  switch (flow) {
    case "live-agent":
      return toPerson(context, "asked-for-person", say.handoff);
    case "callback":
      return callback(context, context.text);
    case "account":
      return reply(context, "flow", fill(say.account, company), {
        flow,
        options: [{ id: "live-agent", title: say.person }],
      });
    case "sign-in":
      return reply(context, "flow", fill(say.signIn, company), { flow });
    case "goodbye":
      return reply(context, "flow", fill(say.goodbye, company), { flow });
    case "cancel":
      return reply(context, "flow", say.cancelled, {
        flow,
        state: {},
        alongside: async (sql) => void (await cancelCallback(sql, context.turn.conversationId, context.turn.contactId)),
      });
    case "opt-out":
      return reply(context, "flow", say.optOut, { flow, options: [{ id: "live-agent", title: say.person }] });
    case "complaint":
      return reply(context, "flow", say.complaint, { flow, options: peopleOptions(say), state: { asked: "person" } });
    case "small-talk":
      return reply(context, "flow", fill(smallTalk(say, understood.intent ?? null), company), { flow });
    default:
      // A bare yes or no with nothing asked.
      return fromKnowledge(context, { ...understood, flow: null });
  }
}

function smallTalk(say: Wording, intent: string | null): string {
  if (intent === "thanks") return say.thanks;
  return intent === "bot-question" ? say.robot : say.greeting;
}

/** What the assistant asked last decides what a short answer means; anything else leaves the flow. */
function continueFlow(context: Context, understood: Understanding): Decision | null {
  const asked = context.turn.flow.asked;
  if (asked === "phone") {
    if (understood.flow === "cancel" || understood.flow === "live-agent") return null;
    return phoneIn(context.text) === null
      ? null
      : callback(context, typeof context.turn.flow.wish === "string" ? context.turn.flow.wish : "");
  }
  if (asked === "person" && understood.flow === "yes") return toPerson(context, "complaint", context.say.handoff);
  return null;
}

function callback(context: Context, wish: string): Decision {
  const { turn, say } = context;
  const own = turn.address.kind === "e164" ? turn.address.value : null;
  const phone = phoneIn(context.text) ?? own;
  if (phone === null) {
    return reply(context, "flow", say.callbackAskNumber, { flow: "callback", state: { asked: "phone", wish } });
  }
  const when = hasTime(wish) ? wish.slice(0, issueMaxChars) : null;
  const sentence = fill(when === null ? say.callbackNoted : say.callbackNotedAt, { phone, wish: when ?? "" });
  return reply(context, "flow", sentence, {
    flow: "callback",
    state: {},
    alongside: async (sql) => {
      await requestCallback(sql, {
        conversationId: turn.conversationId,
        contactId: turn.contactId,
        phone,
        wish: when,
        wantedAt: null,
        zone: null,
        topic: null,
        locale: context.locale,
        source: turn.channel,
      });
    },
  });
}

function phoneIn(text: string): string | null {
  return findPhoneNumbersInText(text)[0]?.number.number ?? null;
}

/** Does the wish name a time at all ("call me" alone does not)? */
function hasTime(wish: string): boolean {
  return /\d|tomorrow|today|morning|noon|evening|hour|later|week|i ?morgon|idag|imorgon|lunch|kväll|timme|heute|morgen|mittag|abend|stunde|mañana|hoy|tarde|hora|noche/i.test(
    wish,
  );
}

function toPerson(context: Context, reason: HandOffSummary["reason"], sentence: string): Decision {
  const summary: HandOffSummary = {
    reason,
    locale: context.locale,
    issue: context.text.slice(0, issueMaxChars),
    articles: Array.isArray(context.turn.flow.shown)
      ? context.turn.flow.shown.filter((id) => typeof id === "string")
      : [],
    tried: typeof context.turn.flow.last === "string" ? context.turn.flow.last : "",
  };
  return reply(context, "handoff", sentence, {
    flow: "live-agent",
    alongside: (sql) => handOff(sql, context.turn.conversationId, summary),
  });
}

function choose(context: Context, optionId: string): Decision {
  if (optionId === "live-agent") return toPerson(context, "asked-for-person", context.say.handoff);
  if (optionId === "callback") return callback(context, "");
  if (optionId.startsWith("article:")) return quote(context, optionId.slice("article:".length));
  return unknown(context);
}

/** A tapped choice, or the number of one that was shown as text ("2", "2.", "٢"). */
function pickedOption(turn: WaitingTurn): string | null {
  const parts = turn.messages.at(-1)?.parts ?? [];
  const tapped = parts.find((part) => part.t === "choice");
  if (tapped !== undefined && tapped.t === "choice") return tapped.optionId;
  const words = plainText(parts).trim().toLowerCase();
  const numbered = Array.isArray(turn.flow.numbered) ? (turn.flow.numbered as NumberedChoice[]) : [];
  const number = /^\p{Nd}{1,2}[.)]?$/u.test(words)
    ? Number(words.replace(/\P{Nd}/gu, "").replace(/\p{Nd}/gu, asciiDigit))
    : null;
  return numbered.find((one) => one.number === number || one.title.toLowerCase() === words)?.optionId ?? null;
}

interface NumberedChoice {
  readonly number: number;
  readonly optionId: string;
  readonly title: string;
}

function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 48;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero -= 1;
  return String(code - zero);
}

async function askModel(
  model: NonNullable<AssistantDeps["model"]>,
  context: Context,
  signal: AbortSignal,
): Promise<Decision | null> {
  const answer = await model(context.turn, context.text, signal).catch(() => null);
  if (answer === null) return null;
  const spoken = { ...context, locale: answer.locale, say: wordingFor(answer.locale) };
  if (answer.kind === "hand-off") return toPerson(spoken, "asked-for-person", spoken.say.handoff);
  if (answer.kind === "callback") return callback(spoken, context.text);
  return reply(spoken, "answer", answer.text, { sources: answer.sources });
}

interface ReplyOptions {
  readonly sources?: readonly string[];
  readonly choices?: readonly string[];
  readonly flow?: string;
  readonly options?: readonly ChoiceOption[];
  readonly markdown?: boolean;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly alongside?: Decision["alongside"];
}

function reply(context: Context, kind: ReplyKind, text: string, options: ReplyOptions = {}): Decision {
  const filled = fill(text, { company: context.deps.company });
  const parts: Part[] = [{ t: "text", text: filled, format: options.markdown === true ? "markdown" : "plain" }];
  if (options.options !== undefined) parts.push({ t: "choices", style: "buttons", options: options.options });
  const shown = [...shownBefore(context.turn), ...(options.sources ?? [])].slice(-10);
  return {
    parts,
    meta: {
      kind,
      sources: options.sources ?? [],
      choices: options.choices ?? [],
      flow: options.flow ?? null,
      locale: context.locale,
    },
    locale: context.locale,
    flow: { ...options.state, shown, last: kind },
    ...(options.alongside === undefined ? {} : { alongside: options.alongside }),
  };
}

function shownBefore(turn: WaitingTurn): string[] {
  return Array.isArray(turn.flow.shown) ? turn.flow.shown.filter((id): id is string => typeof id === "string") : [];
}

function turnText(turn: WaitingTurn): string {
  return turn.messages
    .map((message) => plainText(message.parts))
    .filter(Boolean)
    .join("\n");
}

function browserLocale(turn: WaitingTurn): string | null {
  return turn.messages.at(-1)?.locale ?? null;
}
