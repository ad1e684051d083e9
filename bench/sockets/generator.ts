import { setTimeout as sleep } from "node:timers/promises";
import { pauseMs } from "../../web/widget/app/pause.ts";
import { openPoster, openWindow, type Poster, type VisitorClient } from "./clients.ts";

/** The other process asks for one thing at a time; each order has one answer. */
export type Order =
  | { readonly do: "open"; readonly port: number; readonly visitors: readonly Seat[]; readonly atOnce: number }
  /** From now on windows that are closed come back by themselves. */
  | { readonly do: "come-back"; readonly port: number }
  | { readonly do: "count" }
  | { readonly do: "leave"; readonly conversationId: string }
  | {
      readonly do: "message";
      readonly conversationId: string;
      readonly port: number;
      readonly token: string;
      readonly text: string;
    };

export interface Seat {
  readonly conversationId: string;
  readonly token: string;
}

export type Answer =
  | { readonly open: number; readonly failed: number; readonly lastOpenAt: number; readonly why: readonly string[] }
  | { readonly ms: number; readonly storedMs: number };

const posters = new Map<number, Poster>();
const clients = new Map<string, VisitorClient>();
let lastOpenAt = 0;
let failed = 0;
const why = new Set<string>();
let comeBack: ((client: VisitorClient) => void) | null = null;

async function open(port: number, client: VisitorClient): Promise<boolean> {
  try {
    await openWindow(port, client, () => comeBack?.(client));
    lastOpenAt = Date.now();
    return true;
  } catch (error) {
    failed += 1;
    why.add(String(error).slice(0, 80));
    return false;
  }
}

/** With the waits of our own widget. */
async function comeBackSoon(port: number, client: VisitorClient): Promise<void> {
  for (let tries = 1; client.socket === null; tries += 1) {
    await sleep(pauseMs(tries));
    if (await open(port, client)) return;
  }
}

async function carryOut(order: Order): Promise<Answer> {
  switch (order.do) {
    case "open": {
      const waiting = order.visitors.map((seat) => ({ ...seat, watermark: 0, socket: null, onFrame: null }));
      for (const client of waiting) clients.set(client.conversationId, client);
      const workers = Array.from({ length: order.atOnce }, async () => {
        for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await open(order.port, client);
      });
      await Promise.all(workers);
      return count();
    }
    case "come-back":
      failed = 0;
      why.clear();
      comeBack = (client) => void comeBackSoon(order.port, client);
      return count();
    case "leave":
      clients.get(order.conversationId)?.socket?.destroy();
      clients.delete(order.conversationId);
      return count();
    case "count":
      return count();
    case "message":
      return timeMessage(order);
  }
}

function count(): Answer {
  const open = [...clients.values()].filter(({ socket }) => socket !== null).length;
  return { open, failed, lastOpenAt, why: [...why] };
}

/**
 * From the moment before an agent's request is written to the frame in the visitor's window: the request, the
 * transaction on disk, the bell and the read are all in it. One clock, one process. Beside it, when the agent was told
 * that it is stored.
 */
async function timeMessage(order: Extract<Order, { do: "message" }>): Promise<{ ms: number; storedMs: number }> {
  const client = clients.get(order.conversationId);
  if (client === undefined) throw new Error("There is no such window.");
  const poster = posters.get(order.port) ?? openPoster(order.port);
  posters.set(order.port, poster);
  const began = performance.now();
  const arrived = new Promise<number>((done) => {
    client.onFrame = (text) => text.includes(order.text) && done(performance.now() - began);
  });
  const path = `/api/v1/conversations/${order.conversationId}/messages`;
  const message = { clientId: order.text, kind: "reply", text: order.text };
  const status = await poster.post(path, order.token, message);
  const storedMs = performance.now() - began;
  if (status !== 200) throw new Error(`The message was answered with ${status}.`);
  const ms = await arrived;
  client.onFrame = null;
  return { ms, storedMs };
}

process.on("message", (order: Order) => {
  carryOut(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
