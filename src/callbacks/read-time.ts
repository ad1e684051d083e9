import { dayAfter, instantOf, localTimeOf } from "../lib/zoned-time.ts";

/** When a customer wants to be called, as their words say it. */
export type ReadTime =
  | { readonly kind: "none" }
  | { readonly kind: "now" }
  | { readonly kind: "at"; readonly at: number; readonly localTime: string }
  /** A day or a part of one, or a time that has passed: concrete times in it are offered. */
  | { readonly kind: "unclear"; readonly from: number; readonly to: number };

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** Letters on both sides end a word; \b knows only English ones. */
const word = (words: string) => new RegExp(`(?<![\\p{L}\\p{N}])(?:${words})(?![\\p{L}\\p{N}])`, "u");

const days: readonly (readonly [RegExp, number])[] = [
  [word("day after tomorrow|i ?övermorgon|övermorgon|übermorgen|pasado mañana|بعد غد"), 2],
  [
    word(
      "tomorrow|tmrw|i ?morgon|imorrn|(?<!heute |guten |(?:mon|diens|donners|frei|sams|sonn)tag |mittwoch )morgen|(?<!(?:la|esta|de) )mañana|غدا|غدًا|غداً",
    ),
    1,
  ],
  [
    word(
      "today|tonight|this (?:morning|afternoon|evening)|i ?dag|i ?kväll|i ?eftermiddag|i ?förmiddag|heute|hoy|esta (?:mañana|tarde|noche)|اليوم|الليلة",
    ),
    0,
  ],
];
/** Monday first. */
const weekdays = [
  word("monday|mon|måndag|montag|lunes|الاثنين|الإثنين"),
  word("tuesday|tue|tues|tisdag|dienstag|martes|الثلاثاء"),
  word("wednesday|wed|onsdag|mittwoch|miércoles|miercoles|الأربعاء|الاربعاء"),
  word("thursday|thu|thurs|torsdag|donnerstag|jueves|الخميس"),
  word("friday|fri|fredag|freitag|viernes|الجمعة"),
  word("saturday|sat|lördag|samstag|sonnabend|sábado|sabado|السبت"),
  word("sunday|sun|söndag|sonntag|domingo|الأحد|الاحد"),
];
/** From and to in hours. The afternoon before the morning: "tarde" is said of both with "mañana" as the day. */
const parts: readonly (readonly [RegExp, number, number])[] = [
  [word("noon|midday|lunch(?:time)?|mitt på dagen|lunchtid|mittags?|mediodía|mediodia|الظهر"), 12, 13],
  [word("afternoon|(?:i ?)?eftermiddag(?:en)?|nachmittags?|tarde|بعد الظهر|العصر"), 13, 17],
  [word("evening|tonight|(?:i ?)?kväll(?:en)?|abends?|noche|المساء|مساء|مساءً"), 17, 20],
  [
    word(
      "morning|(?:i ?)?förmiddag(?:en)?|på morgonen|vormittags?|morgens|früh|heute morgen|(?:mon|diens|donners|frei|sams|sonn)tag morgen|mittwoch morgen|(?:la|esta) mañana|الصباح|صباح|صباحا|صباحًا",
    ),
    8,
    12,
  ],
];
const now = word(
  "now|right away|immediately|asap|as soon as possible|straight away|nu|genast|direkt|så snart som möjligt|jetzt|sofort|gleich|so bald wie möglich|ahora(?: mismo)?|ya|cuanto antes|lo antes posible|الآن|الان|فورا|فوراً",
);
const numbers: Readonly<Record<string, number>> = {
  ...count("a|an|en|ett|eine|einer|einem|ein|un|una", 1),
  ...count("one|eins|uno", 1),
  ...count("two|två|zwei|dos", 2),
  ...count("three|tre|drei|tres", 3),
  ...count("four|fyra|vier|cuatro", 4),
  ...count("five|fem|fünf|cinco", 5),
  ...count("six|sex|sechs|seis", 6),
  ...count("seven|sju|sieben|siete", 7),
  ...count("eight|åtta|acht|ocho", 8),
  ...count("nine|nio|neun|nueve", 9),
  ...count("ten|tio|zehn|diez", 10),
  ...count("eleven|elva|elf|once", 11),
  ...count("twelve|tolv|zwölf|doce", 12),
  ...count("fifteen|femton|fünfzehn|quince", 15),
  ...count("twenty|tjugo|zwanzig|veinte", 20),
  ...count("thirty|trettio|dreißig|dreissig|treinta", 30),
};
const numberWords = Object.keys(numbers)
  .sort((a, b) => b.length - a.length)
  .join("|");
