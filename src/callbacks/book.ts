import type { Db, TransactionSql } from "../db/client.ts";
import type { Resolved } from "../lib/zoned-time.ts";
import { applyToCallback } from "./apply.ts";
import { callingHours } from "./calling-hours.ts";
import type { CallDesk } from "./desk.ts";
import { appendCallbackEvent } from "./events.ts";
import { teamFor } from "./hours.ts";
import { aheadMaxMs, pastMaxMs } from "./machine.ts";
import { checkFor, refusesCalls } from "./phone-policy.ts";
import { changePromise, insertPromise } from "./promise-call.ts";
import { takeSlot } from "./slots.ts";
import { type CallbackRow, isOver, lockCallback, openCallbackOf } from "./store.ts";
import { tellCustomer, tellPromised } from "./tell.ts";
import { zonesOf } from "./where.ts";

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
  /** The customer chose this time: it may lie outside the calling hours and the desk's, and in a slot that is full. */
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
  | "desk-closed"
  | "slot-full"
  | "too-late";

export type BookingOutcome =
  | { readonly outcome: "booked"; readonly id: string; readonly conversationId: string }
  /** The customer has one already: it can be moved. */
  | { readonly outcome: "has-one"; readonly id: string }
  | { readonly outcome: BookingRefusal };

/** Promises a customer a call, and tells them. Asked again for the same number and time, it gives the first one; one open per customer (R5). */
export async function bookCallback(desk: CallDesk, agentId: string, booking: Booking): Promise<BookingOutcome> {
  const untimely = booking.when === null ? null : faultOfTime(desk, booking.when, booking.customerPicked);
  if (untimely !== null) return { outcome: untimely };
  return desk.db.transaction(async (sql): Promise<BookingOutcome> => {
    const contact = await lockContact(sql, booking.conversationId);
    if (contact === null) return { outcome: "not-found" };
    const phone = await phoneFor(sql, desk, contact.id, booking.phone);
    if (phone.outcome !== "callable") return { outcome: phone.outcome };
    const open = await openCallbackOf(sql, contact.id);
    const { when, conversationId } = booking;
    if (open !== null) {
      const same = open.phone === phone.number && open.wantedAt === (when?.at.getTime() ?? null);
      return same ? { outcome: "booked", id: open.id, conversationId } : { outcome: "has-one", id: open.id };
    }
    const full = when === null || booking.customerPicked ? null : await noRoom(sql, desk, when, contact, null);
    if (full !== null) return { outcome: full };
    const id = await insertPromise(sql, desk, {
      conversationId,
      contactId: contact.id,
      phone: phone.number,
      proven: phone.proven,
      wantedAt: when?.at.getTime() ?? null,
      picked: booking.customerPicked,
      zone: when?.zone ?? null,
      zones: await zonesOf({ chosen: when?.zone ?? null, phone: phone.number }),
      wish: null,
      topic: booking.topic,
      locale: contact.locale,
      team: teamFor(await desk.hours(sql), contact.locale).name || null,
      source: "agent",
      agentId,
    });
    await tellPromised(sql, desk, id);
    return { outcome: "booked", id, conversationId };
  });
}

export interface CallbackEdit {
  readonly phone?: string;
  readonly topic?: string | null;
  readonly when?: When;
  readonly customerPicked?: boolean;
  /** Who takes it; null: whoever is free. */
  readonly agentId?: string | null;
  readonly end?: {
    readonly state: "cancelled" | "done" | "missed";
    readonly outcome: string | null;
    readonly disposition?: string | null;
  };
}

/**
 * Moves, corrects, cancels, assigns or ends a callback; every change stands in the timeline, and the customer is told of
 * another time and of the end of it. A repeated request changes and tells nothing.
 */
export async function editCallback(
  desk: CallDesk,
  agentId: string,
  id: string,
  edit: CallbackEdit,
): Promise<BookingOutcome> {
  const untimely = edit.when === undefined ? null : faultOfTime(desk, edit.when, edit.customerPicked ?? false);
  if (untimely !== null) return { outcome: untimely };
  return desk.db.transaction(async (sql): Promise<BookingOutcome> => {
    const now = await lockCallback(sql, id);
    if (now === null) return { outcome: "not-found" };
    const booked = { outcome: "booked", id, conversationId: now.conversationId } as const;
    if (edit.end !== undefined)
      return (await end(sql, desk, now, agentId, edit.end)) ? booked : { outcome: "too-late" };
    const phone = edit.phone === undefined ? null : await phoneFor(sql, desk, now.contactId, edit.phone);
    if (phone !== null && phone.outcome !== "callable") return { outcome: phone.outcome };
    const { when } = edit;
    const full = when === undefined || edit.customerPicked === true ? null : await noRoom(sql, desk, when, now, now.id);
    if (full !== null) return { outcome: full };
    if (when === undefined && phone === null)
      return (await note(sql, now, agentId, edit)) ? booked : { outcome: "too-late" };
    const moved = await changePromise(sql, desk, now, {
      phone: phone?.number ?? null,
      proven: phone?.proven ?? now.proven,
      when: when === undefined ? null : { wantedAt: when.at.getTime(), picked: edit.customerPicked ?? false },
      zone: when?.zone ?? null,
      zones: [],
      wish: null,
      topic: edit.topic ?? null,
      locale: now.locale,
      team: null,
      agentId,
      change: when === undefined ? "corrected" : "moved",
    });
    if (moved === null) return { outcome: "too-late" };
    await note(sql, now, agentId, edit);
    if (moved.wantedAt !== now.wantedAt) await tellCustomer(sql, desk, moved, "moved");
    return booked;
  });
}

