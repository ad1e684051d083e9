import { type Channel, can } from "../channels/channel.ts";
import { removeEndedSessions } from "./agents/sessions.ts";
import { releaseFromMachines } from "./agents/tokens.ts";
import { createAssistant } from "./assistant/decide.ts";
import type { EmbeddedBrain } from "./assistant/embedded/brain.ts";
import type { AccountDesk } from "./assistant/flows/account-flow.ts";
import { connectModel } from "./assistant/model/language-model.ts";
import { createModelBrain, type ModelBrain } from "./assistant/model/model-brain.ts";
import { createAccountServer } from "./assistant/tools/account-client.ts";
import { createAccountDesk } from "./assistant/tools/account-desk.ts";
import { createMediaFetcher } from "./attachments/fetch-media.ts";
import { removeAtProvider } from "./attachments/remove-at-provider.ts";
import { removeUnplaced } from "./attachments/store.ts";
import type { CallDesk } from "./callbacks/desk.ts";
import type { Dialler } from "./callbacks/dialler.ts";
import { openingNow } from "./callbacks/opening.ts";
import { removeOldAllowances } from "./callbacks/phone-policy.ts";
import { tellKept } from "./callbacks/tell.ts";
import type { LiveLines } from "./calls/live-lines.ts";
import type { Config } from "./config.ts";
import { reaches } from "./contacts/level.ts";
import { forgetOldCustomers } from "./contacts/retention.ts";
import { removeOldCodes } from "./contacts/sign-in-codes.ts";
import { standingOf } from "./contacts/standing.ts";
import { removeOldSessions, removeSilentVisitors } from "./contacts/visitor-sessions.ts";
import { episodeBefore } from "./conversations/episode.ts";
import { wakeSnoozed } from "./conversations/wake.ts";
import type { Engines } from "./engines.ts";
import { createProspects } from "./escalations/prospect.ts";
import type { Library } from "./help-centre/library.ts";
import { signInAddress } from "./help-centre/page.ts";
import type { Metrics } from "./http/health.ts";
import { removeOldCallTokens } from "./intake/call-tokens.ts";
import { stopConfirmed } from "./lib/consent.ts";
import { createPublicClient } from "./lib/fetch-public.ts";
import type { Log } from "./lib/log.ts";
import { plainText } from "./lib/message.ts";
import { repeatEvery } from "./lib/repeat.ts";
import { createDirectTexts } from "./outbox/direct-texts.ts";
import { createOutbox, type Outbox, sendLeaseMs } from "./outbox/outbox.ts";
import { type Bell, type BellJob, openJobs } from "./queues/bell.ts";
import { startChores } from "./queues/chores.ts";
import { startSweeper } from "./queues/sweeper.ts";
import { removeOldNudges } from "./reach/nudges.ts";
import { startReach } from "./reach/reach.ts";
import { completeLink, removeOldLinks } from "./reach/resume-links.ts";
import { vapidOf } from "./reach/vapid.ts";
import { reachSetting } from "./settings/reach.ts";
import { retentionSetting } from "./settings/retention.ts";
import { readSetting } from "./settings/settings.ts";
import { createAnswerTurns, leaseMs } from "./turns/answer-turns.ts";
import type { OpenAtOnce } from "./turns/at-once.ts";
import { addTokenSpending, readTokenSpending } from "./turns/token-spending.ts";
import type { Decides } from "./turns/turn.ts";

/** A stopping worker lets turns at the language model end for so long, then the embedded brain ends them. */
const modelDrainMs = 10_000;
const historyMaxEntries = 10;
/** Providers show it for 25 s; a model may take 60. */
const typingAgainMs = 20_000;

