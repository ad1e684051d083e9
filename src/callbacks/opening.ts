import type { CallDesk } from "./desk.ts";
import { openings, teamFor } from "./hours.ts";

/** Whether the desk is open by its hours, and otherwise when; null: not for as long as calls are promised ahead. */
export interface OpeningNow {
  readonly open: boolean;
  readonly opensAt: number | null;
}

const dayMs = 86_400_000;

/** How the team for a language stands at this moment. */
export async function openingNow(
  { hours, deskZone, now }: Pick<CallDesk, "hours" | "deskZone" | "now">,
  locale: string | null,
): Promise<OpeningNow> {
  const set = await hours();
  const at = now();
  return openingAt(at, openings(teamFor(set, locale), deskZone, at, at + set.aheadDays * dayMs));
}

/** How the desk stands at a moment, from its openings from then on, in order. Pure. */
export function openingAt(now: number, ahead: readonly { readonly from: number; readonly to: number }[]): OpeningNow {
  const next = ahead.find(({ to }) => to > now);
  if (next === undefined) return { open: false, opensAt: null };
  return next.from <= now ? { open: true, opensAt: null } : { open: false, opensAt: next.from };
}
