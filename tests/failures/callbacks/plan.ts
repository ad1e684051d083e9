import { dayAfter, instantOf } from "../../../src/lib/zoned-time.ts";
import { seededRandom } from "../../../src/simulator/behaviour.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Where customers are, and how a number looks there. Caps count by blocks of 1,000 numbers: few share one. */
const places = [
  { zone: "Europe/Berlin", number: (at: number) => `+4915${String(100_000_000 + at * 100)}` },
  { zone: "America/New_York", number: (at: number) => `+1${2_122_000_000 + at * 100}` },
  { zone: "Asia/Kolkata", number: (at: number) => `+91${9_800_000_000 + at * 100}` },
  { zone: "Australia/Sydney", number: (at: number) => `+61${400_000_000 + at * 100}` },
] as const;
type Zone = (typeof places)[number]["zone"];

/** Both changes of the clock in every zone that has them; in Kolkata it is an ordinary day. */
const epochs: readonly { readonly date: string; readonly changes: Zone }[] = [
  { date: "2026-03-08", changes: "America/New_York" },
  { date: "2026-03-29", changes: "Europe/Berlin" },
  { date: "2026-04-05", changes: "Australia/Sydney" },
  { date: "2026-10-04", changes: "Australia/Sydney" },
  { date: "2026-10-25", changes: "Europe/Berlin" },
  { date: "2026-11-01", changes: "America/New_York" },
];

/** Around the change, at both edges of the calling hours, at noon, and late in the evening. */
const changing = ["01:50", "02:30", "08:00", "12:00", "19:50", "21:30"];
/** Elsewhere at one edge of the hours, at the other the next time. */
const elsewhere = ["08:00", "19:50"];
const few = { changing: ["02:30", "08:00"], elsewhere: ["12:00"] };

/** What a customer was told, and what they do about it. */
export interface Plan {
  readonly number: string;
  readonly zone: Zone;
  /** When they ask. */
  readonly askAt: number;
  /** Null: as soon as possible. */
  readonly wantedAt: number | null;
  /** They named this time themselves, whatever the hour; else it is a slot that was offered. */
  readonly picked: boolean;
  readonly change: { readonly do: "cancel" | "stop" | "move"; readonly at: number; readonly to: number } | null;
}

/** Everybody's agents are away for a while: the customer is told; or for good: the promise is broken in words. */
export interface Strike {
  readonly from: number;
  readonly forMs: number;
}

export interface Day {
  /** When everybody who asks for a time has asked. */
  readonly opens: number;
  readonly plans: readonly Plan[];
  readonly strikes: readonly Strike[];
}

export interface PlanScale {
  readonly callbacks: number;
  /** How close together the promises of one hour are. */
  readonly perSecond: number;
  /** One day with few of its hours, and no strike. */
  readonly oneDay?: boolean;
  /** The days of spring or of autumn alone; two runs side by side make a whole one. */
  readonly season?: "spring" | "autumn";
}

/** All promises of a run, by the day they are for; the same seed gives the same ones. */
export function planDays(scale: PlanScale, seed: number): Day[] {
  const random = seededRandom(seed + 3);
  let numbers = 0;
  const first = scale.oneDay === true ? 1 : scale.season === "autumn" ? 3 : 0;
  const chosen = epochs.slice(first, scale.oneDay === true ? 2 : scale.season === "spring" ? 3 : epochs.length);
  const perDay = Math.ceil(scale.callbacks / chosen.length);
  return chosen.map(({ date, changes }, index) => {
    const opens = Date.parse(`${dayAfter(date, -1)}T00:00Z`) - 12 * hour;
    const edge = elsewhere.slice(index % 2).slice(0, 1);
    const clocks = scale.oneDay === true ? few : { changing, elsewhere: edge };
    const clusters = places.flatMap(({ zone }) =>
      (zone === changes ? clocks.changing : clocks.elsewhere).map((clock) => ({
        zone,
        clock,
        at: instantOf(`${date}T${clock}`, zone),
      })),
    );
    const count = Math.min(perDay, scale.callbacks - index * perDay);
    const plans = Array.from({ length: count }, (_, one): Plan => {
      const cluster = clusters[one % clusters.length];
      if (cluster === undefined || cluster.at === null) throw new Error("There is no such cluster.");
      const { zone, clock } = cluster;
      const place = places.find((other) => other.zone === zone) ?? places[0];
      const spread = (Math.floor(one / clusters.length) / scale.perSecond) * 1_000;
      const at = cluster.at.at.getTime() + Math.floor(spread);
      const byDay = clock >= "08:00" && clock < "20:00";
      const soon = random() < 0.15;
      numbers += 1;
      return {
        number: place.number(numbers),
        zone,
        askAt: soon ? at : opens,
        wantedAt: soon ? null : at,
        picked: !byDay || random() < 0.5,
        change: changeOf(random, at, soon, byDay),
      };
    });
    const late = clusters.find(({ zone, clock }) => zone === changes && clock === "12:00")?.at?.at.getTime() ?? 0;
    const never = clusters.find(({ zone, clock }) => zone === changes && clock === "19:50")?.at?.at.getTime() ?? 0;
    const strikes =
      scale.oneDay === true
        ? []
        : first + index === 1
          ? [{ from: late, forMs: 4 * minute }]
          : first + index === 4
            ? [{ from: never, forMs: 11 * minute }]
            : [];
    return { opens, plans, strikes };
  });
}

/** One in four changes their mind: long before, or in the very seconds in which they are dialled. */
function changeOf(random: () => number, at: number, soon: boolean, byDay: boolean): Plan["change"] {
  const draw = random();
  const early = random() < 0.5 && !soon;
  const when = early ? at - 2 * hour * random() - minute : at + (soon ? 500 : -2_000) + 4_000 * random();
  const to = at + 5 * minute;
  if (draw < 0.08) return { do: "cancel", at: when, to };
  if (draw < 0.14) return { do: "stop", at: when, to };
  // A slot that is offered lies in the calling hours: by night there is none near.
  return draw < 0.22 && byDay ? { do: "move", at: when, to } : null;
}
