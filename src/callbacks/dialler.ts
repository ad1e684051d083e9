import { can, type DeliveryError, type FoundCall } from "../../channels/channel.ts";
import { bestFree, onDuty, oneAgentAtATime } from "../agents/free-agents.ts";
import { clientIdentity } from "../agents/presence.ts";
import type { TransactionSql } from "../db/client.ts";
import { type Aftermath, noAftermath } from "./aftermath.ts";
import { applyToCallback, aroundFor } from "./apply.ts";
import { followLeg, planCall, takeReport } from "./call-flow.ts";
import { hasEnded } from "./call-standing.ts";
import type { CallDesk, DiallingMode } from "./desk.ts";
import { guarded } from "./guarded.ts";
import { failLeg, type Leg, lockLeg, recordOnLeg, renewLease, standingEverySeconds, writeLeg } from "./legs.ts";
import { step } from "./machine.ts";
import { endOldOffers, isAsked, offerCallback, ringsInBrowser, wantedFor } from "./offer-callback.ts";
import { checkFor, dialAllowances, refusesCalls, rungEnough, takeAllowances } from "./phone-policy.ts";
import { type CallbackRow, lockCallback } from "./store.ts";
import { tellCustomer } from "./tell.ts";

/** channels.md 5.3: customers let it ring four or five times; agents are at their desk. */
const ringSeconds = { customer: 25, agent: 20, supervisor: 20 } as const;
/** safety.md: a provider call may take 10 s. */
const placeLimitMs = 10_000;
/** What is left of a leg's lease while the provider is asked. */
const claimLimitMs = 1_500;
const batchMax = 100;
/** A look-up right after a time-out could miss what the provider is still taking in; two must miss. */
const lookUpsBeforeAgain = 2;
const lookUpEverySeconds = 4;
/** A provider that cannot be asked: then the attempt counts as made, and nobody is rung twice for it. */
const lookUpsBeforeGivingUp = 30;
/** Held back by a cap or a list: looked at again after this. */
const heldForMs = 60 * 60_000;
const remindBeforeMs = 15 * 60_000;
/** Who booked it just now needs no reminder. */
const bookedBeforeMs = 60 * 60_000;

export interface Dialler {
  /** Everything that is due by the clock: promises to dial, outcomes to look up. Safe side by side in every worker. */
  look(): Promise<void>;
  takeReport: (report: Parameters<typeof takeReport>[1]) => Promise<boolean>;
  planCall: (asked: Parameters<typeof planCall>[1]) => ReturnType<typeof planCall>;
  /** Does what a transaction that is on disk left to be done. */
  carryOut(after: Aftermath): void;
  /** Resolves when no call to the provider is under way. */
  idle(): Promise<void>;
}

