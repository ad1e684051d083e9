import type postgres from "postgres";
import type { Seen } from "../../../src/simulator/journal.ts";
import { isCounted } from "./counting-assistant.ts";
import type { Sent } from "./customers.ts";

export type FaultKind = "lost" | "duplicated" | "out of order" | "stuck" | "torn";

/** What is wrong as soon as it is seen; what is stuck is known only when time was given to it. */
export type EarlySeen = Exclude<FaultKind, "stuck">;

export interface Fault {
  readonly kind: FaultKind;
  readonly conversationId: string;
  readonly what: string;
}

/** What PostgreSQL holds of one customer. */
interface Truth {
  readonly conversationId: string;
  readonly nextSeq: number;
  readonly counted: number;
  readonly inbound: readonly { readonly sid: string; readonly seq: number }[];
  readonly replies: readonly { readonly seq: number; readonly text: string; readonly turn: string }[];
  readonly eventSeqs: readonly number[];
  readonly openTurns: number;
  readonly deliveries: readonly { readonly id: string; readonly seq: number; readonly state: string }[];
}

const openStates = new Set(["ready", "sending", "unknown"]);

/** Is anything still to be answered or delivered? */
export async function openWork(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ open: number }[]>`select (
    (select count(*) from turns where state = 'open') +
    (select count(*) from deliveries where state in ('ready', 'sending', 'unknown')))::int as open`;
  return row?.open ?? 0;
}

/** Compares what customers sent, what the provider's log shows that they got, and what PostgreSQL says about both. */
export function judge(
  sent: readonly Sent[],
  log: readonly Seen[],
  truths: ReadonlyMap<string, readonly Truth[]>,
): Fault[] {
  const seenBy = groupBy(log, (seen) => seen.to);
  return sent.flatMap((one) => {
    const known = truths.get(one.number) ?? [];
    const [truth] = known;
    if (truth === undefined || known.length > 1) {
      return [{ kind: "lost", conversationId: "none", what: `${one.number} has ${known.length} conversations` }];
    }
    const seen = seenBy.get(one.number) ?? [];
    const fault = (kind: FaultKind) => (what: string) => ({ kind, conversationId: truth.conversationId, what });
    return [
      ...storedFaults(one, truth).map(({ kind, what }) => fault(kind)(what)),
      ...seenFaults(one, truth, seen).map(({ kind, what }) => fault(kind)(what)),
      ...deliveryFaults(truth, seen).map(({ kind, what }) => fault(kind)(what)),
      ...stuck(truth).map(fault("stuck")),
      ...torn(truth).map(fault("torn")),
    ];
  });
}

type Found = Omit<Fault, "conversationId">;

/** R1, R3: each acknowledged message is stored once, in the order in which it was sent. */
function storedFaults(sent: Sent, truth: Truth): Found[] {
  const found = sent.sids.map((sid) => truth.inbound.filter((message) => message.sid === sid));
  const faults: Found[] = found.flatMap((stored, index): Found[] => {
    if (stored.length === 1) return [];
    const kind = stored.length === 0 ? "lost" : "duplicated";
    return [{ kind, what: `message ${index + 1} was acknowledged and is stored ${stored.length} times` }];
  });
  const seqs = found.flatMap((stored) => stored[0]?.seq ?? []);
  return isAscending(seqs) ? faults : [...faults, { kind: "out of order", what: `stored in the order ${seqs}` }];
}

/** R1, R2, R3 with the customer's eyes: every number was answered, once, in order. */
function seenFaults(sent: Sent, truth: Truth, seen: readonly Seen[]): Found[] {
  const numbers = seen.flatMap(({ body }) => /^Re ([\d,]+)\./.exec(body)?.[1]?.split(",").map(Number) ?? []);
  const missing = sent.sids.map((_, index) => index + 1).filter((number) => !numbers.includes(number));
  const repeated = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  const faults: Found[] = [];
  // What is still open is stuck, not lost.
  if (missing.length > 0 && stuck(truth).length === 0) {
    faults.push({ kind: "lost", what: `the customer got no answer to ${missing}` });
  }
  if (repeated.length > 0) faults.push({ kind: "duplicated", what: `the customer got answers to ${numbers}` });
  else if (!isAscending(numbers)) faults.push({ kind: "out of order", what: `the customer got answers to ${numbers}` });
  return faults;
}

