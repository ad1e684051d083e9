import { join } from "node:path";
import { type Channel, can } from "../channels/channel.ts";
import { createAssistant } from "./assistant/decide.ts";
import { createEmbeddedBrain, type EmbeddedBrain } from "./assistant/embedded/brain.ts";
import { createMediaFetcher } from "./attachments/fetch-media.ts";
import type { Config } from "./config.ts";
import { wakeSnoozed } from "./conversations/wake.ts";
import type { Engines } from "./engines.ts";
import { loadArticles } from "./help-centre/articles.ts";
import { readIntents } from "./help-centre/read-articles.ts";
import type { Metrics } from "./http/health.ts";
import type { Log } from "./lib/log.ts";
import { createOutbox, type Outbox, sendLeaseMs } from "./outbox/outbox.ts";
import type { Bell } from "./queues/bell.ts";
import { startSweeper } from "./queues/sweeper.ts";
import { createAnswerTurns } from "./turns/answer-turns.ts";

const intentsFolder = new URL("../content/intents/", import.meta.url).pathname;

export interface Shared {
  readonly config: Config;
  readonly engines: Engines;
  readonly bell: Bell;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Answers turns and delivers replies. The returned function hands back what is open and resolves when nothing runs. */
export async function startWorker({
  config,
  engines,
  bell,
  channelFor,
  outbox,
  metrics,
  log,
}: Shared): Promise<() => Promise<void>> {
  const articles = await loadArticles(engines.db);
  const intents = await readIntents(join(intentsFolder), config.company);
  const brain = createEmbeddedBrain({ articles, intents, company: config.company });
  warmUp(brain);
  const byId = new Map(articles.map((article) => [article.id, article]));
  const publish = (conversationId: string) => engines.live.publish(conversationId);
  const answerTurns = createAnswerTurns({
    db: engines.db,
    assistant: createAssistant({ brain, article: (id) => byId.get(id) ?? null, company: config.company }),
    usesModel: false,
    render(name, account, message) {
      const channel = channelFor(name, account);
      if (channel === null || channel.limits.pulled)
        return { items: [], degraded: [], wording: "full", replyWindowMs: null };
      const { wording, replyWindowMs } = channel.limits;
      return { ...channel.render(message), wording, replyWindowMs };
    },
    wordingOf: (name, account) => channelFor(name, account)?.limits.wording ?? "full",
    send: (delivery) => outbox.send(delivery),
    deliverOpen: (conversationIds) => outbox.deliverOpen(conversationIds),
    showTyping({ channel: name, account, address, messages }) {
      const channel = channelFor(name, account);
      if (channel === null || !can(channel, "showTyping")) return;
      void channel.showTyping(address, messages.at(-1)?.externalId ?? null);
    },
    sendLeaseMs,
    publish,
    log,
    onAnswered: (outcome) => metrics.turns.inc({ outcome }),
  });
  const media = createMediaFetcher({ db: engines.db, channelFor, publish, log });
  engines.queue.work(async ({ conversationIds }, signal) => {
    media.look(conversationIds);
    await Promise.all([answerTurns(conversationIds, signal), outbox.deliverOpen(conversationIds)]);
  });
  const wake = async (): Promise<void> => {
    for (const conversationId of await wakeSnoozed(engines.db)) publish(conversationId);
  };
  const sweeper = startSweeper({ db: engines.db, ring: (id) => bell.ring(id), chores: [wake], log });
  return async () => {
    await sweeper.stop();
    await engines.queue.stopWorking();
    await media.stop();
    await outbox.idle();
  };
}

export function createSharedOutbox(deps: Pick<Shared, "engines" | "channelFor" | "log" | "metrics">): Outbox {
  return createOutbox({
    db: deps.engines.db,
    channelFor: deps.channelFor,
    publish: (conversationId) => deps.engines.live.publish(conversationId),
    log: deps.log,
    onSettled: (state) => deps.metrics.deliveries.inc({ state }),
  });
}

/** Trains one language after the other between other work, so that the service answers before all are ready. */
function warmUp(brain: EmbeddedBrain, languages: readonly string[] = brain.languages): void {
  const [first, ...rest] = languages;
  if (first === undefined) return;
  setTimeout(() => {
    brain.warm(first);
    warmUp(brain, rest);
  }, 50);
}
