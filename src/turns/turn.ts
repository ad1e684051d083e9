import type { ContactAddress } from "../../channels/channel.ts";
import type { TransactionSql } from "../db/client.ts";
import type { Part, ReplyMeta } from "../lib/message.ts";

/** An inbound message, or a burst of them, that waits for one answer; held by this worker under a lease. */
export interface WaitingTurn {
  readonly id: string;
  readonly token: string;
  readonly conversationId: string;
  readonly contactId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly attempts: number;
  readonly fence: number;
  readonly locale: string | null;
  readonly flow: Readonly<Record<string, unknown>>;
  readonly episodeFromSeq: number;
  readonly channel: string;
  readonly account: string;
  readonly addressId: string;
  readonly address: ContactAddress;
  readonly wording: "full" | "short" | "spoken";
  readonly messages: readonly {
    readonly seq: number;
    readonly parts: readonly Part[];
    readonly locale: string | null;
    /** The provider's id of it, if it came from one. */
    readonly externalId?: string | null;
  }[];
}

/** A turn as the database gives it, before its channel says how it is worded. */
export type HeldTurn = Omit<WaitingTurn, "wording">;

/** What the assistant wants to do about a turn. */
export interface Decision {
  /** Null: nothing is said (the turn ends in silence on purpose, e.g. an emoji after a goodbye). */
  readonly parts: readonly Part[] | null;
  readonly meta: ReplyMeta | null;
  readonly locale: string;
  /** The flow's new state; null leaves it as it is. */
  readonly flow: Readonly<Record<string, unknown>> | null;
  /**
   * What must become true together with the reply (a hand-off, a callback), in its transaction. Throws NoLongerTrue when
   * it cannot become so: nothing is written then, and the turn is decided anew.
   */
  readonly alongside?: (sql: TransactionSql) => Promise<void>;
}

/** What a reply says was so when it was made, and is not so now: a slot was taken, a call is being dialled. */
export class NoLongerTrue extends Error {
  override readonly name = "NoLongerTrue";
}

/** Shows what there is so far of an answer in this language. */
export type ShowsDraft = (text: string, locale: string) => void;

export interface Decides {
  /**
   * Never throws for bad input; may take up to a minute with a language model, which shows what it has so far: whole
   * sentences that the guard has passed, not yet the answer.
   */
  decide(turn: WaitingTurn, signal: AbortSignal, showDraft?: ShowsDraft): Promise<Decision>;
  /** The honest sentence and the hand-off when no answer could be made (L4). */
  giveUp(turn: WaitingTurn): Decision;
}
