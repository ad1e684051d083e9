import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { appendEvent } from "./append-event.ts";
import { type Change, type Decided, decideChange, type Ownership } from "./ownership.ts";
import { recallReplies } from "./recall-replies.ts";

export type ChangeOutcome =
  | { readonly outcome: "done"; readonly fence: number; readonly changed: boolean; readonly answerDue: boolean }
  | { readonly outcome: Exclude<Decided["outcome"], "changed" | "same">; readonly fence: number }
  | { readonly outcome: "not-found" };

/**
 * Changes owner or state in one transaction: fence up, event written, the assistant's open turn dropped and its unsent
 * replies recalled (R4). Asked again, it changes nothing. `answerDue` says that the assistant got it back with an unanswered message: ring.
 */
export async function changeConversation(
  db: Db,
  id: string,
  agentId: string,
  change: Change,
  statedFence?: number,
): Promise<ChangeOutcome> {
  return db.transaction(async (sql) => {
    const now = await lockOwnership(sql, id);
    if (now === null) return { outcome: "not-found" };
    const decided = decideChange(now, agentId, change, statedFence);
    switch (decided.outcome) {
      case "same":
        return { outcome: "done", fence: now.fence, changed: false, answerDue: false };
      case "changed": {
        const answerDue = await applyChange(sql, id, agentId, change, decided.next);
        return { outcome: "done", fence: decided.next.fence, changed: true, answerDue };
      }
      default:
        return { outcome: decided.outcome, fence: now.fence };
    }
  });
}

/**
 * Gives the conversation to an agent who takes its call, inside the caller's transaction; from a colleague as well, and
 * then the timeline says so.
 */
export async function claimWithCall(sql: TransactionSql, id: string, agentId: string): Promise<void> {
  const now = await lockOwnership(sql, id);
  if (now === null) return;
  const change = now.owner === "agent" ? ({ kind: "assign", to: agentId } as const) : ({ kind: "claim" } as const);
  const decided = decideChange(now, agentId, change);
  if (decided.outcome === "changed") await applyChange(sql, id, agentId, change, decided.next);
}

/**
 * Gives it back to the queue: the agent who took its call, or should have, did not come. Whoever is on the line waits for
 * people, also where all was resolved before. `by`: who is said to have done it; null: the service.
 */
export async function backToQueue(
  sql: TransactionSql,
  id: string,
  agentId: string,
  by: string | null = agentId,
): Promise<void> {
  const found = await lockOwnership(sql, id);
  if (found === null) return;
  const now = found.status === "resolved" ? ({ ...found, status: "open" } as const) : found;
  const change = { kind: "release", to: "queue" } as const;
  const decided = decideChange(now, agentId, change);
  if (decided.outcome === "changed") await applyChange(sql, id, by, change, decided.next);
}

/**
 * The assistant's answer could not be delivered: a person takes it from here, unless the customer has written since and
 * is being answered again.
 */
export async function handOverUndelivered(sql: TransactionSql, id: string, messageId: string): Promise<void> {
  const now = await lockOwnership(sql, id);
  if (now === null || now.owner !== "assistant" || now.status === "resolved") return;
  const [last] = await sql`select 1 from messages m where m.id = ${messageId} and m.author = 'assistant'
    and not exists (select 1 from messages c where c.conversation_id = ${id} and c.author = 'contact' and c.seq > m.seq)`;
  if (last === undefined) return;
  const next = { status: "open", owner: "queue", agentId: null, snoozedUntil: null, fence: now.fence + 1 } as const;
  await applyChange(sql, id, null, { kind: "release", to: "queue" }, next);
}

/**
 * The customer chose on the telephone what the assistant can do, or the agent they talked with gave them back; `flow`
 * says what it asked them.
 */
export async function giveToAssistant(
  sql: TransactionSql,
  id: string,
  flow: object,
  agentId: string | null = null,
): Promise<void> {
  const moved = await sql`update conversations set owner = 'assistant', agent_id = null, fence = fence + 1,
      waiting_since = null, flow = ${sql.json(asJson(flow))}
    where id = ${id} and owner <> 'assistant' returning 1`;
  if (moved.length > 0)
    await appendEvent(sql, id, { type: "assignment", agentId, data: { change: "release", to: "assistant" } });
}

async function lockOwnership(sql: TransactionSql, id: string): Promise<Ownership | null> {
  const [row] = await sql<
    Ownership[]
  >`select status, owner, agent_id as "agentId", fence, snoozed_until as "snoozedUntil"
    from conversations where id = ${id} for update`;
  return row ?? null;
}

async function applyChange(
  sql: TransactionSql,
  id: string,
  agentId: string | null,
  change: Change,
  next: Ownership,
): Promise<boolean> {
  const { status, owner } = next;
  // Sent together: each round to the database is one that an agent waits for.
  await Promise.all([
    // A summary belongs to one hand-off: it stays readable after the resolution, not in the next episode.
    sql`with dropped as (delete from turns where conversation_id = ${id} returning 1)
      update conversations set status = ${status}, owner = ${owner}, agent_id = ${next.agentId},
        fence = ${next.fence}, snoozed_until = ${next.snoozedUntil},
        waiting_since = case when ${status === "resolved"} then null
          when ${owner === "queue"} or ${owner === "agent"} and exists (select 1 from dropped) then coalesce(waiting_since, now())
          else waiting_since end,
        summary = case when owner = 'assistant' and status <> 'resolved' then null else summary end,
        flow = case when ${change.kind === "resolve"} then '{}' else flow end
      where id = ${id}`,
    appendEvent(sql, id, { type: eventTypes[change.kind], agentId, data: eventData(change, next) }),
    owner === "assistant" ? null : recallReplies(sql, id),
  ]);
  return change.kind === "release" && change.to === "assistant" && (await openTurn(sql, id));
}

const eventTypes = {
  claim: "assignment",
  assign: "assignment",
  release: "assignment",
  resolve: "resolution",
  reopen: "reopened",
  snooze: "snoozed",
} as const satisfies Record<Change["kind"], string>;

function eventData(change: Change, next: Ownership): object {
  switch (change.kind) {
    case "claim":
    case "assign":
      return { change: change.kind, to: next.agentId };
    case "release":
      return { change: change.kind, to: change.to };
    case "snooze":
      return { change: change.kind, until: change.until.toISOString() };
    default:
      return { change: change.kind };
  }
}

/** Nobody is left in silence: what the customer wrote since our last word to them is the assistant's to answer now. */
async function openTurn(sql: TransactionSql, id: string): Promise<boolean> {
  const opened = await sql`
    with unanswered as (
      select min(m.seq) as first_seq, max(m.seq) as last_seq from messages m
      where m.conversation_id = ${id} and m.author = 'contact'
        -- Nobody answers a STOP, or that a call began.
        and not exists (select 1 from consents k where k.address_id = m.address_id
          and k.provider_key = m.provider_key and k.action <> 'start')
        and jsonb_path_exists(m.parts, '$[*] ? (@.t != "event")')
        and m.seq > (
        select coalesce(max(o.seq), 0) from messages o
        where o.conversation_id = ${id} and o.author <> 'contact' and o.visibility = 'public'
          and not exists (select 1 from deliveries d
            where d.message_id = o.id and d.recalled_at is not null and d.state = 'failed'))),
    calmed as (update conversations set waiting_since = null where id = ${id})
    insert into turns (conversation_id, first_seq, last_seq)
      select ${id}, first_seq, last_seq from unanswered where first_seq is not null
    returning 1`;
  return opened.length > 0;
}
