import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { isId } from "../lib/ids.ts";

/** By what the rows of a table belong to one customer. */
type Owner = "contact" | "conversation" | "address";

interface PersonalTable {
  readonly table: string;
  readonly owner: Owner;
  readonly column: string;
  /** What opens something or names a machine's work; nobody's data. */
  readonly hidden?: readonly string[];
  /** Goes with nothing else: no key of the database ties it to its owner. */
  readonly loose?: boolean;
}

const lease = ["lease_token", "lease_until"];
const of = (owner: Owner, table: string, more: Partial<PersonalTable> = {}): PersonalTable => ({
  table,
  owner,
  column: `${owner}_id`,
  ...more,
});

/** Every table that holds something of customers (P3). A new one is a line here, or in `impersonalTables`. */
export const personalTables: readonly PersonalTable[] = [
  of("contact", "contacts", { column: "id" }),
  of("contact", "contact_addresses"),
  of("contact", "callbacks"),
  of("conversation", "conversations", { column: "id" }),
  of("conversation", "events", { loose: true, hidden: ["xid"] }),
  of("conversation", "messages", { loose: true }),
  of("conversation", "deliveries", { loose: true, hidden: lease }),
  of("conversation", "lost_tries"),
  of("conversation", "turns", { loose: true, hidden: lease }),
  of("conversation", "attachments"),
  of("conversation", "calls"),
  of("conversation", "offers"),
  of("conversation", "call_tokens", { hidden: ["token_hash"] }),
  of("conversation", "nudges", { hidden: lease }),
  of("conversation", "ratings"),
  of("conversation", "reach_numbers"),
  of("conversation", "resume_links", { hidden: ["token_hash"] }),
  of("conversation", "push_subscriptions", { hidden: ["endpoint", "endpoint_hash", "p256dh", "auth"] }),
  of("conversation", "sign_in_codes", { hidden: ["code_hash"] }),
  of("conversation", "token_spending"),
  of("conversation", "visitor_sessions"),
  of("conversation", "contact_reads"),
  of("conversation", "conversation_reads"),
  of("conversation", "history_joins", { column: "into_conversation_id" }),
  of("address", "consents"),
  of("address", "account_actions"),
];

/**
 * Tables that hold nothing of one customer, or what outlives them on purpose: `provider_keys` so that a delivery that is
 * repeated brings nobody back (P3), `never_call` so that whoever wants no calls gets none (R5), and the counters of
 * `allowances` and `reach_counts`, which end by themselves within days (M2).
 */
export const impersonalTables = [
  "agent_invitations",
  "agent_sessions",
  "agents",
  "allowances",
  "api_tokens",
  "article_feedback",
  "article_translations",
  "article_versions",
  "articles",
  "attachment_contents",
  "audit_log",
  "content_version",
  "demo_blocked_cards",
  "inbound_looks",
  "logos",
  "never_call",
  "provider_keys",
  "reach_counts",
  "reach_feed",
  "settings",
  "used_identity_tokens",
] as const;

const pageRows = 500;
const eraseWithinMs = 120_000;

/** A customer, with all the contacts that became one with theirs. */
export interface Customer {
  readonly contactIds: readonly string[];
  readonly conversationIds: readonly string[];
  readonly addressIds: readonly string[];
}

export type Found =
  | { readonly outcome: "found"; readonly customer: Customer }
  | { readonly outcome: "unknown" }
  /** One address of several people (a family's telephone): each has to be named by an id. */
  | { readonly outcome: "several"; readonly contactIds: readonly string[] };

/** By telephone number or other address on any channel, or by the id of a contact or conversation. */
export async function findCustomer(db: Db, named: string): Promise<Found> {
  const name = named.trim();
  const number = name.replaceAll(/[\s().-]/g, "");
  const roots = await db.run(
    (sql) => sql<{ id: string }[]>`
      with recursive found as (
        ${
          isId(name)
            ? sql`select id from contacts where id = ${name}
                union select contact_id from conversations where id = ${name}`
            : sql`select contact_id as id from contact_addresses
                where value = ${name} or (kind = 'e164' and value = ${number})`
        }),
      up as (
        select c.id, c.merged_into from contacts c join found f on f.id = c.id
        union select c.id, c.merged_into from contacts c join up u on c.id = u.merged_into)
      select id from up where merged_into is null`,
  );
  const [one, ...others] = roots.map(({ id }) => id);
  if (one === undefined) return { outcome: "unknown" };
  if (others.length > 0) return { outcome: "several", contactIds: [one, ...others] };
  return { outcome: "found", customer: await db.run((sql) => wholeOf(sql, [one])) };
}

