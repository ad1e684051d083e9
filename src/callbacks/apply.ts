import type { TransactionSql } from "../db/client.ts";
import { type CallingHours, callingHours } from "./calling-hours.ts";
import type { CallDesk } from "./desk.ts";
import { deskHours } from "./desk-hours.ts";
import { appendCallbackEvent } from "./events.ts";
import {
  type CallbackEvent,
  type CallbackPolicy,
  type Effect,
  type Stepped,
  type Surroundings,
  step,
} from "./machine.ts";
import { checkFor, dialAllowances, giveBackAllowances } from "./phone-policy.ts";
import { type CallbackRow, savePromised } from "./store.ts";
import { tellCustomer } from "./tell.ts";

const told = { late: "late", retry: "retry", expired: "expired" } as const;
/** M3: whoever owns a number that nobody wrote or called from is rung once. */
const attemptsUnproven = 1;

/**
 * Lets something happen to a locked callback: what the machine makes of it is stored, stands in the timeline, and is told
 * to the customer, all in the caller's transaction. Gives the row as it is afterwards; what has to be dialled is the
 * caller's to do.
 */
export async function applyToCallback(
  sql: TransactionSql,
  desk: CallDesk,
  row: CallbackRow,
  event: CallbackEvent,
  by: { readonly agentId: string | null; readonly change?: string; readonly outcome?: string | null } = {
    agentId: null,
  },
): Promise<{ readonly row: CallbackRow; readonly stepped: Stepped }> {
  const around = await aroundFor(sql, desk, row);
  const { now } = around;
  const stepped = step(row, event, around);
  if (!stepped.accepted) return { row, stepped };
  const next: CallbackRow = { ...row, ...stepped.callback };
  await savePromised(sql, row.id, next, now);
  const isCalledOff = next.state === "cancelled" && row.state === "dialling";
  if (isCalledOff) await callOff(sql, row);
  if (event.type === "not-dialled" || isCalledOff) await giveBack(sql, desk, row, now);
  if (next.state !== row.state || by.change !== undefined) {
    await appendCallbackEvent(sql, row.conversationId, by.agentId, {
      callback: row.id,
      change: by.change ?? next.state,
      state: next.state,
      attempt: next.attempts,
      localTime: next.localTime,
      zone: next.zone,
      outcome: by.outcome ?? null,
    });
  }
  for (const effect of stepped.effects) {
    if (effect.do === "tell") await tellCustomer(sql, desk, next, wordsFor(effect.what, next));
  }
  return { row: next, stepped };
}

/** What the machine is told beside the event: the clock, the customer's hours, the desk's, and how often they are rung. */
export async function aroundFor(
  sql: TransactionSql,
  desk: CallDesk,
  row: Pick<CallbackRow, "zone" | "zones" | "team" | "locale" | "proven">,
): Promise<Surroundings> {
  const set = await desk.hours(sql);
  return {
    now: desk.now(),
    hours: hoursOf(row),
    desk: deskHours(set, desk.deskZone, row),
    policy: policyFor(desk, row),
  };
}

function policyFor({ policy }: CallDesk, { proven }: Pick<CallbackRow, "proven">): CallbackPolicy {
  return proven ? policy : { ...policy, attemptsMax: attemptsUnproven };
}

function wordsFor(what: Extract<Effect, { do: "tell" }>["what"], { attempts }: CallbackRow) {
  if (what !== "gave-up") return told[what];
  return attempts > 1 ? "gaveUp" : "gaveUpOnce";
}

/** Whoever was asked to take this call is asked no more: in the inbox at once, on the telephone with the dialler's next look. */
async function callOff(sql: TransactionSql, { id, round }: CallbackRow): Promise<void> {
  await sql`update offers set state = 'withdrawn', ended_at = now() where conference = ${id} and state = 'open'`;
  await sql`update calls set look_at = now()
    where callback_id = ${id} and attempt = ${round} and external_id is not null and ended_at is null`;
}

/** An agent who does not come to the telephone uses up nothing of what a customer may be rung in a day. */
async function giveBack(sql: TransactionSql, desk: CallDesk, row: CallbackRow, now: number) {
  const { phone, proven } = row;
  const number = phone === null ? null : checkFor(desk, phone, proven);
  if (number?.outcome !== "callable") return;
  const dialled = { phone: number.number, country: number.country, proven };
  await giveBackAllowances(sql, dialAllowances(dialled, new Date(now), desk.caps));
}

/** The hours in which this customer may be called: where they said they are, or wherever their number may be. */
export function hoursOf({ zone, zones }: Pick<CallbackRow, "zone" | "zones">): CallingHours {
  const known = zone === null ? zones : [zone];
  return callingHours(known.length === 0 ? ["UTC"] : known);
}
