/** What a word of a number adds, by language; "one" counts only beside another, because alone it is an article as well. */
interface Language {
  readonly words: ReadonlyMap<string, number>;
  /** "and" between the words of one number. */
  readonly and: string;
  /** Whole numbers are written as one word, and units stand before tens or after them: "fünfundzwanzig", "tjugofem". */
  readonly joins: boolean;
  /** "And" is written with the word after it: "خمسة وعشرون". */
  readonly prefixes: boolean;
}

const languages: Readonly<Record<string, Language>> = {
  en: language({
    small:
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    tens: "twenty thirty forty fifty sixty seventy eighty ninety",
    others: { hundred: 100, hundreds: 100, thousand: 1_000, thousands: 1_000, million: 1_000_000, dozen: 12 },
    and: "and",
  }),
  sv: language({
    small: "ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
    tens: "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
    others: { en: 1, hundra: 100, tusen: 1_000, miljon: 1_000_000, miljoner: 1_000_000, tjog: 20, dussin: 12 },
    and: "och",
    joins: true,
  }),
  de: language({
    small:
      "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    tens: "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    others: {
      ...{ ein: 1, eine: 1, einen: 1, einem: 1, einer: 1, zwo: 2, zweien: 2, dreien: 3, dreissig: 30, hundert: 100 },
      ...{ tausend: 1_000, million: 1_000_000, millionen: 1_000_000, dutzend: 12 },
    },
    and: "und",
    joins: true,
  }),
  es: language({
    small:
      "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve",
    tens: "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    hundreds:
      "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos;doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas",
    others: {
      ...{ un: 1, una: 1, veintiun: 21, veintiuno: 21, veintiuna: 21, veintidos: 22, veintitres: 23, veinticuatro: 24 },
      ...{ veinticinco: 25, veintiseis: 26, veintisiete: 27, veintiocho: 28, veintinueve: 29 },
      ...{ cien: 100, ciento: 100, mil: 1_000, millon: 1_000_000, millones: 1_000_000, docena: 12 },
    },
    and: "y",
  }),
  ar: language({
    small: "واحد اثنان ثلاثه اربعه خمسه سته سبعه ثمانيه تسعه عشره",
    tens: "عشرون ثلاثون اربعون خمسون ستون سبعون ثمانون تسعون;عشرين ثلاثين اربعين خمسين ستين سبعين ثمانين تسعين",
    hundreds:
      "مئتان ثلاثمئه اربعمئه خمسمئه ستمئه سبعمئه ثمانمئه تسعمئه;مائتان ثلاثمائه اربعمائه خمسمائه ستمائه سبعمائه ثمانمائه تسعمائه;مئتين ثلاثمئه اربعمئه خمسمئه ستمئه سبعمئه ثمانيمئه تسعمئه",
    others: {
      ...{ احد: 1, احدي: 1, واحده: 1, اثنين: 2, اثنا: 2, اثني: 2, اثنتان: 2, اثنتين: 2, اثنتا: 2, اثنتي: 2, ثلاث: 3 },
      ...{ اربع: 4, خمس: 5, ست: 6, سبع: 7, ثماني: 8, ثمان: 8, تسع: 9, عشر: 10, مئه: 100, مائه: 100, مائتين: 200 },
      ...{ الف: 1_000, الاف: 1_000, الفان: 2_000, الفين: 2_000, مليون: 1_000_000 },
    },
    and: "و",
    prefixes: true,
  }),
};

/** Arabic says "two days" as one word. */
const duals: Readonly<Record<string, string>> = {
  يومان: "2 يوم",
  يومين: "2 يوم",
  اسبوعان: "2 اسبوع",
  اسبوعين: "2 اسبوع",
  شهران: "2 شهر",
  شهرين: "2 شهر",
  سنتان: "2 سنه",
  سنتين: "2 سنه",
  عامان: "2 عام",
  عامين: "2 عام",
  ساعتان: "2 ساعه",
  ساعتين: "2 ساعه",
  دقيقتان: "2 دقيقه",
  دقيقتين: "2 دقيقه",
};

/**
 * A text with its numbers in words as digits: "twenty-five days" is "25 days", "fünfundzwanzig", "veinticinco" and
 * "خمسة وعشرون" alike, to a million. "One" alone stays a word. Languages that are not known are left as they are.
 */
export function numbersAsDigits(text: string, locale: string): string {
  const known = languages[locale.slice(0, 2)];
  if (known === undefined) return text;
  const found: Found[] = [];
  for (const match of text.matchAll(/[\p{L}\p{M}]+/gu)) {
    const from = match.index;
    const to = from + match[0].length;
    const word = plain(match[0]);
    const dual = known.prefixes ? duals[word] : undefined;
    const read = dual === undefined ? readWord(known, word) : null;
    if (dual !== undefined) found.push({ from, to, value: null, dual });
    if (read === null) continue;
    const before = found.at(-1);
    const longer =
      before?.value == null || !isOneNumber(known, text.slice(before.to, from)) ? null : add(before.value, read, known);
    if (longer === null || before === undefined) found.push({ from, to, value: add(nothing, read, known) });
    else Object.assign(before, { to, value: longer });
  }
  let digits = "";
  let done = 0;
  for (const { from, to, value, dual } of found) {
    const said = dual ?? String((value?.total ?? 0) + (value?.current ?? 0));
    if (said === "1") continue;
    digits += text.slice(done, from) + said;
    done = to;
  }
  return digits + text.slice(done);
}

