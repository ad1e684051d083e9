/**
 * Text that a person typed, fit to be stored and put into any channel's markup (X4): without NUL, other control
 * characters that XML forbids, and halves of surrogate pairs. Line breaks and tabs stay.
 */
export function cleanText(text: string): string {
  return (
    text
      .replace(/\r\n?/g, "\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, "")
      .replace(/\p{Surrogate}/gu, "\ufffd")
  );
}

/** The first `max` characters of a cleaned text, never half of one. */
export function cutText(text: string, max: number): string {
  return firstOf(cleanText(text), max);
}

/** The first `max` UTF-16 units of a text that is clean already; half an emoji at the end is left out. */
export function firstOf(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}

/** Deeper than any provider's payload; beyond it nothing is kept, so that hostile nesting costs nothing. */
const depthMax = 20;

/** The same plain value with every text, also the names of fields, passed through `change`. */
export function mapTexts(value: unknown, change: (text: string) => string, depth = 0): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= depthMax) return null;
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [change(name), mapTexts(one, change, depth + 1)]),
  );
}
