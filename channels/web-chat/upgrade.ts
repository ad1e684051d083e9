import type { IncomingMessage, Server } from "node:http";
import type { WebSocket } from "ws";
import { takeUpgrades } from "../../src/lib/take-upgrades.ts";

/** Clients send an empty frame now and then, and whether their page is before the customer. */
const frameMaxBytes = 1_024;
const path = /^\/v3\/directline\/conversations\/([^/?]+)\/stream(?:\?(.*))?$/;

/** What a client asks for when it wants to listen. */
export interface StreamRequest {
  readonly conversationId: string;
  readonly query: URLSearchParams;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** What stood there before the client heard that it may go on; null: not known. */
  lastSeq: number | null;
}

/** Takes the upgrades of web chat's streams; `lastSeq` must not reject. The returned function closes them. */
export function takeStreamUpgrades(
  server: Server,
  lastSeq: (request: StreamRequest) => Promise<number | null>,
  listen: (socket: WebSocket, request: StreamRequest) => void,
): () => void {
  return takeUpgrades(server, {
    frameMaxBytes,
    wanted: streamRequest,
    // "From now on" begins when the client hears that it is connected: what it sends then is not passed over.
    async before(request) {
      request.lastSeq = await lastSeq(request);
    },
    opened: listen,
  });
}

function streamRequest({ url = "", headers }: IncomingMessage): StreamRequest | null {
  const [, conversationId, query] = path.exec(url) ?? [];
  if (conversationId === undefined) return null;
  return {
    conversationId,
    query: new URLSearchParams(query),
    origin: headers.origin,
    host: headers.host,
    lastSeq: null,
  };
}
