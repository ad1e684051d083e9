import type { CallDesk } from "../callbacks/desk.ts";
import { timeInWords } from "../callbacks/words.ts";
import { type HandOffSummary, handOff } from "../escalations/hand-off.ts";
import type { Prospect } from "../escalations/prospect.ts";
import { firstOf } from "../lib/clean-text.ts";
import { type ConsentSaid, consentSaidIn, stopConfirmed } from "../lib/consent.ts";
import { type ChoiceOption, type Part, plainText, type ReplyKind } from "../lib/message.ts";
import type { Decides, Decision, ShowsDraft, WaitingTurn } from "../turns/turn.ts";
import { type CallWish, callWish } from "./call-wish.ts";
import type { FlowName } from "./commands.ts";
import { type AccountDesk, accountFlow, codeFlow, enteredCode, type FlowReply } from "./flows/account-flow.ts";
import {
  type CallbackStep,
  callbackFlow,
  cancelCall,
  customerZone,
  moveCall,
  phoneIn,
  pickSlot,
  saysMove,
} from "./flows/callback.ts";
import { noCalls } from "./flows/no-calls.ts";
import { guardAnswer, type Verdict, wholeSentences } from "./guard.ts";
import { handOffText } from "./hand-off-words.ts";
import type { ModelBrain, Proposal } from "./model/model-brain.ts";
import type { Brain, QuotableArticle, Understanding } from "./understanding.ts";
import { fill, languageNames, type Wording, wordedIn, wordingFor } from "./wording.ts";

/** "Did you mean": more than three is a list nobody reads (assistant.md). */
const choicesMax = 3;
const issueMaxChars = 280;

export interface AssistantDeps {
  readonly brain: Brain;
  readonly article: (id: string) => QuotableArticle | null;
  /** Those that articles are written in at the moment. */
  readonly languages: readonly string[];
  readonly company: string;
  /** Looks into customers' accounts; without it such questions get the way to a person. */
  readonly account?: AccountDesk;
  /** Who promises calls; left out, a person is offered instead. */
  readonly calls?: CallDesk;
  /** What whoever joins the line for a person now can expect; left out: nothing is known. */
  readonly prospect?: (locale: string) => Promise<Prospect>;
  /** Proposes first when there is one; where it proposes nothing, the embedded brain answers the same turn. */
  readonly model?: ModelBrain;
  /** A text of the model was not sent; `fault` is a fixed word. */
  readonly onGuarded?: (turn: WaitingTurn, fault: string) => void;
}

/** Understood surely and obeyed without asking a model: a person, an end, never again (assistant.md, "People first"). */
const obeyedAtOnce: ReadonlySet<FlowName> = new Set(["live-agent", "cancel", "opt-out"]);
/** An article this many times less likely than the likeliest is not shown to a model. */
const unlikelyBy = 50;
/** What changes something outside the conversation takes the customer's own word or tap, never the model's (L1). */
const needsOwnWord: ReadonlySet<FlowName> = new Set(["callback", "cancel"]);

/** The policy: commands of a brain become a reply, a flow, a hand-off. Deterministic; the same for every brain. */
export function createAssistant(deps: AssistantDeps): Decides {
  return {
    async decide(turn, signal, showDraft) {
      const text = turnText(turn);
      const said = consentSaidIn(turn.messages.at(-1)?.parts ?? []);
      if (said !== null) return confirmConsent(deps, turn, said);
      const picked = pickedOption(turn);
      const code = enteredCode(turn);
      if (code !== null && deps.account !== undefined) {
        const locale = turn.locale ?? browserLocale(turn) ?? "en";
        const context = { deps, turn, text, locale, say: wordingFor(locale) };
        return fromFlow(context, await codeFlow(deps.account, askOf(context), code));
      }
      const understood = await deps.brain.understand({
        text,
        ...(browserLocale(turn) === null ? {} : { locale: browserLocale(turn) ?? "" }),
        ...(turn.locale === null ? {} : { conversationLocale: turn.locale }),
      });
      const context = { deps, turn, text, locale: understood.locale, say: wordingFor(understood.locale) };
      const wanted = picked === null ? await callsWanted(context, callWish(text)) : null;
      if (wanted !== null) return wanted;
      const account = await fromAccount(context, understood, picked);
      if (account !== null) return account;
      if (picked !== null) return await choose(context, picked);
      if (text.trim() === "")
        return reply(context, "unknown", withoutWords(context), { options: peopleOptions(context.say) });
      const inFlow = await continueFlow(context, understood);
      if (inFlow !== null) return inFlow;
      const proposed =
        understood.flow !== null && obeyedAtOnce.has(understood.flow)
          ? null
          : await fromModel(context, understood, signal, showDraft);
      if (proposed !== null) return proposed;
      return understood.flow === null
        ? fromKnowledge(context, understood)
        : startFlow(context, understood.flow, understood);
    },
    giveUp(turn) {
      const locale = turn.locale ?? "en";
      const context = { deps, turn, text: turnText(turn), locale, say: wordingFor(locale) };
      return handedOver(context, "assistant-failed", context.say.giveUp);
    },
  };
}

