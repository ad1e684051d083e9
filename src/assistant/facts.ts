import { numbersAsDigits } from "./number-words.ts";

/**
 * What a sentence claims that can be checked letter by letter: amounts, shares, spans of time, plain numbers, days and
 * months, telephone numbers, links, addresses. Each as one normalised word, so that "1,64 %" equals "1.64 per cent".
 */
export function factsOf(text: string, locale: string): ReadonlySet<string> {
  const plain = latinDigits(text.normalize("NFKC")).replace(/^\s*\d{1,2}[.)]\s+/gm, "");
  const facts = new Set<string>();
  for (const one of addressesIn(plain)) facts.add(one);
  for (const one of longNumbersIn(plain)) facts.add(one);
  for (const one of numbersIn(numbersAsDigits(plain, locale))) facts.add(one);
  for (const one of calendarWordsIn(plain, locale)) facts.add(one);
  return facts;
}

/** The links of a text, also bare domains; every scheme counts, so that "javascript:" is one as well. */
function linksIn(text: string): string[] {
  const found = text.normalize("NFKC").match(link) ?? [];
  return found.map((one) => one.replace(/[).,;:!?\]'"»”]+$/, "").toLowerCase());
}

const link =
  /\b[a-z][a-z0-9+.-]*:\/\/\S+|\b(?:javascript|vbscript|data|blob|file|mailto|tel|sms|intent):\S+|\bwww\.\S+|\b[\p{L}\p{N}-]{2,}(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}\b(?:\/\S*)?/giu;
const email = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/giu;
const identifier = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

function addressesIn(text: string): string[] {
  const mails = (text.match(email) ?? []).map((one) => `mail:${one.toLowerCase()}`);
  const ids = (text.match(identifier) ?? []).map((one) => `id:${one.toLowerCase()}`);
  return [...linksIn(text.replace(email, " ")).map((one) => `link:${one}`), ...mails, ...ids];
}

/** Seven digits or more, however they are grouped: a telephone or account number. */
const longNumber = /\+?\d(?:[\s().\-/]{0,2}\d){6,}/g;

function longNumbersIn(text: string): string[] {
  return (text.match(longNumber) ?? []).map((one) => `digits:${one.replace(/\D/g, "")}`);
}

/** Thousands by point, comma, blank or apostrophe; decimals by point or comma; hours with a colon. */
const number = /\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d{1,2})?|\d+(?:[.,:]\d+)?/g;
/** "7 USD", "USD 7", "2 banking days": the word beside a number belongs to the claim. */
const around = {
  before: /(\p{Sc}|[\p{L}]+)[\s\u00a0]?$/u,
  after: /^[\s\u00a0-]?(%|\p{Sc}|\p{L}+(?:-\p{L}+)?)\p{M}*(?:[\s\u00a0](\p{L}+))?/u,
};

function numbersIn(text: string): string[] {
  const facts: string[] = [];
  for (const match of text.matchAll(number)) {
    const value = toValue(match[0]);
    const before = around.before.exec(text.slice(Math.max(0, match.index - 20), match.index));
    const after = around.after.exec(text.slice(match.index + match[0].length, match.index + match[0].length + 40));
    const unit = currencyOf(before?.[1]) ?? unitOf(after?.[1]) ?? unitOf(after?.[2], timeUnits);
    // "One" is an article in most languages: alone, or as a span of time, it claims nothing that "a" would not.
    if (value === "1" && (unit === null || timeUnits.some(([name]) => name === unit))) continue;
    facts.push(`number:${value}`);
    if (unit !== null) facts.push(`${unit}:${value}`);
  }
  return facts;
}

function toValue(written: string): string {
  const grouped = /^\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+/.exec(written);
  const whole = grouped === null ? "" : grouped[0].replace(/\D/g, "");
  const rest = grouped === null ? written : written.slice(grouped[0].length);
  const value = whole + rest.replace(",", ".");
  return value.includes(":") ? value : String(Number(value));
}

type Units = readonly (readonly [name: string, pattern: RegExp])[];

