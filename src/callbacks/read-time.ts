import { dayAfter, instantOf, localTimeOf } from "../lib/zoned-time.ts";
import {
  amounts,
  before,
  begins,
  days,
  ends,
  greetings,
  halfHourIn,
  halfPast,
  halfTo,
  hours,
  inSome,
  leads,
  marks,
  minus,
  minuteWords,
  monthNames,
  nextWeek,
  now,
  ofPart,
  oneHourIn,
  oneOf,
  type PartOfDay,
  parts,
  past,
  plain,
  plus,
  quarterHourIn,
  twoDaysIn,
  twoHoursIn,
  unitOf,
  weekdays,
  weekIn,
} from "./time-words.ts";

/** When a customer wants to be called, as their words say it. */
export type ReadTime =
  | { readonly kind: "none" }
  | { readonly kind: "now" }
  | { readonly kind: "at"; readonly at: number; readonly localTime: string }
  /** A day or a part of one, or a time that has passed: concrete times in it are offered. */
  | { readonly kind: "unclear"; readonly from: number; readonly to: number };

const dayMs = 86_400_000;
const minuteMs = 60_000;

const isoDate = /(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const months = monthNames.map((names) => `(?:${names})`).join("|");
/** "3 December", "den 3:e december", "3. Dezember", "3 de diciembre", "3 ديسمبر". */
const dayMonth = new RegExp(`(?<![\\d:.])(\\d{1,2})(?:st|nd|rd|th|:[ea]|\\.|º)? ?(?:of |de )?(${months})${ends}`, "u");
const monthDay = new RegExp(
  `${begins}(${months}) (?:the )?(\\d{1,2})(?:st|nd|rd|th)?(?![\\d:.]|\\s?(?:${marks})${ends})`,
  "u",
);
/** "3.12.", "am 3.12", "3/12": what looks like an hour and is named or ended like a day. */
const dayFigures = [
  /(?<![\d:.])(\d{1,2})\.(\d{1,2})\.(?:\d{4})?(?!\d)/,
  /(?<=(?:^|\s)(?:am|den|el|on|the) )(\d{1,2})\.(\d{1,2})(?![\d.:])/,
  /(?<![\d/])(\d{1,2})\/(\d{1,2})(?:\/\d{2,4})?(?![\d/])/,
];
const dayOfMonth =
  /(?<=(?:^|\s)(?:on|the|den|am|el|día|dia|يوم) )(\d{1,2})(?:(?:st|nd|rd|th)(?!\p{L})|:[ea](?!\p{L})|\.(?!\d))/u;

const clockTime =
  /(?<![\d:.])([01]?\d|2[0-4])(?:[:.]| ?h ?| uhr )([0-5]\d)(?![\d:]|\.\d)\s*(am|pm|a\.m\.|p\.m\.|[صم](?!\p{L}))?/u;
const amount = `(?:\\d{1,2} ${minuteWords}|(?:${oneOf(amounts)})(?: ${minuteWords})?)`;
/** Behind an hour, where "an" is a word of its own: "17 Uhr an". */
const minutesAlone = new Map([...amounts].filter(([, minutes]) => minutes >= 5));
/** An hour with everything that may stand around it, so that one reads "kvart i tio", "nueve y media", "الخامسة الا ربع". */
const hourSaid = new RegExp(
  `(?:${begins}(?<lead>${leads}) ?)?` +
    `(?:(?:${begins}(?<amount>${amount}) (?:(?<past>${past})|(?<before>${before})) )?(?:${begins}(?:(?<halfTo>${halfTo})|(?<halfPast>${halfPast})) )?` +
    `|${begins}(?<quarters>viertel|dreiviertel|drei viertel) )` +
    `(?<![\\p{L}\\p{N}/-]|\\d[:.,])(?<hour>\\d{1,2}|${oneOf(hours)})(?![\\d%/]|[:.,]\\d)` +
    `(?:\\s?(?<mark>${marks})${ends}|(?!\\p{L}))` +
    `(?: (?:(?<minus>${minus}) (?<less>${amount})|(?:${plus})(?<more>${amount})|(?<minutes>[0-5]\\d|${oneOf(minutesAlone)}))${ends})?` +
    `(?:\\s?(?<late>${marks})${ends})?`,
  "gu",
);
const anyOf = (patterns: readonly RegExp[]) => `(?:${patterns.map(({ source }) => source).join("|")})`;
const anyDay = anyOf([...days.map(([words]) => words), ...weekdays]);
const partFollows = new RegExp(`^,? ?${ofPart}${anyOf(parts.map(({ words }) => words))}`, "u");
const dayFollows = new RegExp(`^,? ${anyDay}`, "u");
const dayPrecedes = new RegExp(`${anyDay},? $`, "u");
const over = /^\s*(?:[.,!?؟]|$)/u;

/**
 * Reads when somebody wants to be called: "tomorrow at 9", "imorgon kl 15", "heute Abend", "el lunes a las 10", "الساعة
 * الخامسة مساء", "in two hours", on the clock of `zone`. An hour from one to seven means the afternoon unless the words say
 * otherwise. Pure.
 */
export function readTime(text: string, zone: string, at: number): ReadTime {
  const said = plain(text).replace(greetings, "");
  const later = relative(said);
  if (later !== null) {
    const then = Math.ceil((at + later) / minuteMs) * minuteMs;
    return { kind: "at", at: then, localTime: localTimeOf(new Date(then), zone) };
  }
  const today = localTimeOf(new Date(at), zone).slice(0, 10);
  const { date, days: span, rest } = dateIn(said, today, zone);
  const part = parts.find(({ words }) => words.test(rest)) ?? null;
  const clock = clockIn(rest, part);
  if (clock !== null) return onClock(date, clock, { zone, at, today });
  if (date === null && part === null) return { kind: now.test(said) ? "now" : "none" };
  return between(date ?? today, part, { zone, at, span });
}

function relative(said: string): number | null {
  if (halfHourIn.test(said)) return 30 * minuteMs;
  if (quarterHourIn.test(said)) return 15 * minuteMs;
  if (twoHoursIn.test(said)) return 120 * minuteMs;
  if (oneHourIn.test(said)) return 60 * minuteMs;
  const match = inSome.exec(said);
  if (match === null) return null;
  const { many, unit } = amountIn(match);
  if (unit === "day") return null;
  return many * (unit === "hour" ? 60 : 1) * minuteMs;
}

function amountIn([, many = "", unit = ""]: RegExpExecArray) {
  return { many: Number(many) || (amounts.get(many) ?? 1), unit: unitOf(unit) };
}

interface Day {
  /** Null when none is named. */
  readonly date: string | null;
  /** For how many days from there on. */
  readonly days: number;
  /** What is said beside it. */
  readonly rest: string;
}

/** The day that is meant. */
function dateIn(said: string, today: string, zone: string): Day {
  const figures = inFigures(said, today, zone);
  if (figures !== null) return figures;
  const named = days.find(([words]) => words.test(said));
  if (named !== undefined) return { date: dayAfter(today, named[1]), days: 1, rest: said };
  const some = inSome.exec(said);
  const away = some !== null ? amountIn(some).many : twoDaysIn.test(said) ? 2 : weekIn.test(said) ? 7 : null;
  if (away !== null) return { date: dayAfter(today, away), days: 1, rest: some === null ? said : without(said, some) };
  const weekday = weekdays.findIndex((words) => words.test(said));
  const nowDay = (new Date(`${today}T00:00Z`).getUTCDay() + 6) % 7;
  const monday = 7 - nowDay;
  if (nextWeek.test(said))
    return { date: dayAfter(today, monday + Math.max(weekday, 0)), days: weekday < 0 ? 5 : 1, rest: said };
  if (weekday < 0) return { date: null, days: 1, rest: said };
  return { date: dayAfter(today, ((weekday - nowDay + 6) % 7) + 1), days: 1, rest: said };
}

function inFigures(said: string, today: string, zone: string): Day | null {
  const iso = isoDate.exec(said);
  if (iso !== null) return { date: iso[0], days: 1, rest: without(said, iso) };
  const found = (match: RegExpExecArray, day: string | undefined, month: number): Day | null => {
    const date = comingDate(today, Number(day), month);
    return date === null ? null : { date, days: 1, rest: without(said, match) };
  };
  const byName = dayMonth.exec(said);
  if (byName !== null) return found(byName, byName[1], monthOf(byName[2]));
  const nameFirst = monthDay.exec(said);
  if (nameFirst !== null) return found(nameFirst, nameFirst[2], monthOf(nameFirst[1]));
  const written = dayFigures.map((pattern) => pattern.exec(said)).find((one) => one !== null);
  if (written !== undefined) {
    const [all, first, second] = written;
    const monthFirst = all.includes("/") && zone.startsWith("America/");
    return monthFirst ? found(written, second, Number(first)) : found(written, first, Number(second));
  }
  const alone = dayOfMonth.exec(said);
  if (alone === null) return null;
  const day = Number(alone[1]);
  const month = Number(today.slice(5, 7)) + (day < Number(today.slice(8)) ? 1 : 0);
  return found(alone, alone[1], month > 12 ? 1 : month);
}

const monthOf = (name = ""): number => monthNames.findIndex((names) => names.split("|").includes(name)) + 1;

const without = (said: string, match: RegExpExecArray): string =>
  `${said.slice(0, match.index)} ${said.slice(match.index + match[0].length)}`;

/** The next such day from today on; null when there is none. */
function comingDate(today: string, day: number, month: number): string | null {
  const year = Number(today.slice(0, 4));
  const of = (one: number) => `${one}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
  const date = of(year) < today ? of(year + 1) : of(year);
  const asUtc = Date.parse(`${date}T00:00Z`);
  return !Number.isNaN(asUtc) && new Date(asUtc).toISOString().startsWith(date) ? date : null;
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
}

function clockIn(said: string, part: PartOfDay | null): Clock | null {
  const exact = clockTime.exec(said);
  if (exact !== null) return toClock(Number(exact[1]), Number(exact[2]), exact[3], part, true);
  for (const match of said.matchAll(hourSaid)) {
    const groups = match.groups ?? {};
    if (!isHour(said, match, groups)) continue;
    const { hour = "" } = groups;
    const whole = toClock(Number(hour) || (hours.get(hour) ?? 0), 0, groups.mark ?? groups.late, part, false);
    return whole === null ? null : moved(whole, minutesBeside(groups));
  }
  return part?.sharp === undefined ? null : { hour: part.sharp, minute: 0 };
}

type Groups = Readonly<Record<string, string | undefined>>;

/** Is this number an hour? Something beside it has to say so. */
function isHour(said: string, { index, 0: all }: RegExpExecArray, groups: Groups): boolean {
  const { hour = "", amount: minutes, halfTo: to, halfPast: after, quarters } = groups;
  const value = Number(hour) || (hours.get(hour) ?? 0);
  if (value > 24) return false;
  const rest = said.slice(index + all.length);
  if (groups.lead !== undefined || groups.mark !== undefined || groups.late !== undefined) return true;
  if (minutes !== undefined || to !== undefined || after !== undefined || quarters !== undefined) return true;
  if (partFollows.test(rest)) return true;
  if (dayPrecedes.test(said.slice(0, index))) return over.test(rest);
  if (index > 0 || (/^\d/.test(hour) && !dayFollows.test(rest))) return false;
  // The whole answer to "when?"; a lone "one" answers something else.
  return dayFollows.test(rest) || (value > 1 && over.test(rest));
}

/** How many minutes after the hour itself. */
function minutesBeside(groups: Groups): number {
  const of = (said = "0") => amounts.get(said) ?? amounts.get(said.replace(/ \D+$/, "")) ?? Number.parseInt(said, 10);
  const beside = groups.before === undefined ? of(groups.amount) : -of(groups.amount);
  const half = groups.halfTo === undefined ? (groups.halfPast === undefined ? 0 : 30) : -30;
  const quarters = groups.quarters === undefined ? 0 : groups.quarters === "viertel" ? -45 : -15;
  return beside + half + quarters + of(groups.more) + of(groups.minutes) - of(groups.less);
}

function moved({ hour, minute }: Clock, by: number): Clock {
  const minutes = (hour * 60 + minute + by + 24 * 60) % (24 * 60);
  return { hour: Math.floor(minutes / 60), minute: minutes % 60 };
}

function toClock(
  hour: number,
  minute: number,
  mark: string | undefined,
  part: PartOfDay | null,
  exact: boolean,
): Clock | null {
  if (hour > 24) return null;
  const half = mark?.[0];
  if (half === "p" || half === "م") return { hour: hour < 12 ? hour + 12 : hour, minute };
  if (half === "a" || half === "ص") return { hour: hour === 12 ? 0 : hour, minute };
  const late = part !== null && part.from >= 12;
  if (hour < 12 && late && hour + 12 <= 23 && !(part.from === 12 && hour >= 10)) return { hour: hour + 12, minute };
  // "At 3" is the afternoon, "03:00" and "3 in the morning" are what they say.
  if (!exact && hour >= 1 && hour <= 7 && (part === null || late)) return { hour: hour + 12, minute };
  return { hour: hour % 24, minute };
}

function onClock(
  date: string | null,
  { hour, minute }: Clock,
  { zone, at, today }: { readonly zone: string; readonly at: number; readonly today: string },
): ReadTime {
  const clock = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  const resolve = (day: string) => instantOf(`${day}T${clock}`, zone);
  let found = resolve(date ?? today);
  if (found !== null && date === null && found.at.getTime() <= at) found = resolve(dayAfter(today, 1));
  if (found === null) return { kind: "unclear", from: at, to: at + 7 * dayMs };
  const then = found.at.getTime();
  if (then <= at) return { kind: "unclear", from: at, to: at + 2 * dayMs };
  return { kind: "at", at: then, localTime: found.localTime };
}

function between(
  date: string,
  part: PartOfDay | null,
  { zone, at, span }: { readonly zone: string; readonly at: number; readonly span: number },
): ReadTime {
  const edge = (hour: number) => instantOf(`${date}T${String(hour).padStart(2, "0")}:00`, zone)?.at.getTime() ?? at;
  const from = Math.max(at, edge(part?.from ?? 0));
  const to = Math.max(from + dayMs / 24, part === null || span > 1 ? edge(0) + span * dayMs : edge(part.to));
  return { kind: "unclear", from, to };
}
