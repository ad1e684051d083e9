import { maskCards } from "../../lib/mask.ts";
import type { WaitingTurn } from "../../turns/turn.ts";
import type { Command } from "../commands.ts";
import type { Brain, QuotableArticle } from "../understanding.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import type { AsksModel, ModelFailure, ModelResult } from "./language-model.ts";
import {
  conversation,
  type FoundArticle,
  foundArticle,
  instructions,
  type SaidBefore,
  takeCitations,
} from "./prompt.ts";

/** The right article is among three in 94 to 97 of 100 cases (assistant.md). */
const articlesShown = 3;
const searchesMax = 8;
/** More at once: the embedded brain answers the rest, nobody waits in a line. */
const callsAtOnceMax = 32;
/** L5, about 60 turns; a conversation that needs more needs a person. */
export const conversationTokensMax = 200_000;
/** L5, for the whole deployment and a day: about 6,000 turns. */
export const dailyTokensMax = 20_000_000;

export interface ModelBrain {
  /** What the model would do about a turn; null when the embedded brain has to answer. Never throws. */
  propose(question: Question, signal: AbortSignal): Promise<Proposal | null>;
}

export interface Question {
  readonly turn: WaitingTurn;
  /** The customer's words of this turn. */
  readonly text: string;
  /** The language to answer in, told by code. */
  readonly locale: string;
  /** Article ids by the embedded brain's ranking, best first. */
  readonly nearest: readonly string[];
  /** Hears the model's words as they come, not yet guarded, with the articles that it saw. */
  readonly onDraft?: (text: string, seen: readonly string[]) => void;
}

export interface Proposal {
  readonly command: Command;
  /** The model's own words for an Answer: not yet guarded. */
  readonly wording: {
    readonly text: string;
    /** The articles it names, of those that it saw in this turn. */
    readonly cited: readonly string[];
    readonly seen: readonly string[];
  } | null;
}

/** What became of one turn at the model; a fixed word for the log and the metrics. */
export type ModelOutcome =
  | "answer"
  | "command"
  | "refused"
  /** It answered from nothing that it was shown. */
  | "no-source"
  | ModelFailure
  | "breaker-open"
  | "budget-spent"
  | "budget-unknown"
  | "busy";

export interface ModelEvent {
  readonly turn: Pick<WaitingTurn, "id" | "conversationId">;
  readonly outcome: ModelOutcome;
  readonly durationMs: number;
  readonly tokens: number;
  readonly steps: number;
}

export interface ModelBrainDeps {
  readonly model: AsksModel;
  readonly brain: Brain;
  readonly article: (id: string) => QuotableArticle | null;
  readonly articleLanguages: readonly string[];
  readonly company: string;
  /** What was said in this episode before a turn, oldest first. */
  readonly saidBefore: (turn: WaitingTurn) => Promise<readonly SaidBefore[]>;
  readonly spending: Spending;
  readonly now: () => number;
  readonly onTurn: (event: ModelEvent) => void;
  readonly onBreaker: (open: boolean) => void;
}

/** Tokens spent, counted where every worker sees them. */
export interface Spending {
  read(conversationId: string): Promise<{ readonly conversation: number; readonly today: number }>;
  add(conversationId: string, tokens: number): Promise<void>;
}

/**
 * The language model as one of the two brains: it proposes, the policy and the guard decide. While its provider is
 * down, slow, out of budget or talking nonsense, it proposes nothing and the embedded brain answers the same turn (L4).
 */
export function createModelBrain(deps: ModelBrainDeps): ModelBrain {
  const breaker = createBreaker({ now: deps.now, onChange: deps.onBreaker });
  let callsNow = 0;
  return {
    async propose(question, signal) {
      const report = reporter(deps, question.turn);
      const obstacle = callsNow >= callsAtOnceMax ? "busy" : await budgetObstacle(deps.spending, question.turn);
      if (obstacle !== null) return report(obstacle);
      if (!breaker.allows()) return report("breaker-open");
      callsNow += 1;
      try {
        const search = createSearch(deps, question);
        const result = await ask(deps, question, search, signal);
        tellBreaker(breaker, result);
        await deps.spending.add(question.turn.conversationId, result.tokens).catch(() => undefined);
        return toProposal(deps, result, search.seen(), report);
      } catch {
        // The conversation so far could not be read: the database's trouble, not the provider's.
        breaker.abandoned();
        return report("aborted");
      } finally {
        callsNow -= 1;
      }
    },
  };
}

