import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { limitKey } from "../lib/limit-key.ts";

/** Numbers that cost their caller money or reach nobody in particular (M1). */
const refusedTypes = new Set([
  "PREMIUM_RATE",
  "SHARED_COST",
  "UAN",
  "PAGER",
  "VOICEMAIL",
  "TOLL_FREE",
  // Follow-me numbers (+44 70…) cost like premium ones.
  "PERSONAL_NUMBER",
]);

export type PhoneCheck =
  | {
      readonly outcome: "callable";
      readonly number: string;
      readonly country: string;
      /** Surely not a mobile telephone: it gets no text messages. */
      readonly landline: boolean;
    }
  | { readonly outcome: "not-a-number" | "country-not-called" | "refused-range" };

/**
 * May we call this number (M1)? It must lie in a country on the list and not in a range that is made to cost. Satellite
 * and other international networks have no country, so they are on no list. `knownFrom`: the customer wrote to us from
 * it, so that a number which our tables do not know yet is taken at its word.
 */
export function checkPhone(text: string, countries: readonly string[], knownFrom: boolean): PhoneCheck {
  const parsed = parsePhoneNumberFromString(text);
  if (parsed === undefined || !(parsed.isValid() || (knownFrom && parsed.isPossible())))
    return { outcome: "not-a-number" };
  const possible = parsed.country === undefined ? parsed.getPossibleCountries() : [parsed.country];
  const country = possible.find((one) => countries.includes(one));
  if (country === undefined) return { outcome: "country-not-called" };
  if (refusedTypes.has(parsed.getType() ?? "")) return { outcome: "refused-range" };
  return { outcome: "callable", number: parsed.number, country, landline: parsed.getType() === "FIXED_LINE" };
}

/** The same for this desk: numbers that are made up for its simulator are in no table, and ring nowhere else. */
export function checkFor(
  { countries, madeUp }: { readonly countries: readonly string[]; readonly madeUp?: ReadonlySet<string> },
  text: string,
  knownFrom: boolean,
): PhoneCheck {
  const number = parsePhoneNumberFromString(text)?.number;
  return checkPhone(text, countries, knownFrom || (number !== undefined && madeUp?.has(number) === true));
}

/** How often at most (M2). Numbers are our choice: far above what customers need, far below what hurts. */
export interface Caps {
  readonly requestsPerNumberDay: number;
  readonly requestsPerPrefixDay: number;
  readonly requestsPerAddressHour: number;
  readonly requestsPerContactDay: number;
  readonly requestsPerCountryDay: number;
  readonly dialsPerNumberDay: number;
  readonly dialsPerPrefixDay: number;
  readonly dialsPerCountryDay: number;
  /** M3: to a number whose owner never wrote or called from it. */
  readonly dialsPerUnprovenNumberDay: number;
  /** Text messages about calls, to numbers that they are not written from. */
  readonly textsPerNumberDay: number;
  readonly textsPerPrefixDay: number;
  readonly textsPerDay: number;
  /** All calls of a day, in cents, at `centsPerCall` each. */
  readonly centsPerDay: number;
  readonly centsPerCall: number;
}

export const usualCaps: Caps = {
  requestsPerNumberDay: 3,
  requestsPerPrefixDay: 30,
  requestsPerAddressHour: 10,
  requestsPerContactDay: 10,
  requestsPerCountryDay: 5_000,
  dialsPerNumberDay: 6,
  dialsPerPrefixDay: 60,
  dialsPerCountryDay: 5_000,
  dialsPerUnprovenNumberDay: 1,
  textsPerNumberDay: 12,
  textsPerPrefixDay: 120,
  textsPerDay: 10_000,
  centsPerDay: 100_000,
  centsPerCall: 20,
};

export interface Allowance {
  readonly scope: string;
  readonly key: string;
  readonly period: Date;
  readonly amount: number;
  readonly cap: number;
}

/** A block of 1,000 numbers, as they are handed out to companies and abused together. */
const prefixWithoutLast = 3;

/** What one request for a call uses up. Pure. */
export function requestAllowances(
  asked: {
    readonly phone: string;
    readonly country: string;
    readonly contactId: string | null;
    readonly address: string | null;
  },
  now: Date,
  caps: Caps,
): Allowance[] {
  const day = startOf(now, dayMs);
  const hour = startOf(now, hourMs);
  const one = (scope: string, key: string, cap: number, period = day) => ({ scope, key, period, amount: 1, cap });
  return [
    one("request-number", asked.phone, caps.requestsPerNumberDay),
    one("request-prefix", prefixOf(asked.phone), caps.requestsPerPrefixDay),
    one("request-country", asked.country, caps.requestsPerCountryDay),
    ...(asked.contactId === null ? [] : [one("request-contact", asked.contactId, caps.requestsPerContactDay)]),
    ...(asked.address === null
      ? []
      : [one("request-address", limitKey(asked.address), caps.requestsPerAddressHour, hour)]),
  ];
}

