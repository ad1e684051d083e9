import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

export interface Seat {
  readonly base: string;
  readonly conversationId: string;
  readonly token: string;
  /** Where to begin; everything when left out. */
  readonly watermark?: number;
}

/** A window as a customer has it: shows every message that a frame brings, in the order of arrival, and forgets nothing. */
export interface Screen {
  /** The seqs on it; one that came twice stands there twice. */
  readonly shown: readonly number[];
  readonly drops: number;
  watermark(): number;
  /** Cuts the socket in the middle of whatever it does, sleeps, and comes back with the last watermark. */
  drop(sleepMs: number): Promise<void>;
  close(): void;
}

export async function openScreen(seat: Seat): Promise<Screen> {
  const shown: number[] = [];
  let watermark = seat.watermark ?? 0;
  let drops = 0;
  // What a socket that was cut still holds is not on the screen.
  let current: WebSocket | null = null;
  let socket = await connect();

  async function connect(): Promise<WebSocket> {
    for (;;) {
      const opened = await tryToConnect().catch(() => null);
      if (opened !== null) return opened;
      await sleep(20);
    }
  }

  async function tryToConnect(): Promise<WebSocket> {
    const answer = await fetch(`${seat.base}/conversations/${seat.conversationId}?watermark=${watermark}`, {
      headers: { authorization: `Bearer ${seat.token}` },
    });
    const { streamUrl } = (await answer.json()) as { streamUrl: string };
    const next = new WebSocket(streamUrl);
    next.on("message", (data) => {
      const text = String(data);
      if (text === "" || next !== current) return;
      const set = JSON.parse(text) as {
        activities: { type: string; channelData: { everline: { seq: number } } }[];
        watermark: string;
      };
      watermark = Number(set.watermark);
      for (const { type, channelData } of set.activities) if (type === "message") shown.push(channelData.everline.seq);
    });
    current = next;
    await new Promise((done, fail) => next.on("open", done).on("error", fail).on("close", fail));
    next.on("error", () => undefined);
    return next;
  }

  return {
    shown,
    watermark: () => watermark,
    get drops() {
      return drops;
    },
    async drop(sleepMs) {
      drops += 1;
      current = null;
      socket.terminate();
      await sleep(sleepMs);
      socket = await connect();
    },
    close() {
      current = null;
      socket.terminate();
    },
  };
}
