export interface Moved {
  readonly conversationId: string;
  /** Up to here there is nothing that the caller does not know. */
  readonly knownSeq: number;
}

/**
 * Who signs in by a code during their call goes on in their account's conversation, which counts its events otherwise.
 * The session's numbers go on; here each is told apart from the conversation's own.
 */
export interface FollowedCall {
  readonly conversationId: string;
  /** The session's number of this seq of the present conversation. */
  shown(seq: number): number;
  /** How far the present conversation is known to a session that knows this much. */
  here(shown: number): number;
  /** What stands at the session's number. */
  stored(shown: number): { readonly conversationId: string; readonly seq: number };
  /** The call goes on there; `shown` is the last number that the session knows. */
  moveTo(moved: Moved, shown: number): void;
}

interface Span extends Moved {
  readonly offset: number;
}

export function followCall(first: string): FollowedCall {
  const before: Span[] = [];
  let span: Span = { conversationId: first, knownSeq: 0, offset: 0 };
  return {
    get conversationId() {
      return span.conversationId;
    },
    shown: (seq) => seq + span.offset,
    here: (shown) => Math.max(span.knownSeq, shown - span.offset),
    stored(shown) {
      const { conversationId, offset } = [...before, span].findLast((one) => shown - one.offset > one.knownSeq) ?? span;
      return { conversationId, seq: shown - offset };
    },
    moveTo(moved, shown) {
      before.push(span);
      span = { ...moved, offset: shown - moved.knownSeq };
    },
  };
}
