import type { LanguageModel, ToolSet } from "ai";
import { z } from "zod";
import { type Command, commandSchema } from "../commands.ts";
import type { FoundArticle, PromptMessage } from "./prompt.ts";

/** safety.md, "Time limits". */
const timeLimits = { firstTokenMs: 30_000, wholeMs: 60_000 } as const;
const stepsMax = 8;
/** A long answer has 300 tokens; models that think first need more. */
const outputMaxTokens = 2_000;
/** Far above any answer: a stream that never ends is not read to its end. */
const textMaxChars = 20_000;
/** When a provider does not count: on the safe side for every script. */
const charsPerToken = 3;
const pingMs = 10_000;
const openAiUrl = "https://api.openai.com/v1";

export interface LanguageModelSettings {
  /** "provider:model": "openai:…", or any other name with a base URL. */
  readonly model: string;
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
}

export interface TimeLimits {
  readonly firstTokenMs: number;
  readonly wholeMs: number;
}

export interface ModelQuestion {
  readonly instructions: string;
  readonly messages: readonly PromptMessage[];
  readonly search: (query: string) => Promise<readonly FoundArticle[]>;
  /** Hears the text as it grows. It is not checked, and the model may yet do something else. */
  readonly onText?: ((soFar: string) => void) | undefined;
}

export type ModelFailure = "time-out" | "unreachable" | "rejected" | "overloaded" | "junk" | "tool-loop" | "aborted";

export interface ModelResult {
  readonly said:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "command"; readonly command: Command }
    /** The model or its provider would not answer. */
    | { readonly kind: "refused" }
    | { readonly kind: "failed"; readonly why: ModelFailure };
  readonly tokens: number;
  readonly steps: number;
}

export interface AsksModel {
  ask(question: ModelQuestion, signal: AbortSignal): Promise<ModelResult>;
  /** One short call; throws an Error whose sentence says what to do. Resolves to the milliseconds it took. */
  ping(): Promise<number>;
}

/** The only file that knows the AI SDK. It is loaded here and not before: the embedded default pays nothing for it. */
export async function connectModel(
  settings: LanguageModelSettings,
  limits: TimeLimits = timeLimits,
): Promise<AsksModel> {
  const [sdk, { createOpenAICompatible }] = await Promise.all([import("ai"), import("@ai-sdk/openai-compatible")]);
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  const separator = settings.model.indexOf(":");
  const provider = settings.model.slice(0, separator);
  const model = createOpenAICompatible({
    name: provider,
    baseURL: settings.baseUrl ?? openAiUrl,
    includeUsage: true,
    ...(settings.apiKey === null ? {} : { apiKey: settings.apiKey }),
    ...(provider === "openai" ? { transformRequestBody: inOpenAisWords } : {}),
  })(settings.model.slice(separator + 1));

  return {
    async ask(question, signal) {
      const watch = startWatch(limits, signal);
      try {
        return await readStream(sdk, model, question, watch);
      } catch (error) {
        return { said: failure(sdk, error, watch.passed()), tokens: 0, steps: 0 };
      } finally {
        watch.clear();
      }
    },
    async ping() {
      const began = performance.now();
      try {
        await sdk.generateText({ model, prompt: "Say OK.", maxOutputTokens: 200, maxRetries: 0, timeout: pingMs });
      } catch (error) {
        throw new Error(adviceFor(failure(sdk, error, null)));
      }
      return Math.round(performance.now() - began);
    },
  };
}

/** OpenAI's newer models refuse the old name of the limit. */
function inOpenAisWords(body: Record<string, unknown>): Record<string, unknown> {
  const { max_tokens: limit, ...rest } = body;
  return limit === undefined ? body : { ...rest, max_completion_tokens: limit };
}

type Sdk = typeof import("ai");
type Watch = ReturnType<typeof startWatch>;

async function readStream(sdk: Sdk, model: LanguageModel, question: ModelQuestion, watch: Watch): Promise<ModelResult> {
  const tools = makeTools(sdk, question);
  const stream = sdk.streamText({
    model,
    system: question.instructions,
    messages: [...question.messages],
    tools,
    stopWhen: sdk.stepCountIs(stepsMax),
    maxOutputTokens: outputMaxTokens,
    // The embedded brain is our second try, and it is faster.
    maxRetries: 0,
    abortSignal: watch.signal,
    onError: () => undefined,
  });
  let text = "";
  let chars = JSON.stringify(question.messages).length + question.instructions.length;
  let steps = 0;
  let tokens: number | null = null;
  let command: Command | null = null;
  let ended: string | null = null;
  let broken: unknown = null;
  for await (const part of stream.fullStream) {
    switch (part.type) {
      case "start-step":
        text = "";
        steps += 1;
        break;
      case "text-delta":
      case "reasoning-delta":
        watch.spoke();
        chars += part.text.length;
        if (part.type === "text-delta") {
          text += part.text;
          question.onText?.(text);
        }
        if (chars > textMaxChars * 4 || text.length > textMaxChars) watch.stop("junk");
        break;
      case "tool-input-start":
        watch.spoke();
        break;
      case "tool-call":
        command ??= part.invalid === true ? null : toCommand(part.toolName, part.input);
        break;
      case "error":
        broken = part.error;
        break;
      case "finish":
        ended = part.finishReason;
        tokens = part.totalUsage.totalTokens ?? null;
        break;
    }
  }
  const passed = watch.passed();
  const spent = { tokens: tokens ?? Math.ceil((chars + text.length) / charsPerToken), steps };
  if (passed !== null) return { said: { kind: "failed", why: passed }, ...spent };
  if (broken !== null) return { said: failure(sdk, broken, null), ...spent };
  if (command !== null) return { said: { kind: "command", command }, ...spent };
  return { said: conclude(ended, text, steps), ...spent };
}