/** Checked before, added after: turns that run side by side may pass the limit by their own cost, not by more. */
async function budgetObstacle(
  spending: Spending,
  turn: WaitingTurn,
): Promise<"budget-spent" | "budget-unknown" | null> {
  try {
    const spent = await spending.read(turn.conversationId);
    return spent.conversation >= conversationTokensMax || spent.today >= dailyTokensMax ? "budget-spent" : null;
  } catch {
    return "budget-unknown";
  }
}

async function ask(
  deps: ModelBrainDeps,
  { turn, text, locale, onDraft }: Question,
  search: Search,
  signal: AbortSignal,
): Promise<ModelResult> {
  const before = await deps.saidBefore(turn);
  const { company, articleLanguages } = deps;
  return deps.model.ask(
    {
      instructions: instructions({ company, locale, wording: turn.wording, articleLanguages }),
      // Masked on arrival message by message; a card number spread over several is masked here (R10).
      messages: conversation(before, maskCards(text), search.nearest),
      search: search.run,
      onText:
        onDraft && ((soFar) => onDraft(takeCitations(soFar, (id) => deps.article(id) !== null).text, search.seen())),
    },
    signal,
  );
}

function tellBreaker(breaker: Breaker, { said }: ModelResult): void {
  if (said.kind !== "failed") breaker.succeeded();
  else if (said.why === "aborted") breaker.abandoned();
  else breaker.failed();
}

function toProposal(
  deps: ModelBrainDeps,
  result: ModelResult,
  seen: readonly string[],
  report: ReturnType<typeof reporter>,
): Proposal | null {
  const { said } = result;
  switch (said.kind) {
    case "failed":
      return report(said.why, result);
    case "refused":
      return report("refused", result);
    case "command":
      report("command", result);
      return { command: said.command, wording: null };
    case "text": {
      const { text, ids } = takeCitations(said.text, (id) => deps.article(id) !== null);
      const cited = ids.filter((id) => seen.includes(id));
      // Named sources that it never saw are made up: then the text has none.
      const wording = { text, cited, seen: ids.length > 0 ? cited : seen };
      const [articleId] = wording.seen;
      if (articleId === undefined) return report("no-source", result);
      report("answer", result);
      return { command: { command: "Answer", articleId }, wording };
    }
  }
}

interface Search {
  readonly nearest: readonly FoundArticle[];
  readonly run: (query: string) => Promise<readonly FoundArticle[]>;
  readonly seen: () => readonly string[];
}

/** The embedded brain's ranking as the model's search; remembers what the model saw in this turn. */
function createSearch(deps: ModelBrainDeps, question: Question): Search {
  const seen = new Set<string>();
  let searches = 0;
  const show = (ids: readonly string[]): FoundArticle[] =>
    ids.slice(0, articlesShown).flatMap((id) => {
      const article = deps.article(id);
      const found = article === null ? null : foundArticle(article, question.locale);
      if (found === null) return [];
      seen.add(id);
      return [found];
    });
  return {
    nearest: show(question.nearest),
    async run(query) {
      searches += 1;
      if (searches > searchesMax) return [];
      const { articles } = await deps.brain.understand({ text: query });
      return show(articles.map((one) => one.id));
    },
    seen: () => [...seen],
  };
}

function reporter(deps: ModelBrainDeps, turn: WaitingTurn) {
  const began = deps.now();
  return (
    outcome: ModelOutcome,
    spent: { readonly tokens: number; readonly steps: number } = { tokens: 0, steps: 0 },
  ) => {
    const { tokens, steps } = spent;
    deps.onTurn({ turn, outcome, durationMs: Math.round(deps.now() - began), tokens, steps });
    return null;
  };
}
