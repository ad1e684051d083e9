import fc from "fast-check";
import { expect, test } from "vitest";
import { callingHours } from "../../src/callbacks/calling-hours.ts";
import { openings, slotsOf, teamFor } from "../../src/callbacks/hours.ts";
import { readTime } from "../../src/callbacks/read-time.ts";
import { dayAfter, localTimeOf } from "../../src/lib/zoned-time.ts";
import { type Hours, hoursSetting, type Team } from "../../src/settings/hours.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Three days around each change of the clock; Kolkata has none and half an hour more than whole ones. */
const changes = [
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-25"],
  ["America/New_York", "2026-03-08"],
  ["America/New_York", "2026-11-01"],
  ["Asia/Kolkata", "2026-03-29"],
  ["Asia/Kolkata", "2026-10-25"],
  ["Australia/Sydney", "2026-04-05"],
  ["Australia/Sydney", "2026-10-04"],
] as const;

/** The clock on the wall at every minute of six days: what everything here is compared with. */
interface Wall {
  readonly zone: string;
  readonly date: string;
  readonly start: number;
  readonly minutes: readonly string[];
}
const walls: readonly Wall[] = changes.map(([zone, date]) => {
  const start = Date.parse(`${dayAfter(date, -3)}T00:00Z`);
  const minutes = Array.from({ length: 6 * 24 * 60 }, (_, at) => localTimeOf(new Date(start + at * minute), zone));
  return { zone, date, start, minutes };
});
const middle = ({ start }: Wall) => ({ from: start + 1.5 * day, to: start + 4.5 * day });

/** When the wall first shows this time or a later one. */
function firstShown({ minutes, start }: Wall, localTime: string): number {
  const at = minutes.findIndex((shown) => shown >= localTime);
  return at < 0 ? Number.POSITIVE_INFINITY : start + at * minute;
}

function isOpenByTheWall(wall: Wall, team: Team): (at: number) => boolean {
  const dates = [...new Set(wall.minutes.map((shown) => shown.slice(0, 10)))];
  const spans = dates.flatMap((date) => {
    const weekday = (new Date(date).getUTCDay() + 6) % 7;
    return (team.holidays[date] ?? team.week[weekday] ?? []).map(([from, to]) => {
      const midnight = (time: string, on: string) => (time === "24:00" ? `${dayAfter(on)}T00:00` : `${on}T${time}`);
      return [
        firstShown(wall, midnight(from, date)),
        firstShown(wall, midnight(to, to > from ? date : dayAfter(date))),
      ] as const;
    });
  });
  return (at) => spans.some(([from, to]) => at >= from && at < to);
}

const clock = fc
  .integer({ min: 0, max: 24 * 12 })
  .map((five) => `${String(Math.floor(five / 12)).padStart(2, "0")}:${String((five % 12) * 5).padStart(2, "0")}`);
/** Those of the hours that clocks jump over or show twice come often. */
const nightly = fc.constantFrom("01:30", "02:00", "02:15", "02:30", "03:00", "03:15", "00:00", "22:00");
const interval = fc.tuple(fc.oneof(clock, nightly), fc.oneof(clock, nightly));
const intervals = fc.array(interval, { maxLength: 3 });
const someTeam = (wall: Wall): fc.Arbitrary<Team> =>
  fc
    .record({
      week: fc.tuple(intervals, intervals, intervals, intervals, intervals, intervals, intervals),
      holiday: fc.option(fc.tuple(fc.integer({ min: -1, max: 1 }), intervals)),
    })
    .map(({ week, holiday }) => ({
      name: "",
      languages: [],
      zone: null,
      week,
      holidays: holiday === null ? {} : { [dayAfter(wall.date, holiday[0])]: holiday[1] },
      capacity: 1,
    }));
/** By number, so that a counterexample stays readable. */
const someWall = fc.nat(walls.length - 1);
const wallOf = (index: number): Wall => walls[index] as Wall;
const place = someWall.chain((at) => fc.record({ at: fc.constant(at), team: someTeam(wallOf(at)) }));

test("a team is open exactly when the clock on its wall says so: intervals, midnight, holidays, both changes of the clock", () => {
  const property = fc.property(place, ({ at: index, team }) => {
    const wall = wallOf(index);
    const { from, to } = middle(wall);
    const found = openings(team, wall.zone, from, to);
    const isOpen = isOpenByTheWall(wall, team);
    let last = Number.NEGATIVE_INFINITY;
    for (const opening of found) {
      expect(opening.from).toBeGreaterThanOrEqual(last);
      expect(opening.to).toBeGreaterThan(opening.from);
      last = opening.to;
    }
    const wrong = wall.minutes.flatMap((shown, index) => {
      const at = wall.start + index * minute;
      if (at < from || at >= to) return [];
      return isOpen(at) === found.some((one) => at >= one.from && at < one.to) ? [] : [shown];
    });
    expect(wrong).toEqual([]);
  });
  fc.assert(property, { numRuns: 300 });
});