function conclude(ended: string | null, text: string, steps: number): ModelResult["said"] {
  if (ended === "content-filter") return { kind: "refused" };
  if (ended === "tool-calls") return { kind: "failed", why: steps >= stepsMax ? "tool-loop" : "junk" };
  // A sentence that was cut off may have lost its "not".
  if (ended !== "stop" || text.trim() === "") return { kind: "failed", why: "junk" };
  return { kind: "text", text };
}

const searchInput = z.object({ query: z.string().min(1).max(300) });
const choicesInput = z.object({ articleIds: z.array(z.string().max(100)).min(2).max(3) });
const flowInput = z.object({
  flow: z.enum(["account", "sign-in", "greeting", "thanks", "goodbye", "bot-question"]),
});
const handOffInput = z.object({ reason: z.enum(["asked-for-person", "complaint", "unknown"]) });
const nothing = z.object({});

/** One tool reads; the others are the commands, and calling one ends the turn. None takes a customer (L1). */
function makeTools(sdk: Sdk, question: ModelQuestion): ToolSet {
  return {
    search_knowledge: sdk.tool({
      description: "Find the company's help articles about something. Returns at most three.",
      inputSchema: searchInput,
      execute: ({ query }) => question.search(query),
    }),
    clarify: sdk.tool({ description: "Ask which of two or three articles is meant.", inputSchema: choicesInput }),
    start_flow: sdk.tool({ description: "Start one of the fixed dialogues.", inputSchema: flowInput }),
    request_callback: sdk.tool({ description: "Offer that somebody calls the customer.", inputSchema: nothing }),
    hand_off: sdk.tool({ description: "Pass the conversation to a person.", inputSchema: handOffInput }),
    dont_know: sdk.tool({ description: "No article answers this.", inputSchema: nothing }),
  };
}

const smallTalk = new Set(["greeting", "thanks", "bot-question"]);

/** A tool call as the closed command; null for a search and for what the schema does not know. */
function toCommand(tool: string, input: unknown): Command | null {
  const parsed = commandSchema.safeParse(inCommandsWords(tool, input));
  return parsed.success ? parsed.data : null;
}

function inCommandsWords(tool: string, input: unknown): unknown {
  switch (tool) {
    case "clarify":
      return { command: "Clarify", ...choicesInput.parse(input) };
    case "start_flow": {
      const { flow } = flowInput.parse(input);
      return smallTalk.has(flow) ? { command: "SmallTalk", intent: flow } : { command: "StartFlow", flow };
    }
    case "request_callback":
      return { command: "StartFlow", flow: "callback" };
    case "hand_off":
      return { command: "Handoff", ...handOffInput.parse(input) };
    case "dont_know":
      return { command: "DontKnow" };
    default:
      return null;
  }
}

/** The two time limits and the caller's signal as one; remembers which of them passed. */
function startWatch(limits: TimeLimits, signal: AbortSignal) {
  const aborting = new AbortController();
  let passed: ModelFailure | null = null;
  const stop = (why: ModelFailure): void => {
    passed ??= why;
    aborting.abort();
  };
  const onAbort = (): void => stop("aborted");
  const first = setTimeout(() => stop("time-out"), limits.firstTokenMs);
  const whole = setTimeout(() => stop("time-out"), limits.wholeMs);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    signal: aborting.signal,
    stop,
    spoke: () => clearTimeout(first),
    passed: () => passed,
    clear() {
      clearTimeout(first);
      clearTimeout(whole);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

function failure(sdk: Sdk, error: unknown, passed: ModelFailure | null): { kind: "failed"; why: ModelFailure } {
  if (passed !== null) return { kind: "failed", why: passed };
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return { kind: "failed", why: "time-out" };
  if (!sdk.APICallError.isInstance(error)) return { kind: "failed", why: "junk" };
  const status = error.statusCode;
  if (status === undefined) return { kind: "failed", why: "unreachable" };
  if (status === 429) return { kind: "failed", why: "overloaded" };
  if (status >= 500) return { kind: "failed", why: "unreachable" };
  return { kind: "failed", why: status >= 400 ? "rejected" : "junk" };
}

const advice: Readonly<Record<ModelFailure, string>> = {
  "time-out": `it did not answer within ${pingMs / 1000} seconds.`,
  unreachable: "its provider cannot be reached or is broken. Check ASSISTANT_BASE_URL, or try again later.",
  rejected: "its provider refused the call. Check ASSISTANT_API_KEY and the model's name in ASSISTANT_MODEL.",
  overloaded: "its provider asks us to slow down (429). Check the account's limits.",
  junk: "what answered does not speak the OpenAI wire format. Check ASSISTANT_BASE_URL.",
  "tool-loop": "it called tools without end.",
  aborted: "the call was given up.",
};

function adviceFor({ why }: { readonly why: ModelFailure }): string {
  return `${advice[why]} Until then the embedded assistant answers.`;
}
