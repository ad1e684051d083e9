/** One entry of the provider's own record: the judge of what a customer saw. */
export interface JournalEntry {
  readonly n: number;
  readonly at: number;
  readonly channel: "sms" | "whatsapp" | "voice";
  readonly direction: "out" | "in";
  /** The customer's number. */
  readonly customer: string;
  /** The company's number or sender id. */
  readonly ours: string;
  readonly body: string;
  readonly sid: string;
  readonly deliveryId: string | null;
  readonly options: readonly { readonly id: string; readonly title: string }[];
  status: string;
  /** Why it will not arrive, in the provider's code; it says so in a later report. */
  readonly failure?: number;
}

/** What a customer saw, in the order it was accepted. */
export interface Seen {
  readonly at: number;
  readonly channel: string;
  readonly to: string;
  readonly body: string;
  readonly sid: string;
  readonly deliveryId: string | null;
}

export interface Journal {
  add(entry: Omit<JournalEntry, "n" | "at">): JournalEntry;
  /** Everything accepted for customers after the first `from` of them. */
  seen(from?: number): Seen[];
  of(channel: string, customer: string): readonly JournalEntry[];
}

/** Append-only and in memory; indexed by customer, because look-ups and the phone ask by number. */
export function createJournal(clock: () => number): Journal {
  const outgoing: JournalEntry[] = [];
  const byCustomer = new Map<string, JournalEntry[]>();
  let count = 0;
  return {
    add(given) {
      const entry: JournalEntry = { n: ++count, at: clock(), ...given };
      if (entry.direction === "out") outgoing.push(entry);
      const key = `${entry.channel} ${entry.customer}`;
      const thread = byCustomer.get(key);
      if (thread === undefined) byCustomer.set(key, [entry]);
      else thread.push(entry);
      return entry;
    },
    seen: (from = 0) =>
      outgoing.slice(from).map(({ at, channel, customer, body, sid, deliveryId }) => ({
        at,
        channel,
        to: customer,
        body,
        sid,
        deliveryId,
      })),
    of: (channel, customer) => byCustomer.get(`${channel} ${customer}`) ?? [],
  };
}