export interface Shared {
  readonly config: Config;
  readonly engines: Engines;
  readonly library: Library;
  /** Made when it is first needed, for the whole process. */
  readonly brain: () => Promise<EmbeddedBrain>;
  readonly bell: Bell;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly outbox: Outbox;
  readonly calls: CallDesk;
  readonly dialler: Dialler;
  readonly lines: LiveLines;
  readonly metrics: Metrics;
  readonly log: Log;
  /** As the outside calls us. */
  readonly publicUrl: () => string;
  /** Channels that customers read themselves (web chat). */
  readonly pulledChannels: readonly string[];
  /** A push service of a test's own, beside those of the browsers. */
  readonly pushOrigin: string | null;
  /** Where the server of account data is. */
  readonly accountUrl: () => string;
  /** The short way from a message stored here to its answer here. */
  readonly atOnce: OpenAtOnce;
  /** Who decides about turns; made as it is configured when left out. */
  readonly assistant?: TurnAssistant | undefined;
}

export interface TurnAssistant {
  readonly assistant: Decides;
  /** Its answers may take as long as a language model. */
  readonly usesModel: boolean;
  stop(): void;
}

/** Answers turns and delivers replies. The returned function hands back what is open and resolves when nothing runs. */
export async function startWorker(shared: Shared): Promise<() => Promise<void>> {
  const { engines, channelFor, outbox, metrics, log } = shared;
  const { assistant, usesModel, stop: stopAssistant } = shared.assistant ?? (await configuredAssistant(shared));
  const publish = (conversationId: string) => engines.live.publish(conversationId);
  const answering = createAnswerTurns({
    db: engines.db,
    assistant,
    usesModel,
    render(name, account, message) {
      const channel = channelFor(name, account);
      if (channel === null || channel.limits.pulled)
        return { items: [], degraded: [], wording: "full", replyWindowMs: null };
      const { wording, replyWindowMs } = channel.limits;
      const { items, ...rendered } = channel.render(message);
      const confirmsStop = message.meta?.flow === stopConfirmed;
      const marked = confirmsStop ? items.map((item) => ({ ...item, confirmsStop }) as const) : items;
      return { ...rendered, items: marked, wording, replyWindowMs };
    },
    wordingOf: (name, account) => channelFor(name, account)?.limits.wording ?? "full",
    send: (delivery) => outbox.send(delivery),
    deliverOpen: (conversationIds) => outbox.deliverOpen(conversationIds),
    showTyping({ channel: name, account, address, conversationId, messages }) {
      const channel = channelFor(name, account);
      const show = (): void => {
        if (channel?.limits.pulled) engines.live.signal(conversationId, { kind: "typing", by: "assistant" });
        if (channel === null || !can(channel, "showTyping")) return;
        // A courtesy: failing changes nothing.
        channel.showTyping(address, messages.at(-1)?.externalId ?? null).catch(() => undefined);
      };
      return repeatEvery(typingAgainMs, show);
    },
    showDraft({ channel, conversationId, lastSeq: answers }, text, locale) {
      if (!shared.pulledChannels.includes(channel)) return;
      engines.live.signal(conversationId, { kind: "typing", by: "assistant", draft: { text, locale, answers } });
    },
    onOvertaken: ({ conversationId }, listener) =>
      engines.live.onSignal(conversationId, (signal) => signal.kind === "overtaken" && listener(signal.seq)),
    sendLeaseMs,
    publish,
    log,
    onAnswered: (outcome) => metrics.turns.inc({ outcome }),
  });
  const media = createMediaFetcher({ db: engines.db, channelFor, publish, log });
  const slow = trackSlowWork();
  const lookAt = async ({ turns, open }: BellJob, signal: AbortSignal): Promise<void> => {
    media.look(open);
    const waiting = [...turns, ...open];
    // A model takes seconds: the bell is not held meanwhile, or a few slow answers would stop all other work.
    const answered = usesModel ? slow.add(answering.due, waiting) : answering.due(waiting, signal);
    await Promise.all([answered, outbox.deliverOpen(open)]);
  };
  engines.queue.work(lookAt);
  // Beside the seconds of a model a bell is nothing. The others take milliseconds: nothing interrupts them.
  const { signal: uninterrupted } = new AbortController();
  if (!usesModel) shared.atOnce.open(leaseMs, (turn) => answering.held(turn, uninterrupted));
  const wake = async (): Promise<void> => {
    for (const conversationId of await wakeSnoozed(engines.db)) publish(conversationId);
  };
  const sweeper = startSweeper({
    db: engines.db,
    async ring(conversationIds) {
      // One after the other, each within the leases that keep workers apart.
      for (const job of openJobs(conversationIds)) {
        await engines.queue.addBulk([job]).catch(() => lookAt(job, uninterrupted));
      }
    },
    chores: [wake, shared.dialler.look],
    log,
  });
  const freeOfMachines = async (): Promise<void> => {
    for (const conversationId of await releaseFromMachines(engines.db)) publish(conversationId);
  };
  const chores = startChores(
    [
      () => removeUnplaced(engines.db),
      () => removeAtProvider({ db: engines.db, channelFor, log }),
      () => removeSilentVisitors(engines.db),
      freeOfMachines,
      () => removeOldSessions(engines.db),
      () => removeEndedSessions(engines.db),
      () => removeOldCodes(engines.db),
      () => removeOldNudges(engines.db),
      () => removeOldLinks(engines.db),
      () => removeOldAllowances(engines.db),
      () => removeOldCallTokens(engines.db),
      async () => forgetOldCustomers(engines.db, (await readSetting(engines.db, retentionSetting)).days, log),
    ],
    log,
  );
  const stopReach = reachCustomers(shared);
  return async () => {
    stopAssistant();
    await stopReach();
    await chores.stop();
    await sweeper.stop();
    await shared.atOnce.close();
    await engines.queue.stopWorking();
    await media.stop();
    await slow.end();
    await outbox.idle();
  };
}