/** One fixed sentence: whoever stopped our messages wants no conversation about it. */
function confirmConsent(deps: AssistantDeps, turn: WaitingTurn, { action, locale: spoken }: ConsentSaid): Decision {
  const locale = turn.locale ?? spoken ?? browserLocale(turn) ?? "en";
  const say = wordingFor(locale);
  const context = { deps, turn, text: turnText(turn), locale, say };
  return action === "stop"
    ? reply(context, "notice", say.stopped, { flow: stopConfirmed })
    : reply(context, "notice", say.startedAgain);
}

/** What is said to files and other things without words; whether they were kept is told as it is. */
function withoutWords({ turn, say }: Context): string {
  const parts = turn.messages.flatMap((message) => message.parts);
  if (parts.length > 0 && parts.every((part) => part.t === "unsupported")) return say.unsupported;
  const refused = parts.length > 0 && parts.every((part) => part.t === "media" && part.state === "blocked");
  return refused ? say.refusedFile : say.unreadable;
}

interface Context {
  readonly deps: AssistantDeps;
  readonly turn: WaitingTurn;
  readonly text: string;
  readonly locale: string;
  readonly say: Wording;
}

async function fromAccount(
  context: Context,
  understood: Understanding,
  picked: string | null,
): Promise<Decision | null> {
  const { account } = context.deps;
  if (account === undefined) return null;
  const said = await accountFlow(account, askOf(context), understood, picked);
  return said === null ? null : fromFlow(context, said);
}

function askOf({ turn, text, locale, say, deps: { company } }: Context) {
  const signInWords = fill(say.account, { company });
  return { turn, text, locale, company, signInWords, person: { id: "live-agent", title: say.person } };
}

function fromFlow(context: Context, { kind, text, flow, options, state, alongside }: FlowReply): Decision {
  return reply(context, kind, text, {
    flow,
    ...(options === undefined ? {} : { options }),
    ...(state === undefined ? {} : { state }),
    ...(alongside === undefined ? {} : { alongside }),
  });
}

async function fromModel(
  context: Context,
  understood: Understanding,
  signal: AbortSignal,
  showDraft?: ShowsDraft,
): Promise<Decision | null> {
  const { turn, text, locale, deps } = context;
  if (deps.model === undefined) return null;
  const nearest = nearestOf(understood);
  const draft = showDraft === undefined ? null : createDraft(context, showDraft);
  const question = { turn, text, locale, nearest, ...(draft === null ? {} : { onDraft: draft.hear }) };
  const proposal = await deps.model.propose(question, signal).finally(() => draft?.end());
  return proposal === null ? null : carryOut(context, understood, proposal);
}

/** A model's words as they come: each whole sentence more is shown if the guard lets all of it pass (L3). */
function createDraft(context: Context, show: ShowsDraft) {
  const { deps, turn, locale } = context;
  let judged = "";
  let over = false;
  return {
    hear(text: string, seen: readonly string[]): void {
      const whole = wholeSentences(text, locale);
      if (over || whole.length <= judged.length) return;
      judged = whole;
      // A draft that cannot be judged is not shown; the answer comes all the same.
      judge(whole, seen).catch(() => undefined);
    },
    end() {
      over = true;
    },
  };

  async function judge(whole: string, seen: readonly string[]): Promise<void> {
    const { locale: spoken } = await deps.brain.understand({ text: whole, conversationLocale: locale });
    // Which article the model will name is not known yet: one of them has to hold all of it.
    const verdicts = seen.flatMap((id) => {
      const cited = deps.article(id);
      const draft = { text: whole, locale, spoken, wording: turn.wording, named: false };
      return cited === null ? [] : [guardAnswer(deps.company, { ...draft, cited: [cited] })];
    });
    // What came meanwhile is longer.
    if (over || judged !== whole) return;
    const passed = verdicts.find((one) => one.verdict === "passed");
    if (passed !== undefined) show(passed.text, locale);
    over = verdicts.length > 0 && verdicts.every((one) => one.verdict === "harmful");
  }
}

/** What a surely understood question is not about would only lend its words to the guard's search for a source. */
function nearestOf({ articles }: Understanding): string[] {
  const least = (articles[0]?.confidence ?? 0) / unlikelyBy;
  return articles.filter((one) => one.confidence >= least).map((one) => one.id);
}

