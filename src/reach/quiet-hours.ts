import { dayAfter, instantOf, localTimeOf } from "../lib/zoned-time.ts";

export interface QuietHours {
  /** Hours of the wall clock; `from` later than `to` spans midnight, the same hour twice is never quiet. */
  readonly from: number;
  readonly to: number;
}

/** When the customer's quiet hours end; null when it is not quiet there now. Pure. */
export function quietUntil(now: Date, zone: string, { from, to }: QuietHours): Date | null {
  const local = localTimeOf(now, zone);
  const hour = Number(local.slice(11, 13));
  const isQuiet = from <= to ? hour >= from && hour < to : hour >= from || hour < to;
  if (!isQuiet) return null;
  const today = local.slice(0, 10);
  const day = hour < to ? today : dayAfter(today);
  return instantOf(`${day}T${String(to).padStart(2, "0")}:00`, zone)?.at ?? null;
}
