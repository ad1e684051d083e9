import type { CallPlan } from "../../channels/channel.ts";
import type { Aftermath, Caller, LineFollower } from "../callbacks/aftermath.ts";
import { hasEnded } from "../callbacks/call-standing.ts";
import { type Leg, markJoined } from "../callbacks/legs.ts";
import { whisper } from "../callbacks/whisper.ts";
import { backToQueue, claimWithCall } from "../conversations/change.ts";
import type { TransactionSql } from "../db/client.ts";
import { gaveUp } from "./live-call.ts";
import { makeLive } from "./make-live.ts";
import { noteOnCall } from "./note.ts";
import { type LiveCall, lockLiveCall, lockOffer, type Offer, openOfferOf } from "./store.ts";

const acceptKey = "1";
/** Longer than it takes to ask the provider to move a line, and for the line to ask us. */
const forgottenAfterSeconds = 8;
/** A colleague who does not come to their inbox is on no line: so long it rings. */
const askedForSeconds = 30;
/** What people who take calls hear from us themselves. */
const agentsLocale = "en";

/** What news of the lines of live calls mean, and what agents who answer hear. */
export const liveLines: LineFollower = {
  async plan(sql, leg, digits, after) {
    const offer = leg.offerId === null ? null : await lockOffer(sql, leg.offerId);
    if (offer === null || (offer.state !== "taken" && offer.state !== "joined")) return null;
    const call = await lockLiveCall(sql, { id: offer.conference });
    if (call?.ended === true || (call === null && !(await isUp(sql, offer.conference)))) return null;
    const [agent] = await sql<{ phone: string | null }[]>`select phone from agents where id = ${leg.agentId}`;
    const say = await introduce(sql, offer, leg.agentId);
    // A browser's telephone was accepted with a click; a number may be anybody's mailbox.
    if (agent?.phone != null && digits !== acceptKey) {
      return digits === null
        ? { do: "ask-agent", say, locale: agentsLocale }
        : { do: "hang-up", say: null, locale: agentsLocale };
    }
    return join(sql, leg, offer, call, agent?.phone == null ? say : null, after);
  },
  async follow(sql, leg, after) {
    after.conversations.add(leg.conversationId);
    if (!hasEnded(leg.state)) return;
    if (leg.leg === "customer") return callerLeft(sql, leg, after);
    const offer = leg.offerId === null ? null : await lockOffer(sql, leg.offerId);
    if (offer !== null) await agentLeft(sql, leg, offer, after);
  },
  left: personLeft,
  // A process that died, or a provider that did not answer, would leave them in an empty conference for ever.
  forgotten: (sql) => sql<Caller[]>`
    select c.external_id as "externalId", coalesce(c.locale, 'en') as locale from calls c
    where c.ended_at is null and c.stage in ('talking', 'waiting', 'over') and c.joined_at is null
      and c.waiting_since is null and c.external_id is not null
      and coalesce(c.moved_at, '-infinity') < now() - ${forgottenAfterSeconds} * interval '1 second'
      and not exists (select 1 from calls a where a.conference = c.conference and a.leg = 'agent' and a.ended_at is null)
      and exists (select 1 from calls a where a.leg = 'agent' and (a.conference = c.conference or a.callback_id = c.callback_id)
        and a.ended_at < now() - ${forgottenAfterSeconds} * interval '1 second')
    limit 50`,
  async unanswered(sql) {
    const old = await sql<{ id: string }[]>`select id from offers where kind = 'colleague' and state = 'open'
      and made_at < now() - ${askedForSeconds} * interval '1 second' limit 20`;
    return old.map(({ id }) => id);
  },
  async endInvitation(sql, offerId, after) {
    const offer = await lockOffer(sql, offerId);
    if (offer?.state !== "open") return;
    await sql`update offers set state = 'missed', ended_at = now() where id = ${offerId}`;
    await noteOnCall(sql, offer, "colleague-missed", null, { to: offer.wantedId });
    after.conversations.add(offer.conversationId);
  },
  async offer(sql, leg) {
    const call = await makeLive(sql, leg.conference ?? "", "waiting");
    if (call === null || leg.agentId === null) return;
    await sql`update calls set joined_at = null where id = ${call.id}`;
    await backToQueue(sql, leg.conversationId, leg.agentId, null);
    await sql`insert into offers (conference, conversation_id, kind, wanted_id)
      values (${call.id}, ${leg.conversationId}, 'caller', ${leg.agentId}) on conflict do nothing`;
    await noteOnCall(sql, { conversationId: leg.conversationId, conference: call.id }, "offered", null);
  },
};

async function join(
  sql: TransactionSql,
  leg: Leg,
  offer: Offer,
  call: LiveCall | null,
  say: string | null,
  after: Aftermath,
): Promise<CallPlan> {
  const bridge = { do: "bridge", conference: offer.conference, optOutKey: null, locale: agentsLocale, say } as const;
  await markJoined(sql, leg);
  const first = offer.state === "taken";
  if (first) {
    await sql`update offers set state = 'joined' where id = ${offer.id}`;
    await noteOnCall(sql, offer, offer.kind === "supervisor" ? "supervised" : "joined", leg.agentId);
  }
  if (offer.kind === "supervisor") {
    const [coached] = await sql<{ externalId: string | null }[]>`
      select external_id as "externalId" from calls where id = ${offer.coachedId} and ended_at is null`;
    if (coached?.externalId == null) return { do: "hang-up", say: null, locale: agentsLocale };
    return { ...bridge, leg: "supervisor", coaches: coached.externalId, muted: !offer.heard };
  }
  if (first && offer.kind === "caller" && call !== null) {
    await sql`update calls set stage = 'talking', person_at = coalesce(person_at, now()),
        person_wanted_at = coalesce(person_wanted_at, now())
      where id = ${call.id}`;
    after.callBack.push(call);
  }
  return { ...bridge, leg: "agent" };
}

