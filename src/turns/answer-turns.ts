import { z } from "zod";
import type { ContactAddress, OutboundItem, OutboundMessage, Rendered } from "../../channels/channel.ts";
import type { Db, Sql, TransactionSql } from "../db/client.ts";
import { DatabaseUnavailable } from "../db/errors.ts";
import { createGroupCommit } from "../db/group-commit.ts";
import { asJson } from "../db/json.ts";
import { firstOf } from "../lib/clean-text.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import { plainText } from "../lib/message.ts";
import { pickedChoice } from "./picked-choice.ts";
import { type Decides, type Decision, type HeldTurn, NoLongerTrue, type WaitingTurn } from "./turn.ts";

/** A dead worker's turn is taken over after this; a living one answers in milliseconds. */
export const leaseMs = 10_000;
/** With a language model: 60 s for the call (safety.md) and room to write. */
const modelLeaseMs = 75_000;
/** A reply that could not be written is written again so often, for so long: the lease ends later (R9). */
const writeAgainEveryMs = 250;
const writeAgainForMs = leaseMs - 3_000;
/** After so many tries the customer gets an honest sentence and a person (L4, R6). */
const attemptsMax = 3;
/** What changed under a reply is looked at anew so often at once; then by the next lease. */
const decisionsMax = 3;
const previewMaxChars = 140;
/** After a day a "2" is more likely about something else. */
const numberedForMs = 24 * 60 * 60_000;

export interface ReplyDelivery {
  readonly messageId: string;
  readonly piece: number;
  readonly conversationId: string;
  readonly channel: string;
  readonly account: string;
  readonly address: ContactAddress;
  readonly item: OutboundItem;
  readonly token: string;
  /** `performance.now()` before its `sending` was written. */
  readonly claimedAt: number;
}

export interface TurnsDeps {
  readonly db: Db;
  readonly assistant: Decides;
  readonly usesModel: boolean;
  /** This message in the form of the channel; no items for channels that customers read from the timeline. */
  render(
    channel: string,
    account: string,
    message: OutboundMessage,
  ): Rendered & { readonly wording: WaitingTurn["wording"]; readonly replyWindowMs: number | null };
  wordingOf(channel: string, account: string): WaitingTurn["wording"];
  /** Sends a delivery whose `sending` state was just committed. */
  send(delivery: ReplyDelivery): void;
  /** Judges and sends what is open in these conversations: for a reply that may not be allowed out. */
  deliverOpen(conversationIds: readonly string[]): Promise<void>;
  /** Shows the contact that an answer is being made, where that takes a while and the channel can; until undone. */
  showTyping(turn: WaitingTurn): () => void;
  /** Shows the contact the answer as far as it is made; passes by. Left out: nobody could see it. */
  showDraft?(turn: WaitingTurn, text: string, locale: string): void;
  /** Calls back when the contact has said something new meanwhile, with its seq; until undone. */
  onOvertaken?(turn: WaitingTurn, listener: (seq: number) => void): () => void;
  readonly sendLeaseMs: number;
  publish(conversationId: string): void;
  readonly log: Log;
  onAnswered?(outcome: string): void;
}

export interface AnswerTurns {
  /**
   * Answers the due turns of these conversations. Safe to run twice: a turn that is held, answered or taken over by a
   * person is left alone. Resolves when every one of them is written or given back.
   */
  due(conversationIds: readonly string[], signal: AbortSignal): Promise<void>;
  /** Answers a turn that this process holds already. Never throws: a turn that was not written is tried again. */
  held(turn: HeldTurn, signal: AbortSignal): Promise<void>;
}