/** The policy for what a model proposes: commands are carried out like the classifier's, its own words are guarded. */
async function carryOut(
  context: Context,
  understood: Understanding,
  { command, wording }: Proposal,
): Promise<Decision | null> {
  switch (command.command) {
    case "Answer":
      return wording === null ? quote(context, command.articleId) : inOwnWords(context, wording);
    case "Clarify":
      return clarify(context, command.articleIds);
    case "StartFlow":
      if (command.flow === "account") {
        const account = await fromAccount(context, { ...understood, flow: "account" }, null);
        if (account !== null) return account;
      }
      return needsOwnWord.has(command.flow) && understood.flow !== command.flow
        ? offerCall(context)
        : startFlow(context, command.flow, understood);
    case "SmallTalk":
      return startFlow(context, "small-talk", { ...understood, intent: command.intent });
    case "Handoff":
      return toPerson(context, command.reason);
    case "DontKnow":
      return unknown(context);
    case "SetSlot":
    case "CancelFlow":
      return null;
  }
}

/** A model's answer, if the guard lets it pass; null when another brain may try, "I do not know" when it said too much. */
async function inOwnWords(
  context: Context,
  { text, cited, seen }: NonNullable<Proposal["wording"]>,
): Promise<Decision | null> {
  const { deps, turn, locale } = context;
  const { locale: spoken } = await deps.brain.understand({ text, conversationLocale: locale });
  // A model that named no source may have used one: the text must then be close to a single article that it saw.
  const candidates = cited.length > 0 ? [cited] : seen.filter((id) => isTranslated(context, id)).map((id) => [id]);
  const stopped: Exclude<Verdict, { verdict: "passed" }>[] = [];
  for (const sources of candidates) {
    const judged = guardAnswer(deps.company, {
      text,
      locale,
      spoken,
      wording: turn.wording,
      cited: sources.flatMap((id) => deps.article(id) ?? []),
      named: cited.length > 0,
    });
    if (judged.verdict === "passed") return answer(context, judged.text, sources);
    stopped.push(judged);
  }
  const worst = stopped.find((one) => one.verdict === "harmful") ?? stopped[0];
  deps.onGuarded?.(turn, worst?.fault ?? "no-source");
  return worst?.verdict === "harmful" ? unknown(context) : null;
}

function isTranslated({ deps, locale }: Context, id: string): boolean {
  return deps.article(id)?.translations[locale.slice(0, 2)] !== undefined;
}

function offerCall(context: Context): Decision {
  const { say } = context;
  return reply(context, "flow", say.callbackOffer, { flow: "callback", options: peopleOptions(say).reverse() });
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
  const found = translationOf(context, id);
  if (found === null) return unknown(context);
  const body = context.turn.wording === "full" ? found.answer : found.short;
  const own = found.language === context.locale.slice(0, 2);
  return answer(context, own ? body : `${otherLanguage(context)}\n\n${body}`, [id]);
}

/** An article in the customer's language, else in the first of the others that there is. */
function translationOf({ deps, locale }: Context, id: string) {
  const translations = deps.article(id)?.translations ?? {};
  const order = [locale.slice(0, 2), "en", ...deps.languages, ...Object.keys(translations)];
  const language = order.find((one) => translations[one] !== undefined);
  const text = language === undefined ? undefined : translations[language];
  return language === undefined || text === undefined ? null : { ...text, language };
}

/** Says in which languages there are answers, and that people may know more. */
function otherLanguage({ deps, locale, say }: Context): string {
  return fill(say.otherLanguage, { languages: languageNames(deps.languages, wordedIn(locale)) });
}

function answer(context: Context, text: string, sources: readonly string[]): Decision {
  return reply(context, "answer", text, { sources, markdown: context.turn.wording === "full" });
}

function clarify(context: Context, ids: readonly string[]): Decision {
  const options = ids.flatMap((id): ChoiceOption[] => {
    const found = translationOf(context, id);
    return found === null ? [] : [{ id: `article:${id}`, title: found.question }];
  });
  if (options.length === 0) return unknown(context);
  return reply(context, "clarify", context.say.clarify, {
    choices: ids,
    options: [...options, { id: "live-agent", title: context.say.noneOfThese }],
  });
}

function unknown(context: Context): Decision {
  const { deps, locale, say } = context;
  const isOurs = deps.languages.length === 0 || deps.languages.includes(locale.slice(0, 2));
  const text = isOurs ? say.unknown : `${say.unknown}\n\n${otherLanguage(context)}`;
  return reply(context, "unknown", text, { options: peopleOptions(say) });
}

function peopleOptions(say: Wording): ChoiceOption[] {
  return [
    { id: "live-agent", title: say.person },
    { id: "callback", title: say.callMe },
  ];
}