/** Who calls and what about, before the agent says hello. */
async function introduce(
  sql: TransactionSql,
  { kind, byId, conversationId }: Offer,
  agentId: string | null,
): Promise<string> {
  if (kind !== "colleague") return whisper(sql, conversationId, agentId, "Call");
  const [by] = await sql<{ name: string }[]>`select name from agents where id = ${byId}`;
  return whisper(sql, conversationId, agentId, `${by?.name ?? "A colleague"} asks you into a call`);
}

/** A call that was promised has no caller's own line: its conference is up while somebody is in it. */
async function isUp(sql: TransactionSql, conference: string): Promise<boolean> {
  const up =
    await sql`select 1 from calls where conference = ${conference} and joined_at is not null and ended_at is null limit 1`;
  return up.length > 0;
}

/** The caller hung up: nobody shall be rung for them any more, and nobody stays behind. */
async function callerLeft(sql: TransactionSql, leg: Leg, after: Aftermath): Promise<void> {
  await gaveUp(sql, leg.id);
  await sql`update calls set stage = 'over', waiting_since = null where id = ${leg.id}`;
  await sql`update offers set state = 'withdrawn', ended_at = now() where conference = ${leg.id} and state in ('open', 'taken')`;
  const others = await sql<{ externalId: string | null }[]>`select external_id as "externalId" from calls
    where conference = ${leg.id} and id <> ${leg.id} and ended_at is null`;
  for (const { externalId } of others) if (externalId !== null) after.hangUp.push(externalId);
}

async function agentLeft(sql: TransactionSql, leg: Leg, offer: Offer, after: Aftermath): Promise<void> {
  if (offer.state === "taken") return missed(sql, leg, offer, after);
  if (offer.state !== "joined") return;
  await sql`update offers set ended_at = coalesce(ended_at, now()) where id = ${offer.id}`;
  if (leg.leg === "supervisor") return;
  const alone = await personLeft(sql, leg);
  if (alone !== null) after.callBack.push(alone);
}

/** The line of somebody who talked with a customer is over, or never came; gives the customer where nobody stays. */
async function personLeft(sql: TransactionSql, leg: Leg): Promise<Caller | null> {
  const { conversationId, agentId, joinedAt } = leg;
  const conference = leg.conference ?? "";
  await noteOnCall(sql, { conversationId, conference }, joinedAt === null ? "missed" : "left", agentId);
  const [stays] = await sql<{ agentId: string | null }[]>`select agent_id as "agentId" from calls
    where conference = ${conference} and leg = 'agent' and joined_at is not null and ended_at is null and id <> ${leg.id}
    order by joined_at limit 1`;
  if (stays !== undefined) {
    // Whoever stays has the conversation from now on.
    if (stays.agentId !== null) await claimWithCall(sql, conversationId, stays.agentId);
    return null;
  }
  const own = await lockLiveCall(sql, { id: conference });
  const call = own ?? (await makeLive(sql, conference, joinedAt === null ? "waiting" : "talking"));
  if (call === null || call.ended) return null;
  // Whoever puts a telephone down has ended the call, unless they gave it back; a browser that goes away has lost it.
  const [agent] = await sql<{ phone: string | null; givenBack: boolean }[]>`
    select a.phone, c.owner = 'assistant' and c.status <> 'resolved' as "givenBack"
    from agents a, conversations c where a.id = ${agentId} and c.id = ${call.conversationId}`;
  const putDown = joinedAt !== null && agent?.phone != null && !agent.givenBack;
  const over = putDown || call.stage === "over";
  await sql`update calls set joined_at = null, held = false, stage = case when ${over} then 'over' else stage end where id = ${call.id}`;
  // A promised call that nobody took yet is nobody's: people are looked for, not the assistant.
  if (joinedAt === null && agentId !== null) await backToQueue(sql, conversationId, agentId, null);
  return call;
}

/** Nobody answered the agent's telephone: the next one is asked, and this one says when they are back. */
async function missed(sql: TransactionSql, leg: Leg, offer: Offer, after: Aftermath): Promise<void> {
  await sql`update offers set state = 'missed', ended_at = now() where id = ${offer.id}`;
  await sql`update agents set presence = 'away' where id = ${leg.agentId} and presence = 'available'`;
  await noteOnCall(sql, offer, "missed", leg.agentId);
  if (offer.kind !== "caller") return;
  if (leg.agentId !== null) await backToQueue(sql, offer.conversationId, leg.agentId);
  const call = await lockLiveCall(sql, { id: offer.conference });
  if (call === null || call.ended || (await openOfferOf(sql, call.id)) !== null) return;
  await sql`insert into offers (conference, conversation_id, kind, declined)
    values (${call.id}, ${offer.conversationId}, 'caller', ${[...offer.declined, ...(leg.agentId === null ? [] : [leg.agentId])]}::uuid[])`;
  await noteOnCall(sql, offer, "offered", null);
  after.conversations.add(offer.conversationId);
}