async function wholeOf(sql: Sql | TransactionSql, ids: readonly string[]): Promise<Customer> {
  const contacts = await sql<{ id: string }[]>`
    with recursive merged as (
      select id from contacts where id in ${sql([...ids])}
      union select c.id from contacts c join merged m on c.merged_into = m.id)
    select id from merged`;
  const contactIds = contacts.map(({ id }) => id);
  const within = sql([...ids, ...contactIds]);
  const conversations = await sql<
    { id: string }[]
  >`select id from conversations where contact_id in ${within} order by id`;
  const addresses = await sql<{ id: string }[]>`select id from contact_addresses where contact_id in ${within}`;
  return {
    contactIds,
    conversationIds: conversations.map(({ id }) => id),
    addressIds: addresses.map(({ id }) => id),
  };
}

/** All that is stored of a customer, table by table and page by page, as it is stored; without keys and tokens. */
export async function* readCustomer(
  db: Db,
  customer: Customer,
): AsyncGenerator<{ readonly table: string; readonly rows: readonly object[] }> {
  for (const { table, owner, column, hidden = [] } of personalTables) {
    const ids = idsOf(customer, owner);
    if (ids.length === 0) continue;
    for (let from = 0; ; from += pageRows) {
      const rows = await db.run(
        (sql) => sql<{ row: object }[]>`select to_jsonb(t) - ${[...hidden]}::text[] as row from ${sql(table)} t
          where ${sql(column)} in ${sql([...ids])} order by ctid limit ${pageRows} offset ${from}`,
      );
      if (rows.length > 0) yield { table, rows: rows.map(({ row }) => row) };
      if (rows.length < pageRows) break;
    }
  }
}

/** The customer's files, one by one. */
export async function* readFiles(
  db: Db,
  { conversationIds }: Customer,
): AsyncGenerator<{ readonly id: string; readonly name: string | null; readonly bytes: Buffer }> {
  if (conversationIds.length === 0) return;
  const files = await db.run(
    (sql) => sql<{ id: string }[]>`select a.id from attachments a join attachment_contents c on c.attachment_id = a.id
      where a.conversation_id in ${sql([...conversationIds])} order by a.id`,
  );
  for (const { id } of files) {
    const [file] = await db.run(
      (sql) => sql<{ name: string | null; bytes: Buffer }[]>`select a.name, c.bytes from attachments a
        join attachment_contents c on c.attachment_id = a.id where a.id = ${id}`,
    );
    if (file !== undefined) yield { id, ...file };
  }
}

export type Erased =
  | { readonly outcome: "erased"; readonly messages: number; readonly files: number }
  /** They are on the telephone with us: what is said there would be stored behind our back. */
  | { readonly outcome: "on-the-telephone" };

/**
 * Erases a customer everywhere (P3), in one transaction. What is left says nothing of them: the keys of what providers
 * delivered, so that a repeated delivery brings nobody back, and the numbers that are never to be called (R5). Erased
 * once more, there is nothing to do. `by`: the administrator; null: the command line or the retention.
 */
export async function eraseCustomer(db: Db, { contactIds }: Customer, by: string | null): Promise<Erased> {
  return db.transaction(
    async (sql): Promise<Erased> => {
      await sql`select 1 from conversations where contact_id in ${sql([...contactIds])} order by id for update`;
      const customer = await wholeOf(sql, contactIds);
      const { conversationIds } = customer;
      const conversations = sql([...conversationIds, ...contactIds]);
      const [call] = await sql`select 1 from calls where conversation_id in ${conversations} and ended_at is null
        and started_at > now() - interval '4 hours' limit 1`;
      if (call !== undefined) return { outcome: "on-the-telephone" };
      await sql`insert into never_call (phone, source)
        select distinct value, 'opted-out' from contact_addresses
          where contact_id in ${sql([...contactIds])} and kind = 'e164' and opted_out_at is not null
        on conflict (phone) do nothing`;
      const files = await sql`select 1 from attachments where conversation_id in ${conversations}`;
      const messages = await sql`select 1 from messages where conversation_id in ${conversations}`;
      for (const { table, column } of personalTables.filter(({ loose }) => loose === true))
        await sql`delete from ${sql(table)} where ${sql(column)} in ${conversations}`;
      const gone = await sql<
        { id: string }[]
      >`delete from contacts where id in ${sql([...customer.contactIds, ...contactIds])}
        returning id`;
      for (const { id } of gone)
        await sql`insert into audit_log (agent_id, action, subject, data)
          values (${by}, 'customer-erased', ${id}, ${sql.json(asJson({ messages: messages.length, files: files.length }))})`;
      return { outcome: "erased", messages: messages.length, files: files.length };
    },
    { deadlineMs: eraseWithinMs },
  );
}

function idsOf(customer: Customer, owner: Owner): readonly string[] {
  return { contact: customer.contactIds, conversation: customer.conversationIds, address: customer.addressIds }[owner];
}
