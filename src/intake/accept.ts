import type { InboundMessage, TimelineChange } from "../../channels/channel.ts";
import type { Db } from "../db/client.ts";
import { createGroupCommit } from "../db/group-commit.ts";
import { asJson } from "../db/json.ts";
import { cleanFileName } from "../lib/attachment.ts";
import { firstOf, mapTexts } from "../lib/clean-text.ts";
import { newId } from "../lib/ids.ts";
import { createInOrder } from "../lib/in-order.ts";
import { toLocale } from "../lib/locale.ts";
import { maskCards, maskParts } from "../lib/mask.ts";
import { type Part, plainText } from "../lib/message.ts";
import type { AtOnce } from "../turns/at-once.ts";
import type { HeldTurn } from "../turns/turn.ts";
import { hideSplitCard, isPiece } from "./hide-split-card.ts";

/** Enough for one line of a list. */
const previewMaxChars = 140;

export interface Accepted {
  readonly outcome: "stored" | "duplicate";
  readonly conversationId: string;
  readonly seq: number;
}

export interface IntakeChannel {
  readonly name: string;
  readonly account: string;
  readonly limits: { readonly burstWaitMs: number };
}

export type Accept = (event: InboundMessage | TimelineChange, channel: IntakeChannel) => Promise<Accepted>;

/**
 * Stores what a channel received, once: a repeated delivery changes nothing and gets the same answer (R1).
 * Resolves after the commit is on disk; then answers at once, if this process can, or rings for whoever answers.
 * Throws DatabaseUnavailable or TooBusy.
 */
export function createAccept(deps: {
  readonly db: Db;
  readonly bell: { ring(conversationId: string): void; ringTurn(conversationId: string, delayMs: number): void };
  readonly publish: (conversationId: string) => void;
  /** Takes a one-time code out of a message before anything keeps it (R10). */
  readonly hideCode?: (message: InboundMessage) => Promise<InboundMessage>;
  /** Whether this message asks to be called instead of waiting for a person; `give` says whether it is to be answered now. */
  readonly callInstead?: {
    asked(parts: readonly Part[]): boolean;
    give(conversationId: string, seq: number): Promise<boolean>;
  };
  /** "Never call me again" or "cancel my call", said to people: it holds at once, whoever reads it when (R5). */
  readonly noCalls?: {
    asked(parts: readonly Part[]): Unwanted | null;
    take(conversationId: string, seq: number, unwanted: Unwanted): Promise<void>;
  };
  readonly atOnce?: AtOnce;
}): Accept {
  const store = createGroupCommit<Row, Stored>({
    keyOf: (row) => `${row.kind}:${row.value}`,
    run: (batch) => storeBatch(deps.db, batch, deps.atOnce?.leaseMs() ?? null),
  });
  const inOrder = createInOrder();
  /** What a message must lose before it is stored takes a moment; nothing of the same sender passes it meanwhile (R3). */
  const putInLine = (event: InboundMessage | TimelineChange, channel: IntakeChannel) =>
    inOrder(`${event.from.kind}:${event.from.value}`, async () => {
      const safe = event.kind === "message" ? await hideSecrets(event) : event;
      const row = toRow(safe, channel);
      const stored = store(row);
      if (event.kind === "message" && isPiece(event)) await stored.catch(() => undefined);
      return { row, stored };
    });
  const hideSecrets = async (message: InboundMessage) =>
    hideSplitCard(deps.db, deps.hideCode === undefined ? message : await deps.hideCode(message));
  return async (event, channel) => {
    const { row, stored } = await putInLine(event, channel);
    const { outcome, conversationId, seq, rings, held } = await stored;
    if (outcome === "stored") deps.publish(conversationId);
    if (held !== null) deps.atOnce?.answer(held);
    if (rings) deps.bell.ringTurn(conversationId, row.wait_ms);
    // Files are fetched at once, whoever owns the conversation and whatever else is awaited.
    if (row.media !== null && outcome === "stored") deps.bell.ring(conversationId);
    const withPeople = held === null && !rings;
    if (withPeople && row.parts !== null && deps.callInstead?.asked(row.parts)) {
      if (await deps.callInstead.give(conversationId, seq)) {
        deps.publish(conversationId);
        deps.bell.ringTurn(conversationId, 0);
      }
    }
    const unwanted = withPeople && row.parts !== null ? deps.noCalls?.asked(row.parts) : null;
    if (unwanted) await deps.noCalls?.take(conversationId, seq, unwanted);
    return { outcome, conversationId, seq };
  };
}

/** Which calls a customer does not want: all, for ever, or the one that is promised. */
export type Unwanted = "all" | "promised";

