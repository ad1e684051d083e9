import { freeAgents, oneAgentAtATime } from "../agents/free-agents.ts";
import type { Aftermath } from "../callbacks/aftermath.ts";
import type { CallDesk } from "../callbacks/desk.ts";
import { callbackNotTaken, takeCallback } from "../callbacks/offer-callback.ts";
import { claimWithCall } from "../conversations/change.ts";
import type { TransactionSql } from "../db/client.ts";
import { newId } from "../lib/ids.ts";
import { noteOnCall } from "./note.ts";
import { lockLiveCall, lockOffer, type Offer, openOfferOf, readOffer } from "./store.ts";

/** Offered to one agent first: so long, then whoever is available may take it too. */
export const wantedFirstSeconds = 20;

export type AcceptOutcome =
  | { readonly outcome: "accepted"; readonly callId: string }
  /** A colleague was faster, or the caller is gone. */
  | { readonly outcome: "taken" }
  /** The agent does not take calls now, is on the telephone, or has not said what came of the last call. */
  | { readonly outcome: "not-free" }
  | { readonly outcome: "not-found" };

/** Takes an offered call; of many agents at once exactly one does. Asked again by the same agent, it is theirs already. */
export async function acceptOffer(
  desk: CallDesk,
  agentId: string,
  id: string,
  after: Aftermath,
): Promise<AcceptOutcome> {
  const settled = (offer: Offer | null): AcceptOutcome | null => {
    if (offer === null || !mayTake(offer, agentId)) return { outcome: "not-found" };
    if (offer.state === "open") return null;
    return offer.agentId === agentId && (offer.state === "taken" || offer.state === "joined")
      ? { outcome: "accepted", callId: offer.conference }
      : { outcome: "taken" };
  };
  // Those who come too late need not wait for the conversation's row.
  const seen = settled(await readOffer(desk.db, id));
  if (seen !== null) return seen;
  return desk.db.transaction(async (sql) => {
    const offer = await lockOffer(sql, id);
    return settled(offer) ?? (offer === null ? { outcome: "not-found" } : takeOffer(sql, offer, agentId, after));
  });
}

/** An agent takes the call of a conversation whose caller is on the line now, be it offered or not. */
export async function takeCall(
  desk: CallDesk,
  agentId: string,
  conversationId: string,
  after: Aftermath,
): Promise<AcceptOutcome> {
  return desk.db.transaction(async (sql): Promise<AcceptOutcome> => {
    const [live] = await sql<{ id: string }[]>`select id from calls
      where conversation_id = ${conversationId} and stage is not null and stage <> 'over' and ended_at is null
      order by started_at desc limit 1`;
    const call = live === undefined ? null : await lockLiveCall(sql, { id: live.id });
    if (call === null || call.ended) return { outcome: "not-found" };
    if (call.stage === "talking") return { outcome: "taken" };
    await sql`insert into offers (conference, conversation_id, kind) values (${call.id}, ${conversationId}, 'caller')
      on conflict do nothing`;
    const offer = await openOfferOf(sql, call.id);
    if (offer === null || offer.state === "taken")
      return offer?.agentId === agentId ? { outcome: "accepted", callId: call.id } : { outcome: "taken" };
    const taken = await takeOffer(sql, offer, agentId, after);
    if (taken.outcome === "accepted" && call.stage === "assistant") after.callBack.push(call);
    return taken;
  });
}

export async function isOnTheLine(desk: CallDesk, conversationId: string): Promise<boolean> {
  const live = await desk.db.run(
    (sql) => sql`select 1 from calls where conversation_id = ${conversationId} and stage is not null and stage <> 'over'
      and ended_at is null limit 1`,
  );
  return live.length > 0;
}

/** People have the conversation now: whoever still talks with the assistant hears at once that somebody is looked for. */
export async function tellCaller(desk: CallDesk, conversationId: string, after: Aftermath): Promise<void> {
  const callers = await desk.db.run(
    (sql) => sql<{ externalId: string; locale: string }[]>`
      select external_id as "externalId", coalesce(locale, 'en') as locale from calls
      where conversation_id = ${conversationId} and stage = 'assistant' and ended_at is null`,
  );
  after.callBack.push(...callers);
}

async function takeOffer(sql: TransactionSql, offer: Offer, agentId: string, after: Aftermath): Promise<AcceptOutcome> {
  await oneAgentAtATime(sql);
  const [free] = await sql`${freeAgents(sql)} and a.id = ${agentId}`;
  if (free === undefined) return { outcome: "not-free" };
  if (offer.kind === "callback") {
    after.conversations.add(offer.conversationId);
    const taken = await takeCallback(sql, offer, agentId, after);
    return taken ? { outcome: "accepted", callId: offer.conference } : { outcome: "taken" };
  }
  await sql`update offers set state = 'taken', agent_id = ${agentId}, taken_at = now() where id = ${offer.id}`;
  if (offer.kind === "caller") await claimWithCall(sql, offer.conversationId, agentId);
  await noteOnCall(sql, offer, offer.kind === "caller" ? "taken" : "colleague-coming", agentId);
  await ringAgent(sql, { ...offer, agentId }, after);
  return { outcome: "accepted", callId: offer.conference };
}

/** Writes the line down before the provider is asked to ring it; the offer's unique key lets that happen once (R5). */
export async function ringAgent(
  sql: TransactionSql,
  { id: offerId, conversationId, conference, kind, agentId }: Offer,
  after: Aftermath,
): Promise<void> {
  const id = newId();
  const leg = kind === "supervisor" ? "supervisor" : "agent";
  const written = await sql`
    insert into calls (id, conversation_id, direction, leg, agent_id, conference, state, offer_id)
    values (${id}, ${conversationId}, 'outbound', ${leg}, ${agentId}, ${conference}, 'dialling', ${offerId})
    on conflict (offer_id) where offer_id is not null do nothing returning 1`;
  if (written.length > 0) after.place.push(id);
  after.conversations.add(conversationId);
}

/** This agent does not take it; the others still may. */
export async function declineOffer(desk: CallDesk, agentId: string, id: string, after: Aftermath): Promise<boolean> {
  return desk.db.transaction(async (sql) => {
    const offer = await lockOffer(sql, id);
    if (offer === null || !mayTake(offer, agentId)) return false;
    if (offer.state !== "open" || offer.declined.includes(agentId)) return true;
    if (offer.kind === "callback") {
      await callbackNotTaken(sql, desk, offer, "declined", after);
      return true;
    }
    const over = offer.kind === "colleague";
    await sql`update offers set declined = declined || ${agentId}::uuid, wanted_id = case when ${over} then wanted_id end,
        state = case when ${over} then 'missed' else state end, ended_at = case when ${over} then now() end
      where id = ${id}`;
    await noteOnCall(sql, offer, "declined", agentId);
    after.conversations.add(offer.conversationId);
    return true;
  });
}

/** Whoever was asked by name, and supervisors, are nobody else. */
function mayTake({ kind, wantedId }: Offer, agentId: string): boolean {
  return kind === "caller" || wantedId === agentId;
}