export function createAnswerTurns(deps: TurnsDeps): AnswerTurns {
  const write = createGroupCommit<ReplyRow, Written>({
    keyOf: (row) => row.turn_id,
    run: (batch) => deps.db.run((sql) => writeReplies(sql, batch)),
  });

  async function answer(turn: WaitingTurn, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await answerOnce(turn, signal);
      } catch (error) {
        if (!(error instanceof NoLongerTrue) || tries === decisionsMax) throw error;
      }
    }
  }

  async function answerOnce(turn: WaitingTurn, signal: AbortSignal): Promise<void> {
    const decision = turn.attempts > attemptsMax ? deps.assistant.giveUp(turn) : await decide(turn, signal);
    if (decision === null) return;
    sayAhead(turn, decision);
    const row = toRow(deps, turn, decision);
    const { alongside } = decision;
    let claimedAt = 0;
    const written = await onceBack(signal, () => {
      claimedAt = performance.now();
      return alongside === undefined
        ? write(row)
        : deps.db.transaction(async (sql) => {
            const [result] = await writeReplies(sql, [row]);
            if (result?.outcome === "written") await alongside(sql);
            return result ?? stale;
          });
    });
    await followUp(turn, row, { ...written, claimedAt }, signal);
  }

  /** While the database is away an answer that is made waits for it, as long as the turn is surely ours. */
  async function onceBack(signal: AbortSignal, writeOnce: () => Promise<Written>): Promise<Written> {
    for (let began = Date.now(), tries = 1; ; tries += 1) {
      try {
        const written = await writeOnce();
        return written.outcome === "stale" && tries > 1 ? perhapsWritten : written;
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable) || signal.aborted || Date.now() - began > writeAgainForMs)
          throw error;
        await new Promise((resolve) => setTimeout(resolve, writeAgainEveryMs));
      }
    }
  }

  /** Who listens on the line hears an answer while it is stored; one that comes true with its reply waits for that. */
  function sayAhead(turn: WaitingTurn, { parts, locale, alongside }: Decision): void {
    const [first] = parts ?? [];
    if (turn.wording === "spoken" && alongside === undefined && first?.t === "text")
      deps.showDraft?.(turn, first.text, locale);
  }

  async function decide(turn: WaitingTurn, signal: AbortSignal): Promise<Decision | null> {
    if (!deps.usesModel) return attempt(turn, signal);
    const typed = deps.showTyping(turn);
    const overtaken = new AbortController();
    const undo = deps.onOvertaken?.(turn, (seq) => seq > turn.lastSeq && overtaken.abort());
    try {
      return await attempt(turn, AbortSignal.any([signal, overtaken.signal]));
    } finally {
      undo?.();
      typed();
    }
  }

  async function attempt(turn: WaitingTurn, signal: AbortSignal): Promise<Decision | null> {
    try {
      return await deps.assistant.decide(turn, signal, (text, locale) => deps.showDraft?.(turn, text, locale));
    } catch (error) {
      // The lease runs out, the turn is tried again, and after the last try a person gets it.
      deps.log.error(
        { conversationId: turn.conversationId, turnId: turn.id, attempts: turn.attempts, error },
        "turn-failed",
      );
      return turn.attempts >= attemptsMax ? deps.assistant.giveUp(turn) : null;
    }
  }

  async function followUp(
    turn: WaitingTurn,
    row: ReplyRow,
    written: Written & { readonly claimedAt: number },
    signal: AbortSignal,
  ): Promise<void> {
    deps.onAnswered?.(written.outcome);
    if (written.outcome === "newer") return due([turn.conversationId], signal);
    if (written.outcome === "stale") {
      deps.log.info({ conversationId: turn.conversationId, turnId: turn.id }, "reply-dropped");
      return;
    }
    deps.publish(turn.conversationId);
    if (written.held) return deps.deliverOpen([turn.conversationId]);
    const [item] = row.deliveries;
    if (!written.sends || item === undefined) return;
    deps.send({
      messageId: row.message_id,
      piece: 1,
      conversationId: turn.conversationId,
      channel: row.channel,
      account: row.account,
      address: turn.address,
      item,
      token: row.send_token,
      claimedAt: written.claimedAt,
    });
  }

  async function held(turn: HeldTurn, signal: AbortSignal): Promise<void> {
    const wording = deps.wordingOf(turn.channel, turn.account);
    const messages = withPickedChoice(turn.messages, turn.flow);
    try {
      await answer({ ...turn, wording, messages }, signal);
    } catch (error) {
      deps.log.warn({ component: "turns", error }, "turn-not-written");
    }
  }

  async function due(conversationIds: readonly string[], signal: AbortSignal): Promise<void> {
    const turns = await claimTurns(deps, conversationIds);
    await Promise.all(turns.map((turn) => held(turn, signal)));
  }
  return { due, held };
}

