import { z } from "zod";
import type { Setting } from "./settings.ts";

/** A template as it was approved; each provider takes the name that is its own. */
const template = z
  .strictObject({
    /** Twilio's content. */
    contentSid: z
      .string()
      .regex(/^HX[0-9a-f]{32}$/i)
      .optional(),
    /** Meta's name of it. */
    name: z
      .string()
      .regex(/^[a-z0-9_]{1,512}$/)
      .optional(),
    /** The language as Meta approved it ("en_US"); the key's own when left out. */
    language: z
      .string()
      .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/)
      .optional(),
  })
  .refine((one) => one.contentSid !== undefined || one.name !== undefined, "needs a contentSid or a name");
const byLanguage = z.record(z.string().regex(/^[a-z]{2,3}$/), template);

/** What customers are told about their calls (src/callbacks/words.ts). */
const aboutCalls = [
  "booked",
  "bookedSoon",
  "moved",
  "kept",
  "keptSoon",
  "cancelled",
  "reminder",
  "late",
  "retry",
  "gaveUp",
  "gaveUpOnce",
  "expired",
] as const;

const schema = z.strictObject({
  /** "You have a new message": {{1}} the company, {{2}} the link that resumes the conversation. */
  newMessage: byLanguage.default({}),
  /** About a promised call: {{1}} the company, {{2}} when, {{3}} the link to move or cancel it. */
  calls: z.partialRecord(z.enum(aboutCalls), byLanguage).default({}),
});

export type Templates = z.output<typeof schema>;

/** Approved messages for where a channel lets us write freely no more (WhatsApp: after 24 hours), by language. */
export const templatesSetting = { key: "templates", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;

/** The template in a customer's language, else the English one; null: there is neither. */
export function templateFor(templates: Templates["newMessage"] | undefined, locale: string | null) {
  const wished = (locale ?? "en").slice(0, 2).toLowerCase();
  for (const language of [wished, "en"]) {
    const found = templates?.[language];
    if (found !== undefined) return { ...found, language: found.language ?? language };
  }
  return null;
}
