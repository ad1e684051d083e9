import { z } from "zod";
import { cutText } from "../../src/lib/clean-text.ts";
import { parseJson } from "../../src/lib/parse-json.ts";

/** What a caller says in one breath is far shorter. */
const textMaxChars = 4_000;
const wordMaxChars = 200;
/** Twilio adds types and fields without notice; beyond this nothing is one of its frames. */
export const frameMaxBytes = 64 * 1024;

const text = z.string().transform((value) => cutText(value, textMaxChars));
const word = z.string().transform((value) => cutText(value, wordMaxChars));

const frameSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("setup"),
    sessionId: word,
    callSid: word,
    customParameters: z.record(z.string(), z.string()).default({}),
  }),
  z.object({
    type: z.literal("prompt"),
    voicePrompt: text,
    lang: word.optional(),
    last: z.boolean().default(true),
  }),
  z.object({ type: z.literal("dtmf"), digit: z.string().regex(/^[\d*#]$/) }),
  z.object({ type: z.literal("interrupt"), utteranceUntilInterrupt: text.default("") }),
  z.object({ type: z.literal("info"), name: word.optional(), value: z.union([word, z.boolean()]).optional() }),
  z.object({ type: z.literal("error"), description: word.optional() }),
]);

/** One frame from the provider. */
export type RelayFrame = z.output<typeof frameSchema>;

/** Reads a frame; null for what is none or of a kind that we do not know. Never throws. */
export function readFrame(raw: string): RelayFrame | null {
  return frameSchema.safeParse(parseJson(raw)).data ?? null;
}

/** One frame to the provider; any other is answered with an error. */
export type OurFrame =
  | {
      readonly type: "text";
      readonly token: string;
      readonly last: boolean;
      readonly lang?: string;
      readonly preemptible?: boolean;
    }
  | { readonly type: "language"; readonly ttsLanguage: string; readonly transcriptionLanguage: string }
  | { readonly type: "end"; readonly handoffData: string };

const handoffSchema = z.object({
  reason: z.enum(["handoff", "goodbye", "too-long", "failed"]),
  locale: z.string().max(wordMaxChars),
  after: z.number().int().nonnegative(),
});

/** Why we ended the session, and what the rest of the call has to know; it comes back signed. */
export type Handoff = z.output<typeof handoffSchema>;

export function readHandoff(raw: string | null): Handoff | null {
  if (raw === null || raw === "") return null;
  return handoffSchema.safeParse(parseJson(raw)).data ?? null;
}
