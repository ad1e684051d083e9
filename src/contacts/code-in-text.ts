/** C5: how many digits a code has. */
export const codeDigits = 6;
const hidden = "•".repeat(codeDigits);

export interface FoundCode {
  readonly digits: string;
  /** The same words without it (R10). */
  readonly masked: string;
}

/** The six digits in what a customer typed, keyed or said: "123456", "123-456", "1 2 3 4 5 6", "one two three…". Pure. */
export function codeInText(text: string): FoundCode | null {
  const plain = text.normalize("NFKC").replace(/\p{Nd}/gu, asciiDigit);
  const written = /(?<!\d)\d(?:[\s,.-]{0,2}\d){5}(?![\s,.-]{0,2}\d)/.exec(plain);
  if (written !== null) return { digits: written[0].replace(/\D/g, ""), masked: plain.replace(written[0], hidden) };
  return spokenCode(plain);
}

/** Speech may be written down word by word. */
function spokenCode(text: string): FoundCode | null {
  const words = text.toLowerCase().match(/[\p{L}\p{M}]+|\d/gu) ?? [];
  const digits = words.map((word) => (/^\d$/.test(word) ? word : digitOf.get(word)));
  for (let start = 0; start + codeDigits <= digits.length; start++) {
    const run = digits.slice(start, start + codeDigits);
    const ends = digits[start + codeDigits] === undefined && (start === 0 || digits[start - 1] === undefined);
    if (ends && run.every((digit) => digit !== undefined)) return { digits: run.join(""), masked: hidden };
  }
  return null;
}

const digitOf: ReadonlyMap<string, string> = new Map(
  [
    "zero one two three four five six seven eight nine",
    "noll ett två tre fyra fem sex sju åtta nio",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "oh en zwo tres fyra fem sex siete acht neun",
    "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة",
  ].flatMap((line) => line.split(" ").map((word, digit) => [word, String(digit)] as const)),
);

/** Decimal digits of every script lie in runs of ten that start at a zero. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 48;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero -= 1;
  return String(code - zero);
}
