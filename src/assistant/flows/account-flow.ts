import { codeEntered } from "../../contacts/hide-code.ts";
import { reaches } from "../../contacts/level.ts";
import type { Standing } from "../../contacts/standing.ts";
import { appendEvent } from "../../conversations/append-event.ts";
import { firstOf } from "../../lib/clean-text.ts";
import type { ChoiceOption, ReplyKind } from "../../lib/message.ts";
import type { Decision, WaitingTurn } from "../../turns/turn.ts";
import type { Account } from "../tools/account-client.ts";
import type { Understanding } from "../understanding.ts";
import { answerFromAccount } from "./account.ts";
import { type ActionDesk, actionFlow, askWhether, wantsCardBlocked } from "./account-action.ts";
import { type AccountTopic, accountTopic, isTopic } from "./account-topics.ts";
import { accountWords } from "./account-words.ts";

/** What the flow needs of the outside; the session, never a text, says whose account it is (L1). */
export interface AccountDesk extends ActionDesk {
  standing(turn: WaitingTurn): Promise<Standing>;
  /** Sends a code to the account's own number, if there is one. "page": this address has no number to send to. */
  askForCode(turn: WaitingTurn): Promise<"asked" | "refused" | "page">;
  /** Whose code this was; null when it opens nothing. */
  enterCode(turn: WaitingTurn, entered: { readonly id: string; readonly digest: string }): Promise<string | null>;
  signInHere(
    sql: Parameters<NonNullable<Decision["alongside"]>>[0],
    turn: WaitingTurn,
    customer: string,
  ): Promise<void>;
  /** The page where customers sign in; null: there is none. */
  readonly signInUrl: (locale: string) => string | null;
  readonly timeZone: string;
  readonly now: () => number;
}

/** A reply of the flow, before it takes the form of a decision. */
export interface FlowReply {
  readonly kind: ReplyKind;
  readonly text: string;
  readonly flow: "account" | "sign-in";
  readonly options?: readonly ChoiceOption[];
  readonly state?: Readonly<Record<string, unknown>>;
  readonly alongside?: Decision["alongside"];
}

interface Ask {
  readonly turn: WaitingTurn;
  readonly text: string;
  readonly locale: string;
  readonly company: string;
  readonly signInWords: string;
  readonly person: ChoiceOption;
}

/** The latest code in a turn's messages; null when they hold none. */
export function enteredCode(turn: WaitingTurn): { readonly id: string; readonly digest: string } | null {
  for (const part of turn.messages.toReversed().flatMap(({ parts }) => parts)) {
    if (part.t !== "event" || part.name !== codeEntered) continue;
    const { code, digest } = (part.data ?? {}) as { code?: unknown; digest?: unknown };
    if (typeof code === "string" && typeof digest === "string") return { id: code, digest };
  }
  return null;
}

/** A code was entered: right, and the question that waited for it is answered in the same breath; wrong, says so. */
export async function codeFlow(
  desk: AccountDesk,
  ask: Ask,
  entered: { readonly id: string; readonly digest: string },
): Promise<FlowReply> {
  const words = accountWords(ask.locale);
  const customer = await desk.enterCode(ask.turn, entered);
  if (customer === null)
    return { kind: "flow", flow: "sign-in", text: words.codeWrong, options: [ask.person], state: kept(ask.turn) };
  const { topic, text } = waiting(ask.turn);
  const reply = wantsCardBlocked(text)
    ? await askWhether(desk, { ...ask, text }, customer, true)
    : topic === null
      ? whatElse(ask)
      : await answer(desk, { ...ask, text }, desk.accountOf(customer), topic);
  const lookedUp = reply.alongside;
  return {
    ...reply,
    text: `${words.signedIn}\n\n${reply.text}`,
    async alongside(sql) {
      await lookedUp?.(sql);
      await desk.signInHere(sql, ask.turn, customer);
    },
  };
}

/**
 * A question about the customer's own account: answered from data when they proved who they are on this channel (C2),
 * otherwise with how to do that here. Null when it is none.
 */
