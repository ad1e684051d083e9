/**
 * A language as BCP 47 writes it, also where it came with an underscore ("sv_SE"); null where the text is none, so that no
 * formatter stumbles over what somebody sent. Pure.
 */
export function toLocale(text: string | null | undefined): string | null {
  if (typeof text !== "string" || text === "") return null;
  try {
    return Intl.getCanonicalLocales(text.replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}
