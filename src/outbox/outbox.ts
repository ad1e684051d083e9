import {
  type Channel,
  type ContactAddress,
  can,
  type DeliveryError,
  type OutboundItem,
  type Outgoing,
  type SendResult,
  type StatusReport,
} from "../../channels/channel.ts";
import { handOverUndelivered } from "../conversations/change.ts";
import { recalled } from "../conversations/recall-replies.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { createGroupCommit } from "../db/group-commit.ts";
import { asJson } from "../db/json.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { type Standing, whyNotSend } from "./may-send.ts";
import { recordOptOut } from "./opt-out.ts";
import { type LostTry, loseTry, whyNotAgain } from "./send-again.ts";

/** safety.md: a provider call may take 10 s. */
const sendLimitMs = 10_000;
/** Longer than the call, so that an expired lease means that the caller is gone. */
export const sendLeaseMs = 12_000;
/** A claim older than this may have been taken over by the time the provider answers: others look it up. */
const claimLimitMs = sendLeaseMs - sendLimitMs;
/** A look-up right after a time-out could miss what the provider is still taking in. */
const lookUpAfterMs = 4_000;
/** Two look-ups must miss before a delivery is sent again. */
const lookUpsBeforeResend = 2;
/** A provider that cannot be asked: its status report has this long to tell, then a person decides. */
const lookUpsBeforePerson = 5;
/** A provider that does not answer look-ups at all (wrong key, closed account): some two minutes, then a person. */
const lookUpsMax = 30;
const attemptsMax = 8;
const retryBaseMs = 1_000;
const retryMaxMs = 60_000;

export interface OpenDelivery {
  readonly messageId: string;
  readonly piece: number;
  readonly conversationId: string;
  readonly channel: string;
  readonly account: string;
  readonly address: ContactAddress;
  readonly item: OutboundItem;
  readonly token: string;
  /** `performance.now()` before it was claimed. */
  readonly claimedAt: number;
}

export interface Outbox {
  /** Sends a delivery that is already `sending` under `token`, records the outcome, then goes on with the next one. */
  send(delivery: OpenDelivery, attempts?: number): void;
  /** Takes the first open delivery of each conversation: sends what is ready, looks up what is unknown. */
  deliverOpen(conversationIds: readonly string[]): Promise<void>;
  /** Applies a provider's report; false when no such delivery exists. */
  applyStatus(report: StatusReport, channel: string, account: string): Promise<boolean>;
  /** Resolves when no provider call is under way. */
  idle(): Promise<void>;
}

export interface OutboxDeps {
  readonly db: Db;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly publish: (conversationId: string) => void;
  /** Puts in what must not be stored (a link's token), for sending and for looking up alike. */
  readonly complete?: (item: OutboundItem) => OutboundItem;
  readonly log: Log;
  readonly onSettled?: (state: string) => void;
}

