import type { Wanted } from "../agents/fit.ts";
import { bestFree, freeAgents, oneAgentAtATime } from "../agents/free-agents.ts";
import type { TransactionSql } from "../db/client.ts";
import { type Aftermath, noAftermath } from "./aftermath.ts";
import { applyToCallback } from "./apply.ts";
import type { CallDesk } from "./desk.ts";
import { guarded } from "./guarded.ts";
import { writeLeg } from "./legs.ts";
import { type CallbackRow, lockCallback } from "./store.ts";

/** Agents are at their desk: so long an inbox rings for a promised call. */
const offeredForSeconds = 20;
/** Left to others, and there are none: offered anew after this. */
const declinedForMs = 60_000;
const batchMax = 20;

interface OfferedTo {
  readonly callback: Pick<CallbackRow, "id" | "conversationId">;
  readonly agentId: string;
  readonly declined?: readonly string[];
}

/** The telephone in a browser rings for whoever clicked, not for an empty chair: the agent is asked in their inbox. */
export async function offerCallback(sql: TransactionSql, { callback, agentId, declined = [] }: OfferedTo) {
  await sql`insert into offers (conference, conversation_id, kind, wanted_id, declined)
    values (${callback.id}, ${callback.conversationId}, 'callback', ${agentId}, ${[...declined]}::uuid[])`;
}

export async function ringsInBrowser(sql: TransactionSql, agentId: string): Promise<boolean> {
  const [agent] = await sql`select 1 from agents where id = ${agentId} and phone is null`;
  return agent !== undefined;
}

/** Agents `a` who are asked already whether they take a promised call. */
export function isAsked(sql: TransactionSql) {
  return sql`exists (select 1 from offers o where o.kind = 'callback' and o.state = 'open' and o.wanted_id = a.id)`;
}

/** Who serves a promised call best: whoever speaks as the customer does, of the team whose hours it was promised in. */
export function wantedFor({ locale, team }: Pick<CallbackRow, "locale" | "team">): Wanted {
  return { locale, team: team ?? "" };
}

/** The agent takes it: their line is rung, then the customer. False: the promise is not dialled any more. */
export async function takeCallback(
  sql: TransactionSql,
  offer: { readonly id: string; readonly conference: string },
  agentId: string,
  after: Aftermath,
): Promise<boolean> {
  const callback = await lockCallback(sql, offer.conference);
  const line =
    callback?.state === "dialling"
      ? await writeLeg(sql, {
          conversationId: callback.conversationId,
          callbackId: callback.id,
          attempt: callback.round,
          leg: "agent",
          agentId,
        })
      : null;
  await sql`update offers set state = ${line === null ? "withdrawn" : "joined"}, agent_id = ${line === null ? null : agentId},
      taken_at = now(), ended_at = case when ${line === null} then now() end
    where id = ${offer.id}`;
  if (line !== null) after.place.push(line);
  return line !== null;
}

/** The agent did not take it: the next one who is free is asked, or it waits for somebody. */
export async function callbackNotTaken(
  sql: TransactionSql,
  desk: CallDesk,
  { id, conference }: { readonly id: string; readonly conference: string },
  how: "missed" | "declined",
  after: Aftermath,
): Promise<void> {
  const callback = await lockCallback(sql, conference);
  const [offer] = await sql<{ agentId: string; declined: string[] }[]>`
    update offers set state = 'missed', ended_at = now(), declined = declined || wanted_id where id = ${id} and state = 'open'
    returning wanted_id as "agentId", declined`;
  if (offer === undefined) return;
  await oneAgentAtATime(sql);
  // Who does not hear it ring is asked to come back by themselves; who took another call meanwhile did hear it.
  if (how === "missed")
    await sql`update agents set presence = 'away' where id = ${offer.agentId} and id in (${freeAgents(sql)})`;
  if (callback === null || callback.state !== "dialling") return;
  after.conversations.add(callback.conversationId);
  const which = sql`a.phone is null and not ${isAsked(sql)} and a.id <> all (${offer.declined}::uuid[])`;
  const agentId = await bestFree(sql, which, wantedFor(callback));
  if (agentId !== null) return offerCallback(sql, { callback, agentId, declined: offer.declined });
  const againAt = desk.now() + (how === "declined" ? declinedForMs : 0);
  await applyToCallback(sql, desk, callback, { type: "not-dialled", round: callback.round, againAt });
}

/** Offers that rang for long enough. Safe side by side in every worker. */
export async function endOldOffers(desk: CallDesk): Promise<Aftermath> {
  const after = noAftermath();
  const old = await desk.db.run(
    (sql) => sql<{ id: string; conference: string }[]>`select id, conference from offers
      where kind = 'callback' and state = 'open' and made_at < now() - ${offeredForSeconds} * interval '1 second'
      limit ${batchMax}`,
  );
  for (const offer of old) {
    const end = (sql: TransactionSql) => callbackNotTaken(sql, desk, offer, "missed", after);
    await guarded(desk, offer.conference, () => desk.db.transaction(end));
  }
  return after;
}