interface Found {
  readonly from: number;
  to: number;
  value: Value | null;
  readonly dual?: string;
}

/** Is this all there is between two words of one number? */
function isOneNumber({ and }: Language, between: string): boolean {
  const words = between.replace(/[\s\u00a0-]+/g, "");
  return words === "" || plain(words) === and;
}

interface Value {
  readonly total: number;
  readonly current: number;
}

const nothing: Value = { total: 0, current: 0 };

interface Read {
  readonly value: number;
  /** With an "and" before it that is part of the word. */
  readonly joined: boolean;
}

/** The words of a number that this word is made of; null: it is none. */
function readWord({ words, and, joins, prefixes }: Language, word: string): Read | null {
  const whole = words.get(word);
  if (whole !== undefined) return { value: whole, joined: false };
  if (prefixes && word.startsWith(and)) {
    const value = words.get(word.slice(and.length));
    return value === undefined ? null : { value, joined: true };
  }
  const values = joins ? takeApart(words, and, word) : null;
  return values === null ? null : { value: sumOf(values), joined: false };
}

/** "zweihundertfünfundzwanzig" as 2, 100, 5, 20; null where a rest is left. */
function takeApart(words: ReadonlyMap<string, number>, and: string, word: string): readonly number[] | null {
  if (word === "") return [];
  for (let length = word.length; length > 0; length--) {
    const value = words.get(word.slice(0, length));
    if (value === undefined) continue;
    const after = word.slice(length);
    const rest =
      takeApart(words, and, after) ??
      (after.startsWith(and) && after.length > and.length ? takeApart(words, and, after.slice(and.length)) : null);
    if (rest !== null) return [value, ...rest];
  }
  return null;
}

function sumOf(values: readonly number[]): number {
  let total = 0;
  let current = 0;
  for (const value of values) {
    if (value >= 1_000) {
      total += Math.max(current, 1) * value;
      current = 0;
    } else if (value === 100) current = Math.max(current, 1) * 100;
    else current += value;
  }
  return total + current;
}

/** The number with one word more; null: that word begins another one. */
function add({ total, current }: Value, { value, joined }: Read, { joins, prefixes }: Language): Value | null {
  const fresh = total === 0 && current === 0;
  if (fresh) return value >= 1_000 ? { total: value, current: 0 } : { total, current: value };
  // Where the words of a number are written as one, an "ein" of its own is an article.
  if (joins && value === 1) return null;
  if (value >= 1_000 && value % 1_000 === 0 && total % value === 0)
    return current > 0 ? { total: total + current * value, current: 0 } : null;
  if (value === 100 && current > 0 && current < 100) return { total, current: current * 100 };
  // "Three" and "ten" is thirteen in Arabic, "five and twenty" twenty-five.
  if (
    prefixes &&
    current % 100 > 0 &&
    current % 100 < 10 &&
    value % 10 === 0 &&
    value < 100 &&
    (joined || value === 10)
  )
    return { total, current: current + value };
  const room = current % 10 !== 0 ? 1 : current % 100 !== 0 ? 10 : current > 0 ? 100 : 1_000;
  return value < room && value < 1_000 ? { total, current: current + value } : null;
}

/** Without accents, vowel signs and the variants of one letter. */
function plain(word: string): string {
  return word
    .toLowerCase()
    .normalize("NFC")
    .replace(/[áéíóú]/g, (letter) => letter.normalize("NFD").slice(0, 1))
    .replace(/[\u064b-\u0652\u0640]/g, "")
    .replace(/[أإآ]/g, "ا")
    .replace(/ة/g, "ه")
    .replace(/ى/g, "ي");
}

function language(spec: {
  readonly small: string;
  readonly tens: string;
  readonly hundreds?: string;
  readonly others: Readonly<Record<string, number>>;
  readonly and: string;
  readonly joins?: boolean;
  readonly prefixes?: boolean;
}): Language {
  const words = new Map(Object.entries(spec.others));
  const name = (rows: string, valueOfPlace: (place: number) => number) => {
    for (const row of rows.split(";"))
      for (const [place, word] of row.split(" ").entries()) words.set(word, valueOfPlace(place));
  };
  name(spec.small, (place) => place + 1);
  name(spec.tens, (place) => (place + 2) * 10);
  if (spec.hundreds !== undefined) name(spec.hundreds, (place) => (place + 2) * 100);
  return { words, and: spec.and, joins: spec.joins ?? false, prefixes: spec.prefixes ?? false };
}
