import type { AwaitPlan, CallPlan, CallReport } from "../../channels/channel.ts";
import { claimWithCall } from "../conversations/change.ts";
import type { TransactionSql } from "../db/client.ts";
import type { Aftermath } from "./aftermath.ts";
import { applyToCallback, hoursOf } from "./apply.ts";
import { hasEnded } from "./call-standing.ts";
import type { CallDesk } from "./desk.ts";
import { type Leg, lockLeg, lockReported, markJoined, otherLegs, recordOnLeg, writeLeg } from "./legs.ts";
import { type CallbackEvent, mayRing } from "./machine.ts";
import { ringsInBrowser } from "./offer-callback.ts";
import { neverCall, refusesCalls } from "./phone-policy.ts";
import { type CallbackRow, lockCallback } from "./store.ts";
import { whisper } from "./whisper.ts";
import { callWords, fillIn } from "./words.ts";

/** The key that accepts a call, and the one that ends all calls to a number (M3). */
const acceptKey = "1";
const optOutKey = "9";

/** Takes in a report about a call that we placed; once, however often and in whatever order it comes. False: no such call. */
export async function takeReport(desk: CallDesk, report: CallReport, after: Aftermath): Promise<boolean> {
  return desk.db.transaction(async (sql) => {
    const leg = await lockReported(sql, report);
    if (leg === null) return false;
    const [fresh] =
      await sql`insert into provider_keys (key, conversation_id) values (${report.key}, ${leg.conversationId})
      on conflict do nothing returning key`;
    if (fresh === undefined) return true;
    const { leg: now, news } = await recordOnLeg(sql, leg, report);
    if (news) await followLeg(sql, desk, now, after);
    return true;
  });
}

/** An answered call asks what to do. Null: it is not ours, or what it was for is over. */
export async function planCall(
  desk: CallDesk,
  { report, digits }: Pick<AwaitPlan, "report" | "digits">,
  after: Aftermath,
): Promise<CallPlan | null> {
  return desk.db.transaction(async (sql) => {
    const found = await lockReported(sql, report);
    if (found === null || hasEnded(found.state)) return null;
    const { leg } = await recordOnLeg(sql, found, report);
    after.conversations.add(leg.conversationId);
    if (leg.callbackId === null) return (await desk.lines?.plan(sql, leg, digits, after)) ?? null;
    const callback = await lockCallback(sql, leg.callbackId);
    if (callback === null || callback.round !== leg.attempt) return null;
    return leg.leg === "agent"
      ? planAgent(sql, desk, leg, callback, digits, after)
      : planCustomer(sql, desk, leg, callback, digits, after);
  });
}

async function planAgent(
  sql: TransactionSql,
  desk: CallDesk,
  leg: Leg,
  callback: CallbackRow,
  digits: string | null,
  after: Aftermath,
): Promise<CallPlan | null> {
  if (callback.state !== "dialling" && callback.state !== "connected") return null;
  const locale = "en";
  const [agent] = await sql<{ phone: string | null }[]>`select phone from agents where id = ${leg.agentId}`;
  const say = await whisper(sql, callback.conversationId, leg.agentId, "Callback", {
    phone: callback.phone,
    issue: callback.topic,
    locale: callback.locale,
  });
  // A browser's telephone was accepted with a click; a number may be anybody's mailbox.
  if (agent?.phone !== null && digits !== acceptKey) {
    return digits === null ? { do: "ask-agent", say, locale } : { do: "hang-up", say: null, locale };
  }
  await markJoined(sql, leg);
  if (!(await mayRingNow(sql, desk, callback))) {
    await applyToCallback(sql, desk, callback, { type: "not-dialled", round: callback.round, againAt: desk.now() });
    return { do: "hang-up", say: "This customer cannot be called any more just now. Thank you.", locale };
  }
  if (callback.state === "connected") await giveTo(sql, callback, leg.agentId);
  await ringCustomer(sql, desk, callback, leg.agentId, after);
  return {
    do: "bridge",
    conference: callback.id,
    leg: "agent",
    say: agent?.phone == null ? say : null,
    optOutKey: null,
    locale,
  };
}

