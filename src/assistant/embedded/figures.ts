import { choicesMax } from "../commands.ts";
import type { Understanding } from "../understanding.ts";

/** A question with what it should lead to: an article, a flow, or the honest "I do not know". */
export interface Question {
  readonly text: string;
  readonly article?: string | null;
  readonly expect?: string;
  readonly flow?: string;
  readonly locale?: string;
}

export interface Judged {
  readonly question: Question;
  readonly got: Understanding;
}

/** Shares from 0 to 1; 1 where there was nothing to judge. */
export interface Figures {
  readonly top1: number;
  readonly top3: number;
  readonly answered: number;
  readonly answersRight: number;
  readonly clarifyInThree: number;
  readonly refused: number;
  /** Out of scope, and yet answered or led into a flow. */
  readonly wronglyHandled: number;
  readonly flows: number;
  readonly people: number;
  readonly language: number;
}

export function figuresOf(judged: readonly Judged[], locale: string | null): Figures {
  const inScope = judged.filter(({ question }) => typeof question.article === "string");
  const outside = judged.filter(({ question }) => question.expect === "unknown");
  const flows = judged.filter(({ question }) => question.flow !== undefined);
  const people = flows.filter(({ question }) => question.flow === "live-agent");
  const answered = inScope.filter(({ got }) => got.flow === null && got.zone === "answer");
  const clarified = inScope.filter(({ got }) => got.flow === null && got.zone === "clarify");
  return {
    top1: share(inScope, (one) => isAmong(one, 1)),
    top3: share(inScope, (one) => isAmong(one, choicesMax)),
    answered: answered.length / Math.max(1, inScope.length),
    answersRight: share(answered, (one) => isAmong(one, 1)),
    clarifyInThree: share(clarified, (one) => isAmong(one, choicesMax)),
    refused: share(outside, ({ got }) => got.flow === null && got.zone === "unknown"),
    wronglyHandled: outside.length === 0 ? 0 : share(outside, ({ got }) => got.zone === "answer"),
    flows: share(flows, ({ question, got }) => got.flow === question.flow),
    people: share(people, ({ got }) => got.flow === "live-agent"),
    language: share(judged, ({ question, got }) => got.locale === (question.locale ?? locale)),
  };
}

function isAmong({ question, got }: Judged, count: number): boolean {
  return got.articles.slice(0, count).some((one) => one.id === question.article);
}

function share<T>(list: readonly T[], holds: (one: T) => boolean): number {
  return list.length === 0 ? 1 : list.filter(holds).length / list.length;
}
