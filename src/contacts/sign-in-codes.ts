import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import { parsePhoneNumberFromString } from "libphonenumber-js";
import type { Db, TransactionSql } from "../db/client.ts";
import { newId } from "../lib/ids.ts";
import { codeDigits } from "./code-in-text.ts";

/** C5. */
const triesMax = 5;
const codeMinutes = 10;
/** M2: nobody needs more codes; whoever asks for more annoys a number's owner. */
const perNumberAnHour = 3;
const perNumberADay = 8;
/**
 * M4: codes that are asked for and never entered. So many in an hour, and fewer than a fifth entered: somebody has
 * codes sent who does not want them (SMS pumping), so that prefix or country rests until the hour has passed.
 */
const breakers = { prefix: 10, country: 60 } as const;
const enteredShareMin = 0.2;
/** "+4670174": a country and the block of numbers that one operator was given. */
const prefixChars = 8;

export interface CodeRequest {
  readonly conversationId: string;
  readonly addressId: string;
  readonly turnId: string;
  /** The account's own number, in E.164. */
  readonly destination: string;
  /** Null: the number is nobody's; everything goes on as if it were (M5). */
  readonly customer: string | null;
}

export type CodeIssue =
  /** `code` is null when there is nothing to send: nobody's number, or sent by this turn before. */
  { readonly outcome: "issued"; readonly code: string | null } | { readonly outcome: "refused" };

/** Issues a code, if the number may get one: listed country (M1), caps (M2), breaker (M4). Older codes of the address end. */
export function issueCode(
  deps: { readonly db: Db; readonly key: Buffer; readonly countries: readonly string[] },
  request: CodeRequest,
): Promise<CodeIssue> {
  const country = parsePhoneNumberFromString(request.destination)?.country;
  if (country === undefined || !deps.countries.includes(country)) return Promise.resolve({ outcome: "refused" });
  const prefix = request.destination.slice(0, prefixChars);
  return deps.db.transaction(async (sql): Promise<CodeIssue> => {
    // One at a time within a country, so that no cap is passed by asking side by side.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`sign-in-codes:${country}`}, 0))`;
    const [same] = await sql`select 1 from sign_in_codes where turn_id = ${request.turnId}`;
    if (same !== undefined) return { outcome: "issued", code: null };
    if (!(await mayBeSent(sql, request.destination, prefix, country))) return { outcome: "refused" };
    await sql`update sign_in_codes set expires_at = now() where address_id = ${request.addressId} and expires_at > now()`;
    const id = newId();
    const code = String(randomInt(10 ** codeDigits)).padStart(codeDigits, "0");
    const hash = codeHash(deps.key, { id, ...request }, code);
    await sql`insert into sign_in_codes (id, conversation_id, address_id, turn_id, destination, prefix, country, customer,
        code_hash, expires_at)
      values (${id}, ${request.conversationId}, ${request.addressId}, ${request.turnId}, ${request.destination}, ${prefix},
        ${country}, ${request.customer}, ${hash}, now() + ${codeMinutes} * interval '1 minute')`;
    return { outcome: "issued", code: request.customer === null ? null : code };
  });
}

async function mayBeSent(sql: TransactionSql, destination: string, prefix: string, country: string): Promise<boolean> {
  const [own] = await sql<{ hour: number; day: number }[]>`
    select count(*) filter (where created_at > now() - interval '1 hour') as hour, count(*) as day
    from sign_in_codes where destination = ${destination} and created_at > now() - interval '1 day'`;
  if (own === undefined || own.hour >= perNumberAnHour || own.day >= perNumberADay) return false;
  const [all] = await sql<Record<"prefixAsked" | "prefixEntered" | "countryAsked" | "countryEntered", number>[]>`
    select count(*) filter (where prefix = ${prefix}) as "prefixAsked",
      count(entered_at) filter (where prefix = ${prefix}) as "prefixEntered",
      count(*) as "countryAsked", count(entered_at) as "countryEntered"
    from sign_in_codes where country = ${country} and created_at > now() - interval '1 hour'`;
  if (all === undefined) return false;
  const trips = (asked: number, entered: number, from: number) => asked >= from && entered < asked * enteredShareMin;
  return (
    !trips(all.prefixAsked, all.prefixEntered, breakers.prefix) &&
    !trips(all.countryAsked, all.countryEntered, breakers.country)
  );
}

/** What is kept of a code: bound to its row, conversation and destination by a key that the database does not have. */
export function codeHash(
  key: Buffer,
  {
    id,
    conversationId,
    destination,
  }: { readonly id: string; readonly conversationId: string; readonly destination: string },
  digits: string,
): Buffer {
  return createHmac("sha256", key)
    .update(JSON.stringify(["sign-in-code", id, conversationId, destination, digits]))
    .digest();
}

export interface OpenCode {
  readonly id: string;
  readonly conversationId: string;
  readonly destination: string;
}

/** The code that this address was asked for; null when none is open. */
export async function openCode(
  db: Db,
  { channel, kind, value }: { readonly channel: string; readonly kind: string; readonly value: string },
): Promise<OpenCode | null> {
  const [row] = await db.run(
    (sql) => sql<OpenCode[]>`
      select k.id, k.conversation_id as "conversationId", k.destination
      from contact_addresses a join sign_in_codes k on k.address_id = a.id
      where a.channel = ${channel} and a.kind = ${kind} and a.value = ${value}
        and k.entered_at is null and k.expires_at > now()
      order by k.created_at desc limit 1`,
  );
  return row ?? null;
}

/** The customer whose code this is, once; null when it is wrong, spent or over. Each try is counted before it is judged. */
export async function enterCode(
  db: Db,
  entered: {
    readonly id: string;
    readonly digest: string;
    readonly conversationId: string;
    readonly addressId: string;
    readonly turnId: string;
  },
): Promise<string | null> {
  const [row] = await db.run(
    (sql) => sql<{ hash: Buffer; customer: string | null }[]>`
      update sign_in_codes set tries = tries + 1
      where id = ${entered.id} and conversation_id = ${entered.conversationId} and address_id = ${entered.addressId}
        and tries < ${triesMax} and expires_at > now() and (entered_at is null or entered_turn = ${entered.turnId})
      returning code_hash as hash, customer`,
  );
  const given = Buffer.from(entered.digest, "hex");
  if (row === undefined || row.customer === null || given.length !== row.hash.length) return null;
  if (!timingSafeEqual(given, row.hash)) return null;
  const [taken] = await db.run(
    (sql) => sql`update sign_in_codes set entered_at = now(), entered_turn = ${entered.turnId}
      where id = ${entered.id} and (entered_at is null or entered_turn = ${entered.turnId}) returning 1`,
  );
  return taken === undefined ? null : row.customer;
}

/** Old rows are of no use to anybody, caps included. */
export async function removeOldCodes(db: Db): Promise<void> {
  await db.run((sql) => sql`delete from sign_in_codes where created_at < now() - interval '2 days'`);
}
