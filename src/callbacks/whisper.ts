import { presentSummary } from "../conversations/present-summary.ts";
import type { TransactionSql } from "../db/client.ts";
import { firstOf } from "../lib/clean-text.ts";
import { shownName } from "../lib/shown-name.ts";

const issueMaxChars = 200;

/** What agents hear before they say hello: what kind of call it is, with whom, what about. */
export async function whisper(
  sql: TransactionSql,
  conversationId: string,
  kind: string,
  given: { readonly phone: string | null; readonly issue: string | null } = { phone: null, issue: null },
): Promise<string> {
  const [about] = await sql<{ name: string | null; address: string | null; issue: string | null }[]>`
    select p.name, a.value as address, (${presentSummary(sql)})->>'issue' as issue
    from conversations c join contacts p on p.id = c.contact_id left join contact_addresses a on a.id = c.address_id
    where c.id = ${conversationId}`;
  const number = given.phone ?? about?.address ?? "";
  const who = shownName(about?.name ?? null) ?? (number.startsWith("+") ? spelled(number) : "");
  const issue = firstOf(given.issue ?? about?.issue ?? "", issueMaxChars);
  return `${kind}${who === "" ? "" : ` with ${who}`}.${issue ? ` About: ${issue}` : ""}`;
}

/** A number is heard figure by figure. */
const spelled = (number: string): string => [...number.replace("+", "")].join(" ");