/** Is somebody there at this time, with room for one more call? Null: yes. */
async function noRoom(
  sql: TransactionSql,
  desk: CallDesk,
  { at }: When,
  { locale, team: name }: { readonly locale: string | null; readonly team?: string | null },
  except: string | null,
): Promise<"desk-closed" | "slot-full" | null> {
  const hours = await desk.hours(sql);
  const team = hours.teams.find((one) => name != null && one.name === name) ?? teamFor(hours, locale);
  const where = { hours, team, deskZone: desk.deskZone, at: at.getTime() };
  const room = await takeSlot(sql, except === null ? where : { ...where, except });
  return room === "room" ? null : room === "full" ? "slot-full" : "desk-closed";
}

/** What changes nothing about when and where it is dialled: the topic, and who takes it. */
async function note(sql: TransactionSql, now: CallbackRow, agentId: string, edit: CallbackEdit): Promise<boolean> {
  if (isOver(now.state)) return false;
  const { topic, agentId: taker } = edit;
  if (topic !== undefined) await sql`update callbacks set topic = ${topic}, updated_at = now() where id = ${now.id}`;
  if (taker === undefined) return true;
  await sql`update callbacks set agent_id = ${taker}, updated_at = now() where id = ${now.id}`;
  await appendCallbackEvent(sql, now.conversationId, agentId, {
    callback: now.id,
    change: taker === null ? "released" : "assigned",
    state: now.state,
    to: taker,
  });
  return true;
}

/** Ends it with what came of it; noted again after it has ended so (wrap-up), it only adds the words. */
async function end(
  sql: TransactionSql,
  desk: CallDesk,
  now: CallbackRow,
  agentId: string,
  { state, outcome, disposition }: NonNullable<CallbackEdit["end"]>,
): Promise<boolean> {
  if (now.state !== state) {
    const event = state === "cancelled" ? ({ type: "cancel" } as const) : ({ type: "ended", as: state } as const);
    const { stepped } = await applyToCallback(sql, desk, now, event, { agentId, change: state, outcome });
    if (!stepped.accepted) return false;
    if (state === "cancelled") await tellCustomer(sql, desk, now, "cancelled");
  }
  await sql`update callbacks set outcome = coalesce(${outcome}, outcome), disposition = coalesce(${disposition ?? null}, disposition)
    where id = ${now.id}`;
  // Who says what came of it has wrapped their call up.
  await sql`update calls set wrapped_at = now(), disposition = ${disposition ?? null}
    where callback_id = ${now.id} and agent_id = ${agentId} and leg = 'agent' and ended_at is not null and wrapped_at is null`;
  return true;
}

function faultOfTime(
  desk: CallDesk,
  { at, zone }: When,
  customerPicked: boolean,
): "past" | "too-far" | "outside-hours" | null {
  const ahead = at.getTime() - desk.now();
  if (ahead < -pastMaxMs) return "past";
  if (ahead > aheadMaxMs) return "too-far";
  return customerPicked || callingHours([zone]).allows(at.getTime()) ? null : "outside-hours";
}

async function phoneFor(sql: TransactionSql, desk: CallDesk, contactId: string, stated: string | null) {
  // Who only called shows a number that anybody can show (channels.md 5.1).
  const known = await sql<{ value: string; optedOut: boolean; proven: boolean }[]>`
    select a.value, bool_or(a.opted_out_at is not null) as "optedOut",
      bool_or(a.channel is distinct from ${desk.phone()?.name ?? null}::text) as proven
    from contact_addresses a
    where a.contact_id = ${contactId} and a.kind = 'e164' group by a.value order by max(a.created_at) desc`;
  const text = stated ?? known[0]?.value;
  if (text === undefined) return { outcome: "no-number" } as const;
  const own = known.find((one) => one.value === text.replaceAll(/[^\d+]/g, ""));
  // R5: never to someone who opted out, on whichever channel they said so.
  if (own?.optedOut === true) return { outcome: "opted-out" } as const;
  const checked = checkFor(desk, text, own?.proven === true);
  if (checked.outcome !== "callable") return checked;
  if (await refusesCalls(sql, checked.number)) return { outcome: "opted-out" } as const;
  return { ...checked, proven: known.some((one) => one.proven && one.value === checked.number) };
}

async function lockContact(sql: TransactionSql, conversationId: string) {
  const [row] = await sql<{ id: string; locale: string | null }[]>`
    select c.contact_id as id, coalesce(c.locale, p.locale) as locale from conversations c
    join contacts p on p.id = c.contact_id where c.id = ${conversationId} for update of c`;
  return row ?? null;
}

/** The conversation of a contact; null when there is no such person. */
export async function conversationOfContact(db: Db, contactId: string): Promise<string | null> {
  const [row] = await db.run(
    (sql) => sql<{ id: string }[]>`select id from conversations where contact_id = ${contactId}`,
  );
  return row?.id ?? null;
}
