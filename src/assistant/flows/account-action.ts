import { reaches } from "../../contacts/level.ts";
import type { Standing } from "../../contacts/standing.ts";
import { newId } from "../../lib/ids.ts";
import type { ChoiceOption, ReplyKind } from "../../lib/message.ts";
import type { Decision, WaitingTurn } from "../../turns/turn.ts";
import type { Account } from "../tools/account-client.ts";
import type { Understanding } from "../understanding.ts";
import { fill } from "../wording.ts";
import { answerFromAccount } from "./account.ts";
import { actionWords } from "./account-action-words.ts";
import { accountWords } from "./account-words.ts";

/** The one thing that is done in accounts so far: it takes a further proof (C1) and the customer's own word (L1). */
export const blockCard = "block-card";

type Sql = Parameters<NonNullable<Decision["alongside"]>>[0];

/** The outside of what is done in an account. */
export interface ActionDesk {
  accountOf(customer: string): Account;
  askForCode(turn: WaitingTurn): Promise<"asked" | "refused" | "page">;
  readonly signInUrl: (locale: string) => string | null;
  readonly timeZone: string;
  readonly now: () => number;
  readonly actions: {
    /** "stepped-up": proved anew since the customer asked for it. */
    standing(turn: WaitingTurn): Promise<Standing>;
    /** Null: there is no such action of this address's, or it is over and the customer was told. */
    pending(turn: WaitingTurn, id: string): Promise<Pending | null>;
    /** Keeps with the question that it was proved, earlier or just now; nothing is done yet. */
    propose(
      sql: Sql,
      turn: WaitingTurn,
      action: { readonly id: string; readonly customer: string; readonly provedNow: boolean },
    ): Promise<void>;
    /** Does it, once for each id however often it is called, and gives the card's last digits. Throws AccountUnavailable. */
    perform(turn: WaitingTurn, action: { readonly id: string; readonly customer: string }): Promise<string>;
    told(sql: Sql, id: string): Promise<void>;
    keep(sql: Sql, id: string): Promise<void>;
  };
}

interface Pending {
  readonly id: string;
  readonly customer: string;
  readonly state: "proved" | "confirmed" | "done";
}

interface ActionAsk {
  readonly turn: WaitingTurn;
  readonly text: string;
  readonly locale: string;
  readonly person: ChoiceOption;
}

interface ActionReply {
  readonly kind: ReplyKind;
  readonly text: string;
  readonly flow: "account" | "sign-in";
  readonly options?: readonly ChoiceOption[];
  readonly state?: Readonly<Record<string, unknown>>;
  readonly alongside?: Decision["alongside"];
}

const waitingMaxChars = 280;

/**
 * "Block my card" from a customer who is signed in: a further proof, then a question that only they can answer, then it is
 * done. Null: something else is meant, or nobody proved who asks, who then reads the article as everybody does.
 */
export async function actionFlow(
  desk: ActionDesk,
  ask: ActionAsk,
  { flow }: Understanding,
  picked: string | null,
): Promise<ActionReply | null> {
  const { turn, text } = ask;
  const answered = /^action:([\w-]+):(yes|no)$/.exec(picked ?? "");
  const id = answered?.[1] ?? (turn.flow.asked === "action" ? turn.flow.action : undefined);
  const pending = typeof id === "string" ? await desk.actions.pending(turn, id) : null;
  if (pending !== null) {
    const said = answered?.[2] ?? (picked === null ? (titleSaid(ask) ?? flow) : null);
    // What was confirmed is seen to its end, whatever they write meanwhile; a person is never kept from them.
    const goesOn = pending.state !== "proved" && picked === null && flow !== "live-agent";
    if (said === "yes" || goesOn) return carryOut(desk, ask, pending);
    if (said === "no" || said === "cancel") return leaveIt(desk, ask, pending);
  }
  if (picked !== null || !wantsCardBlocked(text)) return null;
  const { level, customer } = await desk.actions.standing(turn);
  if (!reaches(level, "verified") || customer === null) return null;
  const next = await askWhether(desk, ask, customer);
  // Nobody proves anything anew for a card that there is no need to block.
  return next.state?.asked === "action" && !reaches(level, "stepped-up") ? askForProof(desk, ask) : next;
}

/** Whoever types what stands on a button means that button. */
function titleSaid({ text, locale }: ActionAsk): "yes" | "no" | null {
  const words = actionWords(locale);
  const given = text.trim().toLowerCase();
  if (given === words.yes.toLowerCase()) return "yes";
  return given === words.no.toLowerCase() ? "no" : null;
}

