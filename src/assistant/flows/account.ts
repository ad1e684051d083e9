import type { Account } from "../tools/account-client.ts";
import type { Money } from "../tools/account-contract.ts";
import { fill } from "../wording.ts";
import type { AccountTopic } from "./account-topics.ts";
import { type AccountWords, accountWords } from "./account-words.ts";

/** More lines than that nobody reads; the rest is in the app. */
const linesMax = 4;

export interface AccountQuestion {
  readonly topic: AccountTopic;
  /** The customer's words: a store or an order that they name narrows the answer. */
  readonly text: string;
  readonly locale: string;
  readonly now: number;
  readonly timeZone: string;
}

/** Answers a question from account data alone, with its source. Throws AccountUnavailable. */
export async function answerFromAccount(account: Account, question: AccountQuestion): Promise<string> {
  const { locale, now, timeZone } = question;
  const words = accountWords(locale);
  const lines = await linesFor(account, question, createSpeaker(words, locale));
  const time = new Intl.DateTimeFormat(numbersIn(locale), {
    hour: "numeric",
    minute: "2-digit",
    timeZone,
    timeZoneName: "short",
  }).format(now);
  return [...lines.slice(0, linesMax), fill(words.source, { time })].join("\n");
}

function linesFor(account: Account, question: AccountQuestion, speak: Speaker): Promise<string[]> {
  switch (question.topic) {
    case "next-payment":
      return nextPayments(account, speak);
    case "two-orders":
      return twins(account, question, speak);
    case "late-fee":
      return fees(account, question, speak);
    case "return-status":
      return returns(account, question, speak);
    case "refund":
      return refunds(account, question, speak);
    case "card":
      return card(account, speak);
    case "balance":
      return balance(account, speak);
    case "orders":
      return orders(account, question, speak);
  }
}

async function nextPayments(account: Account, { words, amount, date }: Speaker): Promise<string[]> {
  const { payments } = await account.read("list_payments");
  const said = (template: string, one: (typeof payments)[number]) =>
    fill(template, {
      amount: amount(one.amount),
      store: one.store,
      date: date(one.dueOn),
      number: String(one.number),
      of: String(one.of),
    });
  const open = payments.filter((one) => one.state !== "paid").sort((a, b) => a.dueOn.localeCompare(b.dueOn));
  const late = open.filter((one) => one.state === "overdue").map((one) => said(words.overdue, one));
  const [next, then] = open.filter((one) => one.state === "scheduled");
  if (next === undefined) return late.length > 0 ? late : [words.noPayment];
  return [...late, said(words.nextPayment, next), ...(then === undefined ? [] : [said(words.laterPayment, then)])];
}

async function twins(account: Account, { text }: AccountQuestion, { words, amount }: Speaker): Promise<string[]> {
  const { orders: all } = await account.read("list_orders");
  const pairs = named(
    all.filter((one) => one.twinOf !== null),
    text,
  ).flatMap((second) => {
    const first = all.find((one) => one.id === second.twinOf);
    return first === undefined ? [] : [{ first, second }];
  });
  const said = pairs.map(({ first, second }) => {
    const sum = {
      amountMinor: first.total.amountMinor + second.total.amountMinor,
      currency: first.total.currency,
    };
    const why = {
      "split-shipment": words.splitShipment,
      replaced: words.replaced,
      "unfinished-checkout": words.unfinished,
    };
    return [
      fill(words.twins, {
        store: first.store,
        first: first.id,
        firstTotal: amount(first.total),
        second: second.id,
        secondTotal: amount(second.total),
      }),
      second.why === null ? "" : fill(why[second.why], { sum: amount(sum) }),
    ]
      .filter(Boolean)
      .join(" ");
  });
  return said.length > 0 ? said : [words.noTwins];
}