export async function accountFlow(
  desk: AccountDesk,
  ask: Ask,
  understood: Understanding,
  picked: string | null,
): Promise<FlowReply | null> {
  const acted = await actionFlow(desk, ask, understood, picked);
  if (acted !== null) return acted;
  const asked = topicOf(ask, understood, picked);
  if (asked === null) return null;
  const { level, customer } = await desk.standing(ask.turn);
  if (reaches(level, "verified") && customer !== null) {
    if (understood.flow === "sign-in" || asked.topic === null) return whatElse(ask);
    return answer(desk, ask, desk.accountOf(customer), asked.topic);
  }
  // Whoever is not signed in reads the article, as everybody does.
  return asked.fromArticle ? null : signIn(desk, ask, asked.topic);
}

function topicOf(
  { text }: Ask,
  { flow, zone, articles }: Understanding,
  picked: string | null,
): { readonly topic: AccountTopic | null; readonly fromArticle: boolean } | null {
  const chosen = picked?.startsWith("account:") === true ? picked.slice("account:".length) : null;
  if (chosen !== null) return isTopic(chosen) ? { topic: chosen, fromArticle: false } : null;
  if (picked !== null) return null;
  if (flow === "account" || flow === "sign-in") return { topic: accountTopic(text, null), fromArticle: false };
  const article = flow === null && zone !== "unknown" ? (articles[0]?.id ?? null) : null;
  const topic = article === null ? null : accountTopic(text, article);
  return topic === null ? null : { topic, fromArticle: true };
}

async function answer(desk: AccountDesk, ask: Ask, account: Account, topic: AccountTopic): Promise<FlowReply> {
  const { text, locale, turn } = ask;
  const question = { topic, text, locale, now: desk.now(), timeZone: desk.timeZone };
  try {
    const said = await answerFromAccount(account, question);
    return {
      kind: "answer",
      flow: "account",
      text: said,
      state: {},
      // Agents see what was looked up, not what it said twice.
      async alongside(sql) {
        const data = { topic, tools: account.asked() };
        await appendEvent(sql, turn.conversationId, { type: "account-lookup", agentId: null, data });
      },
    };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "AccountUnavailable") throw error;
    return {
      kind: "unknown",
      flow: "account",
      text: accountWords(locale).unavailable,
      options: [ask.person],
      state: {},
    };
  }
}

async function signIn(desk: AccountDesk, ask: Ask, topic: AccountTopic | null): Promise<FlowReply> {
  const words = accountWords(ask.locale);
  const { turn, text, person } = ask;
  const reply = { kind: "flow", options: [person] } as const;
  const state = { waiting: { seq: turn.lastSeq, topic, text: firstOf(text, waitingMaxChars) } };
  // A chat in the browser leads to the page; elsewhere it would be another device.
  const url = turn.address.kind === "e164" ? null : desk.signInUrl(ask.locale);
  const options = url === null ? [person] : [{ id: "sign-in-page", title: words.toSignIn, url }, person];
  if (turn.address.kind === "account") return { ...reply, flow: "sign-in", text: words.lapsed, options, state };
  switch (await desk.askForCode(turn)) {
    case "asked":
      return { ...reply, flow: "sign-in", text: words.codeSent, state: { ...state, asked: "code" } };
    case "refused":
      return { ...reply, flow: "sign-in", text: words.codeNotNow };
    case "page":
      return { ...reply, flow: topic === null ? "sign-in" : "account", text: ask.signInWords, options, state };
  }
}

const waitingMaxChars = 280;

function whatElse({ locale }: Ask): FlowReply {
  const { which, topics } = accountWords(locale);
  const options = Object.entries(topics).map(([topic, title]) => ({ id: `account:${topic}`, title }));
  return { kind: "flow", flow: "account", text: which, options, state: {} };
}

/** The question stays while a code is tried again. */
function kept({ flow }: WaitingTurn): Readonly<Record<string, unknown>> {
  return { asked: "code", ...(flow.waiting === undefined ? {} : { waiting: flow.waiting }) };
}

function waiting({ flow }: WaitingTurn): { readonly topic: AccountTopic | null; readonly text: string } {
  const { topic, text } = (flow.waiting ?? {}) as { topic?: unknown; text?: unknown };
  return {
    topic: typeof topic === "string" && isTopic(topic) ? topic : null,
    text: typeof text === "string" ? text : "",
  };
}