async function planCustomer(
  sql: TransactionSql,
  desk: CallDesk,
  leg: Leg,
  callback: CallbackRow,
  digits: string | null,
  after: Aftermath,
): Promise<CallPlan | null> {
  const locale = callback.locale ?? "en";
  const say = (words: string) => fillIn(words, { company: desk.company() });
  const words = callWords(callback.locale);
  if (leg.answeredBy === "machine") {
    await customerLegOver(sql, desk, leg, callback, after);
    return { do: "hang-up", say: null, locale };
  }
  if (digits === optOutKey && callback.phone !== null) {
    await neverCall(sql, callback.phone, "key");
    await applyToCallback(sql, desk, callback, { type: "opted-out" }, { agentId: null, change: "never-again" });
    return { do: "hang-up", say: say(words.optedOut), locale };
  }
  const { row } = await applyToCallback(sql, desk, callback, { type: "answered", round: leg.attempt ?? 0 });
  if (row.state !== "connected") return null;
  const key = callback.proven || digits !== null ? null : optOutKey;
  // Who talks was settled when it was dialled, whatever the operator chose meanwhile.
  const agents = (await otherLegs(sql, leg)).filter((one) => one.leg === "agent");
  const [line] = await sql<{ stage: string | null }[]>`select stage from calls where id = ${leg.id}`;
  if (line?.stage != null && line.stage !== "assistant") return { do: "people", say: null, optOutKey: null, locale };
  if (agents.length === 0 && leg.agentId === null) {
    await makeLive(sql, leg, locale);
    return { do: "assistant", say: digits === null ? say(words.assistant) : "", optOutKey: key, locale };
  }
  await markJoined(sql, leg);
  const greeting = digits === null ? say(words.greeting) : null;
  const gone = agents.find((one) => hasEnded(one.state));
  if (gone !== undefined && (await desk.lines?.left(sql, gone)) != null)
    return { do: "people", say: greeting, optOutKey: key, locale };
  if (
    agents.length === 0 &&
    desk.lines !== undefined &&
    leg.agentId !== null &&
    (await ringsInBrowser(sql, leg.agentId))
  ) {
    await desk.lines.offer(sql, leg);
    return { do: "people", say: greeting, optOutKey: key, locale };
  }
  if (agents.length === 0) await ringAgent(sql, row, leg.agentId, after);
  else if (agents.some((one) => one.joinedAt !== null)) await giveTo(sql, row, leg.agentId);
  return { do: "bridge", conference: callback.id, leg: "customer", say: greeting, optOutKey: key, locale };
}

/** Whoever talks with the customer has their conversation. */
async function giveTo(sql: TransactionSql, { conversationId }: CallbackRow, agentId: string | null): Promise<void> {
  if (agentId !== null) await claimWithCall(sql, conversationId, agentId);
}

/** From now on their line is one like a caller's own: the assistant may hand it to people, and they may hand it back. */
async function makeLive(sql: TransactionSql, { id }: Leg, locale: string): Promise<void> {
  await sql`update calls set stage = 'assistant', locale = ${locale}, conference = id where id = ${id} and stage is null`;
}

/** While the agent's telephone rang, the window may have closed, or the customer may have said "never again" (R5). */
async function mayRingNow(sql: TransactionSql, desk: CallDesk, callback: CallbackRow): Promise<boolean> {
  if (callback.rung) return true;
  if (callback.last || callback.phone === null || (await refusesCalls(sql, callback.phone))) return false;
  return mayRing(callback, desk.now(), { hours: hoursOf(callback), policy: desk.policy });
}

async function ringCustomer(
  sql: TransactionSql,
  desk: CallDesk,
  callback: CallbackRow,
  agentId: string | null,
  after: Aftermath,
): Promise<void> {
  const { conversationId, round } = callback;
  const id = await writeLeg(sql, { conversationId, callbackId: callback.id, attempt: round, leg: "customer", agentId });
  if (id === null) return;
  await applyToCallback(sql, desk, callback, { type: "rings", round });
  after.place.push(id);
}

async function ringAgent(
  sql: TransactionSql,
  { id: callbackId, conversationId, round }: CallbackRow,
  agentId: string | null,
  after: Aftermath,
): Promise<void> {
  const id = await writeLeg(sql, { conversationId, callbackId, attempt: round, leg: "agent", agentId });
  if (id !== null) after.place.push(id);
}

/** What news of one leg mean for its callback and for the other legs. */
export async function followLeg(sql: TransactionSql, desk: CallDesk, leg: Leg, after: Aftermath): Promise<void> {
  after.conversations.add(leg.conversationId);
  if (leg.callbackId === null) return desk.lines?.follow(sql, leg, after);
  const callback = await lockCallback(sql, leg.callbackId);
  if (callback === null || callback.round !== leg.attempt) return;
  if (leg.leg === "customer") {
    if (hasEnded(leg.state) || leg.answeredBy === "machine") await customerLegOver(sql, desk, leg, callback, after);
    if (leg.conference === leg.id) await desk.lines?.follow(sql, leg, after);
  } else if (hasEnded(leg.state)) {
    await agentLegOver(sql, desk, leg, callback, after);
  }
}

