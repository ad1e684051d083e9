import { z } from "zod";

/**
 * What a company's account server offers (docs/account-data.md). No tool takes a customer: the bearer token of each call
 * says whose account it is, so nobody can be talked into naming another one (L1).
 */
const day = z.iso.date();
const money = z.object({ amountMinor: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) });
const name = z.string().min(1).max(120);

export const accountTools = {
  list_orders: {
    description: "The customer's latest orders, newest first. `why` says why an order has a twin.",
    output: z.object({
      orders: z
        .array(
          z.object({
            id: name,
            store: name,
            placedOn: day,
            state: z.enum(["waiting", "confirmed", "shipped", "cancelled"]),
            total: money,
            twinOf: name.nullable(),
            why: z.enum(["split-shipment", "replaced", "unfinished-checkout"]).nullable(),
          }),
        )
        .max(50),
    }),
  },
  list_payments: {
    description: "Payments of the customer's plans and the fees that were charged.",
    output: z.object({
      payments: z
        .array(
          z.object({
            orderId: name,
            store: name,
            number: z.int().min(1),
            of: z.int().min(1),
            dueOn: day,
            amount: money,
            state: z.enum(["scheduled", "paid", "overdue"]),
          }),
        )
        .max(100),
      fees: z.array(z.object({ orderId: name, store: name, chargedOn: day, amount: money, dueOn: day })).max(50),
    }),
  },
  list_returns: {
    description: "Returns that the customer reported; `registeredOn` is null until the store has registered it.",
    output: z.object({
      returns: z
        .array(z.object({ orderId: name, store: name, reportedOn: day, registeredOn: day.nullable(), amount: money }))
        .max(50),
    }),
  },
  list_refunds: {
    description: "Refunds to the customer; `doneOn` is null while one is on its way.",
    output: z.object({
      refunds: z
        .array(
          z.object({
            orderId: name,
            store: name,
            amount: money,
            to: z.enum(["card", "balance", "bank"]),
            expectedOn: day.nullable(),
            doneOn: day.nullable(),
          }),
        )
        .max(50),
    }),
  },
  get_balance: { description: "The money on the customer's balance.", output: z.object({ available: money }) },
  get_card: {
    description: "The customer's card.",
    output: z.object({
      state: z.enum(["none", "on-its-way", "active", "blocked"]),
      lastFour: z
        .string()
        .regex(/^\d{4}$/)
        .nullable(),
      since: day.nullable(),
    }),
  },
} as const;

/**
 * What is done in an account, not only read. `requestId` makes a repeated request the same one; the token of the call names
 * the tool in `act`, and only after the customer proved anew who they are and confirmed it.
 */
export const accountActions = {
  block_card: {
    description: "Blocks the customer's card at once. A repeated requestId changes nothing and gets the same answer.",
    input: z.object({ requestId: z.uuid() }),
    output: z.object({ lastFour: z.string().regex(/^\d{4}$/) }),
  },
} as const;

export type AccountAction = keyof typeof accountActions;

export type AccountTool = keyof typeof accountTools;
export type AccountData<Tool extends AccountTool> = z.infer<(typeof accountTools)[Tool]["output"]>;
export type Money = z.infer<typeof money>;

/** Whose own number is this? Asked for sign-in codes alone, with a token that names no customer; never shown to a model. */
export const findCustomer = {
  name: "find_customer",
  input: z.object({ phone: z.string().regex(/^\+[1-9]\d{6,14}$/) }),
  output: z.object({ customer: z.object({ id: name }).nullable() }),
} as const;

export const accountAudience = "everline-account";
