import type { Db, TransactionSql } from "../db/client.ts";
import { localTimeOf, type Resolved } from "../lib/zoned-time.ts";
import { appendCallbackEvent } from "./events.ts";
import { checkPhone } from "./phone.ts";
import { type CallbackState, nextCallbackState, openStates } from "./states.ts";

/** safety.md: 8:00 to 20:00 where the customer is, unless the customer picked the slot. */
const callingHours = { from: 8, to: 20 } as const;
/** Nobody remembers a promise for longer. */
const aheadMaxMs = 90 * 86_400_000;
/** The agent's clock may be a little behind ours. */
const pastMaxMs = 60_000;

export interface When extends Resolved {
  readonly zone: string;
}

export interface Booking {
  readonly conversationId: string;
  /** Null: the number that the customer wrote or called from. */
  readonly phone: string | null;
  /** Null: as soon as possible. */
  readonly when: When | null;
  readonly topic: string | null;
  readonly customerPicked: boolean;
}

export type BookingRefusal =
  | "not-found"
  | "no-number"
  | "not-a-number"
  | "country-not-called"
  | "refused-range"
  | "opted-out"
  | "past"
  | "too-far"
  | "outside-hours"
  | "too-late";

export type BookingOutcome =
  | { readonly outcome: "booked"; readonly id: string; readonly conversationId: string }
  /** The customer has one already: it can be moved. */
  | { readonly outcome: "has-one"; readonly id: string }
  | { readonly outcome: BookingRefusal };

/** Promises a customer a call. Asked again for the same number and time, it gives the first one; one open per customer (R5). */
export async function bookCallback(
  deps: { readonly db: Db; readonly countries: readonly string[] },
  agentId: string,
  booking: Booking,
): Promise<BookingOutcome> {
  const untimely = booking.when === null ? null : faultOfTime(booking.when, booking.customerPicked);
  if (untimely !== null) return { outcome: untimely };
  return deps.db.transaction(async (sql): Promise<BookingOutcome> => {
    const contact = await lockContact(sql, booking.conversationId);
    if (contact === null) return { outcome: "not-found" };
    const phone = await phoneFor(sql, contact.id, booking.phone, deps.countries);
    if (phone.outcome !== "callable") return { outcome: phone.outcome };
    const open = await openCallback(sql, contact.id);
    if (open !== null) {
      const same = open.phone === phone.number && open.wantedAt?.getTime() === booking.when?.at.getTime();
      return same
        ? { outcome: "booked", id: open.id, conversationId: booking.conversationId }
        : { outcome: "has-one", id: open.id };
    }
    const { when } = booking;
    const state = when === null ? "requested" : "scheduled";
    const [row] = await sql<{ id: string }[]>`
      insert into callbacks (contact_id, conversation_id, state, phone, wanted_at, zone, local_time, topic, locale, source, requested_by)
      values (${contact.id}, ${booking.conversationId}, ${state}, ${phone.number}, ${when?.at ?? null}, ${when?.zone ?? null},
        ${when?.localTime ?? null}, ${booking.topic}, ${contact.locale}, 'agent', ${agentId}) returning id`;
    if (row === undefined) throw new Error("The callback was not stored.");
    const data = {
      callback: row.id,
      change: "booked",
      state,
      localTime: when?.localTime ?? null,
      zone: when?.zone ?? null,
    };
    await appendCallbackEvent(sql, booking.conversationId, agentId, data);
    return { outcome: "booked", id: row.id, conversationId: booking.conversationId };
  });
}

export interface CallbackEdit {
  readonly phone?: string;
  readonly topic?: string | null;
  readonly when?: When;
  readonly customerPicked?: boolean;
  readonly end?: { readonly state: "cancelled" | "done" | "missed"; readonly outcome: string | null };
}