async function claimTurns(deps: TurnsDeps, conversationIds: readonly string[]): Promise<HeldTurn[]> {
  const token = newId();
  const lease = deps.usesModel ? modelLeaseMs : leaseMs;
  const rows = await deps.db.run(
    (sql) => sql<ClaimedRow[]>`select * from claim_turns(${[...conversationIds]}::uuid[], ${token}, ${lease})`,
  );
  return rows.map((row) => ({
    id: row.turn_id,
    token,
    conversationId: row.conversation_id,
    contactId: row.contact_id,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    attempts: row.attempts,
    fence: row.fence,
    locale: row.locale,
    flow: row.flow,
    episodeFromSeq: row.episode_from_seq,
    channel: row.channel,
    account: row.account,
    addressId: row.address_id,
    address: row.address,
    messages: row.messages ?? [],
  }));
}

/** A last message that picks one of the numbered choices shown before is that choice, as if it had been tapped. */
function withPickedChoice(
  messages: WaitingTurn["messages"],
  flow: Readonly<Record<string, unknown>>,
): WaitingTurn["messages"] {
  const last = messages.at(-1);
  const shown = shownChoices.safeParse(flow);
  if (last === undefined || !shown.success || shown.data.numberedUntil < Date.now()) return messages;
  const picked = pickedChoice(plainText(last.parts), shown.data.numbered);
  if (picked === null) return messages;
  const { optionId, title } = picked;
  return [...messages.slice(0, -1), { ...last, parts: [{ t: "choice", optionId, title }] }];
}

const shownChoices = z.object({
  numbered: z.array(z.object({ number: z.number(), optionId: z.string(), title: z.string() })),
  numberedUntil: z.number(),
});

interface ClaimedRow {
  turn_id: string;
  conversation_id: string;
  contact_id: string;
  first_seq: number;
  last_seq: number;
  attempts: number;
  fence: number;
  locale: string | null;
  flow: Record<string, unknown>;
  episode_from_seq: number;
  channel: string;
  account: string;
  address_id: string;
  address: ContactAddress;
  messages: WaitingTurn["messages"] | null;
}

interface Written {
  readonly outcome: "written" | "newer" | "stale";
  readonly sends: boolean;
  /** Written, but whether it may go out is to be judged first. */
  readonly held: boolean;
}

const stale: Written = { outcome: "stale", sends: false, held: false };
/** Its confirmation was lost, or the turn was another's: what is there is shown and sent. */
const perhapsWritten: Written = { outcome: "written", sends: false, held: true };

type ReplyRow = ReturnType<typeof toRow>;

function toRow(deps: TurnsDeps, turn: WaitingTurn, decision: Decision) {
  const rendered =
    decision.parts === null
      ? null
      : deps.render(turn.channel, turn.account, {
          parts: decision.parts,
          meta: decision.meta,
          to: turn.address,
          locale: decision.locale,
        });
  const numbered = rendered?.numbered ?? [];
  return {
    conversation_id: turn.conversationId,
    turn_id: turn.id,
    token: turn.token,
    fence: turn.fence,
    last_seq: turn.lastSeq,
    message_id: newId(),
    parts: decision.parts,
    meta: withDegraded(decision.meta, rendered?.degraded ?? []),
    locale: decision.locale,
    // What an inbound "2" means is part of what the customer saw, so it is kept with it.
    flow:
      numbered.length > 0
        ? { ...turn.flow, ...decision.flow, numbered, numberedUntil: Date.now() + numberedForMs }
        : decision.flow,
    preview: decision.parts === null ? null : firstOf(plainText(decision.parts), previewMaxChars),
    channel: turn.channel,
    account: turn.account,
    address_id: turn.addressId,
    address: turn.address,
    deliveries: rendered?.items ?? [],
    send_token: newId(),
    send_lease_ms: deps.sendLeaseMs,
    window_ms: rendered?.replyWindowMs ?? null,
  };
}

/** Nothing vanishes in silence: what the customer does not get is kept with the message, for the agent to see. */
function withDegraded(meta: Decision["meta"], degraded: readonly string[]): Decision["meta"] {
  return meta === null || degraded.length === 0 ? meta : { ...meta, degraded };
}

async function writeReplies(sql: Sql | TransactionSql, batch: readonly ReplyRow[]): Promise<Written[]> {
  const items = batch.map((row, ord) => ({ ord, ...row }));
  const rows = await sql<({ ord: number } & Written)[]>`
    select ord, outcome, sends, held from write_replies(${sql.json(asJson(items))})`;
  const byOrd = new Map(rows.map((row) => [row.ord, row]));
  return batch.map((_, ord) => byOrd.get(ord) ?? stale);
}
