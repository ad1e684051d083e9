import { type Hours, hoursSetting } from "../../src/settings/hours.ts";

const day: [string, string][] = [["00:00", "24:00"]];

/** A desk at which somebody is at every hour, so that no test depends on when it runs. */
export const alwaysOpenHours: Hours = {
  ...hoursSetting.fallback,
  teams: hoursSetting.fallback.teams.map((team) => ({
    ...team,
    week: [day, day, day, day, day, day, day],
    capacity: 1_000,
  })),
};
