import { instantOf, localTimeOf } from "../lib/zoned-time.ts";
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

const dayMs = 86_400_000;

/**
 * When a team works between two instants, in order and without overlaps: several intervals a day, over midnight, holidays
 * instead of the week. A time that the clock jumps over means as much later, one that comes twice its first coming for a
 * beginning. Pure.
 */
export function openings(team: Team, deskZone: string, from: number, to: number): Opening[] {
  const zone = team.zone ?? deskZone;
  const found: Opening[] = [];
  // The day before may reach over midnight into the first.
  for (let at = from - dayMs; at <= to + dayMs; at += dayMs) {
    const date = localTimeOf(new Date(at), zone).slice(0, 10);
    for (const [start, end] of team.holidays[date] ?? team.week[weekdayOf(date)] ?? []) {
      const opens = instant(date, start, zone);
      const closes = instant(end > start ? date : dayAfter(date), end, zone);
      if (closes > from && opens < to && closes > opens) found.push({ from: opens, to: closes });
    }
  }
  return merged(found.sort((a, b) => a.from - b.from));
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

function instant(date: string, time: string, zone: string): number {
  const [onDay, clock] = time === "24:00" ? [dayAfter(date), "00:00"] : [date, time];
  return instantOf(`${onDay}T${clock}`, zone)?.at.getTime() ?? Number.NaN;
}

function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7;
}

function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00Z`) + dayMs).toISOString().slice(0, 10);
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