async function fees(account: Account, { text }: AccountQuestion, { words, amount, date }: Speaker): Promise<string[]> {
  const { fees: charged } = await account.read("list_payments");
  const said = named(charged, text).map((one) =>
    fill(words.fee, {
      amount: amount(one.amount),
      store: one.store,
      date: date(one.chargedOn),
      due: date(one.dueOn),
    }),
  );
  return said.length > 0 ? said : [words.noFees];
}

async function returns(account: Account, { text }: AccountQuestion, { words, amount, date }: Speaker) {
  const { returns: reported } = await account.read("list_returns");
  const said = named(reported, text).map((one) => {
    const values = { store: one.store, order: one.orderId, amount: amount(one.amount) };
    return one.registeredOn === null
      ? fill(words.returnWaiting, { ...values, date: date(one.reportedOn) })
      : fill(words.returnRegistered, { ...values, date: date(one.registeredOn) });
  });
  return said.length > 0 ? said : [words.noReturns];
}

async function refunds(account: Account, { text }: AccountQuestion, { words, amount, date }: Speaker) {
  const { refunds: all } = await account.read("list_refunds");
  const said = named(all, text).map((one) => {
    const values = { amount: amount(one.amount), store: one.store, to: words.to[one.to] };
    return one.doneOn === null
      ? fill(words.refundOnItsWay, { ...values, date: one.expectedOn === null ? "–" : date(one.expectedOn) })
      : fill(words.refundDone, { ...values, date: date(one.doneOn) });
  });
  return said.length > 0 ? said : [words.noRefunds];
}

async function card(account: Account, { words, date }: Speaker): Promise<string[]> {
  const { state, lastFour, since } = await account.read("get_card");
  const values = { lastFour: lastFour ?? "", date: since === null ? "" : date(since) };
  const said = {
    none: words.noCard,
    "on-its-way": words.cardOnItsWay,
    active: words.cardActive,
    blocked: words.cardBlocked,
  };
  return [fill(said[state], values)];
}

async function balance(account: Account, { words, amount }: Speaker): Promise<string[]> {
  const { available } = await account.read("get_balance");
  return [fill(words.balance, { amount: amount(available) })];
}

async function orders(account: Account, { text }: AccountQuestion, { words, amount, date }: Speaker) {
  const { orders: all } = await account.read("list_orders");
  const said = named(all, text).map((one) =>
    fill(words.order, {
      order: one.id,
      store: one.store,
      amount: amount(one.total),
      date: date(one.placedOn),
      state: words.state[one.state],
    }),
  );
  return said.length > 0 ? said : [words.noOrders];
}

/** Those that the customer names by store or order number; all of them when none is named. */
function named<One extends { readonly store: string; readonly orderId?: string; readonly id?: string }>(
  all: readonly One[],
  text: string,
): readonly One[] {
  const words = text.toLowerCase();
  const meant = all.filter((one) => {
    const order = (one.orderId ?? one.id ?? "").toLowerCase();
    const digits = order.replace(/\D/g, "");
    return words.includes(one.store.toLowerCase()) || (digits.length >= 4 && words.includes(digits));
  });
  return meant.length > 0 ? meant : all;
}

interface Speaker {
  readonly words: AccountWords;
  readonly amount: (money: Money) => string;
  readonly date: (day: string) => string;
}

/** Amounts come in minor units; how many there are to one is the currency's own affair (a yen has none). */
function createSpeaker(words: AccountWords, locale: string): Speaker {
  return {
    words,
    amount({ amountMinor, currency }) {
      const format = new Intl.NumberFormat(numbersIn(locale), { style: "currency", currency });
      return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    },
    date: (day) =>
      new Intl.DateTimeFormat(numbersIn(locale), { dateStyle: "long", timeZone: "UTC" }).format(
        new Date(`${day}T00:00:00Z`),
      ),
  };
}

/** One calendar and one set of digits in a language, whatever the runtime prefers. */
function numbersIn(locale: string): string {
  return `${locale}-u-ca-gregory-nu-latn`;
}