/** R2, R3 for every piece: the provider took each delivery once, in order, and what we call sent it really took. */
function deliveryFaults(truth: Truth, seen: readonly Seen[]): Found[] {
  const taken = seen.map((one) => one.deliveryId ?? "");
  const repeated = taken.filter((id, index) => taken.indexOf(id) !== index);
  const firsts = [...new Set(taken)];
  const expected = truth.deliveries.map((delivery) => delivery.id).filter((id) => firsts.includes(id));
  const faults: Found[] = repeated.map((id) => ({ kind: "duplicated", what: `delivery ${id} was taken twice` }));
  if (firsts.join() !== expected.join()) {
    faults.push({ kind: "out of order", what: `deliveries were taken in the order ${firsts}` });
  }
  for (const { id, state } of truth.deliveries) {
    if (openStates.has(state) || firsts.includes(id)) continue;
    faults.push({ kind: "lost", what: `delivery ${id} is ${state}, and the provider never took it` });
  }
  return faults;
}

function stuck(truth: Truth): string[] {
  const open = truth.deliveries
    .filter(({ state }) => openStates.has(state))
    .map(({ id, state }) => `${id} is ${state}`);
  return truth.openTurns > 0 ? ["a turn is open", ...open] : open;
}

/** What was written together stands together. */
function torn(truth: Truth): string[] {
  const faults: string[] = [];
  const gapFree = truth.eventSeqs.every((seq, index) => seq === index + 1);
  if (!gapFree || truth.nextSeq !== truth.eventSeqs.length + 1)
    faults.push(`the timeline has gaps: ${truth.eventSeqs}`);
  const counted = truth.replies.filter(({ text }) => isCounted(text, truth.conversationId)).length;
  if (counted !== truth.counted) faults.push(`${counted} replies were written with ${truth.counted} of their effects`);
  if (new Set(truth.replies.map(({ turn }) => turn)).size !== truth.replies.length)
    faults.push("a turn has two replies");
  return faults;
}

/** What PostgreSQL holds, by the customer's number. */
export async function readTruths(sql: postgres.Sql): Promise<Map<string, Truth[]>> {
  const rows = await sql<(Truth & { number: string })[]>`
    select a.value as number, c.id as "conversationId", c.next_seq::int as "nextSeq", c.priority as counted,
      (select coalesce(jsonb_agg(jsonb_build_object('sid', m.external_id, 'seq', m.seq) order by m.seq), '[]')
        from messages m where m.conversation_id = c.id and m.author = 'contact') as inbound,
      (select coalesce(jsonb_agg(jsonb_build_object('seq', m.seq, 'text', m.parts->0->>'text', 'turn', m.turn_id)
          order by m.seq), '[]')
        from messages m where m.conversation_id = c.id and m.author = 'assistant') as replies,
      (select coalesce(jsonb_agg(e.seq order by e.seq), '[]') from events e where e.conversation_id = c.id) as "eventSeqs",
      (select count(*)::int from turns t where t.conversation_id = c.id and t.state = 'open') as "openTurns",
      (select coalesce(jsonb_agg(jsonb_build_object('id', d.message_id || '.' || d.piece, 'seq', d.seq, 'state', d.state)
          order by d.seq, d.piece), '[]')
        from deliveries d where d.conversation_id = c.id) as deliveries
    from contact_addresses a join conversations c on c.contact_id = a.contact_id`;
  return groupBy(rows, (row) => row.number);
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
