import type { Hours } from "../settings/hours.ts";
import { type Opening, openings, teamFor } from "./hours.ts";

const dayMs = 86_400_000;
/** Most desks open again within so many days; further ahead is looked at where they do not. */
const soonDays = 3;

/** When somebody is there to call, by the operator's hours. */
export interface DeskHours {
  /** The opening that `at` lies in, else the next one; null: none for as long as calls are promised ahead. */
  opening(at: number): Opening | null;
}

export const alwaysOpen: DeskHours = {
  opening: () => ({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }),
};

/** The hours of the team that a callback was given to, else of the one for its language. The assistant calls at any hour. */
export function deskHours(
  hours: Hours,
  deskZone: string,
  { team, locale }: { readonly team: string | null; readonly locale: string | null },
): DeskHours {
  if (hours.mode === "assistant-first") return alwaysOpen;
  const its = hours.teams.find(({ name }) => team !== null && name === team) ?? teamFor(hours, locale);
  return {
    opening(at) {
      for (const days of [soonDays, hours.aheadDays]) {
        const found = openings(its, deskZone, at, at + days * dayMs).find(({ to }) => to > at);
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}
