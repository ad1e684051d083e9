import { dayAfter, instantOf, localTimeOf } from "../lib/zoned-time.ts";

/** From any place to any other the clock differs by less than two days, and an opening comes every day. */
const daysAhead = 4;

/** When customers may be called unless they chose the time themselves (safety.md: 8:00 to 20:00 local). */
export const usualHours = { from: 8, to: 20 } as const;

/** The hours in which somebody may be called, wherever of several zones they are. */
export interface CallingHours {
  allows(at: number): boolean;
  /** The first allowed instant at or after this; null when no hour suits all zones at once. */
  opens(at: number): number | null;
  /** The end of the allowed time that `at` lies in; `at` itself when it lies in none. */
  closes(at: number): number;
}

/** A time is allowed only where it suits every zone that the customer may be in. Pure; daylight saving included. */
export function callingHours(
  zones: readonly string[],
  { from, to }: { readonly from: number; readonly to: number } = usualHours,
): CallingHours {
  const allowsIn = (at: number, zone: string) => {
    const hour = Number(localTimeOf(new Date(at), zone).slice(11, 13));
    return hour >= from && hour < to;
  };
  const allows = (at: number) => zones.every((zone) => allowsIn(at, zone));
  return {
    allows,
    opens(at) {
      if (allows(at)) return at;
      const starts = zones.flatMap((zone) => hoursFrom(at, zone, from)).sort((a, b) => a - b);
      return starts.find((start) => start >= at && allows(start)) ?? null;
    },
    closes(at) {
      if (!allows(at)) return at;
      return Math.min(...zones.map((zone) => hoursFrom(at, zone, to).find((end) => end > at) ?? at));
    },
  };
}

/** The instants at which this hour begins in a zone, from the day before `at` on. */
function hoursFrom(at: number, zone: string, hour: number): number[] {
  const today = localTimeOf(new Date(at), zone).slice(0, 10);
  const clock = `${String(hour).padStart(2, "0")}:00`;
  return Array.from({ length: daysAhead }, (_, day) => {
    // By date: a step of 24 hours would jump over a day of 23.
    return instantOf(`${dayAfter(today, day - 1)}T${clock}`, zone)?.at.getTime() ?? at;
  });
}