/** Delivers replies honestly (safety.md, "Outbound"): states only move forward and nothing is resent blindly (R2, R3). */
export function createOutbox(deps: OutboxDeps): Outbox {
  const underWay = new Set<Promise<void>>();
  const settle = createGroupCommit<SettleRow, Settled>({
    keyOf: (row) => `${row.message_id}.${row.piece}`,
    run: (batch) => settleBatch(deps.db, batch),
  });
  const report = createGroupCommit<StatusRow, readonly string[]>({
    keyOf: (row) => `${row.message_id}.${row.piece}`,
    run: (batch) => statusBatch(deps.db, batch),
  });

  function track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => deps.log.warn({ component: "outbox", error }, "delivery-interrupted"))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  async function sendOne(delivery: OpenDelivery, attempts: number): Promise<void> {
    // A process that slept meanwhile holds nothing any more: whoever took over has looked it up, or will.
    if (performance.now() - delivery.claimedAt > claimLimitMs) return;
    const result = await callProvider(deps, delivery);
    await record(delivery, afterSend(result, attempts));
  }

  /** Sends a claimed delivery, unless the contact opted out, the reply window closed or a person took over while it waited. */
  async function sendClaimed(delivery: ClaimedDelivery): Promise<void> {
    const limits = deps.channelFor(delivery.channel, delivery.account)?.limits;
    const forbidden = limits === undefined ? null : whyNotSend(limits, delivery, Date.now());
    // A first attempt was not recalled: a take-over fails what is ready.
    const refusal = forbidden ?? (delivery.attempts > 1 ? await whyNotAgain(deps.db, delivery) : null);
    if (refusal !== null) return record(delivery, { state: "failed", error: refusal });
    await sendOne(delivery, delivery.attempts);
  }

  async function lookUpOne(delivery: ClaimedDelivery): Promise<void> {
    await record(delivery, await lookUp(deps, delivery));
  }

  async function record(delivery: OpenDelivery, came: Next): Promise<void> {
    const next = came.state === "ready" && (await isRecalled(deps.db, delivery)) ? tookOver : came;
    deps.onSettled?.(next.state);
    if (next.state === "failed") {
      await fail(idOf(delivery), delivery, next.error, null);
      return deliverOpen([delivery.conversationId]);
    }
    const settled = await settle({
      ...idOf(delivery),
      token: delivery.token,
      state: next.state,
      external_id: next.state === "sent" ? next.externalId : null,
      error: next.state === "sent" ? null : next.error,
      delay_ms: next.state === "sent" ? 0 : next.delayMs,
    });
    if (next.state === "sent" && settled.more) return deliverOpen([delivery.conversationId]);
  }

  /** In one transaction with what follows for the rest of the message, and for who answers the customer now. */
  async function fail(
    failed: DeliveryId,
    { conversationId, address }: Pick<OpenDelivery, "conversationId" | "address">,
    error: DeliveryError,
    externalId: string | null,
  ): Promise<void> {
    const moved = await deps.db.transaction(async (sql) => {
      if (error.class === "optout") await recordOptOut(sql, conversationId, idText(failed), address);
      return applyFailure(sql, failed, conversationId, error, externalId);
    });
    if (!moved) return;
    deps.publish(conversationId);
    deps.log.warn({ conversationId, deliveryId: idText(failed), code: error.code }, "delivery-failed");
  }

  /** A failure that may pass is no failure yet: it is sent again, and a failure reported twice changes nothing. */
  async function failOrSendAgain(found: FoundDelivery, status: StatusReport): Promise<void> {
    const { message_id, piece, conversation_id: conversationId, address } = found;
    const { externalId = null, error = noReason, againAfterMs = [] } = status;
    const lost: LostTry | null = externalId === null ? null : { externalId, error, againAfterMs };
    if (lost !== null && againAfterMs.length > 0) {
      const isTriedAgain = await deps.db.transaction((sql) =>
        loseTry(sql, { conversationId, messageId: message_id, piece }, lost),
      );
      if (isTriedAgain) {
        deps.publish(conversationId);
        deps.log.info({ conversationId, deliveryId: idText(found), code: error.code }, "delivery-lost");
        return;
      }
    }
    await fail({ message_id, piece }, { conversationId, address }, error, externalId);
  }

  async function deliverOpen(conversationIds: readonly string[]): Promise<void> {
    if (conversationIds.length === 0) return;
    const claimedAt = performance.now();
    const claimed = await claim(deps.db, conversationIds, claimedAt);
    for (const delivery of claimed) {
      track(delivery.act === "send" ? sendClaimed(delivery) : lookUpOne(delivery));
    }
  }

  return {
    send: (delivery, attempts = 1) => track(sendOne(delivery, attempts)),
    deliverOpen,
    async applyStatus(status, channel, account) {
      const found = await findDelivery(deps.db, status, channel, account);
      if (found === null) return false;
      const { message_id, piece } = found;
      const externalId = status.externalId ?? null;
      if (status.state === "failed") await failOrSendAgain(found, status);
      else {
        const rank = { sent: 4, delivered: 5, read: 6 }[status.state];
        const { state, error = null } = status;
        const moved = await report({ message_id, piece, state, rank, external_id: externalId, error });
        for (const conversationId of moved) deps.publish(conversationId);
      }
      return true;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

async function callProvider(deps: OutboxDeps, delivery: OpenDelivery): Promise<SendResult> {
  const channel = deps.channelFor(delivery.channel, delivery.account);
  if (channel === null || !can(channel, "send")) {
    const text = `The channel account ${delivery.channel}/${delivery.account} is not configured any more.`;
    return { outcome: "rejected", error: { class: "config", code: "no-account", text } };
  }
  return channel.send(outgoing(deps, delivery), AbortSignal.timeout(sendLimitMs));
}

type Next =
  | { readonly state: "sent"; readonly externalId: string }
  | { readonly state: "ready" | "unknown"; readonly delayMs: number; readonly error: DeliveryError | null }
  | { readonly state: "failed"; readonly error: DeliveryError };

const tookOver: Next = { state: "failed", error: recalled };

/** What a provider call means for the delivery. Pure. */
export function afterSend(result: SendResult, attempts: number, random: () => number = Math.random): Next {
  switch (result.outcome) {
    case "accepted":
      return { state: "sent", externalId: result.externalId };
    case "rejected":
      return { state: "failed", error: result.error };
    case "unknown":
      return { state: "unknown", delayMs: lookUpAfterMs, error: result.error };
    case "retry": {
      if (attempts >= attemptsMax) return { state: "failed", error: result.error };
      const backoff = Math.min(retryMaxMs, retryBaseMs * 2 ** (attempts - 1));
      const delayMs = Math.max(result.afterMs ?? 0, Math.round(backoff * (0.5 + random() / 2)));
      return { state: "ready", delayMs, error: result.error };
    }
  }
}

async function lookUp(deps: OutboxDeps, delivery: ClaimedDelivery): Promise<Next> {
  const channel = deps.channelFor(delivery.channel, delivery.account);
  const answer =
    channel !== null && can(channel, "send")
      ? await channel.lookUp(outgoing(deps, delivery), delivery.sendingSince, AbortSignal.timeout(sendLimitMs))
      : ("cannot-tell" as const);
  if (answer === "later") return untold(delivery.lookups, lookUpsMax);
  if (answer === "cannot-tell") return untold(delivery.lookups, lookUpsBeforePerson);
  const known = await knownOf(
    deps.db,
    answer.found.map((one) => one.externalId),
  );
  const ours = answer.found.find((candidate) => !known.has(candidate.externalId));
  if (ours !== undefined) return { state: "sent", externalId: ours.externalId };
  if (delivery.lookups < lookUpsBeforeResend) return { state: "unknown", delayMs: lookUpAfterMs, error: null };
  return { state: "ready", delayMs: 0, error: null };
}

/** Which of these messages at the provider belong to a delivery already, whoever it is to. */
async function knownOf(db: Db, externalIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (externalIds.length === 0) return new Set();
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`select external_id as id from deliveries
      where external_id = any (${[...externalIds]}::text[])
      union all select external_id from lost_tries where external_id = any (${[...externalIds]}::text[])`,
  );
  return new Set(rows.map((row) => row.id));
}

function untold(lookups: number, lookUpsBeforeFailure: number): Next {
  if (lookups < lookUpsBeforeFailure) return { state: "unknown", delayMs: lookUpAfterMs, error: null };
  const text = "The provider did not say whether it took this message. Ask the customer, or send it again yourself.";
  return { state: "failed", error: { class: "permanent", code: "unknown-outcome", text } };
}

interface ClaimedDelivery extends OpenDelivery, Standing {
  readonly act: "send" | "look-up";
  readonly attempts: number;
  readonly lookups: number;
  readonly sendingSince: Date;
}

async function claim(db: Db, conversationIds: readonly string[], claimedAt: number): Promise<ClaimedDelivery[]> {
  const token = newId();
  const rows = await db.run(
    (sql) => sql<ClaimRow[]>`select * from claim_deliveries(${[...conversationIds]}::uuid[], ${token}, ${sendLeaseMs})`,
  );
  return rows.map((row) => ({
    messageId: row.message_id,
    piece: row.piece,
    conversationId: row.conversation_id,
    channel: row.channel,
    account: row.account,
    address: row.address,
    item: row.item,
    token,
    claimedAt,
    act: row.act,
    attempts: row.attempts,
    lookups: row.lookups,
    sendingSince: row.sending_since,
    optedOutAt: row.opted_out_at,
    lastInboundAt: row.last_inbound_at,
  }));
}

/** Did a person take over while this was at the provider (R4)? */
async function isRecalled(db: Db, { messageId, piece }: OpenDelivery): Promise<boolean> {
  const rows = await db.run(
    (sql) => sql`select 1 from deliveries
      where message_id = ${messageId} and piece = ${piece} and recalled_at is not null`,
  );
  return rows.length > 0;
}

interface ClaimRow {
  message_id: string;
  piece: number;
  conversation_id: string;
  channel: string;
  account: string;
  address: ContactAddress;
  item: OutboundItem;
  act: "send" | "look-up";
  attempts: number;
  lookups: number;
  sending_since: Date;
  opted_out_at: Date | null;
  last_inbound_at: Date | null;
}

interface SettleRow {
  readonly message_id: string;
  readonly piece: number;
  readonly token: string;
  readonly state: "sent" | "ready" | "unknown";
  readonly external_id: string | null;
  readonly error: DeliveryError | null;
  readonly delay_ms: number;
}

interface Settled {
  readonly more: boolean;
}

async function settleBatch(db: Db, batch: readonly SettleRow[]): Promise<Settled[]> {
  const rows = await db.run(
    (sql) => sql<{ message_id: string; piece: number; more: boolean }[]>`
      select message_id, piece, more from settle_deliveries(${sql.json(asJson(batch.slice()))})`,
  );
  const byId = new Map(rows.map((row) => [`${row.message_id}.${row.piece}`, row]));
  // No row: another worker took it over; that one goes on with the conversation.
  return batch.map((row) => ({ more: byId.get(`${row.message_id}.${row.piece}`)?.more ?? false }));
}

const noReason: DeliveryError = {
  class: "permanent",
  code: "no-reason",
  text: "The provider could not deliver this message and gave no reason.",
};
/**
 * Takes down that a piece failed for good. Half a message is none: its other pieces that were not sent fail with it. What
 * the customer then has no answer to goes to a person (R6). False: it had not been open or merely sent.
 */
async function applyFailure(
  sql: TransactionSql,
  failed: DeliveryId,
  conversationId: string,
  error: DeliveryError,
  externalId: string | null,
): Promise<boolean> {
  const row = { ...failed, state: "failed", rank: 0, external_id: externalId, error };
  const [moved] = await sql`select 1 from apply_statuses(${sql.json(asJson([row]))})`;
  if (moved === undefined) return false;
  const unsent = await sql<DeliveryId[]>`select message_id, piece from deliveries
    where message_id = ${failed.message_id} and state = 'ready'`;
  const others = unsent.map((one) => ({ ...one, state: "failed", rank: 0, external_id: null, error }));
  if (others.length > 0) await sql`select 1 from apply_statuses(${sql.json(asJson(others))})`;
  const isWanted = error.class !== "optout" && error.code !== recalled.code;
  if (isWanted) await handOverUndelivered(sql, conversationId, failed.message_id);
  return true;
}

interface StatusRow {
  readonly message_id: string;
  readonly piece: number;
  readonly state: StatusReport["state"];
  readonly rank: number;
  readonly external_id: string | null;
  readonly error: DeliveryError | null;
}

async function statusBatch(db: Db, batch: readonly StatusRow[]): Promise<(readonly string[])[]> {
  const rows = await db.run(
    (sql) => sql<{ conversation_id: string }[]>`
      select distinct conversation_id from apply_statuses(${sql.json(asJson(batch.slice()))})`,
  );
  const ids = rows.map((row) => row.conversation_id);
  return batch.map((_, index) => (index === 0 ? ids : []));
}

async function findDelivery(db: Db, status: StatusReport, channel: string, account: string) {
  const [messageId, piece] = status.deliveryId?.split(".") ?? [];
  const isOurs =
    messageId !== undefined && piece !== undefined && /^[0-9a-f-]{36}$/.test(messageId) && /^\d{1,4}$/.test(piece);
  const [row] = await db.run((sql) =>
    isOurs
      ? sql<FoundDelivery[]>`select message_id, piece, conversation_id, address from deliveries
          where message_id = ${messageId} and piece = ${Number(piece)} and channel = ${channel} and account = ${account}`
      : sql<FoundDelivery[]>`select message_id, piece, conversation_id, address from deliveries d
          where (external_id = ${status.externalId ?? null} or (message_id, piece) in (
              select t.message_id, t.piece from lost_tries t where t.external_id = ${status.externalId ?? null}))
            and channel = ${channel} and account = ${account} limit 1`,
  );
  return row ?? null;
}

interface FoundDelivery extends DeliveryId {
  readonly conversation_id: string;
  readonly address: ContactAddress;
}

interface DeliveryId {
  readonly message_id: string;
  readonly piece: number;
}

function idOf({ messageId, piece }: OpenDelivery): DeliveryId {
  return { message_id: messageId, piece };
}

function idText({ message_id, piece }: DeliveryId): string {
  return `${message_id}.${piece}`;
}

function outgoing({ complete }: OutboxDeps, delivery: OpenDelivery): Outgoing {
  const item = complete?.(delivery.item) ?? delivery.item;
  return { deliveryId: idText(idOf(delivery)), to: delivery.address, item };
}
