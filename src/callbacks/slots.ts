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
  const taken = await takenSlots(sql, team, hours, slots[0] ?? first, last);
  return slots.filter((slot) => (taken.get(slot) ?? 0) < team.capacity).slice(0, limit);
}

/** How many calls are promised for each slot; a promise within a slot counts to it. */
async function takenSlots(
  sql: Sql | TransactionSql,
  team: Team,
  hours: Hours,
  from: number,
  to: number,
): Promise<Map<number, number>> {
  const length = hours.slotMinutes * 60_000;
  const rows = await sql<{ wantedAt: Date }[]>`select wanted_at as "wantedAt" from callbacks
    where wanted_at >= ${new Date(from)} and wanted_at < ${new Date(to)} and team is not distinct from ${team.name || null}
      and state in ('requested', 'scheduled', 'due', 'dialling', 'connected')`;
  const counts = new Map<number, number>();
  for (const { wantedAt } of rows) {
    const slot = wantedAt.getTime() - ((wantedAt.getTime() - from) % length);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return counts;
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
  const [row] = await sql<{ taken: number }[]>`select count(*)::int as taken from callbacks
    where wanted_at >= ${new Date(slot)} and wanted_at < ${new Date(slot + length)} and team is not distinct from ${team.name || null}
      and state in ('requested', 'scheduled', 'due', 'dialling', 'connected') and id is distinct from ${where.except ?? null}`;
  return (row?.taken ?? 0) < team.capacity ? "room" : "full";
}