/** "Please block my card", not "how do I …" and not "is it blocked?", which are answered from the article and the account. */
export function wantsCardBlocked(text: string): boolean {
  const words = text.toLowerCase().normalize("NFC");
  if (
    /\?|؟|^\s*(?:how|hur|wie|cómo|كيف)(?![\p{L}])/u.test(words) &&
    !/\b(?:can|could|kan|können|kannst|puedes?|podéis)\b|يمكن/u.test(words)
  )
    return false;
  return /\b(?:block|freeze|lock)\b.*\bcard\b|\bspärra\b.*\bkort|\bkarte\b.*\bsperren\b|\bsperr(?:e|en|t)\b.*\bkarte\b|\bbloque(?:ar|a|e|ad|en)\b.*\btarjeta\b|(?:أوقف|إيقاف|احظر|حظر|جمّد|تجميد).*بطاق/u.test(
    words,
  );
}

async function askForProof(desk: ActionDesk, ask: ActionAsk): Promise<ActionReply> {
  const { turn, text, locale, person } = ask;
  const words = actionWords(locale);
  const waiting = { seq: turn.lastSeq, topic: null, text: text.slice(0, waitingMaxChars) };
  const url = turn.address.kind === "account" ? desk.signInUrl(locale) : null;
  if (url !== null) {
    const page = { id: "sign-in-page", title: accountWords(locale).toSignIn, url };
    return { kind: "flow", flow: "sign-in", text: words.signInAgain, options: [page, person], state: { waiting } };
  }
  if ((await desk.askForCode(turn)) !== "asked")
    return { kind: "flow", flow: "sign-in", text: accountWords(locale).codeNotNow, options: [person] };
  return {
    kind: "flow",
    flow: "sign-in",
    text: words.codeSent,
    options: [person],
    state: { asked: "code", waiting },
  };
}

/** Proved: the question, in words of ours and answered by the customer's own tap or word. */
export async function askWhether(
  desk: ActionDesk,
  ask: ActionAsk,
  customer: string,
  provedNow = false,
): Promise<ActionReply> {
  const { turn, text, locale, person } = ask;
  const words = actionWords(locale);
  const account = desk.accountOf(customer);
  try {
    const { state, lastFour } = await account.read("get_card");
    if (state !== "active" || lastFour === null) {
      const question = { topic: "card", text, locale, now: desk.now(), timeZone: desk.timeZone } as const;
      return { kind: "answer", flow: "account", text: await answerFromAccount(account, question), state: {} };
    }
    const id = newId();
    const options = [
      { id: `action:${id}:yes`, title: words.yes },
      { id: `action:${id}:no`, title: words.no },
    ];
    return {
      kind: "flow",
      flow: "account",
      text: fill(words.whether, { lastFour }),
      options,
      state: { asked: "action", action: id },
      alongside: (sql) => desk.actions.propose(sql, turn, { id, customer, provedNow }),
    };
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return { kind: "unknown", flow: "account", text: accountWords(locale).unavailable, options: [person], state: {} };
  }
}

async function carryOut(desk: ActionDesk, ask: ActionAsk, { id, customer, state }: Pending): Promise<ActionReply> {
  const { turn, locale, person } = ask;
  const words = actionWords(locale);
  const standing = await desk.actions.standing(turn);
  const isTheirs = reaches(standing.level, "stepped-up") && standing.customer === customer;
  if (state === "proved" && !isTheirs) return { kind: "flow", flow: "account", text: words.tooLate, state: {} };
  try {
    const lastFour = await desk.actions.perform(turn, { id, customer });
    return {
      kind: "answer",
      flow: "account",
      text: fill(words.done, { lastFour }),
      state: {},
      alongside: (sql) => desk.actions.told(sql, id),
    };
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const again = { id: `action:${id}:yes`, title: words.again };
    return {
      kind: "unknown",
      flow: "account",
      text: words.notKnown,
      options: [again, person],
      state: { asked: "action", action: id },
    };
  }
}

function leaveIt({ actions }: ActionDesk, { locale }: ActionAsk, { id }: Pending): ActionReply {
  return {
    kind: "flow",
    flow: "account",
    text: actionWords(locale).kept,
    state: {},
    alongside: (sql) => actions.keep(sql, id),
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "AccountUnavailable";
}
