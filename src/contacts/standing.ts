import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { type Level, levelOf } from "./level.ts";

export interface Standing {
  readonly level: Level;
  /** The company's own id of the customer; present only when proved on this channel (C2). */
  readonly customer: string | null;
}

/** Who writes from this address, as far as was proved there. The customer comes from here alone (L1). */
export function standingOf(db: Db, from: From, now: number): Promise<Standing> {
  return db.run((sql) => standingIn(sql, from, now));
}

interface From {
  readonly conversationId: string;
  readonly addressId: string;
}

/** The same within a transaction. */
export async function standingIn(sql: Sql | TransactionSql, from: From, now: number): Promise<Standing> {
  const [row] = await sql<{ kind: string; provedAt: Date | null; callBegan: Date | null; customer: string | null }[]>`
    select a.kind, a.verified_at as "provedAt",
      (select max(m.at) from messages m where m.conversation_id = c.id and m.address_id = a.id
        and m.at > a.verified_at and m.parts @> '[{"t": "event", "name": "call-started"}]') as "callBegan",
      (select o.value from contact_addresses o where o.contact_id = a.contact_id and o.kind = 'account') as customer
    from contact_addresses a join conversations c on c.contact_id = a.contact_id
    where a.id = ${from.addressId} and c.id = ${from.conversationId}`;
  if (row === undefined) return { level: "anonymous", customer: null };
  const { kind: addressKind, provedAt, callBegan: endedAt } = row;
  const level = levelOf({ addressKind, provedAt, endedAt, steppedUp: null }, null, now);
  return { level, customer: level === "verified" ? row.customer : null };
}
