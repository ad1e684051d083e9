import type { Redis } from "ioredis";

export interface LiveHub {
  /** Says that a conversation has new events; carries no content, listeners read the database after their seq. */
  publish(conversationId: string): void;
  /** Calls back after each change of one conversation until the returned function is called. */
  subscribe(conversationId: string, onChange: () => void): () => void;
  subscribeAll(onChange: (conversationId: string) => void): () => void;
  /** Another process wrote to this conversation: tells the listeners of this one only. */
  heard(conversationId: string): void;
  /** Does anybody in this process listen? */
  listened(): boolean;
  /** Passing things (typing) that are never stored. */
  signal(conversationId: string, signal: LiveSignal): void;
  onSignal(conversationId: string, listener: (signal: LiveSignal) => void): () => void;
  close(): Promise<void>;
}

export type LiveSignal =
  | {
      readonly kind: "typing";
      readonly by: "contact" | "assistant" | "agent";
      /** What is written so far, as far as it may be seen; the message that is stored at the end is the truth. */
      readonly draft?: Draft;
    }
  /** The contact said something new at this seq, whatever is still being made for what came before. */
  | { readonly kind: "overtaken"; readonly seq: number };

export interface Draft {
  readonly text: string;
  readonly locale: string;
  /** The contact's latest words that it answers. */
  readonly answers: number;
}

const channelName = "everline:live";

/**
 * The bell for browsers: in process, and over Redis pub/sub when several processes serve them.
 * A lost bell is healed by the next one or by the client's own catch-up after its seq (R7).
 */
export function createLiveHub(redis?: { readonly publisher: Redis; readonly subscriber: Redis }): LiveHub {
  const listeners = new Map<string, Set<() => void>>();
  const signalListeners = new Map<string, Set<(signal: LiveSignal) => void>>();
  const everywhere = new Set<(conversationId: string) => void>();
  const waiting = new Set<string>();

  function announce(conversationId: string): void {
    for (const listener of listeners.get(conversationId) ?? []) listener();
    for (const listener of everywhere) listener(conversationId);
  }

  function passOn(conversationId: string, signal: LiveSignal): void {
    for (const listener of signalListeners.get(conversationId) ?? []) listener(signal);
  }

  function flush(): void {
    const ids = [...waiting];
    waiting.clear();
    if (redis === undefined) for (const id of ids) announce(id);
    // Redis away: our own browsers still hear it, the others catch up.
    else redis.publisher.publish(channelName, JSON.stringify({ ids })).catch(() => ids.forEach(announce));
  }

  if (redis !== undefined) {
    redis.subscriber.subscribe(channelName).catch(() => undefined);
    redis.subscriber.on("message", (_channel, text) => {
      const message = JSON.parse(text) as { ids?: string[]; id?: string; signal?: LiveSignal };
      for (const id of message.ids ?? []) announce(id);
      if (message.id !== undefined && message.signal !== undefined) passOn(message.id, message.signal);
    });
  }

  return {
    publish(conversationId) {
      if (waiting.size === 0) setImmediate(flush);
      waiting.add(conversationId);
    },
    subscribe: (conversationId, onChange) => add(listeners, conversationId, onChange),
    subscribeAll(onChange) {
      everywhere.add(onChange);
      return () => everywhere.delete(onChange);
    },
    heard: announce,
    listened: () => everywhere.size + listeners.size > 0,
    signal(conversationId, signal) {
      if (redis === undefined) passOn(conversationId, signal);
      else
        redis.publisher
          .publish(channelName, JSON.stringify({ id: conversationId, signal }))
          .catch(() => passOn(conversationId, signal));
    },
    onSignal: (conversationId, listener) => add(signalListeners, conversationId, listener),
    async close() {
      listeners.clear();
      signalListeners.clear();
      everywhere.clear();
    },
  };
}

function add<Listener>(map: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
  const set = map.get(key) ?? new Set<Listener>();
  map.set(key, set.add(listener));
  return () => {
    set.delete(listener);
    if (set.size === 0) map.delete(key);
  };
}
