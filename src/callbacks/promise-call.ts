import type { TransactionSql } from "../db/client.ts";
import { localTimeOf } from "../lib/zoned-time.ts";
import { applyToCallback, aroundFor } from "./apply.ts";
import type { CallDesk } from "./desk.ts";
import { appendCallbackEvent } from "./events.ts";
import { type Promised, promise } from "./machine.ts";
import { type CallbackRow, lockCallback, savePromised } from "./store.ts";

/** A promise of a call, checked already. */
export interface NewPromise {
  readonly conversationId: string;
  readonly contactId: string;
  readonly phone: string | null;
  readonly proven: boolean;
  /** Null: as soon as possible. */
  readonly wantedAt: number | null;
  /** The customer chose this time, whatever the hour. */
  readonly picked: boolean;
  /** The zone that the customer named; null: not known. */
  readonly zone: string | null;
  /** Where they may be; empty: nothing is known. */
  readonly zones: readonly string[];
  /** The customer's words for when. */
  readonly wish: string | null;
  readonly topic: string | null;
  readonly locale: string | null;
  readonly team: string | null;
  readonly source: string;
  readonly agentId: string | null;
}

/** Stores a promise; the contact's conversation is locked and has no open one. */
export async function insertPromise(sql: TransactionSql, desk: CallDesk, given: NewPromise): Promise<string> {
  // Nobody knows where they are: then it is most likely where the company is.
  const zones = given.zones.length === 0 ? [desk.deskZone] : given.zones;
  const around = await aroundFor(sql, desk, { ...given, zones });
  const made = promise({ wantedAt: given.wantedAt, picked: given.picked }, around);
  const zone = given.zone ?? (zones.length === 1 ? (zones[0] ?? null) : null);
  const localTime = localTimeIn(made, zone);
  const [row] = await sql<{ id: string }[]>`
    insert into callbacks (contact_id, conversation_id, phone, wish, wanted_at, zone, local_time, zones, topic, locale, team,
      source, requested_by, proven)
    values (${given.contactId}, ${given.conversationId}, ${given.phone}, ${given.wish},
      ${made.wantedAt === null ? null : new Date(made.wantedAt)}, ${zone}, ${localTime}, ${[...zones]}, ${given.topic},
      ${given.locale}, ${given.team}, ${given.source}, ${given.agentId}, ${given.proven})
    returning id`;
  if (row === undefined) throw new Error("The callback was not stored.");
  await savePromised(sql, row.id, made, around.now);
  await appendCallbackEvent(sql, given.conversationId, given.agentId, {
    callback: row.id,
    change: "booked",
    state: made.state,
    localTime,
    zone,
    wish: given.wish,
  });
  return row.id;
}

/** Changes an open promise to what is asked for now; gives it as it is then, null when it was dialled already. */
export async function changePromise(
  sql: TransactionSql,
  desk: CallDesk,
  row: CallbackRow,
  given: Omit<NewPromise, "conversationId" | "contactId" | "source" | "wantedAt" | "picked"> & {
    /** Null: they asked again and named no time. */
    readonly when: Pick<NewPromise, "wantedAt" | "picked"> | null;
    readonly change: string;
  },
): Promise<CallbackRow | null> {
  const phone = given.phone ?? row.phone;
  const zone = given.zone ?? row.zone;
  const zones = given.zones.length > 0 ? given.zones : row.zones;
  const { when } = given;
  // What was proved of a number stays so, wherever they ask from next.
  const proven = given.phone === null ? row.proven : given.proven || (row.proven && given.phone === row.phone);
  const localTime = localTimeIn(when ?? row, zone);
  const target = { ...row, phone, proven, zone, zones, localTime };
  const { row: next, stepped } = await applyToCallback(
    sql,
    desk,
    target,
    when === null ? { type: "ask-again" } : { type: "move", wantedAt: when.wantedAt, picked: when.picked },
    { agentId: given.agentId, change: given.change },
  );
  if (!stepped.accepted) return null;
  const moved = next.wantedAt !== row.wantedAt;
  await sql`update callbacks set phone = ${phone}, zone = ${zone}, zones = ${[...zones]}, local_time = ${localTimeIn(next, zone)},
      wish = coalesce(${given.wish}, wish), topic = coalesce(${given.topic}, topic), held = null,
      reminded_at = case when ${moved} then null else reminded_at end,
      proven = ${proven},
      team = coalesce(${given.team}, team)
    where id = ${row.id}`;
  return next;
}

/** Cancels; false when it was dialled already or is over. */
export async function cancelPromise(
  sql: TransactionSql,
  desk: CallDesk,
  id: string,
  agentId: string | null = null,
): Promise<boolean> {
  const row = await lockCallback(sql, id);
  if (row === null) return false;
  const { stepped } = await applyToCallback(sql, desk, row, { type: "cancel" }, { agentId, change: "cancelled" });
  return stepped.accepted;
}

function localTimeIn({ wantedAt }: Pick<Promised, "wantedAt">, zone: string | null): string | null {
  return wantedAt === null || zone === null ? null : localTimeOf(new Date(wantedAt), zone);
}
