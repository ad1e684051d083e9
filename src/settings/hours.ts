import { z } from "zod";
import { isTimeZone } from "../lib/zoned-time.ts";
import type { Setting } from "./settings.ts";

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "must be a time like 08:30");
/** From, to; a `to` that is not after `from` lies on the next day. */
const interval = z.tuple([clock, clock]);
/** More is a mistake. */
const intervalsMax = 8;
const day = z.array(interval).max(intervalsMax);
const zone = z.string().refine(isTimeZone, "must be a zone like Europe/Stockholm");

export const languageCodes = z.array(z.string().regex(/^[a-z]{2,3}$/, "must be a language code such as en")).max(40);
export const teamName = z.string().trim().max(60);

const team = z.strictObject({
  /** Empty: the usual team. */
  name: teamName.default(""),
  /** The languages it speaks; empty: all. */
  languages: languageCodes.default([]),
  zone: zone.nullable().default(null),
  /** Monday first. */
  week: z.tuple([day, day, day, day, day, day, day]),
  /** By date; no interval: closed. */
  holidays: z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date like 2026-12-24"), day).default({}),
  /** Calls that can be promised for one slot. */
  capacity: z.number().int().min(1).max(10_000).default(5),
});

const workday: [string, string][] = [["08:00", "20:00"]];
const weekend: [string, string][] = [["09:00", "17:00"]];

const schema = z.strictObject({
  teams: z
    .array(team)
    .min(1)
    .max(40)
    .default([
      {
        name: "",
        languages: [],
        zone: null,
        week: [workday, workday, workday, workday, workday, weekend, weekend],
        holidays: {},
        capacity: 5,
      },
    ]),
  slotMinutes: z.number().int().min(5).max(240).default(30),
  /** No slot sooner than this. */
  leadMinutes: z.number().int().min(0).max(10_080).default(30),
  aheadDays: z.number().int().min(1).max(60).default(14),
  mode: z.enum(["agent-first", "customer-first", "assistant-first"]).default("agent-first"),
});

export type Hours = z.output<typeof schema>;
export type Team = Hours["teams"][number];

/** When the company calls, who is rung first, and how many calls can be promised at a time. */
export const hoursSetting = { key: "hours", schema, fallback: schema.parse({}) } as const satisfies Setting<
  typeof schema
>;
