import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import { z } from "zod";
import { seeAgent } from "../agents/presence.ts";
import { isId } from "../lib/ids.ts";
import { heldBack, readFeed } from "../live/feed.ts";
import type { InboxDeps } from "./deps.ts";
import { agentIn, tokenOf, whoIs } from "./signed-in.ts";

/**
 * How often each socket looks by itself: at whether its session still lives (safety.md: closed within 5 s), and for
 * events whose bell did not come: another process without Redis, or a transaction that was open at the last look.
 */
const lookEveryMs = 1_500;

/** Whatever a page says more often, one write is enough. */
const seenEveryMs = 10_000;
const saying = z.object({ here: z.boolean().optional(), watch: z.string().max(64).nullish() });

/** WS /live?after=position: first where we are, then everything since, then what happens; only ids, no content. `hints`
 * are conversations with news that the feed holds back still: read their timeline after the seq you have. Clients
 * whose agents take calls in them say `{"here": true}` every 20 s, or false while nobody is before the screen; they are
 * told `{"presence": …}` with every look, for another window or a call that was not answered may change it. Who says
 * `{"watch": id}` is told by `{"typing": id}` that the customer of this one conversation is writing. */
export function liveRoute(scope: FastifyInstance, deps: InboxDeps): void {
  scope.get("/live", { websocket: true, schema: { hide: true } }, (socket: WebSocket, request) => {
    const after = (request.query as { after?: string }).after;
    let position = after !== undefined && /^\d{1,19}$/.test(after) ? after : null;
    let reading: Promise<void> | null = null;
    let again = false;
    const rang = new Set<string>();
    let said = { at: 0, here: false };
    let unwatch = (): void => undefined;
    const token = tokenOf(request);

    function follow(conversationId: string | null): void {
      unwatch();
      unwatch = () => undefined;
      if (conversationId === null || !isId(conversationId)) return;
      unwatch = deps.live.onSignal(conversationId, (signal) => {
        if (signal.kind === "typing" && signal.by === "contact")
          socket.send(JSON.stringify({ typing: conversationId }));
      });
    }

    /** Each time anew: the page may have said something else meanwhile, and another window the same again. */
    function tellPresence(presence: string): void {
      if (said.at > 0) socket.send(JSON.stringify({ presence }));
    }

    async function catchUp(): Promise<void> {
      do {
        again = false;
        const heard = [...rang];
        rang.clear();
        const page = await readFeed(deps.db, position);
        const untold = heard.filter((id) => !page.events.some((event) => event.conversationId === id));
        // Many bells ring for what is in no timeline, such as the steps of a call.
        const hints = await heldBack(deps.db, page.position, untold);
        const news = page.events.length > 0 || hints.length > 0 || position === null;
        position = page.position;
        // A full page has more behind it: go on at once.
        again ||= page.more;
        if (news) socket.send(JSON.stringify({ position: page.position, events: page.events, hints }));
      } while (again && socket.readyState === socket.OPEN);
    }
    const wake = (): void => {
      if (reading !== null) {
        again = true;
        return;
      }
      reading = catchUp()
        .catch(() => socket.close(1013, "try again"))
        .finally(() => {
          reading = null;
        });
    };
    const unsubscribe = deps.live.subscribeAll((conversationId) => {
      rang.add(conversationId);
      wake();
    });
    const timer = setInterval(() => {
      wake();
      whoIs(deps.db, token, said.here).then(
        (agent) => (agent === null ? socket.close(4401, "signed out") : tellPresence(agent.presence)),
        () => undefined,
      );
    }, lookEveryMs);
    socket.on("message", (data) => {
      const { here, watch } = read(String(data));
      if (watch !== undefined) follow(watch);
      const isNew = here === true && !said.here;
      if (here === undefined || (Date.now() - said.at < seenEveryMs && !isNew)) return;
      said = { at: Date.now(), here };
      // The next one says it again.
      seeAgent(deps.db, agentIn(request).id, here).catch(() => undefined);
    });
    socket.on("close", () => {
      unsubscribe();
      unwatch();
      clearInterval(timer);
    });
    wake();
  });
}

/** What the page says: it stands open, and is a person before it? Which conversation is on it? Nothing, when it is something else. */
function read(text: string): z.output<typeof saying> {
  try {
    return saying.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
