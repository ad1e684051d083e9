import type { Channel, ContactAddress, HeldCall, HoldsCalls, ReplyDraft } from "../../channels/channel.ts";
import { keepHeard, keepSpoken, movedConversation, spokenNews } from "../conversations/spoken.ts";
import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import type { Accept } from "./accept.ts";
import { keepHeardSeq, type OpenedCall } from "./call-tokens.ts";
import { followCall, type Moved } from "./followed-call.ts";

export interface HeldCallDeps {
  readonly accept: Accept;
  readonly db: Db;
  readonly subscribe: (conversationId: string, onChange: () => void) => () => void;
  readonly onDraft: (conversationId: string, listener: (draft: ReplyDraft) => void) => () => void;
  /** The caller said something new: what is still being made for their earlier words is in vain. */
  readonly overtakes: (conversationId: string, seq: number) => void;
  readonly publish: (conversationId: string) => void;
  /** The caller's conversation is another one now: so is their line's. */
  readonly followCaller: (callId: string, from: ContactAddress) => Promise<void>;
  /** Sends a reply as a text message; false: this address cannot get one. */
  readonly sendDetails: (conversationId: string, seq: number, channel: Channel) => Promise<boolean>;
  readonly log: Log;
}

/** A live call and its conversation, wherever the caller's signing in takes it. */
export function holdCall(
  deps: HeldCallDeps,
  channel: Channel & HoldsCalls,
  call: OpenedCall,
  { callId, sessionId }: { readonly callId: string; readonly sessionId: string },
): HeldCall {
  const { db, log } = deps;
  const { from } = call;
  const followed = followCall(call.conversationId);
  /** The highest of the session's numbers. */
  let latest = call.lastSeq;
  const listeners = new Map<object, { readonly listen: () => () => void; undo: () => void }>();
  const news = new Set<() => void>();

  function listenTo(listen: () => () => void): () => void {
    const key = {};
    listeners.set(key, { listen, undo: listen() });
    return () => {
      listeners.get(key)?.undo();
      listeners.delete(key);
    };
  }

  async function follow(moved: Moved): Promise<void> {
    followed.moveTo(moved, latest);
    for (const one of listeners.values()) {
      one.undo();
      one.undo = one.listen();
    }
    log.info({ channel: channel.name, conversationId: moved.conversationId, state: "followed" }, "live-call");
    await deps.followCaller(callId, from);
  }

  async function read(afterShown: number): ReturnType<HeldCall["news"]> {
    latest = Math.max(latest, afterShown);
    const { conversationId } = followed;
    const found = await spokenNews(db, conversationId, channel.name, followed.here(afterShown), from);
    if (found.movedTo !== null && conversationId === followed.conversationId) {
      if (found.replies.length === 0) {
        await follow(found.movedTo);
        return read(afterShown);
      }
      // First what was said here.
      setImmediate(() => {
        for (const ring of news) ring();
      });
    }
    const lastSeq = followed.shown(found.lastSeq);
    latest = Math.max(latest, lastSeq);
    const replies = found.replies.map((reply) => ({ ...reply, seq: followed.shown(reply.seq) }));
    return { replies, lastSeq, owner: found.owner };
  }

  return {
    from,
    locale: call.locale,
    lastSeq: call.lastSeq,
    answerDue: call.answerDue,
    asked: call.asked,
    async take(message) {
      const { seq, conversationId } = await deps.accept(message, channel);
      if (conversationId !== followed.conversationId) {
        const moved = await movedConversation(db, followed.conversationId, { ...from, channel: channel.name });
        await follow({ conversationId, knownSeq: Math.min(moved?.knownSeq ?? seq, seq - 1) });
      }
      deps.overtakes(conversationId, seq);
      latest = Math.max(latest, followed.shown(seq));
      return followed.shown(seq);
    },
    news: read,
    onNews(listener) {
      news.add(listener);
      const undo = listenTo(() => deps.subscribe(followed.conversationId, listener));
      return () => {
        news.delete(listener);
        undo();
      };
    },
    onDraft: (listener) =>
      listenTo(() =>
        deps.onDraft(followed.conversationId, (draft) =>
          listener({ ...draft, answers: followed.shown(draft.answers) }),
        ),
      ),
    async heard(shown, words) {
      const { conversationId, seq } = followed.stored(shown);
      await keepHeard(db, conversationId, seq, words);
      deps.publish(conversationId);
    },
    async said(spoken) {
      const { conversationId } = followed;
      await keepSpoken(db, conversationId, { ...spoken, channel: channel.name, account: channel.account });
      deps.publish(conversationId);
    },
    sendDetails(shown) {
      const { conversationId, seq } = followed.stored(shown);
      return deps.sendDetails(conversationId, seq, channel);
    },
    storedSeq: (shown) => followed.here(shown),
    ended(how, heardShown) {
      const { conversationId } = followed;
      log.info({ channel: channel.name, conversationId, state: "ended", reason: how }, "live-call");
      // Lost, the caller hears our last words once more.
      const heard = { conversationId, seq: followed.here(heardShown) };
      keepHeardSeq(db, { sessionId, callId }, heard).catch(() => undefined);
    },
  };
}
