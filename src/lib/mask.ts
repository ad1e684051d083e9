import type { Part } from "./message.ts";

/**
 * Masks card numbers to their last four digits before anything is stored (P1, R10): 13 to 19 digits in any script's
 * numerals, also with spaces, dots or dashes between, that pass the Luhn check. Other text is returned unchanged.
 */
export function maskCards(text: string): string {
  if (!hasEnoughDigits(text) || !mayHoldCard.test(text)) return text;
  return text.replace(candidate, (match) => maskCandidate(match));
}

/** The same over every text of a message, file names included. */
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
        return { ...part, title: maskCards(part.title) };
      case "dtmf":
        return { ...part, digits: maskCards(part.digits) };
      default:
        return part;
    }
  });
}

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

const mayHoldCard = /(?:\p{Nd}[\s.\-–·_/]*){13}/u;
const candidate = /\p{Nd}(?:[\s.\-–·_/]{0,3}\p{Nd}){12,}/gu;

function maskCandidate(match: string): string {
  const characters = [...match];
  const digitAt = characters.flatMap((character, index) => (/\p{Nd}/u.test(character) ? [index] : []));
  const digits = digitAt.map((index) => digitValue(characters[index] ?? ""));
  const hidden = new Set<number>();
  for (let start = 0; start + cardDigits.min <= digits.length; start++) {
    for (let length = Math.min(cardDigits.max, digits.length - start); length >= cardDigits.min; length--) {
      const card = digits.slice(start, start + length);
      if (card[0] === 0 || !passesLuhn(card)) continue;
      for (let at = start; at < start + length - 4; at++) hidden.add(digitAt[at] ?? -1);
      start += length - 1;
      break;
    }
  }
  return characters.map((character, index) => (hidden.has(index) ? "•" : character)).join("");
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
