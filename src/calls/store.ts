import type { Db, Sql, TransactionSql } from "../db/client.ts";
import type { Stage } from "./stage.ts";

/** A caller's own line as its row holds it, locked. */
export interface LiveCall {
  readonly id: string;
  readonly conversationId: string;
  readonly externalId: string;
  readonly stage: Stage;
  readonly locale: string;
  readonly waitingSince: Date | null;
  readonly sinceToldMs: number | null;
  readonly ended: boolean;
  /** The provider is being asked to let it ask at once. */
  readonly moving: boolean;
}

export type OfferState = "open" | "taken" | "joined" | "missed" | "withdrawn";

/** A call that is offered to people, as its row holds it, locked. */
export interface Offer {
  readonly id: string;
  readonly conference: string;
  readonly conversationId: string;
  readonly kind: "caller" | "colleague" | "supervisor" | "callback";
  readonly state: OfferState;
  readonly agentId: string | null;
  readonly wantedId: string | null;
  readonly byId: string | null;
  readonly declined: readonly string[];
  readonly coachedId: string | null;
  readonly heard: boolean;
}

/** The conversation first, as everybody who writes an event does: so no two of them wait for each other. */
export async function lockLiveCall(
  sql: TransactionSql,
  by: { readonly id: string } | { readonly externalId: string },
): Promise<LiveCall | null> {
  const which = "id" in by ? sql`id = ${by.id}` : sql`external_id = ${by.externalId}`;
  await sql`select 1 from conversations
    where id = (select conversation_id from calls where ${which} and stage is not null) for update`;
  const [row] = await sql<LiveCall[]>`
    select id, conversation_id as "conversationId", external_id as "externalId", stage, coalesce(locale, 'en') as locale,
      waiting_since as "waitingSince", ended_at is not null as ended,
      coalesce(moved_at > now() - interval '5 seconds', false) as moving,
      (extract(epoch from now() - told_at) * 1000)::float8 as "sinceToldMs"
    from calls where ${which} and stage is not null for update`;
  return row ?? null;
}

export async function lockOffer(sql: TransactionSql, id: string): Promise<Offer | null> {
  await sql`select 1 from conversations where id = (select conversation_id from offers where id = ${id}) for update`;
  const [row] = await sql<Offer[]>`select ${offerColumns(sql)} from offers where id = ${id} for update`;
  return row ?? null;
}

export async function readOffer(db: Db, id: string): Promise<Offer | null> {
  const [row] = await db.run((sql) => sql<Offer[]>`select ${offerColumns(sql)} from offers where id = ${id}`);
  return row ?? null;
}

/** The offer of a waiting call, if there is one; the conversation is locked. */
export async function openOfferOf(sql: TransactionSql, conference: string): Promise<Offer | null> {
  const [row] = await sql<Offer[]>`select ${offerColumns(sql)} from offers
    where conference = ${conference} and kind = 'caller' and state in ('open', 'taken') for update`;
  return row ?? null;
}

function offerColumns(sql: Sql | TransactionSql) {
  return sql`id, conference, conversation_id as "conversationId", kind, state, agent_id as "agentId",
    wanted_id as "wantedId", by_id as "byId", declined, coached_id as "coachedId", heard`;
}
