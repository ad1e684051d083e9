import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import { type CallHost, type Channel, can, type HoldsCalls } from "../../channels/channel.ts";
import { takeUpgrades } from "../lib/take-upgrades.ts";
import { redeemCallToken } from "./call-tokens.ts";
import { type HeldCallDeps, holdCall } from "./held-call.ts";

/** Far more than one process answers in time; beyond, the provider is sent on to the next. */
const callsMax = 2_000;

export interface CallSocketDeps extends HeldCallDeps {
  readonly channels: readonly Channel[];
  readonly onRefused: (channel: string, reason: string) => void;
  readonly onOpen: (channel: string, open: number) => void;
}

type Holder = Channel & HoldsCalls;

/** Takes the sockets of live calls: admitted before they open, then each is a session with its conversation. */
export function callSockets(app: FastifyInstance, deps: CallSocketDeps): void {
  const holders = new Map(
    deps.channels.flatMap((channel): [string, Holder][] =>
      can(channel, "callSocket")
        ? [[`/channels/${channel.name}/${channel.account}${channel.callSocket.path}`, channel]]
        : [],
    ),
  );
  if (holders.size === 0) return;
  let open = 0;

  const stop = takeUpgrades<Holder>(app.server, {
    frameMaxBytes: Math.max(...[...holders.values()].map(({ callSocket }) => callSocket.frameMaxBytes)),
    wanted({ url = "", headers }) {
      const holder = holders.get(url.split("?")[0] ?? "");
      if (holder === undefined) return null;
      const admitted = holder.callSocket.admits({ method: "GET", url, headers, body: Buffer.alloc(0) });
      if (admitted && open < callsMax) return holder;
      const reason = admitted ? "too-many-calls" : "signature-wrong";
      deps.onRefused(holder.name, reason);
      deps.log.warn({ channel: holder.name, account: holder.account, reason }, "socket-refused");
      return "refused";
    },
    opened(socket, holder) {
      open += 1;
      deps.onOpen(holder.name, open);
      socket.on("close", () => {
        open -= 1;
        deps.onOpen(holder.name, open);
      });
      hold(deps, socket, holder);
    },
  });
  app.addHook("preClose", async () => stop());
}

function hold(deps: CallSocketDeps, socket: WebSocket, holder: Holder): void {
  const wire = {
    send: (frame: string) => socket.readyState === socket.OPEN && socket.send(frame),
    close: (code: number, reason: string) => socket.close(code, reason),
  };
  const session = holder.callSocket.open(wire, hostOf(deps, holder));
  socket.on("message", (data, isBinary) => isBinary || session.receive(String(data)));
  // A client that goes away in the middle of a frame is an error event that nobody else would hear.
  socket.on("error", () => undefined);
  socket.on("close", () => session.closed());
}

function hostOf(deps: CallSocketDeps, channel: Holder): CallHost {
  const { db, log } = deps;
  return {
    async redeem(shown) {
      const call = await redeemCallToken(db, { ...shown, channel: channel.name });
      if (call === null) {
        deps.onRefused(channel.name, "token-wrong");
        log.warn({ channel: channel.name, account: channel.account, reason: "token-wrong" }, "socket-refused");
        return null;
      }
      const { conversationId } = call;
      log.info({ channel: channel.name, conversationId, state: "open" }, "live-call");
      return holdCall(deps, channel, call, shown);
    },
  };
}
