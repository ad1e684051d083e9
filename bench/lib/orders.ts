import { z } from "zod";

/** The Twilio account that the whole bench plays: the generator signs with it, the contestants verify with it. */
export const account = {
  sid: "AC0123456789abcdef0123456789abcdef",
  token: "bench-token-0123456789abcdef0123",
  number: "+46766860000",
} as const;

/** How many customers take turns. */
export const customers = 2_000;

const question = z.object({ text: z.string(), answer: z.string() });

/** What the bench asks of the generator. */
export const orderSchema = z.discriminatedUnion("kind", [
  /** Questions by language; customer n asks those of language n modulo their number. */
  z.object({ kind: z.literal("questions"), byLanguage: z.array(z.array(question)) }),
  z.object({
    kind: z.literal("run"),
    /** Where the contestant listens, and the address that its provider would sign. */
    target: z.object({ port: z.number().int(), publicUrl: z.string(), path: z.string() }),
    /** "assistant": the article's answer; "echo": the text itself; "none": an acknowledgement is enough. */
    replies: z.enum(["assistant", "echo", "none"]),
    seconds: z.number(),
    /** Customers who wait for their reply at the same time. */
    inFlight: z.number().int(),
    /** Messages a second instead of as many as the contestant takes; null: as many as it takes. */
    rate: z.number().nullable(),
  }),
]);

export type Question = z.output<typeof question>;
export type Order = z.output<typeof orderSchema>;
export type RunOrder = Extract<Order, { kind: "run" }>;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** What the generator saw. */
export interface RunReport {
  readonly answered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly wrong: number;
  /** Webhooks that were not answered with 2xx. */
  readonly refused: number;
  /** Calls at the sink that Twilio would have refused. */
  readonly badSends: number;
  readonly perSecond: number;
  readonly acknowledgementMs: Percentiles;
  /** From the webhook's first byte to the reply at the provider. */
  readonly answerMs: Percentiles;
}

export type Notice =
  | { readonly kind: "ready"; readonly sinkUrl: string }
  | { readonly kind: "report"; readonly report: RunReport };