const halfHourIn = word(
  "(?:in|within|om|in|en|dentro de) (?:half an hour|en halvtimme|einer halben stunde|media hora)|بعد نصف ساعة",
);
const inSome = new RegExp(
  `(?<![\\p{L}])(?:in|om|en|dentro de|بعد) (\\d{1,3}|${numberWords}) ?(minutes?|mins?|hours?|hrs?|h|days?|minut(?:er)?|timm(?:e|ar)|dag(?:ar)?|minuten?|stunden?|tag(?:e|en)?|minutos?|horas?|días?|dias?|دقيقة|دقائق|ساعة|ساعات|أيام)(?![\\p{L}])`,
  "u",
);
const pairs = word("بعد ساعتين");
const isoDate = /(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const clockTime = /(?<![\d:.])([01]?\d|2[0-4])[:.]([0-5]\d)(?![\d.:])\s*(am|pm|a\.m\.|p\.m\.)?/u;
const halfToHour = new RegExp(`(?<![\\p{L}])(?:halb|halv) (\\d{1,2}|${numberWords})(?![\\p{L}\\d])`, "u");
const marked = new RegExp(
  `(?<![\\p{L}])(?:at|around|about|kl\\.?|klockan|um|gegen|ab|a las?|sobre las|الساعة) ?(\\d{1,2}|${numberWords})(?![\\p{L}\\d:.%])\\s*(am|pm|a\\.m\\.|p\\.m\\.|o'clock|uhr)?`,
  "u",
);
const suffixed = /(?<![\d:.])(\d{1,2})\s?(am|pm|a\.m\.|p\.m\.|o'clock|uhr)(?!\p{L})/u;

function count(words: string, value: number): Record<string, number> {
  return Object.fromEntries(words.split("|").map((one) => [one, value]));
}

/**
 * Reads when somebody wants to be called: "tomorrow at 9", "imorgon kl 15", "heute Abend", "el lunes a las 10", "in two
 * hours", on the clock of `zone`. An hour from one to seven means the afternoon unless the words say otherwise. Pure.
 */
export function readTime(text: string, zone: string, at: number): ReadTime {
  const said = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/\s+/g, " ");
  const later = relative(said);
  if (later !== null) {
    const then = Math.ceil((at + later) / minuteMs) * minuteMs;
    return { kind: "at", at: then, localTime: localTimeOf(new Date(then), zone) };
  }
  const today = localTimeOf(new Date(at), zone).slice(0, 10);
  const date = dateIn(said, today);
  const part = parts.find(([words]) => words.test(said)) ?? null;
  const clock = clockIn(said, part);
  if (clock !== null) return onClock(date, clock, { zone, at, today });
  if (date === null && part === null) return { kind: now.test(said) ? "now" : "none" };
  return between(date ?? today, part, { zone, at });
}

function relative(said: string): number | null {
  if (halfHourIn.test(said)) return 30 * minuteMs;
  if (pairs.test(said)) return 120 * minuteMs;
  const match = inSome.exec(said);
  if (match === null) return null;
  const [, many = "", unit = ""] = match;
  const amount = Number(many) || numbers[many] || 0;
  if (/^(?:min|دق)/.test(unit)) return amount * minuteMs;
  return /^(?:h|timm|stund|hora|ساع)/.test(unit) ? amount * 60 * minuteMs : null;
}

/** The day that is meant, as a date; null when none is named. */
function dateIn(said: string, today: string): string | null {
  const iso = isoDate.exec(said);
  if (iso !== null) return iso[0];
  const named = days.find(([words]) => words.test(said));
  if (named !== undefined) return dayAfter(today, named[1]);
  const weekday = weekdays.findIndex((words) => words.test(said));
  if (weekday < 0) return null;
  const nowDay = (new Date(`${today}T00:00Z`).getUTCDay() + 6) % 7;
  return dayAfter(today, ((weekday - nowDay + 6) % 7) + 1);
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
}

function clockIn(said: string, part: readonly [RegExp, number, number] | null): Clock | null {
  const half = halfToHour.exec(said);
  if (half !== null) return halved(Number(half[1]) || numbers[half[1] ?? ""] || 0, part);
  const exact = clockTime.exec(said.replace(isoDate, ""));
  if (exact !== null) return toClock(Number(exact[1]), Number(exact[2]), exact[3], part, true);
  const found = marked.exec(said) ?? suffixed.exec(said);
  if (found === null) return null;
  const hour = numbers[found[1] ?? ""] ?? Number(found[1]);
  return hour > 24 ? null : toClock(hour, 0, found[2], part, false);
}

/** "Halb zehn", "halv tio": half an hour before. */
function halved(hour: number, part: readonly [RegExp, number, number] | null): Clock | null {
  const whole = toClock(hour, 0, undefined, part, false);
  return whole === null || hour === 0 ? null : { hour: (whole.hour + 23) % 24, minute: 30 };
}

function toClock(
  hour: number,
  minute: number,
  mark: string | undefined,
  part: readonly [RegExp, number, number] | null,
  exact: boolean,
): Clock | null {
  if (hour > 24) return null;
  const half = mark?.[0];
  if (half === "p" && hour < 12) return { hour: hour + 12, minute };
  if (half === "a") return { hour: hour === 12 ? 0 : hour, minute };
  const late = part !== null && part[1] >= 12;
  if (hour < 12 && late && hour + 12 <= 23 && !(part[1] === 12 && hour >= 10)) return { hour: hour + 12, minute };
  // "At 3" is the afternoon, "03:00" and "3 in the morning" are what they say.
  if (!exact && hour >= 1 && hour <= 7 && (part === null || part[1] >= 12)) return { hour: hour + 12, minute };
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
  part: readonly [RegExp, number, number] | null,
  { zone, at }: { readonly zone: string; readonly at: number },
): ReadTime {
  const edge = (hour: number) => instantOf(`${date}T${String(hour).padStart(2, "0")}:00`, zone)?.at.getTime() ?? at;
  const from = Math.max(at, edge(part?.[1] ?? 0));
  const to = Math.max(from + dayMs / 24, part === null ? edge(0) + dayMs : edge(part[2]));
  return { kind: "unclear", from, to };
}
