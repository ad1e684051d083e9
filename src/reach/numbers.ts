import { checkPhone, type PhoneCheck } from "../callbacks/phone-policy.ts";
import type { Db } from "../db/client.ts";
import type { Subscriber } from "./subscriptions.ts";
import { fillIn, reachWording } from "./wording.ts";

/** Of one session and of one address on one day: a person mistypes once or twice, a script tries many (M2). */
const leftPerSession = 5;
const leftPerAddress = 20;

export interface LeftNumber {
  readonly phone: string;
  readonly channel: string;
  readonly locale: string | null;
  readonly zone: string;
}

export type LeaveOutcome =
  /** The same whether the number is known, opted out or new (M5). */
  | { readonly outcome: "kept"; readonly words: string }
  | { readonly outcome: "too-many" }
  | { readonly outcome: Exclude<PhoneCheck["outcome"], "callable"> };

/** Keeps the number under which an absent customer wants to be told, with the words that they agreed to. */
export async function leaveNumber(
  deps: { readonly db: Db; readonly countries: readonly string[]; readonly company: () => string },
  by: Subscriber & { readonly ip: string },
  left: LeftNumber,
): Promise<LeaveOutcome> {
  const checked = checkPhone(left.phone, deps.countries, false);
  if (checked.outcome !== "callable") return { outcome: checked.outcome };
  const { number } = checked;
  const words = fillIn(consentTo(deps.company(), left.locale), { number, channel: channelName(left.channel) });
  return deps.db.transaction(async (sql): Promise<LeaveOutcome> => {
    const [counted] = await sql<{ ok: boolean }[]>`
      select case when count_reach(${`session:${by.sessionId}`}, ${leftPerSession})
        then count_reach(${`left-from:${by.ip}`}, ${leftPerAddress}) else false end as ok`;
    if (counted?.ok !== true) return { outcome: "too-many" };
    await sql`select 1 from conversations where id = ${by.conversationId} for update`;
    await sql`update reach_numbers set ended_at = now() where conversation_id = ${by.conversationId} and ended_at is null`;
    await sql`insert into reach_numbers (conversation_id, session_id, channel, number, locale, zone, words)
      values (${by.conversationId}, ${by.sessionId}, ${left.channel}, ${number}, ${left.locale}, ${left.zone}, ${words})`;
    return { outcome: "kept", words };
  });
}

/** What a customer agrees to; {number} and {channel} are theirs to fill. */
export function consentTo(company: string, locale: string | null): string {
  return fillIn(reachWording(locale).consent, { company });
}

/** The end of the number that was left, by which its owner knows it; null: none. */
export async function leftNumber(
  db: Db,
  conversationId: string,
): Promise<{ readonly ending: string; readonly channel: string } | null> {
  const [left] = await db.run(
    (sql) => sql<{ ending: string; channel: string }[]>`
      select right(number, 3) as ending, channel from reach_numbers
      where conversation_id = ${conversationId} and ended_at is null`,
  );
  return left ?? null;
}

/** The customer takes their number back. */
export async function takeNumberBack(db: Db, conversationId: string): Promise<void> {
  await db.run(
    (sql) =>
      sql`update reach_numbers set ended_at = now() where conversation_id = ${conversationId} and ended_at is null`,
  );
}

/** As customers call them; the same in every language. */
const channelNames: Readonly<Record<string, string>> = { sms: "SMS", whatsapp: "WhatsApp" };

export function channelName(channel: string): string {
  return channelNames[channel] ?? channel;
}