/** Moves, corrects, cancels or ends a callback; every change stands in the timeline. A repeated request changes nothing. */
export async function editCallback(
  deps: { readonly db: Db; readonly countries: readonly string[] },
  agentId: string,
  id: string,
  edit: CallbackEdit,
): Promise<BookingOutcome> {
  const untimely = edit.when === undefined ? null : faultOfTime(edit.when, edit.customerPicked ?? false);
  if (untimely !== null) return { outcome: untimely };
  return deps.db.transaction(async (sql): Promise<BookingOutcome> => {
    const now = await lockCallback(sql, id);
    if (now === null) return { outcome: "not-found" };
    const booked = { outcome: "booked", id, conversationId: now.conversationId } as const;
    if (edit.end !== undefined && edit.end.state === now.state) return booked;
    const next = stateAfter(now.state, edit);
    if (next === null) return { outcome: "too-late" };
    const phone =
      edit.phone === undefined
        ? ({ outcome: "callable", number: now.phone } as const)
        : await phoneFor(sql, now.contactId, edit.phone, deps.countries);
    if (phone.outcome !== "callable") return { outcome: phone.outcome };
    const at = edit.when?.at ?? now.wantedAt;
    await sql`update callbacks set state = ${next}, phone = ${phone.number}, wanted_at = ${at},
        zone = ${edit.when?.zone ?? now.zone}, local_time = ${edit.when?.localTime ?? now.localTime},
        topic = ${edit.topic === undefined ? now.topic : edit.topic}, outcome = ${edit.end?.outcome ?? now.outcome},
        updated_at = now()
      where id = ${id}`;
    await appendCallbackEvent(sql, now.conversationId, agentId, {
      callback: id,
      change: edit.end === undefined ? (edit.when === undefined ? "corrected" : "moved") : edit.end.state,
      state: next,
      localTime: edit.when?.localTime ?? now.localTime,
      zone: edit.when?.zone ?? now.zone,
      outcome: edit.end?.outcome ?? null,
    });
    return booked;
  });
}

function stateAfter(now: CallbackState, { end, when }: CallbackEdit): CallbackState | null {
  if (end !== undefined) return nextCallbackState(now, end.state === "cancelled" ? "cancel" : end.state);
  const moved = nextCallbackState(now, "move");
  return moved === null || when !== undefined ? moved : now;
}

function faultOfTime({ at, zone }: When, customerPicked: boolean): "past" | "too-far" | "outside-hours" | null {
  const ahead = at.getTime() - Date.now();
  if (ahead < -pastMaxMs) return "past";
  if (ahead > aheadMaxMs) return "too-far";
  const hour = Number(localTimeOf(at, zone).slice(11, 13));
  return customerPicked || (hour >= callingHours.from && hour < callingHours.to) ? null : "outside-hours";
}

async function phoneFor(sql: TransactionSql, contactId: string, stated: string | null, countries: readonly string[]) {
  const known = await sql<{ value: string; optedOut: boolean }[]>`
    select a.value, bool_or(a.opted_out_at is not null) as "optedOut" from contact_addresses a
    where a.contact_id = ${contactId} and a.kind = 'e164' group by a.value order by max(a.created_at) desc`;
  const text = stated ?? known[0]?.value;
  if (text === undefined) return { outcome: "no-number" } as const;
  const own = known.find((one) => one.value === text.replaceAll(/[^\d+]/g, ""));
  // R5: never to someone who opted out, on whichever channel they said so.
  if (own?.optedOut === true) return { outcome: "opted-out" } as const;
  return checkPhone(text, countries, own !== undefined);
}

async function lockContact(sql: TransactionSql, conversationId: string) {
  const [row] = await sql<{ id: string; locale: string | null }[]>`
    select c.contact_id as id, coalesce(c.locale, p.locale) as locale from conversations c
    join contacts p on p.id = c.contact_id where c.id = ${conversationId} for update of c`;
  return row ?? null;
}

async function openCallback(sql: TransactionSql, contactId: string) {
  const [row] = await sql<{ id: string; phone: string | null; wantedAt: Date | null }[]>`
    select id, phone, wanted_at as "wantedAt" from callbacks
    where contact_id = ${contactId} and state in ${sql([...openStates])}`;
  return row ?? null;
}

interface CallbackRow {
  readonly contactId: string;
  readonly conversationId: string;
  readonly state: CallbackState;
  readonly phone: string | null;
  readonly wantedAt: Date | null;
  readonly zone: string | null;
  readonly localTime: string | null;
  readonly topic: string | null;
  readonly outcome: string | null;
}

/** The conversation first, as everybody who writes an event does: so no two of them wait for each other. */
async function lockCallback(sql: TransactionSql, id: string): Promise<CallbackRow | null> {
  await sql`select 1 from conversations where id = (select conversation_id from callbacks where id = ${id}) for update`;
  const [row] = await sql<CallbackRow[]>`
    select contact_id as "contactId", conversation_id as "conversationId", state, phone, wanted_at as "wantedAt", zone,
      local_time as "localTime", topic, outcome from callbacks where id = ${id} for update`;
  return row ?? null;
}

/** The conversation of a contact; null when there is no such person. */
export async function conversationOfContact(db: Db, contactId: string): Promise<string | null> {
  const [row] = await db.run(
    (sql) => sql<{ id: string }[]>`select id from conversations where contact_id = ${contactId}`,
  );
  return row?.id ?? null;
}
