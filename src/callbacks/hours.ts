import { dayAfter, localTimeOf, reachedAt } from "../lib/zoned-time.ts";
import type { Hours, Team } from "../settings/hours.ts";

/** The team for a language: the first that speaks it, else one that speaks all, else the first. Pure. */
export function teamFor(hours: Hours, locale: string | null): Team {
  const language = locale?.slice(0, 2) ?? "en";
  const [first] = hours.teams;
  const found =
    hours.teams.find(({ languages }) => languages.includes(language)) ??
    hours.teams.find(({ languages }) => languages.length === 0) ??
    first;
  if (found === undefined) throw new Error("The setting `hours` names no team.");
  return found;
}

export interface Opening {
  readonly from: number;
  readonly to: number;
}

/** An interval reaches at most into the day after its own; one before decides what it leaves of the next. */
const reachDays = 2;

/**
 * When a team works between two instants, in order and without overlaps: several intervals a day, over midnight, holidays
 * instead of the week. An edge that the clock jumps over lies at the jump, one that comes twice at its first coming. What
 * belongs to two days stays two openings, so that the same come out wherever one begins to look. Pure.
 */
export function openings(team: Team, deskZone: string, from: number, to: number): Opening[] {
  const zone = team.zone ?? deskZone;
  const last = dateOf(to, zone);
  const found: Opening[] = [];
  for (let date = dayAfter(dateOf(from, zone), -reachDays); date <= last; date = dayAfter(date)) {
    for (const { from: opens, to: closes } of openingsOn(date, team, zone)) {
      const start = Math.max(opens, found.at(-1)?.to ?? opens);
      if (closes > start) found.push({ from: start, to: closes });
    }
  }
  return found.filter(({ from: opens, to: closes }) => closes > from && opens < to);
}

/** The slots of a team that begin between two instants; each lies in its opening as a whole. Pure. */
export function slotsOf(hours: Hours, team: Team, deskZone: string, from: number, to: number): number[] {
  const length = hours.slotMinutes * 60_000;
  return openings(team, deskZone, from, to).flatMap((opening) => {
    const slots: number[] = [];
    for (let at = opening.from; at + length <= opening.to && at < to; at += length) if (at >= from) slots.push(at);
    return slots;
  });
}

function openingsOn(date: string, team: Team, zone: string): Opening[] {
  const weekday = (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7;
  const intervals = (team.holidays[date] ?? team.week[weekday] ?? []).map(([start, end]) => ({
    from: instant(date, start, zone),
    to: instant(end > start ? date : dayAfter(date), end, zone),
  }));
  return merged(intervals.sort((a, b) => a.from - b.from));
}

function instant(date: string, time: string, zone: string): number {
  const [onDay, clock] = time === "24:00" ? [dayAfter(date), "00:00"] : [date, time];
  return reachedAt(`${onDay}T${clock}`, zone)?.getTime() ?? Number.NaN;
}

function dateOf(at: number, zone: string): string {
  return localTimeOf(new Date(at), zone).slice(0, 10);
}

function merged(sorted: readonly Opening[]): Opening[] {
  const joined: Opening[] = [];
  for (const one of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && one.from <= last.to)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, one.to) };
    else joined.push(one);
  }
  return joined;
}