test("slots lie within the hours as a whole, never overlap, and are the same wherever one begins to look", () => {
  const property = fc.property(
    place,
    fc.constantFrom(5, 15, 30, 50, 240),
    fc.integer({ min: 0, max: 3 * 24 * 60 }),
    ({ at: index, team }, slotMinutes, cut) => {
      const wall = wallOf(index);
      const { from, to } = middle(wall);
      const hours: Hours = { ...hoursSetting.fallback, slotMinutes };
      const slots = slotsOf(hours, team, wall.zone, from, to);
      const isOpen = isOpenByTheWall(wall, team);
      const outside = slots.filter((slot) =>
        Array.from({ length: slotMinutes }, (_, at) => slot + at * minute).some((at) => !isOpen(at)),
      );
      expect(outside).toEqual([]);
      expect(slots.filter((slot, at) => slot < (slots[at - 1] ?? from - day) + slotMinutes * minute)).toEqual([]);
      const between = from + cut * minute;
      const parts = [
        ...slotsOf(hours, team, wall.zone, from, between),
        ...slotsOf(hours, team, wall.zone, between, to),
      ];
      expect(parts).toEqual(slots);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("customers may be called from eight to twenty on every clock that may be theirs, and the next opening is the next", () => {
  const property = fc.property(
    someWall,
    fc.subarray(["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"], { maxLength: 2 }),
    fc.integer({ min: 0, max: 2 * 24 * 60 }),
    (index, others, offset) => {
      const wall = wallOf(index);
      const zones = [wall.zone, ...others];
      const hours = callingHours(zones);
      const at = middle(wall).from + offset * minute;
      const fits = (when: number) =>
        zones.every((zone) => {
          const shown = Number(localTimeOf(new Date(when), zone).slice(11, 13));
          return shown >= 8 && shown < 20;
        });
      const first = (holds: (when: number) => boolean) => {
        for (let when = at; when < at + 2 * day; when += 5 * minute - (when % (5 * minute)))
          if (holds(when)) return when;
        return null;
      };
      expect(hours.allows(at)).toBe(fits(at));
      expect(hours.opens(at)).toBe(first(fits));
      expect(hours.closes(at)).toBe(fits(at) ? first((when) => !fits(when)) : at);
    },
  );
  fc.assert(property, { numRuns: 400 });
});

test.each(walls.map((wall) => [`${wall.zone} ${wall.date}`, wall] as const))(
  "late before a day of 23 or 25 hours the next opening is that day's: %s",
  (_, wall) => {
    const late = firstShown(wall, `${dayAfter(wall.date, -1)}T23:30`);
    expect(callingHours([wall.zone]).opens(late)).toBe(firstShown(wall, `${wall.date}T08:00`));
  },
);

test("a time that a customer names is the time on their clock, on the days when clocks change too", () => {
  const property = fc.property(
    someWall,
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom("00", "15", "30", "59"),
    fc.integer({ min: 0, max: 23 }),
    (index, hourSaid, minuteSaid, hourNow) => {
      const wall = wallOf(index);
      const now = firstShown(wall, `${dayAfter(wall.date, -1)}T${String(hourNow).padStart(2, "0")}:00`);
      const said = `${String(hourSaid).padStart(2, "0")}:${minuteSaid}`;
      const wanted = `${wall.date}T${said}`;
      for (const words of [`tomorrow at ${said}`, `on ${wall.date} at ${said}`, `imorgon kl ${said}`]) {
        const read = readTime(words, wall.zone, now);
        if (read.kind !== "at") throw new Error(`${words} is ${read.kind}`);
        expect(read.localTime).toBe(localTimeOf(new Date(read.at), wall.zone));
        if (wall.minutes.includes(wanted)) {
          expect([read.localTime, read.at]).toEqual([wanted, firstShown(wall, wanted)]);
        } else {
          // The clock jumps over it: as much later, and the customer is told the time that comes.
          expect(read.at - firstShown(wall, wanted)).toBe(Number(minuteSaid) * minute);
          expect(read.localTime.slice(14)).toBe(minuteSaid);
        }
      }
      const later = readTime("in two hours", wall.zone, now);
      expect(later).toMatchObject({ kind: "at", at: now + 2 * hour });
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("whose hours count: the team that speaks the language, else one for all, else the first", () => {
  const team = (name: string, languages: string[]): Team => ({
    ...{ name, languages, zone: null, holidays: {}, capacity: 1 },
    week: [[], [], [], [], [], [], []],
  });
  const hours = { ...hoursSetting.fallback, teams: [team("north", ["sv"]), team("all", []), team("south", ["es"])] };
  expect(["sv-SE", "es", "de", null].map((locale) => teamFor(hours, locale).name)).toEqual([
    "north",
    "south",
    "all",
    "all",
  ]);
  expect(teamFor({ ...hours, teams: hours.teams.filter(({ name }) => name !== "all") }, "de").name).toBe("north");
});
