/** Who talks with a caller. */
export type Stage = "assistant" | "waiting" | "choosing" | "message" | "talking" | "over";

/** What a caller chose while nobody was free: be called, choose a time, leave a message. */
export type CallerChoice = "callback" | "time" | "message";

export interface LiveFacts {
  readonly stage: Stage;
  readonly owner: "assistant" | "queue" | "agent";
  /** An agent is in the call, or in a moment. */
  readonly agentIn: boolean;
  /** The offer of this call: nobody took it yet, or an agent's line rings. */
  readonly offer: "open" | "taken" | null;
  /** Somebody could take the call now. */
  readonly free: boolean;
  /** Somebody takes calls today, be they busy or not. */
  readonly staffed: boolean;
  readonly choice: CallerChoice | null;
  readonly recorded: boolean | null;
  readonly sinceToldMs: number | null;
  readonly silences: number;
}

export type LiveStep =
  | { readonly do: "assistant" | "join" | "callback" | "time" | "message" | "recorded" | "hang-up" }
  | { readonly do: "wait" | "choose"; readonly tell: boolean; readonly interrupted: boolean };

/** Told how it stands this often: nobody listens to music without a word for longer. */
export const tellEveryMs = 25_000;
/** Nobody is there and the caller says nothing: then it is over, and the conversation waits for people. */
const silencesMax = 2;

/** What a caller who asks hears next. Pure: the truth is in the facts, so asking twice does no harm. */
export function nextStep(facts: LiveFacts): LiveStep {
  const { stage, choice, sinceToldMs } = facts;
  if (stage === "over") return { do: "hang-up" };
  if (facts.agentIn) return { do: "join" };
  if (facts.recorded === true) return { do: "recorded" };
  if (facts.owner === "assistant" && facts.offer !== "taken") return { do: "assistant" };
  if (choice !== null && facts.offer !== "taken" && stage !== "assistant") return { do: choice };
  const interrupted = stage === "talking";
  const tell = interrupted || sinceToldMs === null || sinceToldMs >= tellEveryMs;
  if (facts.offer === "taken" || facts.free) return { do: "wait", tell, interrupted };
  if (!facts.staffed) {
    if (facts.silences >= silencesMax) return { do: "hang-up" };
    return { do: "choose", tell: true, interrupted };
  }
  return { do: tell ? "choose" : "wait", tell, interrupted };
}
