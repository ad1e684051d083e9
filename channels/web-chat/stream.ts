import type { WebSocket } from "ws";
import { typingActivity } from "./activity.ts";

/** An empty frame this often keeps proxies from closing a quiet socket. */
const keepAliveMs = 20_000;
/** A reader so far behind has gone away; it catches up after its watermark. */
const unsentMaxBytes = 4 * 1024 * 1024;

export interface ActivitySet {
  readonly activities: readonly object[];
  readonly watermark: string;
}

export interface StreamDeps {
  readonly read: (after: number) => Promise<ActivitySet>;
  readonly lastSeq: () => Promise<number>;
  readonly onChange: (listener: () => void) => () => void;
  readonly onTyping: (listener: (by: "assistant" | "agent") => void) => () => void;
  readonly onSessionEnd: (listener: () => void) => () => void;
}

/**
 * Sends what came after the watermark (null: from now on), then what happens, until the socket or the session ends.
 * One reader per socket, so nothing is sent twice or out of order; typing passes by without moving the watermark.
 */
export function openStream(
  socket: WebSocket,
  conversationId: string,
  watermark: number | null,
  deps: StreamDeps,
): void {
  let after: number | null = null;
  let reading = false;
  let again = false;

  async function read(): Promise<void> {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      after ??= await start(watermark, deps);
      do {
        again = false;
        const set = await deps.read(after);
        if (set.activities.length === 0) continue;
        after = Number(set.watermark);
        send(JSON.stringify(set));
        // Perhaps a full page: there may be more behind it.
        again = true;
      } while (again);
    } catch {
      // The client connects again with its watermark and misses nothing.
      socket.close(1013, "try again");
    } finally {
      reading = false;
    }
  }

  function send(frame: string): void {
    if (socket.bufferedAmount > unsentMaxBytes) socket.close(1013, "too far behind");
    else if (socket.readyState === socket.OPEN) socket.send(frame);
  }

  const undo = [
    deps.onChange(() => void read()),
    deps.onTyping((by) => {
      if (after === null) return;
      send(JSON.stringify({ activities: [typingActivity(conversationId, by)], watermark: String(after) }));
    }),
    deps.onSessionEnd(() => socket.close(4401, "session ended")),
  ];
  const timer = setInterval(() => {
    send("");
    // Also without a bell: one may have been lost (R7).
    void read();
  }, keepAliveMs);
  socket.on("close", () => {
    for (const stop of undo) stop();
    clearInterval(timer);
  });
  void read();
}

/** A watermark from the future would hide what comes next. */
async function start(watermark: number | null, deps: StreamDeps): Promise<number> {
  const last = await deps.lastSeq();
  return watermark === null ? last : Math.min(watermark, last);
}
