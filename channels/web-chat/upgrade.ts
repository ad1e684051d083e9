import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** Clients send an empty frame now and then, and whether their page is before the customer. */
const frameMaxBytes = 1_024;
const path = /^\/v3\/directline\/conversations\/([^/?]+)\/stream(?:\?(.*))?$/;

/** What a client asks for when it wants to listen. */
export interface StreamRequest {
  readonly conversationId: string;
  readonly query: URLSearchParams;
  readonly origin: string | undefined;
  readonly host: string | undefined;
}

/**
 * Takes the upgrades of web chat's streams straight from the server, beside the framework: a socket that lives for hours
 * must not keep the request, the reply and the response that made it (20 kB of them when measured, of 37). Every
 * other upgrade goes where it went before.
 */
export function takeUpgrades(server: Server, listen: (socket: WebSocket, request: StreamRequest) => void): () => void {
  const accepting = new WebSocketServer({
    noServer: true,
    maxPayload: frameMaxBytes,
    perMessageDeflate: false,
    clientTracking: true,
    skipUTF8Validation: false,
  });
  const others = server.listeners("upgrade");
  server.removeAllListeners("upgrade");
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const wanted = streamRequest(request);
    if (wanted === null) for (const other of others) Reflect.apply(other, server, [request, socket, head]);
    else accepting.handleUpgrade(request, socket, head, (opened) => listen(opened, wanted));
  });
  return () => {
    for (const client of accepting.clients) client.close(1001, "going away");
    accepting.close();
  };
}

function streamRequest({ url = "", headers }: IncomingMessage): StreamRequest | null {
  const [, conversationId, query] = path.exec(url) ?? [];
  if (conversationId === undefined) return null;
  return { conversationId, query: new URLSearchParams(query), origin: headers.origin, host: headers.host };
}
