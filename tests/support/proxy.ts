import { connect, createServer, type Socket } from "node:net";

export interface FaultyNetwork {
  readonly port: number;
  /** The same database through this proxy. */
  url(of: string): string;
  /** Accepts and keeps everything, forwards nothing: a network that lost its packets. */
  silence(): void;
  /** The same to the WebSockets that are open, and to nothing else: a line that a firewall forgot. */
  silenceStreams(): void;
  /** Breaks every connection, also new ones: a server that is down. */
  refuse(): void;
  /** Ends every open connection; new ones pass. */
  cut(): void;
  /** New connections pass again. Those that were silenced stay dead, as behind a real firewall. */
  heal(): void;
  stop(): Promise<void>;
}

/** A small TCP proxy that fails on command. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<FaultyNetwork> {
  const sockets = new Set<Socket>();
  /** Both ends of each WebSocket. */
  const streams = new Set<Socket>();
  let silent = false;
  let refusing = false;
  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => near.destroy());
    near.on("close", () => sockets.delete(near));
    if (refusing) {
      near.destroy();
      return;
    }
    if (silent) {
      near.on("data", () => undefined);
      return;
    }
    const far = connect(target.port, target.host);
    sockets.add(far);
    far.on("error", () => near.destroy());
    near.on("data", (data) => {
      if (/^upgrade: websocket/im.test(data.toString("latin1"))) streams.add(near).add(far);
    });
    near.pipe(far).pipe(near);
    far.on("close", () => {
      for (const one of [near, far]) streams.delete(one);
      sockets.delete(far);
      near.destroy();
    });
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const mute = (some: Iterable<Socket>): void => {
    for (const socket of some) {
      socket.unpipe();
      socket.on("data", () => undefined);
    }
  };
  return {
    port,
    url(of) {
      const changed = new URL(of);
      changed.hostname = "127.0.0.1";
      changed.port = String(port);
      return changed.toString();
    },
    silence() {
      silent = true;
      mute(sockets);
    },
    silenceStreams: () => mute(streams),
    refuse() {
      refusing = true;
      cut();
    },
    cut,
    heal() {
      silent = false;
      refusing = false;
    },
    async stop() {
      cut();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
