import type { CallPlan } from "../../channels/channel.ts";
import type { Sql, TransactionSql } from "../db/client.ts";
import type { Leg } from "./legs.ts";

/** What has to be done once the transaction is on disk. Whatever of it a crash loses, the dialler finds again. */
export interface Aftermath {
  /** Legs that were written down and are to be placed now. */
  readonly place: string[];
  /** Lines, by the provider's id, that nobody needs any more. */
  readonly hangUp: string[];
  /** Callers who shall hear at once what comes next for them. */
  readonly callBack: { readonly externalId: string; readonly locale: string }[];
  readonly conversations: Set<string>;
}

export function noAftermath(): Aftermath {
  return { place: [], hangUp: [], callBack: [], conversations: new Set() };
}

/** A line that asks what comes next, and the language in which it hears so. */
export type Caller = Aftermath["callBack"][number];

/** Who follows the lines that belong to no callback: those of live calls (src/calls). */
export interface LineFollower {
  /** What an agent who answers hears; null: what it was for is over. */
  plan(sql: TransactionSql, leg: Leg, digits: string | null, after: Aftermath): Promise<CallPlan | null>;
  /** What news of a line mean for the others. */
  follow(sql: TransactionSql, leg: Leg, after: Aftermath): Promise<void>;
  /**
   * An agent's line of a promised call is over while the customer is on theirs. Gives the customer, where nobody stays
   * with them: what they hear next is asked like a caller's own.
   */
  left(sql: TransactionSql, leg: Leg): Promise<Caller | null>;
  /** The customer of a promised call waits, and their call is offered: first to the agent whom their line names. */
  offer(sql: TransactionSql, leg: Leg): Promise<void>;
  /** Callers whom everybody left some seconds ago, and who were never asked to hear what comes next. */
  forgotten(sql: Sql): Promise<readonly Caller[]>;
  /** Colleagues who were asked into a call, and whose inbox has rung for long enough. */
  unanswered(sql: Sql): Promise<readonly string[]>;
  /** One of those is asked no more, and whoever asked them sees so. */
  endInvitation(sql: TransactionSql, offerId: string, after: Aftermath): Promise<void>;
}
