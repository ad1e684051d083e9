import { type Channel, type ContactAddress, can } from "../../channels/channel.ts";
import type { Sql, TransactionSql } from "../db/client.ts";

/** A call whose end was never reported is over by then; nobody is silent for so long on the telephone. */
const callOverAfterMs = 10 * 60_000;

export interface WayTo {
  readonly channel: Channel;
  readonly address: ContactAddress;
  readonly optedOutAt: Date | null;
}

export interface WrittenFrom {
  readonly id: string;
  readonly channel: string | null;
  readonly account: string | null;
  readonly address: ContactAddress;
  readonly optedOutAt: Date | null;
  readonly lastInboundAt: Date | null;
}

export type ChannelFor = (channel: string, account: string) => Channel | null;

/**
 * How a reply reaches the customer now: the way they wrote from, or, when that way is over (a call that ended), the way
 * the channel names instead. Null when there is none: the agent is told, nothing is written into the void (R6).
 */
export async function wayTo(sql: Sql | TransactionSql, channelFor: ChannelFor, to: WrittenFrom): Promise<WayTo | null> {
  const account = to.account ?? "";
  const channel = channelFor(to.channel ?? "", account);
  if (channel === null) return null;
  const here = { channel, address: to.address, optedOutAt: to.optedOutAt };
  if (!can(channel, "repliesVia") || !(await isOver(sql, to))) return here;
  const other = channelFor(channel.repliesVia, account);
  // Only a number means the same on another channel.
  if (other === null || to.address.kind !== "e164") return null;
  const address = { ...to.address, channel: other.name };
  return { channel: other, address, optedOutAt: await optedOutAt(sql, address) };
}

async function isOver(sql: Sql | TransactionSql, { id, lastInboundAt }: WrittenFrom): Promise<boolean> {
  if (lastInboundAt === null || Date.now() - lastInboundAt.getTime() > callOverAfterMs) return true;
  const ended = await sql`select 1 from events e join conversations c on c.id = e.conversation_id
    where e.conversation_id = ${id} and e.seq > c.last_inbound_seq and e.type = 'change' and e.data->>'change' = 'call'
      and e.data->>'state' in ('completed', 'busy', 'failed', 'no-answer', 'canceled') limit 1`;
  return ended.length > 0;
}

async function optedOutAt(sql: Sql | TransactionSql, { channel, kind, value }: ContactAddress): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`select opted_out_at as at from contact_addresses
    where channel = ${channel} and kind = ${kind} and value = ${value}`;
  return row?.at ?? null;
}
