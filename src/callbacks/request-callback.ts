import type { TransactionSql } from "../db/client.ts";
import type { CallDesk } from "./desk.ts";
import { teamFor } from "./hours.ts";
import { isPromisable } from "./machine.ts";
import { checkFor, refusesCalls, requestAllowances, rungEnough, takeAllowances } from "./phone-policy.ts";
import { cancelPromise, changePromise, insertPromise } from "./promise-call.ts";
import { takeSlot } from "./slots.ts";
import { openCallbackOf } from "./store.ts";
import { zonesOf } from "./where.ts";

export interface CallbackRequest {
  readonly conversationId: string;
  readonly contactId: string;
  readonly phone: string;
  /** They wrote or called from this number. */
  readonly proven: boolean;
  /** The customer's words for when. */
  readonly wish: string | null;
  /** Null: no time was named. */
  readonly wantedAt: number | null;
  /** They want it as soon as possible: that takes the place of a time they had. */
  readonly asap: boolean;
  /** The customer named this time: it may lie outside the calling hours, but not where nobody could call. */
  readonly picked: boolean;
  /** The one that they named or chose. */
  readonly zone: string | null;
  /** The one of their browser's clock, as far as it said. */
  readonly browserZone?: string | null;
  readonly topic: string | null;
  readonly locale: string | null;
  readonly source: string;
  /** The IP address it came from, if any. */
  readonly address: string | null;
  /** They waited for a person since then, and keep that place in line; left out: they begin to wait now. */
  readonly inLineSince?: Date | null;
}

export type RequestOutcome =
  /** `at`: the time that is promised now; null: as soon as possible. */
  | { readonly outcome: "promised"; readonly id: string; readonly merged: boolean; readonly at: number | null }
  | { readonly outcome: "not-a-number" | "country-not-called" | "refused-range" | "too-many" | "full" | "too-late" }
  /** Told to nobody but the owner of the number (M5). */
  | { readonly outcome: "opted-out" };

/** A customer asks for a call. One open callback per customer: a second request changes the first (R5). */
export async function requestCallback(
  sql: TransactionSql,
  desk: CallDesk,
  request: CallbackRequest,
): Promise<RequestOutcome> {
  await sql`select 1 from conversations where id = ${request.conversationId} for update`;
  const open = await openCallbackOf(sql, request.contactId);
  const known = request.proven || (open?.proven === true && open.phone === request.phone);
  const number = checkFor(desk, request.phone, known);
  if (number.outcome !== "callable") return { outcome: number.outcome };
  const phone = number.number;
  const now = new Date(desk.now());
  const rungAt = new Date(Math.max(now.getTime(), request.wantedAt ?? 0));
  if (!known && open === null && (await rungEnough(sql, phone, rungAt, desk.caps))) return { outcome: "too-many" };
  const full = await takeAllowances(
    sql,
    requestAllowances(
      { phone, country: number.country, contactId: request.contactId, address: request.address },
      now,
      desk.caps,
    ),
  );
  if (full !== null) return { outcome: "too-many" };
  // M5: who has not proved that the number is theirs hears the same as of any other; the dialler leaves it alone.
  if (request.proven && (await refusesCalls(sql, phone))) return { outcome: "opted-out" };
  const hours = await desk.hours(sql);
  const team = teamFor(hours, request.locale);
  // An offer that was taken up too late, or a date of fancy.
  if (request.wantedAt !== null && !isPromisable(request.wantedAt, desk.now())) return { outcome: "full" };
  // Agents keep hours and have two hands; the assistant has neither.
  if (request.wantedAt !== null && !(request.picked && hours.mode === "assistant-first")) {
    const where = { hours, team, deskZone: desk.deskZone, at: request.wantedAt };
    if ((await takeSlot(sql, open === null ? where : { ...where, except: open.id })) !== "room")
      return { outcome: "full" };
  }
  const zones = await zonesOf({ chosen: request.zone, browser: request.browserZone ?? null, phone });
  const given = { ...request, phone, zones, team: team.name || null, agentId: null };
  if (open === null) {
    const id = await insertPromise(sql, desk, given);
    await keepPlace(sql, id, request);
    return { outcome: "promised", id, merged: false, at: request.wantedAt };
  }
  // A second request without a time asks about the same call.
  const when = request.wantedAt !== null || request.asap ? request : null;
  const changed = await changePromise(sql, desk, open, { ...given, when, change: "merged" });
  if (changed === null) return { outcome: "too-late" };
  await keepPlace(sql, open.id, request);
  const at = changed.wantedAt !== null && changed.dueAt > desk.now() ? changed.dueAt : null;
  return { outcome: "promised", id: open.id, merged: true, at };
}

/** Whoever waited on the line is before those who asked while they waited; nobody gives up a place that they had. */
async function keepPlace(sql: TransactionSql, id: string, { inLineSince }: CallbackRequest): Promise<void> {
  if (inLineSince == null) return;
  await sql`update callbacks set in_line_since = least(in_line_since, ${inLineSince}) where id = ${id}`;
}

/** Cancels the customer's open callback; false when there was none. Cancel wins until dialling is committed. */
export async function cancelCallback(
  sql: TransactionSql,
  desk: CallDesk,
  conversationId: string,
  contactId: string,
): Promise<boolean> {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
  const open = await openCallbackOf(sql, contactId);
  return open === null ? false : cancelPromise(sql, desk, open.id);
}
