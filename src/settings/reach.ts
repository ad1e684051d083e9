import { z } from "zod";
import type { Setting } from "./settings.ts";

const hour = z.number().int().min(0).max(23);

const schema = z.strictObject({
  /** How long a message may go unseen before its customer is told. */
  afterSeconds: z
    .number()
    .int()
    .min(5)
    .max(24 * 3_600)
    .default(60),
  /** What is tried, and in which order; the second is tried when the first was not confirmed. */
  order: z.enum(["push-first", "message-first", "push-only", "message-only", "off"]).default("push-first"),
  /** A push that no browser confirmed for so long counts as not seen. */
  confirmSeconds: z.number().int().min(5).max(3_600).default(120),
  /** Whoever was told, or could not be, and did not come back: after so long they are told of a new message as well. */
  againHours: z.number().int().min(1).max(720).default(4),
  /** May what was said be shown on a locked screen? */
  showWords: z.boolean().default(false),
  /** No SMS and no WhatsApp between these hours of the customer's own clock; the same hour twice: never quiet. */
  quiet: z.strictObject({ from: hour, to: hour }).default({ from: 21, to: 8 }),
  linkHours: z.number().int().min(1).max(720).default(72),
  /** Caps of M2, each per day. */
  perNumber: z.number().int().min(0).max(50).default(3),
  perPrefix: z.number().int().min(0).max(10_000).default(100),
  inAll: z.number().int().min(0).max(1_000_000).default(2_000),
});

export type ReachSettings = z.output<typeof schema>;

/** How customers who left are told that something is there for them. */
export const reachSetting = { key: "reach", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
