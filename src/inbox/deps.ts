import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { BridgesCalls } from "../../channels/channel.ts";
import type { CallDesk } from "../callbacks/desk.ts";
import type { LiveLines } from "../calls/live-lines.ts";
import type { Db } from "../db/client.ts";
import type { StoredFile } from "../lib/attachment.ts";
import type { LiveHub } from "../live/hub.ts";
import type { ReadChannelHealth } from "./channel-health.ts";
import type { ChannelFor } from "./way-to.ts";

export interface InboxDeps {
  readonly db: Db;
  readonly live: LiveHub;
  readonly ring: (conversationId: string) => void;
  readonly channelFor: ChannelFor;
  readonly channelHealth: ReadChannelHealth;
  readonly publicUrl: () => string;
  /** Whose "today" the list of callbacks means, and the zone of a time that names none. */
  readonly deskZone: string;
  readonly calls: CallDesk;
  readonly lines: LiveLines;
  /** What rings when this agent is called. */
  readonly telephoneOf: (agentId: string) => Promise<"number" | "browser" | "simulator" | "none">;
  /** What the telephone in an agent's browser signs in with; null: not configured. */
  readonly phoneToken: BridgesCalls["phoneToken"];
  /** Lets the pages of this process follow a change at once; other processes notice it by themselves. */
  readonly contentChanged: () => Promise<void>;
  /** What a file is by its bytes; null for what we would not keep (X3). */
  readonly kindOf: (bytes: Buffer) => Promise<string | null>;
  /** A file that may be handed to an agent; null for one that is missing, blocked or not fetched yet. */
  readonly file: (id: string) => Promise<StoredFile | null>;
}

/** A Fastify scope whose schemas are zod. */
export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
