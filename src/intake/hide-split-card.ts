import type { InboundMessage } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { maskAcross, maskParts } from "../lib/mask.ts";
import type { Part } from "../lib/message.ts";

/** Whoever types a card number in pieces types them one after the other: four groups, and no long pause. */
const earlierMax = 3;
const withinMinutes = 10;
/** How far back the pieces may lie between other entries. */
const lookBackSeqs = 40;

interface Earlier {
  readonly id: string;
  readonly seq: number;
  readonly conversationId: string;
  readonly parts: readonly Part[];
}

/**
 * Masks a card number that a customer types over several messages (P1): in the one that comes, before it is stored, and
 * in those that are stored already. A message that is more than figures passes unchanged and costs nothing.
 */
export async function hideSplitCard(db: Db, message: InboundMessage): Promise<InboundMessage> {
  const parts = maskParts(message.parts);
  const own = figures(parts);
  if (own === null) return message;
  const earlier = await piecesBefore(db, message);
  for (let count = 1; count <= earlier.length; count++) {
    const pieces = earlier.slice(0, count).reverse();
    const masked = maskAcross([...pieces.map(({ parts: kept }) => figures(kept) ?? ""), own]);
    if (masked === null) continue;
    await maskStored(db, pieces, masked);
    return { ...message, parts: withText(parts, masked.at(-1) ?? ""), raw: undefined };
  }
  return message;
}

/** Whether this may be a piece of a card number: the next message of its sender has to find it stored. */
export function isPiece(message: InboundMessage): boolean {
  return figures(message.parts) !== null;
}

const digitsMin = 3;
const wordless = /^[^\p{L}]*$/u;

/** The text of a message that is nothing but figures and marks; null: it is something else. */
function figures(parts: readonly Part[]): string | null {
  const [part] = parts;
  if (part?.t !== "text" || parts.length > 1 || !wordless.test(part.text)) return null;
  return (part.text.match(/\p{Nd}/gu)?.length ?? 0) >= digitsMin ? part.text : null;
}

const withText = (parts: readonly Part[], text: string): Part[] =>
  parts.map((part) => (part.t === "text" ? { ...part, text } : part));

/** The last messages from this address as long as they are figures, newest first; none for one that is known already. */
async function piecesBefore(db: Db, { key, from }: InboundMessage): Promise<Earlier[]> {
  const rows = await db.run(
    (sql) => sql<Earlier[]>`
      select m.id, m.seq, m.conversation_id as "conversationId", m.parts
      from contact_addresses a join conversations c on c.contact_id = a.contact_id
      join messages m on m.conversation_id = c.id and m.seq >= c.next_seq - ${lookBackSeqs} and m.address_id = a.id
        and m.author = 'contact' and m.at > now() - ${withinMinutes} * interval '1 minute'
      where a.channel = ${from.channel} and a.kind = ${from.kind} and a.value = ${from.value}
        and not exists (select 1 from provider_keys k where k.key = ${key})
      order by m.seq desc limit ${earlierMax}`,
  );
  const other = rows.findIndex(({ parts }) => figures(parts) === null);
  return other === -1 ? rows : rows.slice(0, other);
}

/** Takes the digits out of what is stored; the timeline says so, so that every screen draws it anew. */
async function maskStored(db: Db, pieces: readonly Earlier[], masked: readonly string[]): Promise<void> {
  await db.transaction(async (sql: TransactionSql) => {
    for (const [index, piece] of pieces.entries()) {
      await sql`select 1 from conversations where id = ${piece.conversationId} for update`;
      const parts = withText(piece.parts, masked[index] ?? "");
      await sql`update messages set parts = ${sql.json(asJson(parts))}, raw = null where id = ${piece.id}`;
      const data = { change: "masked", of: piece.seq };
      await appendEvent(sql, piece.conversationId, { type: "change", agentId: null, data });
    }
  });
}
