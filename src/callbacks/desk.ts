import { type Channel, can, type PlacesCalls } from "../../channels/channel.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import type { Hours } from "../settings/hours.ts";
import type { LineFollower } from "./aftermath.ts";
import type { CallbackPolicy } from "./machine.ts";
import type { Caps } from "./phone-policy.ts";

/** Who speaks with the customer, and who is rung first. */
export type DiallingMode = Hours["mode"];

/** What everything about callbacks needs; built once. */
export interface CallDesk {
  readonly db: Db;
  /** The clock of promises. Leases go by the database's own. */
  readonly now: () => number;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  /** The channel that rings telephones; null when none is configured. */
  readonly phone: () => (Channel & PlacesCalls) | null;
  /** Who follows the lines that belong to no callback; left out: there are none. */
  readonly lines?: LineFollower;
  readonly countries: readonly string[];
  /** Telephones that only the simulator rings. */
  readonly madeUp?: ReadonlySet<string>;
  readonly policy: CallbackPolicy;
  readonly caps: Caps;
  /** Within a transaction with its `sql`: a second connection might never come. */
  readonly hours: (sql?: TransactionSql) => Promise<Hours>;
  /** The zone of the company, where a team names none. */
  readonly deskZone: string;
  readonly company: () => string;
  readonly publicUrl: () => string;
  readonly key: Buffer;
  readonly ring: (conversationId: string) => void;
  readonly publish: (conversationId: string) => void;
  readonly log: Log;
}

/** The first channel that can ring a telephone. */
export function phoneAmong(channels: readonly Channel[]): (Channel & PlacesCalls) | null {
  for (const channel of channels) if (can(channel, "placeCall")) return channel;
  return null;
}
