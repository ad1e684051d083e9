import type { Part } from "./message.ts";

/**
 * Masks card numbers to their last four digits before anything is stored (P1, R10): 13 to 19 digits in any script's
 * numerals, also with spaces or marks between, that pass the Luhn check. Other text is returned unchanged.
 */
export function maskCards(text: string): string {
  if (!hasEnoughDigits(text) || !mayHoldCard.test(text)) return text;
  return text.replace(candidate, (match) => maskCandidate(match));
}

/** The same over every text of a message, file names included; ids that were made for us stay what they are. */
export function maskParts(parts: readonly Part[]): readonly Part[] {
  return parts.map((part) => {
    switch (part.t) {
      case "text":
        return { ...part, text: maskCards(part.text) };
      case "media":
        return {
          ...part,
          ...(part.caption === undefined ? {} : { caption: maskCards(part.caption) }),
          ...(part.name === undefined ? {} : { name: maskCards(part.name) }),
        };
      case "choice":
        // Ours have words in them (`slot:1764558000000`); whoever sends figures alone chose nothing of ours.
        return {
          ...part,
          title: maskCards(part.title),
          optionId: /\p{L}/u.test(part.optionId) ? part.optionId : maskCards(part.optionId),
        };
      case "location":
        return {
          ...part,
          ...(part.name === undefined ? {} : { name: maskCards(part.name) }),
          ...(part.address === undefined ? {} : { address: maskCards(part.address) }),
        };
      case "contact":
        return {
          ...part,
          name: maskCards(part.name),
          phones: part.phones.map((phone) => (telephone.test(phone) ? phone : maskCards(phone))),
        };
      case "dtmf":
        return { ...part, digits: maskCards(part.digits) };
      default:
        return part;
    }
  });
}

/**
 * A card number that was typed over several messages, masked in each of them; null where they hold none. It begins with
 * the first digit of the first text and ends in the last one: at its end, or before what else stands there. Pure.
 */
export function maskAcross(texts: readonly string[]): readonly string[] | null {
  const pieces = texts.map((text) => [...text]);
  const found = pieces.flatMap((characters, piece) =>
    characters.flatMap((character, at) =>
      /\p{Nd}/u.test(character) ? [{ piece, at, digit: digitValue(character) }] : [],
    ),
  );
  const digits = found.map(({ digit }) => digit);
  const before = found.filter(({ piece }) => piece < pieces.length - 1).length;
  const length = lengthsFrom(digits, 0).find(
    (one) => one > before && (one === digits.length || one === usualLength(digits)) && isCard(digits, 0, one),
  );
  if (length === undefined || !schemes.has(digits[0] ?? 0)) return null;
  for (const { piece, at } of found.slice(0, length - 4)) pieces[piece]?.splice(at, 1, "•");
  return pieces.map((characters) => characters.join(""));
}

/** What the numbers of the card schemes begin with. */
const schemes = new Set([2, 3, 4, 5, 6]);
/** As people share a contact: with its country, and no longer than numbers are. */
const telephone = /^\+(?:\D{0,2}\d){7,15}\D*$/;

const cardDigits = { min: 13, max: 19 } as const;

/** Nearly every message ends here: fewer than thirteen characters that could be a digit in any script. */
function hasEnoughDigits(text: string): boolean {
  let count = 0;
  for (let at = 0; at < text.length && count < cardDigits.min; at++) {
    const code = text.charCodeAt(at);
    if ((code >= 48 && code <= 57) || code > 0x65f) count += 1;
  }
  return count >= cardDigits.min;
}

/** What people, and telephones, put between the digits: spaces, marks, dashes of every length, and what nobody sees. */
const between = "[\\s.,*|·_/\\-\u00ad\u200b-\u200f\u2060\ufeff\u2010-\u2015\u2212]";
const mayHoldCard = new RegExp(`(?:\\p{Nd}${between}*){13}`, "u");
const candidate = new RegExp(`\\p{Nd}(?:${between}{0,3}\\p{Nd}){12,}`, "gu");

/**
 * A number begins where a group of digits begins and ends where one ends, or has the usual length and something glued to
 * it. Windows anywhere in a run would find a number in most runs: one in ten passes the Luhn check by chance.
 */
function maskCandidate(match: string): string {
  const characters = [...match];
  const digitAt = characters.flatMap((character, index) => (/\p{Nd}/u.test(character) ? [index] : []));
  const digits = digitAt.map((index) => digitValue(characters[index] ?? ""));
  const beginsGroup = digitAt.map((at, index) => at !== (digitAt[index - 1] ?? Number.NaN) + 1);
  const endsGroup = (index: number) => beginsGroup[index] ?? true;
  const hidden = new Set<number>();
  const hide = (start: number, length: number) => {
    for (const at of digitAt.slice(start, start + length - 4)) hidden.add(at);
  };
  for (const start of digits.keys()) {
    if (!beginsGroup[start] || !schemes.has(digits[start] ?? 0)) continue;
    const whole = lengthsFrom(digits, start).filter((one) => endsGroup(start + one) && isCard(digits, start, one));
    for (const length of whole) hide(start, length);
    const usual = usualLength(digits, start);
    if (whole.length === 0 && isCard(digits, start, usual)) hide(start, usual);
  }
  return characters.map((character, index) => (hidden.has(index) ? "•" : character)).join("");
}

/** Longest first. */
function lengthsFrom(digits: readonly number[], start: number): number[] {
  const max = Math.min(cardDigits.max, digits.length - start);
  return Array.from({ length: Math.max(0, max - cardDigits.min + 1) }, (_, less) => max - less);
}

/** American Express has 15 digits, Diners Club 14, nearly all others 16. */
function usualLength(digits: readonly number[], start = 0): number {
  const [first, second = 0] = digits.slice(start, start + 2);
  if (first !== 3 || second === 5) return 16;
  return second === 4 || second === 7 ? 15 : 14;
}

function isCard(digits: readonly number[], start: number, length: number): boolean {
  return start + length <= digits.length && passesLuhn(digits.slice(start, start + length));
}

/** Decimal digits of every script lie in runs of ten that start at a zero. */
function digitValue(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 128) return code - 48;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero -= 1;
  return code - zero;
}

function passesLuhn(digits: readonly number[]): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = digits[digits.length - 1 - index] ?? 0;
    const doubled = digit * 2;
    sum += index % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
