import type { AccountData } from "../assistant/tools/account-contract.ts";

export interface DemoAccount {
  readonly orders: AccountData<"list_orders">["orders"];
  readonly payments: AccountData<"list_payments">["payments"];
  readonly fees: AccountData<"list_payments">["fees"];
  readonly returns: AccountData<"list_returns">["returns"];
  readonly refunds: AccountData<"list_refunds">["refunds"];
  readonly balance: AccountData<"get_balance">["available"];
  readonly card: AccountData<"get_card">;
}

const dayMs = 86_400_000;

/** The made-up accounts of the demo's customers; their days move with today, so that there is always a next payment. */
export function demoAccount(customer: string, now: number): DemoAccount | null {
  const day = (offset: number): string => new Date(now + offset * dayMs).toISOString().slice(0, 10);
  switch (customer) {
    case "paylark-1001":
      return ann(day, (amountMinor) => ({ amountMinor, currency: "USD" }));
    case "paylark-1002":
      return erik(day, (amountMinor) => ({ amountMinor, currency: "SEK" }));
    case "paylark-1003":
      return lucia(day, (amountMinor) => ({ amountMinor, currency: "EUR" }));
    default:
      return null;
  }
}

type Day = (offset: number) => string;
type Amount = (minor: number) => { amountMinor: number; currency: string };

/** Two orders where she placed one; a payment missed, and the fee for it. */
function ann(day: Day, amount: Amount): DemoAccount {
  return {
    orders: [
      {
        id: "PL-48213",
        store: "Northlight Outdoor",
        placedOn: day(-6),
        state: "confirmed",
        total: amount(12_840),
        twinOf: null,
        why: null,
      },
      {
        id: "PL-48214",
        store: "Northlight Outdoor",
        placedOn: day(-6),
        state: "shipped",
        total: amount(4_160),
        twinOf: "PL-48213",
        why: "split-shipment",
      },
      {
        id: "PL-47702",
        store: "Juniper & Co",
        placedOn: day(-47),
        state: "shipped",
        total: amount(9_600),
        twinOf: null,
        why: null,
      },
    ],
    payments: [
      {
        orderId: "PL-47702",
        store: "Juniper & Co",
        number: 2,
        of: 3,
        dueOn: day(-17),
        amount: amount(3_200),
        state: "paid",
      },
      {
        orderId: "PL-47702",
        store: "Juniper & Co",
        number: 3,
        of: 3,
        dueOn: day(13),
        amount: amount(3_200),
        state: "scheduled",
      },
      {
        orderId: "PL-48213",
        store: "Northlight Outdoor",
        number: 1,
        of: 4,
        dueOn: day(9),
        amount: amount(4_250),
        state: "scheduled",
      },
    ],
    fees: [{ orderId: "PL-47702", store: "Juniper & Co", chargedOn: day(-10), amount: amount(700), dueOn: day(-17) }],
    returns: [],
    refunds: [],
    balance: amount(2_575),
    card: { state: "active", lastFour: "4417", since: day(-200) },
  };
}

/** One return that the store has registered, one that it has not. */
function erik(day: Day, amount: Amount): DemoAccount {
  return {
    orders: [
      {
        id: "PL-51120",
        store: "Fjällhuset",
        placedOn: day(-20),
        state: "shipped",
        total: amount(149_900),
        twinOf: null,
        why: null,
      },
      {
        id: "PL-50871",
        store: "Lampmagasinet",
        placedOn: day(-31),
        state: "shipped",
        total: amount(89_500),
        twinOf: null,
        why: null,
      },
    ],
    payments: [
      {
        orderId: "PL-51120",
        store: "Fjällhuset",
        number: 2,
        of: 4,
        dueOn: day(11),
        amount: amount(37_475),
        state: "scheduled",
      },
    ],
    fees: [],
    returns: [
      {
        orderId: "PL-50871",
        store: "Lampmagasinet",
        reportedOn: day(-9),
        registeredOn: day(-2),
        amount: amount(89_500),
      },
      { orderId: "PL-51120", store: "Fjällhuset", reportedOn: day(-3), registeredOn: null, amount: amount(49_900) },
    ],
    refunds: [],
    balance: amount(12_000),
    card: { state: "on-its-way", lastFour: null, since: day(-4) },
  };
}

/** A blocked card, a refund on its way, money on the balance; nothing to pay. */
function lucia(day: Day, amount: Amount): DemoAccount {
  return {
    orders: [
      {
        id: "PL-60044",
        store: "Casa Olivo",
        placedOn: day(-15),
        state: "cancelled",
        total: amount(5_990),
        twinOf: null,
        why: null,
      },
    ],
    payments: [],
    fees: [],
    returns: [],
    refunds: [
      {
        orderId: "PL-60044",
        store: "Casa Olivo",
        amount: amount(5_990),
        to: "card",
        expectedOn: day(4),
        doneOn: null,
      },
    ],
    balance: amount(31_240),
    card: { state: "blocked", lastFour: "0926", since: day(-1) },
  };
}
