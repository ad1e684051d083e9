import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** The conversation of whoever owns this address; person and conversation are made when it is new. Safe to repeat. */
export async function openConversation(
  db: Db,
  address: { readonly channel: string; readonly kind: string; readonly value: string },
): Promise<string> {
  const [row] = await db.transaction(async (sql) => {
    await sql`select open_address(${sql.json(asJson([address]))}, null, null)`;
    return sql<
      { id: string }[]
    >`select c.id from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${address.channel} and a.kind = ${address.kind} and a.value = ${address.value}`;
  });
  if (row === undefined) throw new Error("The conversation was not made.");
  return row.id;
}

/** The latest seq of a conversation; 0 when it has no events. */
export async function lastSeq(db: Db, conversationId: string): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ seq: number }[]>`select next_seq - 1 as seq from conversations where id = ${conversationId}`,
  );
  return row?.seq ?? 0;
}
