import { connect, type Socket } from "node:net";
import { createHttpReader } from "./http-reader.ts";

export interface Senders {
  /** Sends one request on a free connection; `onStatus` gets the answer's status, 0 when the connection broke. */
  send(request: Buffer, onStatus: (status: number) => void): void;
  close(): void;
}

/** Keep-alive connections with one request on each at a time; opens another when all are busy, as a provider would. */
export function createSenders(port: number): Senders {
  const idle: Connection[] = [];
  const all = new Set<Socket>();
  return {
    send(request, onStatus) {
      const connection = idle.pop() ?? open(port, all, (free) => idle.push(free));
      connection.onStatus = onStatus;
      connection.socket.write(request);
    },
    close() {
      for (const socket of all) socket.destroy();
      idle.length = 0;
    },
  };
}

interface Connection {
  readonly socket: Socket;
  onStatus: ((status: number) => void) | null;
}

function open(port: number, all: Set<Socket>, onFree: (connection: Connection) => void): Connection {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const connection: Connection = { socket, onStatus: null };
  const settle = (status: number): void => {
    const { onStatus } = connection;
    connection.onStatus = null;
    if (status !== 0) onFree(connection);
    onStatus?.(status);
  };
  all.add(socket);
  // "HTTP/1.1 200 OK": the status stands at 9 to 12.
  const read = createHttpReader((head) => settle(Number(head.slice(9, 12))));
  socket.on("data", read);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    all.delete(socket);
    settle(0);
  });
  return connection;
}