function startFlow(context: Context, flow: string, understood: Understanding): Decision | Promise<Decision> {
  const { say, deps } = context;
  const company = { company: deps.company };
  switch (flow) {
    case "live-agent":
      return toPerson(context, "asked-for-person");
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
      return withCalls(context, "cancel", cancelCall);
    case "opt-out":
      return optOut(context);
    case "complaint":
      return reply(context, "flow", say.complaint, { flow, options: peopleOptions(say), state: { asked: "person" } });
    case "small-talk":
      return reply(context, "flow", fill(smallTalk(say, understood.intent ?? null), company), { flow });
    default:
      // A bare yes or no with nothing asked.
      return fromKnowledge(context, { ...understood, flow: null });
  }
}

/** Whoever says it on the telephone means calls; elsewhere it is about messages, and STOP ends those. */
async function optOut(context: Context): Promise<Decision> {
  const { say, turn } = context;
  const calls = turn.wording === "spoken" ? await callsWanted(context, "never") : null;
  const options = [{ id: "live-agent", title: say.person }];
  return calls ?? reply(context, "flow", say.optOut, { flow: "opt-out", options });
}

/** "Never call me again" is obeyed before all else, whatever was asked last; so is taking it back. */
async function callsWanted(context: Context, wish: CallWish | null): Promise<Decision | null> {
  const { calls } = context.deps;
  if (wish === null || calls === undefined) return null;
  const step = await noCalls(callbackTurn(context, calls), wish);
  return step === null ? null : fromStep(context, "opt-out", step);
}

function smallTalk(say: Wording, intent: string | null): string {
  if (intent === "thanks") return say.thanks;
  return intent === "bot-question" ? say.robot : say.greeting;
}

/** What the assistant asked last decides what a short answer means; anything else leaves the flow. */
async function continueFlow(context: Context, understood: Understanding): Promise<Decision | null> {
  const asked = context.turn.flow.asked;
  if (asked === "phone") {
    if (understood.flow === "cancel" || understood.flow === "live-agent") return null;
    return phoneIn(context.text) === null
      ? null
      : callback(context, typeof context.turn.flow.wish === "string" ? context.turn.flow.wish : "");
  }
  if (asked === "person" && understood.flow === "yes") return toPerson(context, "complaint");
  const { calls } = context.deps;
  const moved =
    calls === undefined || (understood.flow === "cancel" && !saysMove(context.text))
      ? null
      : await moveCall(callbackTurn(context, calls));
  return moved === null ? null : fromStep(context, "callback", moved);
}

function callback(context: Context, wish: string): Promise<Decision> {
  return withCalls(context, "callback", (turn) => callbackFlow(turn, wish));
}

async function withCalls(
  context: Context,
  flow: FlowName,
  work: (turn: Parameters<typeof callbackFlow>[0]) => Promise<CallbackStep>,
): Promise<Decision> {
  const { calls } = context.deps;
  return calls === undefined ? unknown(context) : fromStep(context, flow, await work(callbackTurn(context, calls)));
}

function callbackTurn({ turn, locale, say, text }: Context, desk: CallDesk) {
  return { desk, turn, locale, say, text };
}

function fromStep(context: Context, flow: FlowName, { text, ...step }: CallbackStep): Decision {
  return reply(context, "flow", text, { flow, ...step });
}

/** Gives the conversation to people, and says what the customer can expect of them now. */
async function toPerson(context: Context, reason: HandOffSummary["reason"]): Promise<Decision> {
  const { deps, turn, locale } = context;
  const spoken = turn.wording === "spoken";
  // Who cannot find out how the desk stands promises nothing.
  const prospect = spoken ? null : ((await deps.prospect?.(locale).catch(() => null)) ?? null);
  const when =
    prospect?.opensAt == null || deps.calls === undefined
      ? null
      : timeInWords(prospect.opensAt, await customerZone(turn, deps.calls), locale);
  return handedOver(context, reason, handOffText(locale, spoken, prospect, when));
}

function handedOver(context: Context, reason: HandOffSummary["reason"], sentence: string): Decision {
  const summary: HandOffSummary = {
    reason,
    locale: context.locale,
    issue: firstOf(context.text, issueMaxChars),
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

async function choose(context: Context, optionId: string): Promise<Decision> {
  const { calls } = context.deps;
  const slot = calls === undefined ? null : await pickSlot(callbackTurn(context, calls), optionId);
  if (slot !== null) return fromStep(context, "callback", slot);
  if (optionId === "live-agent") return toPerson(context, "asked-for-person");
  if (optionId === "callback") return callback(context, "");
  if (optionId.startsWith("article:")) return quote(context, optionId.slice("article:".length));
  return unknown(context);
}

/** A choice that was tapped, or that the turn found in the customer's words. */
function pickedOption(turn: WaitingTurn): string | null {
  const picked = turn.messages.at(-1)?.parts.find((part) => part.t === "choice");
  return picked !== undefined && picked.t === "choice" ? picked.optionId : null;
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
