import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

export interface UpgradeTaker<Wanted> {
  readonly frameMaxBytes: number;
  /** What an upgrade asks for; null: it is somebody else's, "refused": answered with 403 before any socket is open. */
  readonly wanted: (request: IncomingMessage) => Wanted | null | "refused";
  /** What has to be known as it is before the client hears that its socket is open. Where it rejects, nothing opens. */
  readonly before?: (wanted: Wanted) => Promise<void>;
  readonly opened: (socket: WebSocket, wanted: Wanted) => void;
}

/**
 * Takes upgrades straight from the server, beside the framework: a socket that lives for hours must not keep the request,
 * the reply and the response that made it (20 kB of them when measured, of 37). Every other upgrade goes where it went
 * before. The returned function closes what is open.
 */
export function takeUpgrades<Wanted extends object>(server: Server, taker: UpgradeTaker<Wanted>): () => void {
  const accepting = new WebSocketServer({
    noServer: true,
    maxPayload: taker.frameMaxBytes,
    perMessageDeflate: false,
    clientTracking: true,
    skipUTF8Validation: false,
  });
  const others = server.listeners("upgrade");
  server.removeAllListeners("upgrade");
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const wanted = wantedBy(request);
    // It may go away meanwhile, which nobody else would hear.
    if (wanted !== null) socket.on("error", ignore);
    if (wanted === null) for (const other of others) Reflect.apply(other, server, [request, socket, head]);
    else if (wanted === "refused") refuse(socket);
    else if (taker.before === undefined) open(request, socket, head, wanted);
    else
      taker.before(wanted).then(
        () => open(request, socket, head, wanted),
        () => socket.destroy(),
      );
  });
  /** What a taker throws ends that one upgrade; thrown on, it would end the process and every other socket. */
  function wantedBy(request: IncomingMessage): Wanted | null | "refused" {
    try {
      return taker.wanted(request);
    } catch {
      return "refused";
    }
  }
  function open(request: IncomingMessage, socket: Duplex, head: Buffer, wanted: Wanted): void {
    if (socket.destroyed) return;
    try {
      accepting.handleUpgrade(request, socket, head, (opened) => taker.opened(opened, wanted));
    } catch {
      socket.destroy();
    }
  }
  return () => {
    for (const client of accepting.clients) client.close(1001, "going away");
    accepting.close();
  };
}

/** Made here, because a function made for a socket keeps everything around it as long as the socket lives. */
const ignore = (): void => undefined;

function refuse(socket: Duplex): void {
  socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
