import { parsePhoneNumberFromString } from "libphonenumber-js/max";

/** Numbers that cost their caller money or reach nobody in particular (M1). */
const refusedTypes = new Set(["PREMIUM_RATE", "SHARED_COST", "UAN", "PAGER", "VOICEMAIL", "TOLL_FREE"]);

export type PhoneCheck =
  | { readonly outcome: "callable"; readonly number: string }
  | { readonly outcome: "not-a-number" | "country-not-called" | "refused-range" };

/**
 * May we call this number (M1)? It must lie in a country on the list and not in a range that is made to cost. `knownFrom`:
 * the customer wrote to us from it, so that a number which our tables do not know yet is taken at its word.
 */
export function checkPhone(text: string, countries: readonly string[], knownFrom: boolean): PhoneCheck {
  const parsed = parsePhoneNumberFromString(text);
  if (parsed === undefined || !(parsed.isValid() || (knownFrom && parsed.isPossible())))
    return { outcome: "not-a-number" };
  const possible = parsed.country === undefined ? parsed.getPossibleCountries() : [parsed.country];
  if (!possible.some((country) => countries.includes(country))) return { outcome: "country-not-called" };
  if (refusedTypes.has(parsed.getType() ?? "")) return { outcome: "refused-range" };
  return { outcome: "callable", number: parsed.number };
}
