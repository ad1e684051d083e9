import { speaks } from "../agents/fit.ts";
import { presentSummary } from "../conversations/present-summary.ts";
import type { TransactionSql } from "../db/client.ts";
import { firstOf } from "../lib/clean-text.ts";
import { toLocale } from "../lib/locale.ts";
import { shownName } from "../lib/shown-name.ts";

const issueMaxChars = 200;

const languageNames = new Intl.DisplayNames("en", { type: "language" });

/** What agents hear before they say hello: what kind of call it is, with whom, in which language if not theirs, what about. */
export async function whisper(
  sql: TransactionSql,
  conversationId: string,
  agentId: string | null,
  kind: string,
  given: { readonly phone: string | null; readonly issue: string | null; readonly locale: string | null } = {
    phone: null,
    issue: null,
    locale: null,
  },
): Promise<string> {
  const [about] = await sql<About[]>`
    select p.name, a.value as address, (${presentSummary(sql)})->>'issue' as issue, coalesce(${given.locale}, c.locale) as locale,
      coalesce(g.languages, '{}') as languages
    from conversations c join contacts p on p.id = c.contact_id left join contact_addresses a on a.id = c.address_id
      left join agents g on g.id = ${agentId}
    where c.id = ${conversationId}`;
  const number = given.phone ?? about?.address ?? "";
  const who = shownName(about?.name ?? null) ?? (number.startsWith("+") ? spelled(number) : "");
  const issue = firstOf(given.issue ?? about?.issue ?? "", issueMaxChars);
  const language =
    about === undefined || speaks(about, about.locale) ? undefined : languageNames.of(toLocale(about.locale) ?? "en");
  const spoken = language === undefined ? "" : ` They speak ${language}.`;
  return `${kind}${who === "" ? "" : ` with ${who}`}.${spoken}${issue ? ` About: ${issue}` : ""}`;
}

interface About {
  readonly name: string | null;
  readonly address: string | null;
  readonly issue: string | null;
  readonly locale: string | null;
  readonly languages: readonly string[];
}

/** A number is heard figure by figure. */
const spelled = (number: string): string => [...number.replace("+", "")].join(" ");
