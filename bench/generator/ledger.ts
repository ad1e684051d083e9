/** What became of the messages of one run. Everything but `answered` must be zero in an honest service. */
export interface Tally {
  answered: number;
  /** Acknowledged, and no reply came while we waited for it. */
  lost: number;
  /** A reply to a customer who waits for none. */
  duplicated: number;
  /** The answer to an earlier turn of this customer, in the place of the one that is due. */
  outOfOrder: number;
  /** The answer to something the customer never asked. */
  wrong: number;
}

export type Verdict = "answered" | "duplicated" | "outOfOrder" | "wrong";

export interface Ledger {
  /** The customer asked; this is the only right reply. */
  asked(customer: number, expected: string): void;
  /** Judges a reply that reached the customer. Only "answered" ends the wait. */
  replied(customer: number, text: string): Verdict;
  /** Ends the wait of a customer whose message was refused: no reply is owed. */
  refused(customer: number): void;
  /** Counts who still waits as lost, forgets them, and gives the figures since the last call. */
  close(): Tally;
}

/** Earlier answers remembered per customer; a reply later than this would be counted as wrong, which also fails. */
const rememberedMax = 8;

/**
 * Keeps the books for customers who ask one thing at a time. A customer's consecutive questions must have different
 * answers, otherwise a reply in the wrong place could not be told from the right one.
 */
export function createLedger(): Ledger {
  const due = new Map<number, string>();
  const earlier = new Map<number, string[]>();
  let tally = empty();

  function judge(customer: number, text: string): Verdict {
    const expected = due.get(customer);
    if (expected === undefined) return "duplicated";
    if (expected === text) return "answered";
    return earlier.get(customer)?.includes(text) === true ? "outOfOrder" : "wrong";
  }

  return {
    asked(customer, expected) {
      due.set(customer, expected);
    },
    replied(customer, text) {
      const verdict = judge(customer, text);
      tally[verdict] += 1;
      if (verdict === "answered") {
        due.delete(customer);
        earlier.set(customer, [text, ...(earlier.get(customer) ?? [])].slice(0, rememberedMax));
      }
      return verdict;
    },
    refused(customer) {
      due.delete(customer);
    },
    close() {
      const closed = { ...tally, lost: due.size };
      due.clear();
      tally = empty();
      return closed;
    },
  };
}

function empty(): Tally {
  return { answered: 0, lost: 0, duplicated: 0, outOfOrder: 0, wrong: 0 };
}
