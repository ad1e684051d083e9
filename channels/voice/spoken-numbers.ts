import type { SpokenLocale } from "./phrases.ts";

/** One, several; hundredths: one, several. */
type Names = readonly [string, string, string, string];

interface NumberWords {
  readonly currencies: Readonly<Record<string, Names>>;
  readonly and: string;
  readonly plus: string;
  readonly minus: string;
}

const words: Readonly<Record<SpokenLocale, NumberWords>> = {
  en: {
    currencies: {
      USD: ["dollar", "dollars", "cent", "cents"],
      EUR: ["euro", "euros", "cent", "cents"],
      GBP: ["pound", "pounds", "penny", "pence"],
      SEK: ["krona", "kronor", "öre", "öre"],
      NOK: ["Norwegian krone", "Norwegian kroner", "øre", "øre"],
      DKK: ["Danish krone", "Danish kroner", "øre", "øre"],
    },
    and: "and",
    plus: "plus",
    minus: "minus",
  },
  sv: {
    currencies: {
      USD: ["dollar", "dollar", "cent", "cent"],
      EUR: ["euro", "euro", "cent", "cent"],
      GBP: ["pund", "pund", "penny", "pence"],
      SEK: ["krona", "kronor", "öre", "öre"],
      NOK: ["norsk krona", "norska kronor", "öre", "öre"],
      DKK: ["dansk krona", "danska kronor", "öre", "öre"],
    },
    and: "och",
    plus: "plus",
    minus: "minus",
  },
  de: {
    currencies: {
      USD: ["Dollar", "Dollar", "Cent", "Cent"],
      EUR: ["Euro", "Euro", "Cent", "Cent"],
      GBP: ["Pfund", "Pfund", "Penny", "Pence"],
      SEK: ["Krone", "Kronen", "Öre", "Öre"],
      NOK: ["norwegische Krone", "norwegische Kronen", "Öre", "Öre"],
      DKK: ["dänische Krone", "dänische Kronen", "Öre", "Öre"],
    },
    and: "und",
    plus: "plus",
    minus: "minus",
  },
  es: {
    currencies: {
      USD: ["dólar", "dólares", "centavo", "centavos"],
      EUR: ["euro", "euros", "céntimo", "céntimos"],
      GBP: ["libra", "libras", "penique", "peniques"],
      SEK: ["corona", "coronas", "öre", "öre"],
      NOK: ["corona noruega", "coronas noruegas", "öre", "öre"],
      DKK: ["corona danesa", "coronas danesas", "öre", "öre"],
    },
    and: "con",
    plus: "más",
    minus: "menos",
  },
  ar: {
    currencies: {
      USD: ["دولار", "دولار", "سنت", "سنت"],
      EUR: ["يورو", "يورو", "سنت", "سنت"],
      GBP: ["جنيه إسترليني", "جنيه إسترليني", "بنس", "بنس"],
      SEK: ["كرونة سويدية", "كرونة سويدية", "أوره", "أوره"],
      NOK: ["كرونة نرويجية", "كرونة نرويجية", "أوره", "أوره"],
      DKK: ["كرونة دنماركية", "كرونة دنماركية", "أوره", "أوره"],
    },
    and: "و",
    plus: "زائد",
    minus: "ناقص",
  },
};

const codes: Readonly<Record<string, string>> = { US$: "USD", $: "USD", "€": "EUR", "£": "GBP", kr: "SEK" };
const currency = String.raw`US\$|\$|€|£|kr\b|USD|EUR|GBP|SEK|NOK|DKK`;
const number = String.raw`\d{1,3}(?:[.,'\u0020\u00a0\u202f]\d{3})+(?:[.,]\d{2})?(?!\d)|\d+(?:[.,]\d{2})?(?![.,]?\d)`;
const amount = new RegExp(
  `([-−])?(?:(${currency})[\\s\\u00a0\\u202f]?(${number})|(${number})[\\s\\u00a0\\u202f]?(${currency}))`,
  "g",
);
const isoDate = /\b(\d{4})-(\d{2})-(\d{2})\b/g;
/** "+46 70 123 45 67", "08-123 456 78". */
const telephone = /(?<![\d.,])\+?\d(?:[\s\u00a0()-]{0,2}\d){6,14}(?![\d.,]?\d)/g;
/** "PL-104321", "104321": nobody says a hundred and four thousand. */
const reference = /\b([A-Z]{1,4}-?)?(\d{5,})\b/g;
/** The last digits of a card are digits, not a number. */
const lastFour = /(ending in|slutar på|Endziffern|terminada en|المنتهية بالأرقام) (\d{4})\b/g;

/** Amounts, dates, telephone numbers and references as one says them; everything else as it was. Pure. */
export function spokenNumbers(text: string, locale: SpokenLocale): string {
  return text
    .replace(isoDate, (date, year: string, month: string, day: string) => spokenDate(date, [year, month, day], locale))
    .replace(amount, (whole, minus?: string, before?: string, first?: string, second?: string, after?: string) =>
      spokenAmount(whole, before ?? after ?? "", first ?? second ?? "", minus !== undefined, locale),
    )
    .replace(lastFour, (_, lead: string, digits: string) => `${lead} ${apart(digits)}`)
    .replace(telephone, (whole) => spokenTelephone(whole, locale))
    .replace(reference, (_, letters: string | undefined, digits: string) =>
      `${apart((letters ?? "").replace("-", ""))} ${apart(digits)}`.trim(),
    );
}

function spokenAmount(whole: string, sign: string, digits: string, negative: boolean, locale: SpokenLocale): string {
  const { currencies, and, minus } = words[locale];
  const names = currencies[codes[sign] ?? sign];
  if (names === undefined) return whole;
  const [, major = "", hundredths = "0"] = /^(.*?)(?:[.,](\d{2}))?$/.exec(digits) ?? [];
  const units = Number(major.replace(/\D/g, ""));
  const part = Number(hundredths);
  const [one, many, cent, cents] = names;
  const big = units === 0 && part > 0 ? "" : `${units} ${units === 1 ? one : many}`;
  const small = part === 0 ? "" : `${part} ${part === 1 ? cent : cents}`;
  const said = big !== "" && small !== "" ? `${big} ${and} ${small}` : big + small;
  return negative ? `${minus} ${said}` : said;
}

function spokenDate(
  whole: string,
  [year, month, day]: readonly [string, string, string],
  locale: SpokenLocale,
): string {
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return whole;
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

function spokenTelephone(whole: string, locale: SpokenLocale): string {
  // Thousands in groups of three are a number.
  if (/^\d{1,3}(?:[\s\u00a0]\d{3})+$/.test(whole)) return whole;
  const groups = whole.match(/\d+/g) ?? [];
  if (groups.length === 1 && !whole.startsWith("+")) return apart(whole);
  const said = groups.map(apart).join(", ");
  return whole.startsWith("+") ? `${words[locale].plus} ${said}` : said;
}

function apart(characters: string): string {
  return [...characters].join(" ");
}
