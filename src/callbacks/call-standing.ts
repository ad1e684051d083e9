import type { CallReport, CallStanding } from "../../channels/channel.ts";

/** How a call of ours stands: the provider's word, or what we know before it has said one. */
export type CallState = "dialling" | "unknown" | CallStanding;

const ranks: Readonly<Record<CallState, number>> = {
  dialling: 0,
  unknown: 0,
  queued: 1,
  ringing: 2,
  "in-progress": 3,
  completed: 4,
  busy: 4,
  "no-answer": 4,
  failed: 4,
  canceled: 4,
};
const ended = 4;

export function hasEnded(state: CallState): boolean {
  return ranks[state] === ended;
}

export interface KnownCall {
  readonly state: CallState;
  readonly sequence: number;
  readonly answeredBy: "human" | "machine" | null;
}

/**
 * The call after a report; null when it says nothing new. Standings only move forward, so reports may come late, twice and
 * in any order; an end is final. Who answered may become known at any time, but is said once. Pure.
 */
export function afterReport(
  call: KnownCall,
  report: Pick<CallReport, "state" | "sequence" | "answeredBy">,
): KnownCall | null {
  const forward = ranks[report.state] > ranks[call.state];
  const answeredBy = call.answeredBy ?? report.answeredBy;
  const sequence = Math.max(call.sequence, report.sequence ?? -1);
  if (!forward && answeredBy === call.answeredBy && sequence === call.sequence) return null;
  return { state: forward ? report.state : call.state, sequence, answeredBy };
}