interface Stored extends Accepted {
  readonly rings: boolean;
  /** The turn that this message opened, when it is ours already. */
  readonly held: HeldTurn | null;
}

type Row = ReturnType<typeof toRow>;

interface StoredRow {
  readonly ord: number;
  readonly outcome: "stored" | "duplicate";
  readonly conversation_id: string;
  readonly seq: number;
  readonly rings: boolean;
  readonly turn_id: string | null;
  readonly contact_id: string;
  readonly address_id: string;
  readonly fence: number;
  readonly locale: string | null;
  readonly flow: Record<string, unknown>;
  readonly episode_from_seq: number;
}

/** `leaseMs`: turns that nobody else works on are to be ours for so long; null: they are left to the bell. */
async function storeBatch(db: Db, batch: readonly Row[], leaseMs: number | null): Promise<Stored[]> {
  const items = batch.map((row, ord) => ({ ord, ...row }));
  const token = leaseMs === null ? null : newId();
  const stored = await db.run(
    (sql) => sql<StoredRow[]>`
      select * from accept_inbound(${sql.json(asJson(items))}, ${token}, ${leaseMs ?? 0})`,
  );
  const byOrd = new Map(stored.map((row) => [row.ord, row]));
  return batch.map((given, ord) => {
    const row = byOrd.get(ord);
    if (row === undefined) throw new Error("An inbound message was neither stored nor known.");
    const { outcome, conversation_id: conversationId, seq, rings } = row;
    return { outcome, conversationId, seq, rings, held: token === null ? null : heldTurn(row, given, token) };
  });
}

function heldTurn(row: StoredRow, given: Row, token: string): HeldTurn | null {
  if (row.turn_id === null || given.parts === null) return null;
  const { channel, kind, value } = given;
  return {
    id: row.turn_id,
    token,
    conversationId: row.conversation_id,
    contactId: row.contact_id,
    firstSeq: row.seq,
    lastSeq: row.seq,
    attempts: 1,
    fence: row.fence,
    locale: row.locale,
    flow: row.flow,
    episodeFromSeq: row.episode_from_seq,
    channel,
    account: given.account,
    addressId: row.address_id,
    address: { channel, kind, value },
    messages: [{ seq: row.seq, parts: given.parts, locale: given.locale, externalId: given.external_id }],
  };
}

function toRow(event: InboundMessage | TimelineChange, channel: IntakeChannel) {
  const { channel: channelName, kind, value } = event.from;
  const address = { channel: channelName, kind, value };
  const shared = { key: event.key, channel: channelName, account: channel.account, kind, value };
  const addresses = [address, ...(event.aliases ?? [])];
  if (event.kind === "change") {
    const data = mapTexts(event.data, maskCards) as object;
    const change = { change: event.change, target: event.targetExternalId ?? null, ...data };
    return { ...shared, ...withoutMessage, addresses, type: "change", change };
  }
  const { parts, media } = takeMedia(maskParts(event.parts));
  return {
    ...shared,
    addresses,
    type: "message",
    name: event.profileName === undefined ? null : maskCards(event.profileName),
    external_id: event.externalId,
    client_id: event.clientId ?? null,
    reply_to: event.replyToExternalId ?? null,
    parts,
    media,
    locale: toLocale(event.locale),
    provider_time: event.providerTime?.toISOString() ?? null,
    raw: event.raw === undefined ? null : mapTexts(event.raw, maskCards),
    wants: event.wantsAnswer,
    wait_ms: channel.limits.burstWaitMs,
    consent: event.consent ?? null,
    preview: firstOf(plainText(parts), previewMaxChars) || null,
    change: null,
  };
}

const withoutMessage = {
  name: null,
  external_id: null,
  client_id: null,
  reply_to: null,
  parts: null,
  media: null,
  locale: null,
  provider_time: null,
  raw: null,
  wants: false,
  wait_ms: 0,
  consent: null,
  preview: null,
};

/** Media still at the provider gets its attachment id now, so that the message and the promise to fetch are one write. */
function takeMedia(parts: readonly Part[]) {
  const media: { id: string; source: unknown; mime: string; name: string | null }[] = [];
  const kept = parts.map((part) => {
    if (part.t !== "media" || part.source === undefined) return part;
    const { source, ...rest } = part;
    const id = newId();
    const name = part.name === undefined ? null : cleanFileName(part.name);
    media.push({ id, source, mime: part.mime, name });
    return { ...rest, assetId: id, ...(name === null ? {} : { name }) };
  });
  return { parts: kept, media: media.length > 0 ? media : null };
}
