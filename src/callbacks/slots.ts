import type { Sql, TransactionSql } from "../db/client.ts";
import type { Hours, Team } from "../settings/hours.ts";
import { callingHours } from "./calling-hours.ts";
import { slotsOf } from "./hours.ts";

/** Slots that can still be chosen, as instants: in the team's hours, in the customer's day, with room. */
export async function freeSlots(
  sql: Sql | TransactionSql,
  where: {
    readonly hours: Hours;
    readonly team: Team;
    readonly deskZone: string;
    readonly zones: readonly string[];
    readonly now: number;
    readonly limit: number;
    /** Not before this. */
    readonly from?: number;
  },
): Promise<number[]> {
  const { hours, team, deskZone, zones, now, limit } = where;
  const first = Math.max(now + hours.leadMinutes * 60_000, where.from ?? 0);
  const last = now + hours.aheadDays * 86_400_000;
  const fits = callingHours(zones);
  const slots = slotsOf(hours, team, deskZone, first, last).filter((slot) => zones.length === 0 || fits.allows(slot));
  if (slots.length === 0) return [];
  const taken = await takenIn(sql, team, slots, hours.slotMinutes);
  return slots.filter((slot) => (taken.get(slot) ?? 0) < team.capacity).slice(0, limit);
}

/** How many calls are promised within each slot that has any. */
async function takenIn(
  sql: Sql | TransactionSql,
  team: Team,
  slots: readonly number[],
  minutes: number,
  except: string | null = null,
): Promise<Map<number, number>> {
  const rows = await sql<{ at: Date; taken: number }[]>`
    select s.at, count(*)::int as taken from unnest(${slots.map((slot) => new Date(slot).toISOString())}::timestamptz[]) as s(at)
    join callbacks k on k.wanted_at >= s.at and k.wanted_at < s.at + make_interval(mins => ${minutes}::int)
    where k.team is not distinct from ${team.name || null} and k.id is distinct from ${except}
      and k.state in ('requested', 'scheduled', 'due', 'dialling', 'connected')
    group by s.at`;
  return new Map(rows.map(({ at, taken }) => [at.getTime(), taken]));
}

/** Is there room at this instant? Asked under a lock, so that two requests never take one place (capacity per slot). */
export async function takeSlot(
  sql: TransactionSql,
  where: {
    readonly hours: Hours;
    readonly team: Team;
    readonly deskZone: string;
    readonly at: number;
    readonly except?: string;
  },
): Promise<"room" | "full" | "closed"> {
  const { hours, team, deskZone, at } = where;
  const length = hours.slotMinutes * 60_000;
  const slot = slotsOf(hours, team, deskZone, at - length + 1, at + 1).find((one) => at >= one && at < one + length);
  if (slot === undefined) return "closed";
  await sql`select pg_advisory_xact_lock(hashtext('callback-slot'), hashtext(${`${team.name} ${slot}`}))`;
  const taken = await takenIn(sql, team, [slot], hours.slotMinutes, where.except);
  return (taken.get(slot) ?? 0) < team.capacity ? "room" : "full";
}
