const nameMaxChars = 80;

/**
 * A customer's name as people may see it (X4): without characters that are invisible or turn the reading direction, on
 * one line, cut to a length. Null when nothing visible is left. Screens still isolate it (`<bdi>`).
 */
export function shownName(name: string | null): string | null {
  if (name === null) return null;
  const visible = name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    // Joiners hold scripts and emoji together; every other format character (direction, zero width, tags) goes.
    .replace(/[^\P{Cf}\u200c\u200d]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(visible) ? [...visible].slice(0, nameMaxChars).join("") : null;
}