const currencies: Units = [
  ["usd", /^(?:\$|usd|(?:us-)?dollars?|dólar(?:es)?|دولار(?:ات|ا)?)$/iu],
  ["eur", /^(?:€|eur|euros?|يورو)$/i],
  ["gbp", /^(?:£|gbp|pounds?|pund|pfund|libras?|جنيه(?:ات|ا)?)$/i],
  ["kr", /^(?:kr|sek|nok|dkk|kronor|krona|kroner|kronen|coronas?|كرون(?:ة|ه|ات|ا)?)$/i],
  ["aed", /^(?:aed|dirhams?|درهم(?:ا)?|دراهم)$/i],
  ["riyal", /^(?:sar|qar|riyals?|ريال(?:ات|ا)?)$/i],
  ["money", /^\p{Sc}$/u],
];
const percent: Units = [["percent", /^(?:%|percent|procent|prozent|ب?المئة|ب?المائة)$/i]];
const timeUnits: Units = [
  ["minutes", /^(?:minut\p{L}{0,3}|دقيقت?[ةه]?|دقائق)$/iu],
  ["hours", /^(?:hours?|timm(?:e|ar|en)|stunden?|horas?|ساع(?:ة|ه|ات))$/i],
  ["days", /^(?:days?|\p{L}*dag(?:ar|en|s)?|\p{L}*tage?n?|días?|يوم(?:ا)?|أيام|ايام)$/iu],
  ["weeks", /^(?:weeks?|veck(?:a|or|an)|wochen?|semanas?|[أا]سبوع(?:ا)?|[أا]سابيع)$/i],
  ["months", /^(?:months?|månad(?:er|en)?|monate?n?|mes(?:es)?|شهر(?:ا)?|[أا]شهر|شهور)$/iu],
  ["years", /^(?:years?|år(?:et)?|jahre?n?|años?|سن(?:ة|ه|وات)|عام(?:ا)?|[أا]عوام)$/iu],
];

function currencyOf(word: string | undefined): string | null {
  return unitOf(word, currencies);
}

function unitOf(word: string | undefined, units: Units = [...currencies, ...percent, ...timeUnits]): string | null {
  if (word === undefined) return null;
  return units.find(([, pattern]) => pattern.test(word))?.[0] ?? null;
}

function calendarWordsIn(text: string, locale: string): string[] {
  const names = calendarWords(locale);
  return (text.match(/\p{L}+/gu) ?? []).flatMap((word) => {
    const place = names.get(word.toLowerCase());
    return place === undefined ? [] : [place];
  });
}

const calendars = new Map<string, ReadonlyMap<string, string>>();
/** Also everyday words: "may I", "march on", "sex" in Swedish is six. The numbers of a date are checked anyway. */
const everyday = new Set(["may", "march"]);

/** Months and days of the week by name, in any language that the runtime knows. */
function calendarWords(locale: string): ReadonlyMap<string, string> {
  const known = calendars.get(locale);
  if (known !== undefined) return known;
  const names = new Map<string, string>();
  const name = (date: Date, part: "month" | "weekday") =>
    new Intl.DateTimeFormat(locale, { [part]: "long", timeZone: "UTC" }).format(date).toLowerCase();
  for (let month = 0; month < 12; month++)
    names.set(name(new Date(Date.UTC(2024, month, 1)), "month"), `month:${month}`);
  for (let day = 0; day < 7; day++) names.set(name(new Date(Date.UTC(2024, 0, 7 + day)), "weekday"), `weekday:${day}`);
  for (const word of everyday) names.delete(word);
  calendars.set(locale, names);
  return names;
}

/** Decimal digits of every script lie in runs of ten that start at a zero; Arabic has signs of its own beside them. */
function latinDigits(text: string): string {
  return text
    .replace(/٪/g, "%")
    .replace(/٫/g, ".")
    .replace(/٬/g, ",")
    .replace(/(?![0-9])\p{Nd}/gu, (digit) => {
      const code = digit.codePointAt(0) ?? 48;
      let zero = code;
      while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
      return String(code - zero);
    });
}
