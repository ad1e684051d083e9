import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { type Level, levelOf, reaches } from "./level.ts";

export interface Standing {
  readonly level: Level;
  /** The company's own id of the customer; present only when proved on this channel (C2). */
  readonly customer: string | null;
}

/** Who writes from this address, as far as was proved there. The customer comes from here alone (L1). */
export function standingOf(db: Db, from: From, now: number, action?: Action): Promise<Standing> {
  return db.run((sql) => standingIn(sql, from, now, action));
}

interface From {
  readonly conversationId: string;
  readonly addressId: string;
}

/** What the customer wants done in their account, and the seq of the message that asks for it. */
interface Action {
  readonly name: string;
  readonly askedSeq: number;
}

/** The same within a transaction. */
export async function standingIn(
  sql: Sql | TransactionSql,
  from: From,
  now: number,
  action: Action | null = null,
): Promise<Standing> {
  const [row] = await sql<
    {
      kind: string;
      provedAt: Date | null;
      callBegan: Date | null;
      customer: string | null;
      askedAt: Date | null;
      steppedAt: Date | null;
    }[]
  >`
    select a.kind, a.verified_at as "provedAt",
      (select max(m.at) from messages m where m.conversation_id = c.id and m.address_id = a.id
        and m.at > a.verified_at and m.parts @> '[{"t": "event", "name": "call-started"}]') as "callBegan",
      (select o.value from contact_addresses o where o.contact_id = a.contact_id and o.kind = 'account') as customer,
      (select m.at from messages m where m.conversation_id = c.id and m.seq = ${action?.askedSeq ?? null}::bigint
        and m.author = 'contact') as "askedAt",
      (select max(x.proved_at) from account_actions x where x.address_id = a.id and x.action = ${action?.name ?? null}::text
        and x.state in ('proved', 'confirmed')) as "steppedAt"
    from contact_addresses a join conversations c on c.contact_id = a.contact_id
    where a.id = ${from.addressId} and c.id = ${from.conversationId}`;
  if (row === undefined) return { level: "anonymous", customer: null };
  const { kind: addressKind, provedAt, callBegan: endedAt } = row;
  const at = latest(row.steppedAt, provenSince(row));
  const steppedUp = action === null || at === null ? null : { action: action.name, at };
  const level = levelOf({ addressKind, provedAt, endedAt, steppedUp }, action?.name ?? null, now);
  return { level, customer: reaches(level, "verified") ? row.customer : null };
}

function latest(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/** A proof that was given after the action was asked for was given for it. */
function provenSince({ provedAt, askedAt }: { readonly provedAt: Date | null; readonly askedAt: Date | null }) {
  return provedAt !== null && askedAt !== null && provedAt > askedAt ? provedAt : null;
}