async function customerLegOver(
  sql: TransactionSql,
  desk: CallDesk,
  leg: Leg,
  callback: CallbackRow,
  after: Aftermath,
): Promise<void> {
  const round = leg.attempt ?? 0;
  const answered = leg.state === "completed" && leg.answeredBy !== "machine";
  const [opted] = callback.last ? [true] : [];
  await applyToCallback(
    sql,
    desk,
    callback,
    answered ? await endOf(sql, leg, callback) : { type: "unanswered", round },
    answered || opted ? undefined : { agentId: null, change: "not-reached", outcome: reasonOf(leg) },
  );
  // Nobody was reached: there is nothing to say of it before the next call.
  if (!answered)
    await sql`update calls set wrapped_at = now()
      where callback_id = ${leg.callbackId} and attempt = ${leg.attempt} and leg = 'agent' and wrapped_at is null`;
  await sql`update offers set state = 'withdrawn', ended_at = now()
    where conference = ${callback.id} and state in ('open', 'taken')`;
  const others = await sql<{ externalId: string | null }[]>`select external_id as "externalId" from calls
    where conference = ${callback.id} and id <> ${leg.id} and ended_at is null`;
  for (const { externalId } of others) if (externalId !== null) after.hangUp.push(externalId);
}

/** Whoever waited for somebody and hung up was not reached by us. */
async function endOf(sql: TransactionSql, leg: Leg, callback: CallbackRow): Promise<CallbackEvent> {
  const waited = callback.state === "connected" && (await metNobody(sql, leg));
  return waited ? { type: "ended", as: "missed" } : { type: "hung-up", round: leg.attempt ?? 0 };
}

/** An agent was rung for this line, and neither they nor another one came. */
async function metNobody(sql: TransactionSql, leg: Pick<Leg, "id" | "callbackId" | "attempt">): Promise<boolean> {
  const [row] = await sql<{ nobody: boolean | null }[]>`select bool_and(joined_at is null) as nobody from calls
    where leg = 'agent' and (conference = ${leg.id} or (callback_id = ${leg.callbackId} and attempt = ${leg.attempt}))`;
  return row?.nobody === true;
}

/** The customer on this line asks for something else than the call that was promised: it is over, and they may have a new one. */
export async function letGo(sql: TransactionSql, desk: CallDesk, id: string): Promise<void> {
  const leg = await lockLeg(sql, id);
  const callback = leg?.callbackId == null ? null : await lockCallback(sql, leg.callbackId);
  if (leg === null || callback === null) return;
  const as = (await metNobody(sql, leg)) ? "missed" : "done";
  await applyToCallback(sql, desk, callback, { type: "ended", as });
}

function reasonOf(leg: Leg): string {
  return leg.answeredBy === "machine" ? "answering-machine" : leg.state;
}

/** Nobody is left alone on a line: a colleague stays with the customer, or somebody else is looked for. */
async function agentLegOver(
  sql: TransactionSql,
  desk: CallDesk,
  leg: Leg,
  callback: CallbackRow,
  after: Aftermath,
): Promise<void> {
  const customer = (await otherLegs(sql, leg)).find((one) => one.leg === "customer");
  if (leg.joinedAt === null) {
    // An offer that was not taken: whoever does not hear it ring is asked to come back by themselves. A customer who was
    // gone before is nobody's fault.
    if (callback.state === "dialling" || callback.state === "connected")
      await sql`update agents set presence = 'away' where id = ${leg.agentId} and presence = 'available'`;
    if (customer === undefined) {
      const againAt = desk.now();
      await applyToCallback(sql, desk, callback, { type: "not-dialled", round: leg.attempt ?? 0, againAt });
    }
  }
  if (customer === undefined || hasEnded(customer.state)) return;
  if (customer.joinedAt !== null) {
    const alone = (await desk.lines?.left(sql, leg)) ?? null;
    if (alone !== null) after.callBack.push(alone);
    return;
  }
  // Whoever took the call already asks in a moment what comes next, and finds nobody; a telephone that rings need not.
  const [stays] = await sql`select 1 from calls where conference = ${callback.id} and leg = 'agent' and id <> ${leg.id}
    and joined_at is not null and ended_at is null limit 1`;
  if (stays === undefined && customer.state !== "in-progress" && customer.externalId !== null)
    after.hangUp.push(customer.externalId);
}