/** Tells customers who left; the returned function waits for what is under way. */
function reachCustomers({
  config,
  engines,
  library,
  bell,
  channelFor,
  publicUrl,
  pulledChannels,
  pushOrigin,
  log,
}: Shared) {
  const client = createPublicClient(pushOrigin);
  const reach = startReach({
    db: engines.db,
    client,
    vapid: () => vapidOf(config.secretKey, publicUrl()),
    company: () => library.current().company,
    key: config.secretKey,
    channelFor,
    publicUrl,
    settings: () => readSetting(engines.db, reachSetting),
    pulledChannels,
    ring: (conversationId) => bell.ring(conversationId),
    publish: (conversationId) => engines.live.publish(conversationId),
    now: Date.now,
    log,
  });
  return async (): Promise<void> => {
    await reach.stop();
    await client.close();
  };
}

async function configuredAssistant(shared: Shared): Promise<TurnAssistant> {
  const { config, library, metrics, log } = shared;
  const brain = await shared.brain();
  const stopping = new AbortController();
  void brain.warm(stopping.signal);
  const model = config.assistant.model === "embedded" ? null : await openModel(shared, brain);
  const prospects = createProspects({
    db: shared.engines.db,
    now: Date.now,
    opening: (locale) => openingNow(shared.calls, locale),
  });
  const assistant = createAssistant({
    brain,
    calls: shared.calls,
    prospect: prospects.next,
    article: (id) => library.current().byId.get(id) ?? null,
    get languages() {
      return brain.languages;
    },
    get company() {
      return library.current().company;
    },
    ...(model === null ? {} : { model }),
    ...(config.account === null ? {} : { account: accountDesk(shared, config.account.secret) }),
    onGuarded({ id, conversationId }, fault) {
      metrics.model.guarded.inc({ fault });
      log.warn({ conversationId, turnId: id, reason: fault }, "model-answer-stopped");
    },
  });
  return { assistant, usesModel: model !== null, stop: () => stopping.abort() };
}

/** Codes go by text message over the usual account, wherever they were asked for. */
const codeChannel = { name: "sms", account: "default" } as const;