/** Dials what was promised, once per attempt: the row is on disk before the provider is asked (R5). */
export function createDialler(desk: CallDesk): Dialler {
  const underWay = new Set<Promise<void>>();

  function carryOut(after: Aftermath): void {
    for (const id of after.place) track(place(id));
    for (const externalId of after.hangUp) track(hangUp(externalId));
    for (const caller of after.callBack) track(callBack(caller));
    for (const conversationId of after.conversations) {
      desk.ring(conversationId);
      desk.publish(conversationId);
    }
  }

  function track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => desk.log.warn({ component: "dialler", error }, "call-interrupted"))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  async function hangUp(externalId: string): Promise<void> {
    await desk.phone()?.endCall(externalId, AbortSignal.timeout(placeLimitMs));
  }

  /** Lost, it is made up for: callers who wait ask by themselves after some seconds. */
  async function callBack({ externalId, locale }: Aftermath["callBack"][number]): Promise<void> {
    const phone = desk.phone();
    if (phone === null || !can(phone, "changeLine")) return;
    // A line that is in the conference already stays there.
    const moving = await desk.db.run(
      (sql) =>
        sql`update calls set moved_at = now() where external_id = ${externalId} and joined_at is null returning 1`,
    );
    if (moving.length === 0 || (await phone.callBack(externalId, locale, AbortSignal.timeout(placeLimitMs)))) return;
    await desk.db.run((sql) => sql`update calls set moved_at = null where external_id = ${externalId}`);
  }

  /** Asks the provider to ring; whatever it says, or does not say, is written down. */
  async function place(id: string): Promise<void> {
    const began = performance.now();
    const leg = (await desk.db.run((sql) => renewLease(sql, id))) ? await targetOf(desk, id) : null;
    // A process that slept meanwhile holds nothing any more: others look up what became of this leg.
    if (leg === null || performance.now() - began > claimLimitMs) return;
    const phone = desk.phone();
    const result =
      phone === null
        ? ({ outcome: "rejected", error: noPhone } as const)
        : await phone.placeCall(
            { callId: id, to: leg.to, ringSeconds: ringSeconds[leg.leg], detectMachine: leg.leg === "customer" },
            AbortSignal.timeout(placeLimitMs),
          );
    desk.log.info(
      { conversationId: leg.conversationId, callbackId: leg.callbackId, outcome: result.outcome },
      "call-placed",
    );
    await withLeg(id, async (sql, now, after) => {
      switch (result.outcome) {
        case "accepted":
          await recordOnLeg(sql, now, {
            externalId: result.externalId,
            state: "queued",
            sequence: null,
            answeredBy: null,
          });
          if (await isForNothing(sql, now)) after.hangUp.push(result.externalId);
          return;
        case "unknown":
          if (now.externalId === null)
            await sql`update calls set state = 'unknown', look_at = now() + ${lookUpEverySeconds} * interval '1 second'
              where id = ${id} and ended_at is null`;
          return;
        case "retry":
          if (now.externalId === null) await notPlaced(sql, now, result.error, result.afterMs ?? 1_000, after);
          return;
        case "rejected":
          if (now.externalId === null) await refused(sql, now, result.error, after);
      }
    });
  }

  async function withLeg(
    id: string,
    work: (sql: TransactionSql, leg: Leg, after: Aftermath) => Promise<void>,
  ): Promise<void> {
    const after = noAftermath();
    await desk.db.transaction(async (sql) => {
      const leg = await lockLeg(sql, id);
      if (leg !== null && !hasEnded(leg.state)) await work(sql, leg, after);
    });
    carryOut(after);
  }

  /** Nothing rang: the attempt did not take place and is made again as a new one. */
  async function notPlaced(
    sql: TransactionSql,
    leg: Leg,
    error: DeliveryError | null,
    afterMs: number,
    after: Aftermath,
  ): Promise<void> {
    const failed = await failLeg(sql, leg, error);
    after.conversations.add(leg.conversationId);
    if (leg.callbackId === null) return desk.lines?.follow(sql, failed, after);
    const callback = await lockCallback(sql, leg.callbackId);
    if (callback === null || callback.round !== leg.attempt) return;
    const againAt = desk.now() + afterMs;
    await applyToCallback(sql, desk, callback, { type: "not-dialled", round: callback.round, againAt });
    const others = await sql<{ externalId: string | null }[]>`select external_id as "externalId" from calls
      where callback_id = ${callback.id} and attempt = ${leg.attempt} and id <> ${leg.id} and ended_at is null`;
    for (const { externalId } of others) if (externalId !== null) after.hangUp.push(externalId);
  }

  /** The provider surely refused: as if nobody had answered, because asking again would be refused again. */
  async function refused(sql: TransactionSql, leg: Leg, error: DeliveryError, after: Aftermath): Promise<void> {
    await followLeg(sql, desk, await failLeg(sql, leg, error), after);
  }

  async function dialDue(): Promise<void> {
    const { mode } = await desk.hours();
    const now = new Date(desk.now());
    const late = new Date(now.getTime() - desk.policy.lateAfterMs);
    const rows = await desk.db.run(
      (sql) => sql<{ id: string; state: string }[]>`
        (select id, state, place_at, created_at from callbacks where state in ('requested', 'scheduled') and due_at <= ${now}
          order by place_at, created_at limit ${batchMax})
        union
        (select id, state, place_at, created_at from callbacks where state = 'due' and (until < ${now} or (not told_late and due_at <= ${late}))
          order by place_at, created_at limit ${batchMax})
        union
        (select id, state, place_at, created_at from callbacks where state = 'due' and not_before <= ${now}
          order by place_at, created_at limit ${batchMax})
        order by place_at, created_at`,
    );
    let free = true;
    for (const { id, state } of rows) {
      // Nobody was free for one who waits longer: only the clock matters for those behind.
      if (!free && state === "due") continue;
      free = (await guarded(desk, id, () => dialOne(id, mode, free))) !== false && free;
    }
  }

  /** False: nobody is free. */
  async function dialOne(id: string, mode: DiallingMode, free: boolean): Promise<boolean> {
    const after = noAftermath();
    const found = await desk.db.transaction(async (sql) => {
      const locked = await lockCallback(sql, id);
      if (locked === null) return true;
      after.conversations.add(locked.conversationId);
      const { row } = await applyToCallback(sql, desk, locked, { type: "clock" });
      if (row.state !== "due" || row.notBefore > desk.now() || desk.phone() === null) return true;
      return await dial(sql, row, mode, free, after);
    });
    carryOut(after);
    return found;
  }

  async function dial(
    sql: TransactionSql,
    row: CallbackRow,
    mode: DiallingMode,
    free: boolean,
    after: Aftermath,
  ): Promise<boolean> {
    const number = row.phone === null ? null : checkFor(desk, row.phone, row.proven);
    if (number === null || number.outcome !== "callable") return hold(sql, row, number?.outcome ?? "no-number");
    // Its time may not have come after all, or be over: a clock was set back. Nothing is used up for that.
    const { effects } = step(row, { type: "dial" }, await aroundFor(sql, desk, row));
    if (effects.length === 0) return true;
    // On the line with us just now.
    const [busy] = await sql`select 1 from calls where conversation_id = ${row.conversationId} and direction = 'inbound'
      and ended_at is null and started_at > now() - interval '2 hours' limit 1`;
    if (busy !== undefined) return true;
    const agentId = mode === "assistant-first" ? null : free ? await freeAgent(sql, row) : null;
    // The one it was given to is busy: that says nothing of the others, for whoever waits behind.
    if (mode !== "assistant-first" && agentId === null) return row.agentId !== null;
    if (!row.proven && (await rungEnough(sql, number.number, new Date(desk.now()), desk.caps)))
      return hold(sql, row, "dial-unproven");
    const full = await takeAllowances(
      sql,
      dialAllowances(
        { phone: number.number, country: number.country, proven: row.proven },
        new Date(desk.now()),
        desk.caps,
      ),
    );
    if (full !== null) return hold(sql, row, full);
    // M5: only now, so that it takes as long, and uses up as much, as with any other number.
    if (await refusesCalls(sql, number.number)) {
      const why = { agentId: null, change: "not-reached", outcome: "opted-out" };
      await applyToCallback(sql, desk, row, { type: "refused" }, why);
      return true;
    }
    const { row: now, stepped } = await applyToCallback(sql, desk, row, { type: "dial" });
    if (!stepped.effects.some((effect) => effect.do === "dial")) return true;
    const leg = mode === "agent-first" ? "agent" : "customer";
    const { conversationId, round } = now;
    if (leg === "agent" && agentId !== null && (await ringsInBrowser(sql, agentId))) {
      await offerCallback(sql, { callback: row, agentId });
      return true;
    }
    const call = await writeLeg(sql, { conversationId, callbackId: row.id, attempt: round, leg, agentId });
    if (call === null) throw new Error("This attempt was dialled already.");
    if (leg === "customer") await applyToCallback(sql, desk, now, { type: "rings", round });
    after.place.push(call);
    return true;
  }

  /** It stays due, in the list that people see, with the reason. */
  async function hold(sql: TransactionSql, row: CallbackRow, reason: string): Promise<boolean> {
    await sql`update callbacks set held = ${reason}, not_before = ${new Date(desk.now() + heldForMs)} where id = ${row.id}`;
    desk.log.warn({ callbackId: row.id, conversationId: row.conversationId, reason }, "callback-held");
    return true;
  }

  async function lookUpOutcomes(): Promise<void> {
    const phone = desk.phone();
    if (phone === null) return;
    // The database's clock: a lease of a worker that is gone is over for everybody at once.
    const legs = await desk.db.run(
      (sql) => sql<{ id: string; externalId: string | null; to: string | null; startedAt: Date }[]>`
        with due as (select id from calls where ended_at is null and look_at <= now()
          order by look_at limit ${batchMax} for update skip locked)
        update calls c set look_at = now() + case when c.external_id is null then ${lookUpEverySeconds}::int
            when c.joined_at is null then ${standingEverySeconds.before}::int else ${standingEverySeconds.joined}::int end * interval '1 second',
          state = case when c.state = 'dialling' and c.external_id is null then 'unknown' else c.state end
        from due where c.id = due.id
        returning c.id, c.external_id as "externalId", c.started_at as "startedAt"`,
    );
    for (const { id, externalId, startedAt } of legs) {
      track(externalId === null ? lookUp(id, startedAt) : askStanding(id, externalId));
    }
  }

  async function lookUp(id: string, since: Date): Promise<void> {
    const target = await targetOf(desk, id);
    if (target === null) return;
    const answer =
      (await desk.phone()?.lookUpCall({ callId: id, to: target.to }, since, AbortSignal.timeout(placeLimitMs))) ??
      "later";
    await withLeg(id, async (sql, leg, after) => {
      if (leg.externalId !== null) return;
      const ours = answer === "later" ? undefined : await firstUnknown(sql, answer.found);
      if (ours !== undefined) return takeFound(sql, leg, ours, after);
      const [row] = await sql<
        { lookups: number }[]
      >`update calls set lookups = lookups + 1 where id = ${id} returning lookups`;
      const lookups = row?.lookups ?? 0;
      if (answer === "later") {
        if (lookups >= lookUpsBeforeGivingUp) await refused(sql, leg, unknownOutcome, after);
      } else if (lookups >= lookUpsBeforeAgain) await notPlaced(sql, leg, neverTaken, 0, after);
    });
  }

  async function askStanding(id: string, externalId: string): Promise<void> {
    const answer = await desk.phone()?.callStanding(externalId, AbortSignal.timeout(placeLimitMs));
    if (answer === undefined || answer === "later") return;
    await withLeg(id, async (sql, leg, after) => {
      if (answer === "gone") return refused(sql, leg, unknownOutcome, after);
      await takeFound(sql, leg, answer, after);
    });
  }

  async function takeFound(sql: TransactionSql, leg: Leg, found: FoundCall, after: Aftermath): Promise<void> {
    const { leg: now, news } = await recordOnLeg(sql, leg, { ...found, sequence: null });
    if (news) await followLeg(sql, desk, now, after);
    if (now.externalId !== null && !hasEnded(now.state) && (await isForNothing(sql, now)))
      after.hangUp.push(now.externalId);
  }

  /** Customers who write or call between two attempts are at their telephone. */
  async function hear(): Promise<void> {
    const soon = new Date(desk.now() + desk.policy.heardAfterMs);
    const rows = await desk.db.run(
      (sql) => sql<{ id: string }[]>`select k.id from callbacks k join conversations c on c.id = k.conversation_id
        where k.state = 'scheduled' and k.attempts > 0 and k.due_at > ${soon} and c.last_inbound_at > k.updated_at
        limit ${batchMax}`,
    );
    for (const { id } of rows) await guarded(desk, id, () => hearOne(id));
  }

  async function hearOne(id: string): Promise<void> {
    await desk.db.transaction(async (sql) => {
      const row = await lockCallback(sql, id);
      if (row === null) return;
      await applyToCallback(sql, desk, row, { type: "heard-from" }, { agentId: null, change: "heard-from" });
      // What was heard is heard once, also where it changed nothing.
      await sql`update callbacks set updated_at = now() where id = ${id}`;
    });
  }

  /** An invitation that nobody heard is over, so that a colleague who comes back does not walk into another's call. */
  async function endInvitations(): Promise<void> {
    const old = await desk.db.run(async (sql) => (await desk.lines?.unanswered(sql)) ?? []);
    for (const id of old) {
      const after = noAftermath();
      await desk.db.transaction(async (sql) => desk.lines?.endInvitation(sql, id, after));
      carryOut(after);
    }
  }

  async function remind(): Promise<void> {
    const now = new Date(desk.now());
    const rows = await desk.db.run(
      (sql) => sql<
        { id: string }[]
      >`select id from callbacks where state = 'scheduled' and reminded_at is null and attempts = 0
        and wanted_at > ${now} and wanted_at <= ${new Date(now.getTime() + remindBeforeMs)}
        and asked_at <= wanted_at - ${bookedBeforeMs} * interval '1 millisecond' limit ${batchMax}`,
    );
    for (const { id } of rows) await guarded(desk, id, () => remindOne(id, now));
  }

  async function remindOne(id: string, now: Date): Promise<void> {
    const after = noAftermath();
    await desk.db.transaction(async (sql) => {
      const row = await lockCallback(sql, id);
      const [fresh] = await sql`update callbacks set reminded_at = ${now}
        where id = ${id} and reminded_at is null and state = 'scheduled' returning id`;
      if (row === null || fresh === undefined) return;
      await tellCustomer(sql, desk, row, "reminder");
      after.conversations.add(row.conversationId);
    });
    carryOut(after);
  }

  return {
    carryOut,
    async look() {
      await lookUpOutcomes();
      carryOut(await endOldOffers(desk));
      await endInvitations();
      const forgotten = await desk.db.run(async (sql) => (await desk.lines?.forgotten(sql)) ?? []);
      carryOut({ ...noAftermath(), callBack: [...forgotten] });
      await dialDue();
      await hear();
      await remind();
    },
    async takeReport(report) {
      const after = noAftermath();
      const known = await takeReport(desk, report, after);
      carryOut(after);
      return known;
    },
    async planCall(asked) {
      const after = noAftermath();
      const plan = await planCall(desk, asked, after);
      carryOut(after);
      return plan;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

const noPhone: DeliveryError = {
  class: "config",
  code: "no-phone",
  text: "No telephone number of ours is configured. Set TWILIO_VOICE_NUMBER.",
};
const neverTaken: DeliveryError = { class: "retry", code: "not-taken", text: "The provider never took this call." };
const unknownOutcome: DeliveryError = {
  class: "permanent",
  code: "unknown-outcome",
  text: "The provider did not say whether it placed this call.",
};

/** The customer called it off while an agent's telephone rang for it. */
async function isForNothing(sql: TransactionSql, { callbackId }: Leg): Promise<boolean> {
  if (callbackId === null) return false;
  const [row] = await sql`select 1 from callbacks where id = ${callbackId} and state = 'cancelled'`;
  return row !== undefined;
}

interface Target {
  readonly conversationId: string;
  readonly callbackId: string | null;
  readonly leg: Leg["leg"];
  readonly to: string;
}

/** Whom a leg rings: the customer's number, or the agent's, or the telephone in the agent's browser. */
async function targetOf(desk: CallDesk, id: string): Promise<Target | null> {
  const [row] = await desk.db.run(
    (sql) => sql<
      (Omit<Target, "to"> & { customer: string | null; agent: string | null; agentId: string | null })[]
    >`select c.conversation_id as "conversationId", c.callback_id as "callbackId", c.leg, k.phone as customer,
        a.phone as agent, c.agent_id as "agentId"
      from calls c left join callbacks k on k.id = c.callback_id left join agents a on a.id = c.agent_id
      where c.id = ${id} and c.ended_at is null`,
  );
  if (row === undefined) return null;
  const browser = row.agentId === null ? null : `client:${clientIdentity(row.agentId)}`;
  const to = row.leg === "customer" ? row.customer : (row.agent ?? browser);
  return to === null ? null : { ...row, to };
}

/** Provider ids that are another leg's already are not ours. */
async function firstUnknown(sql: TransactionSql, found: readonly FoundCall[]): Promise<FoundCall | undefined> {
  if (found.length === 0) return undefined;
  const ids = found.map((one) => one.externalId);
  const known = await sql<{ id: string }[]>`select external_id as id from calls where external_id in ${sql(ids)}`;
  const taken = new Set(known.map((one) => one.id));
  return found.find((one) => !taken.has(one.externalId));
}

/** Who is free and fits best; the one whom the callback was given to, when it was given to somebody. */
async function freeAgent(sql: TransactionSql, row: CallbackRow): Promise<string | null> {
  await oneAgentAtATime(sql);
  const given = row.agentId;
  const which = sql`not ${isAsked(sql)} and (${given}::uuid is null or a.id = ${given}
    or not exists (select 1 from agents a where a.id = ${given} and ${onDuty(sql)}))`;
  return bestFree(sql, which, wantedFor(row));
}