/** What dialling a customer's telephone once uses up. Pure. */
export function dialAllowances(
  dialled: { readonly phone: string; readonly country: string; readonly proven: boolean },
  now: Date,
  caps: Caps,
): Allowance[] {
  const period = startOf(now, dayMs);
  const one = (scope: string, key: string, cap: number, amount = 1) => ({ scope, key, period, amount, cap });
  return [
    one("dial-number", dialled.phone, caps.dialsPerNumberDay),
    one("dial-prefix", prefixOf(dialled.phone), caps.dialsPerPrefixDay),
    one("dial-country", dialled.country, caps.dialsPerCountryDay),
    ...(dialled.proven
      ? []
      : [{ ...one("dial-unproven", dialled.phone, caps.dialsPerUnprovenNumberDay), period: startOf(now, hourMs) }]),
    one("dial-money", "all", caps.centsPerDay, caps.centsPerCall),
  ];
}

/**
 * Was this unproven number, in the 24 hours before this, rung as often as it may be (M3)? Not by the day: one of ours may
 * end a minute after the call. Counted in hours, of which the first counts as a whole.
 */
export async function rungEnough(sql: TransactionSql, phone: string, at: Date, caps: Caps): Promise<boolean> {
  const since = new Date(at.getTime() - dayMs - hourMs);
  const [row] = await sql<{ enough: boolean }[]>`
    select coalesce(sum(used), 0) >= ${caps.dialsPerUnprovenNumberDay} as enough from allowances
      where scope = 'dial-unproven' and key = ${phone} and period > ${since} and period <= ${at}`;
  if (row === undefined) throw new Error("The counters of calls gave no answer.");
  return row.enough;
}

/** What a text message about a call to a number uses up. Pure. */
export function textAllowances(phone: string, now: Date, caps: Caps): Allowance[] {
  const period = startOf(now, dayMs);
  const one = (scope: string, key: string, cap: number) => ({ scope, key, period, amount: 1, cap });
  return [
    one("text-number", phone, caps.textsPerNumberDay),
    one("text-prefix", prefixOf(phone), caps.textsPerPrefixDay),
    one("text-all", "all", caps.textsPerDay),
  ];
}

/**
 * Takes a share of every cap, or of none; gives the cap that has no room, null when all had. Throws when the counters
 * cannot be read: then nothing is promised or dialled (M2).
 */
export async function takeAllowances(sql: TransactionSql, items: readonly Allowance[]): Promise<string | null> {
  const [row] = await sql<{ full: string | null }[]>`select take_allowances(${sql.json(asJson([...items]))}) as full`;
  if (row === undefined) throw new Error("The counters of calls gave no answer.");
  return row.full;
}

/** Gives back what was taken for a dialling in which the customer's telephone did not ring; nothing where the day has changed since. */
export async function giveBackAllowances(sql: TransactionSql, items: readonly Allowance[]): Promise<void> {
  // In the order in which they are taken: nobody waits for each other.
  await sql`with items as (
      select * from jsonb_to_recordset(${sql.json(asJson([...items]))}) as i(scope text, key text, period timestamptz, amount bigint)),
    taken as (select a.scope, a.key, a.period from allowances a join items using (scope, key, period)
      order by a.scope, a.key, a.period for update of a)
    update allowances a set used = a.used - items.amount from taken join items using (scope, key, period)
    where a.scope = taken.scope and a.key = taken.key and a.period = taken.period and a.used >= items.amount
      and exists (select 1 from taken where scope = 'dial-number')`;
}

/** Counters of days that are over. Safe side by side in every worker. */
export async function removeOldAllowances(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from allowances where period < now() - interval '2 days'`);
}

/** R5: opted out on whichever channel, or said "never again"; with `butListed` only what is left without the latter. */
export async function refusesCalls(
  sql: TransactionSql,
  phone: string,
  { butListed = false }: { readonly butListed?: boolean } = {},
): Promise<boolean> {
  const [row] = await sql<{ refuses: boolean }[]>`
    select (${!butListed} and exists (select 1 from never_call where phone = ${phone}))
      or exists (select 1 from contact_addresses where kind = 'e164' and value = ${phone} and opted_out_at is not null)
      as refuses`;
  if (row === undefined) throw new Error("The list of numbers that are not called gave no answer.");
  return row.refuses;
}

/** Ends all calls to this number, until its owner takes that back. False: it was on the list before. */
export async function neverCall(
  sql: TransactionSql,
  phone: string,
  source: "key" | "link" | "agent" | "words",
): Promise<boolean> {
  const rows = await sql`insert into never_call (phone, source) values (${phone}, ${source})
    on conflict (phone) do nothing returning 1`;
  return rows.length > 0;
}

function prefixOf(phone: string): string {
  return phone.slice(0, -prefixWithoutLast);
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function startOf(now: Date, length: number): Date {
  return new Date(Math.floor(now.getTime() / length) * length);
}
