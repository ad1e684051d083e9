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
  /** What a customer sent with it, until it is removed. */
  media?: readonly Media[];
  /** Why it will not arrive, in the provider's code; it says so in a later report. */
  readonly failure?: number;
}

export interface Media {
  readonly sid: string;
  readonly mime: string;
  readonly bytes: Buffer;
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
  /** What customers sent to this number or sender id of the company. */
  sentTo(channel: string, ours: string): readonly JournalEntry[];
  all(): readonly JournalEntry[];
}

/** Append-only and in memory; indexed by number, because look-ups and the phone ask by it. */
export function createJournal(clock: () => number): Journal {
  const outgoing: JournalEntry[] = [];
  const everything: JournalEntry[] = [];
  const byCustomer = new Map<string, JournalEntry[]>();
  const incoming = new Map<string, JournalEntry[]>();
  let count = 0;
  return {
    add(given) {
      const entry: JournalEntry = { n: ++count, at: clock(), ...given };
      everything.push(entry);
      if (entry.direction === "out") outgoing.push(entry);
      append(byCustomer, `${entry.channel} ${entry.customer}`, entry);
      if (entry.direction === "in") append(incoming, `${entry.channel} ${entry.ours}`, entry);
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
    sentTo: (channel, ours) => incoming.get(`${channel} ${ours}`) ?? [],
    all: () => everything,
  };
}

function append(lists: Map<string, JournalEntry[]>, key: string, entry: JournalEntry): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}
