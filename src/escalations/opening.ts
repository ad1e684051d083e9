/** Whether somebody is at the desk by its hours, and otherwise when; null: not for as long as we looked. */
export interface Opening {
  readonly open: boolean;
  readonly opensAt: string | null;
}

/** How the desk stands at a moment, from its openings from then on, in order. Pure. */
export function openingAt(now: number, openings: readonly { readonly from: number; readonly to: number }[]): Opening {
  const next = openings.find(({ to }) => to > now);
  if (next === undefined) return { open: false, opensAt: null };
  return next.from <= now ? { open: true, opensAt: null } : { open: false, opensAt: new Date(next.from).toISOString() };
}
