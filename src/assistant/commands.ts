import { z } from "zod";

/** "Did you mean": more than three is a list nobody reads (assistant.md). */
export const choicesMax = 3;

const articleId = z.string().min(1).max(100);

/** What a conversation can be led through step by step; each is carried out by code, whichever brain asked for it. */
const flowName = z.enum([
  "live-agent",
  "callback",
  "account",
  "sign-in",
  "small-talk",
  "goodbye",
  "cancel",
  "yes",
  "no",
  "opt-out",
  "complaint",
]);

const smallTalkIntent = z.enum(["greeting", "thanks", "bot-question"]);

/** All that a brain may ask for. Closed: what is not here cannot be done by a brain, however it is persuaded. */
export const commandSchema = z.discriminatedUnion("command", [
  z.object({ command: z.literal("Answer"), articleId }),
  z.object({ command: z.literal("Clarify"), articleIds: z.array(articleId).min(1).max(choicesMax) }),
  z.object({ command: z.literal("StartFlow"), flow: flowName }),
  z.object({ command: z.literal("SetSlot"), slot: z.enum(["phone", "wish"]), value: z.string().max(280) }),
  z.object({ command: z.literal("CancelFlow") }),
  z.object({ command: z.literal("SmallTalk"), intent: smallTalkIntent }),
  z.object({
    command: z.literal("Handoff"),
    reason: z.enum(["asked-for-person", "assistant-failed", "complaint", "unknown", "opt-out-request"]),
  }),
  z.object({ command: z.literal("DontKnow") }),
]);

/** One line of `everline understand`: what either brain makes of a text. */
export const understood = z.object({
  locale: z.string(),
  zone: z.enum(["answer", "clarify", "unknown"]),
  commands: z.array(commandSchema).min(1),
  articles: z
    .array(z.object({ id: articleId, confidence: z.number().min(0).max(1) }).readonly())
    .max(5)
    .readonly(),
  flow: flowName.nullable(),
});

export type FlowName = z.infer<typeof flowName>;
export type SmallTalkIntent = z.infer<typeof smallTalkIntent>;
export type Command = z.infer<typeof commandSchema>;
export type Understood = z.infer<typeof understood>;