function accountDesk(
  { config, engines, library, calls, channelFor, accountUrl, publicUrl, log }: Shared,
  secret: string,
): AccountDesk {
  const { name, account } = codeChannel;
  const channel = channelFor(name, account);
  return createAccountDesk({
    db: engines.db,
    server: createAccountServer({ url: accountUrl, secret }, (open) =>
      log.warn({ component: "account-data", state: open ? "open" : "closed" }, "account-breaker"),
    ),
    key: config.secretKey,
    countries: config.callCountries,
    get company() {
      return library.current().company;
    },
    signInUrl: (locale) => config.signInUrl && new URL(signInAddress(config.signInUrl, locale), publicUrl()).href,
    timeZone: config.timeZone,
    texts: channel === null || !can(channel, "send") ? null : createDirectTexts({ db: engines.db, channel }),
    callDropped: (sql, contactId) => tellKept(sql, calls, contactId),
    log,
  });
}

const accountWasShown = "(The customer was told about their own account.)";

/** Connects the configured language model and makes what becomes of its turns visible to the operator. */
async function openModel(
  { config, engines, library, metrics, log }: Shared,
  brain: EmbeddedBrain,
): Promise<ModelBrain> {
  const { db } = engines;
  return createModelBrain({
    model: await connectModel(config.assistant),
    brain,
    article: (id) => library.current().byId.get(id) ?? null,
    get articleLanguages() {
      return brain.languages;
    },
    get company() {
      return library.current().company;
    },
    async saidBefore({ conversationId, episodeFromSeq, firstSeq, addressId, channel }) {
      const episode = { conversationId, fromSeq: episodeFromSeq, beforeSeq: firstSeq };
      // R8: a number can be feigned; what was said elsewhere is for whoever proved that they said it (C2).
      const { level } = await standingOf(db, { conversationId, addressId }, Date.now());
      const at = reaches(level, "verified") ? null : { addressId, channel };
      const entries = await episodeBefore(db, episode, historyMaxEntries, at);
      return entries.map(({ author, parts, flow }) => ({
        author: author === "contact" ? "customer" : "assistant",
        // C2: what was shown of an account is for the customer alone, not for whoever runs the model.
        text: flow === "account" ? accountWasShown : plainText(parts),
      }));
    },
    spending: {
      read: (conversationId) => readTokenSpending(db, conversationId),
      add: (conversationId, tokens) => addTokenSpending(db, conversationId, tokens),
    },
    now: () => performance.now(),
    onTurn({ turn, outcome, durationMs, tokens, steps }) {
      metrics.model.turns.inc({ outcome });
      metrics.model.tokens.inc(tokens);
      metrics.model.seconds.observe(durationMs / 1000);
      const fields = {
        conversationId: turn.conversationId,
        turnId: turn.id,
        outcome,
        durationMs,
        count: tokens,
        attempts: steps,
      };
      if (outcome === "answer" || outcome === "command") log.info(fields, "model-turn");
      else log.warn(fields, "model-turn");
    },
    onBreaker(open) {
      metrics.model.breakerOpen.set(open ? 1 : 0);
      log.warn({ component: "model", state: open ? "open" : "closed" }, "model-breaker");
    },
  });
}

/** Work that outlives its bell; `end` waits for it, at last by aborting it. */
function trackSlowWork() {
  const running = new Set<Promise<void>>();
  const aborting = new AbortController();
  return {
    /** Resolves at once. */
    async add(work: (ids: readonly string[], signal: AbortSignal) => Promise<void>, ids: readonly string[]) {
      const done = work(ids, aborting.signal)
        // The turns stay open in PostgreSQL and the sweeper rings for them again.
        .catch(() => undefined)
        .finally(() => running.delete(done));
      running.add(done);
    },
    async end() {
      const timer = setTimeout(() => aborting.abort(), modelDrainMs);
      await Promise.all(running);
      clearTimeout(timer);
    },
  };
}

export function createSharedOutbox(
  deps: Pick<Shared, "config" | "engines" | "channelFor" | "log" | "metrics">,
): Outbox {
  return createOutbox({
    db: deps.engines.db,
    channelFor: deps.channelFor,
    publish: (conversationId) => deps.engines.live.publish(conversationId),
    complete: (item) => completeLink(deps.config.secretKey, item),
    log: deps.log,
    onSettled: (state) => deps.metrics.deliveries.inc({ state }),
  });
}
