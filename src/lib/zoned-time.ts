/** A wall-clock time without a zone, to the minute: "2026-11-25T09:00". */
export const localTimePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface Resolved {
  readonly at: Date;
  /** The wall-clock time that `at` really is: later than asked for when the clock jumps over it that night. */
  readonly localTime: string;
}

/**
 * The instant of a wall-clock time in a zone; null when there is no such date. An hour that comes twice means its first
 * coming, an hour that the clock jumps over means as much later; whoever books shows `localTime` to the customer.
 */
export function instantOf(localTime: string, zone: string): Resolved | null {
  const asUtc = Date.parse(`${localTime}:00Z`);
  if (!localTimePattern.test(localTime) || Number.isNaN(asUtc)) return null;
  // "2026-02-30" is read as a day in March.
  if (new Date(asUtc).toISOString().slice(0, 16) !== localTime) return null;
  const offsets = [offsetMs(asUtc - dayMs, zone), offsetMs(asUtc + dayMs, zone)];
  const candidates = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b);
  const fits = candidates.find((candidate) => localTimeOf(new Date(candidate), zone) === localTime);
  const at = new Date(fits ?? asUtc - (offsets[0] ?? 0));
  return { at, localTime: localTimeOf(at, zone) };
}

/**
 * The first instant at which a clock on the wall shows this time or a later one: within an hour that the clock jumps over,
 * the moment of the jump. For the edges of opening hours; null when there is no such date.
 */
export function reachedAt(localTime: string, zone: string): Date | null {
  const found = instantOf(localTime, zone);
  if (found === null || found.localTime === localTime) return found?.at ?? null;
  let at = found.at.getTime();
  while (localTimeOf(new Date(at - minuteMs), zone) > localTime) at -= minuteMs;
  return new Date(at);
}

/** The date so many days after a date ("2026-03-29"), whatever the clocks do in between. */
export function dayAfter(date: string, days = 1): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** What a clock on the wall shows in this zone. */
export function localTimeOf(at: Date, zone: string): string {
  return new Date(at.getTime() + offsetMs(at.getTime(), zone)).toISOString().slice(0, 16);
}

export function isTimeZone(zone: string): boolean {
  try {
    formatter(zone);
    return true;
  } catch {
    return false;
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();
/** The world has about 600 zones; more keys than that are somebody's spelling games. */
const formattersMax = 1_000;

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset", year: "numeric" });
  if (formatters.size < formattersMax) formatters.set(zone, made);
  return made;
}

function offsetMs(at: number, zone: string): number {
  const name = formatter(zone)
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  const match = /^GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(name ?? "");
  if (match === null) return 0;
  const [, sign, hours, minutes, seconds = "0"] = match;
  const ms = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -ms : ms;
}
