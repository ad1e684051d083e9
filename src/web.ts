import type { FastifyInstance } from "fastify";
import { type Channel, can } from "../channels/channel.ts";
import {
  type CustomerSide,
  directLine,
  issueResumeKey,
  resumeSeconds,
  tokenSeconds,
  webChat,
} from "../channels/web-chat/index.ts";
import { readPresence } from "./agents/presence.ts";
import { inspectFile } from "./attachments/inspect.ts";
import { fileForAgent, fileForContact, placeUpload } from "./attachments/store.ts";
import { takeUpload } from "./attachments/take-upload.ts";
import { openingNow } from "./callbacks/opening.ts";
import { callPageRoutes } from "./callbacks/page-routes.ts";
import { tellKept } from "./callbacks/tell.ts";
import { followCaller } from "./calls/live-call.ts";
import { createIdentityCheck } from "./contacts/identity.ts";
import { joinVisitor } from "./contacts/join-visitor.ts";
import { createLastSeq } from "./contacts/last-seq.ts";
import {
  endSession,
  extendSession,
  openVisitorSession,
  resumeSession,
  watchSessions,
} from "./contacts/visitor-sessions.ts";
import { markReadByContact } from "./conversations/contact-read.ts";
import { createLineStates } from "./conversations/line-state.ts";
import { rateEpisode } from "./conversations/rating.ts";
import { standingOf } from "./conversations/spoken.ts";
import { nextReplies, timelineForContact } from "./conversations/timeline.ts";
import { transcriptForContact } from "./conversations/transcript.ts";
import { checkMigrations } from "./db/migrate.ts";
import { demoAccountServer } from "./demo/account-server.ts";
import { createBlockedCards } from "./demo/blocked-cards.ts";
import { demoSignIn } from "./demo/sign-in.ts";
import { createProspects } from "./escalations/prospect.ts";
import { logoPath } from "./help-centre/logos.ts";
import { createPageRenderer } from "./help-centre/page.ts";
import { problemPage } from "./help-centre/problem-page.ts";
import { helpCentreRoutes, wishedLocale } from "./help-centre/routes.ts";
import { stylesheetFor } from "./help-centre/stylesheet.ts";
import { directionOf } from "./help-centre/words.ts";
import { createApp } from "./http/app.ts";
import { docsRoutes } from "./http/docs.ts";
import { healthRoutes } from "./http/health.ts";
import { faviconRoute, morePage, pageRoutes, pushWorkerRoute } from "./http/pages.ts";
import { allowVoiceSdk, voiceSdkRoute } from "./http/voice-sdk.ts";
import { widgetRoutes } from "./http/widget.ts";
import { inboxApi } from "./inbox/api.ts";
import { watchChannelHealth } from "./inbox/channel-health.ts";
import { facePages } from "./inbox/face-pages.ts";
import type { Accept } from "./intake/accept.ts";
import { callSockets } from "./intake/call-sockets.ts";
import { makeCallToken } from "./intake/call-tokens.ts";
import { webhookRoutes } from "./intake/webhooks.ts";
import { isTimeZone } from "./lib/zoned-time.ts";
import { createReachForVisitors } from "./reach/for-visitors.ts";
import { watchPresence } from "./reach/presence.ts";
import { resumeRoutes } from "./reach/resume-routes.ts";
import { dropSubscriptionsOf, takeAlongSubscriptions } from "./reach/subscriptions.ts";
import { textDetails } from "./reach/text-details.ts";
import { vapidOf } from "./reach/vapid.ts";
import { type SimulatorDeps, simulatorRoutes } from "./simulator/phone-routes.ts";
import type { Shared } from "./worker.ts";

export interface WebOptions extends Shared {
  readonly channels: readonly Channel[];
  readonly accept: Accept;
  readonly version: string;
  readonly simulator: SimulatorDeps | null;
}

/** Asked at the end of a request that has waited for a reply already. */
const withPeopleWithinMs = 250;

/** Builds the HTTP side with every route; the caller listens and closes. */
export async function createWeb(options: WebOptions): Promise<FastifyInstance> {
  const { engines, library, metrics, log } = options;
  const details = {
    db: engines.db,
    channelFor: options.channelFor,
    countries: options.config.callCountries,
    publicUrl: options.publicUrl,
    now: Date.now,
    ring: (conversationId: string) => options.bell.ring(conversationId),
  };
  const sendDetails = (conversationId: string, seq: number, channel: Channel) =>
    textDetails(details, conversationId, seq, channel);
  const renderPage = createPageRenderer(() => {
    const { company, brand, locales } = library.current();
    const stylesheet = stylesheetFor(brand.colour).path;
    const { signInUrl } = options.config;
    return {
      company,
      logo: logoPath(brand.logo),
      locales,
      signInUrl,
      stylesheet,
      publicUrl: options.publicUrl(),
    };
  });
  const app = await createApp({
    log,
    version: options.version,
    trustProxy: options.config.trustProxy,
    problemPage(problem, request) {
      return renderPage(problemPage(wishedLocale(library.current(), request), problem, request.url));
    },
  });
  health(app, options);
  docsRoutes(app);
  faviconRoute(app);
  await webhookRoutes(app, {
    channels: options.channels.filter((channel) => can(channel, "webhooks")),
    accept: options.accept,
    applyStatus: (report, channel, account) => options.outbox.applyStatus(report, channel, account),
    applyCall: options.dialler.takeReport,
    planCall: options.dialler.planCall,
    openCall: options.lines.open,
    planLive: options.lines.planLive,
    async withPeople(conversationId) {
      const [row] = await engines.db
        .run((sql) => sql<{ owner: string }[]>`select owner from conversations where id = ${conversationId}`, {
          deadlineMs: withPeopleWithinMs,
        })
        // The caller is sent round once more and asks again.
        .catch(() => []);
      return row !== undefined && row.owner !== "assistant";
    },
    async nextReplies(conversationId, channel, afterSeq, waitMs) {
      const deps = { db: engines.db, live: engines.live };
      const entries = await nextReplies(deps, conversationId, channel, afterSeq, waitMs);
      const replies = entries.flatMap(({ seq, parts, meta, author }) =>
        author === "contact" ? [] : [{ seq, parts, meta, author }],
      );
      return { replies, lastSeq: entries.at(-1)?.seq ?? afterSeq };
    },
    async conversationOf(address) {
      const [row] = await engines.db.run(
        (sql) => sql<
          { id: string }[]
        >`select c.id from contact_addresses a join conversations c on c.contact_id = a.contact_id
          where a.channel = ${address.channel} and a.kind = ${address.kind} and a.value = ${address.value}`,
      );
      return row?.id ?? null;
    },
    sendDetails,
    callToken: (call) => makeCallToken(engines.db, call),
    callerStanding: (address) => standingOf(engines.db, address),
    log,
    onAccepted(channel, outcome, seconds) {
      metrics.inbound.inc({ channel, outcome });
      metrics.acknowledgement.observe({ channel }, seconds);
    },
    onRefused: (channel, reason) => metrics.refused.inc({ channel, reason }),
  });
  const bridge = () => {
    const phone = options.calls.phone();
    return phone !== null && can(phone, "changeLine") ? phone : null;
  };
  await inboxApi(app, {
    db: engines.db,
    live: engines.live,
    ring: (conversationId) => options.bell.ring(conversationId),
    channelFor: options.channelFor,
    channelHealth: watchChannelHealth(options.channels),
    publicUrl: options.publicUrl,
    deskZone: options.config.timeZone,
    calls: options.calls,
    lines: options.lines,
    async telephoneOf(agentId) {
      if ((await readPresence(engines.db, agentId)).phone !== null) return "number";
      if (options.simulator !== null) return "simulator";
      return (await bridge()?.phoneToken("agent")) == null ? "none" : "browser";
    },
    phoneToken: async (identity) => (await bridge()?.phoneToken(identity)) ?? null,
    contentChanged: () => library.refresh(),
    async kindOf(bytes) {
      const verdict = await inspectFile(bytes, "");
      return verdict.state === "ready" ? verdict.mime : null;
    },
    file: (id) => fileForAgent(engines.db, id),
  });
  pageRoutes(app, "inbox", ["/inbox", "/inbox/setup"]);
  voiceSdkRoute(app);
  facePages(app, engines.db);
  if ((await bridge()?.phoneToken("agent")) != null) allowVoiceSdk(app);
  morePage(app, "inbox", "articles.html", "/inbox/articles");
  morePage(app, "inbox", "settings.html", "/inbox/settings");
  morePage(app, "inbox", "agents.html", "/inbox/agents");
  morePage(app, "inbox", "hours.html", "/inbox/hours");
  const sessions = watchSessions({ db: engines.db, log });
  app.addHook("onClose", async () => sessions.close());
  const presence = watchPresence({ db: engines.db, log });
  app.addHook("onClose", () => presence.stop());
  await directLine(app, webChat, {
    accept: options.accept,
    sessions: {
      open: (request) => openVisitorSession(engines.db, request),
      extend: (id, seconds) => extendSession(engines.db, id, seconds),
      resume: (id, seconds, from) => resumeSession(engines.db, id, seconds, from),
      async end(id) {
        await dropSubscriptionsOf(engines.db, id);
        await endSession(engines.db, id);
        sessions.ended(id);
      },
      goOn: (from, to) => takeAlongSubscriptions(engines.db, from, to),
      async join(signedIn, earlier) {
        const joined = await joinVisitor(engines.db, { signedIn, earlier }, (sql, contactId) =>
          tellKept(sql, options.calls, contactId),
        );
        if (joined === null) return null;
        for (const { conversationId } of [signedIn, earlier]) engines.live.publish(conversationId);
        if (joined.answerDue) options.bell.ring(signedIn.conversationId);
        return joined;
      },
      state: sessions.state,
      onEnd: sessions.onEnd,
    },
    files: {
      take: (conversationId, files) => takeUpload(engines.db, conversationId, files),
      place: (ids, at) => placeUpload(engines.db, ids, at),
      open: (conversationId, id) => fileForContact(engines.db, conversationId, id),
    },
    customer: customerSide(options),
    articleTitle(id, locale) {
      const translations = library.current().byId.get(id)?.translations;
      return (translations?.[locale.slice(0, 2)] ?? translations?.en)?.question ?? null;
    },
    identify: createIdentityCheck(options.config.identity),
    timeline: (conversationId, afterSeq, limit) => timelineForContact(engines.db, conversationId, afterSeq, limit),
    lastSeq: createLastSeq(engines.db),
    subscribe: (conversationId, onChange) => engines.live.subscribe(conversationId, onChange),
    sayTyping: (conversationId) => engines.live.signal(conversationId, { kind: "typing", by: "contact" }),
    onTyping: (conversationId, listener) =>
      engines.live.onSignal(
        conversationId,
        (signal) => signal.kind === "typing" && signal.by !== "contact" && listener(signal.by, signal.draft?.text),
      ),
    openWindow: (conversationId, visible) => presence.enter(conversationId, visible),
    reach: createReachForVisitors({
      db: engines.db,
      vapid: () => vapidOf(options.config.secretKey, options.publicUrl()),
      key: options.config.secretKey,
      countries: options.config.callCountries,
      company: () => library.current().company,
      channels: options.channels.map(({ name }) => name),
      trustedPushOrigin: options.pushOrigin,
      publish: (conversationId) => engines.live.publish(conversationId),
    }),
    origins: options.config.chatOrigins,
    key: options.config.secretKey,
    publicUrl: options.publicUrl,
    now: Date.now,
  });
  callSockets(app, {
    channels: options.channels,
    accept: options.accept,
    db: engines.db,
    subscribe: (conversationId, onChange) => engines.live.subscribe(conversationId, onChange),
    publish: (conversationId) => engines.live.publish(conversationId),
    followCaller: (externalId, from) => engines.db.transaction((sql) => followCaller(sql, { externalId, from })),
    onDraft: (conversationId, listener) =>
      engines.live.onSignal(conversationId, (signal) => {
        if (signal.kind === "typing" && signal.draft !== undefined) listener(signal.draft);
      }),
    // Without a language model an answer is there before anybody could overtake it.
    overtakes: (conversationId, seq) => {
      if (options.config.assistant.model !== "embedded")
        engines.live.signal(conversationId, { kind: "overtaken", seq });
    },
    sendDetails,
    log,
    onRefused: (channel, reason) => metrics.refused.inc({ channel, reason }),
    onOpen: (channel, open) => metrics.liveCalls.set({ channel }, open),
  });
  await resumeRoutes(app, {
    db: engines.db,
    company: () => library.current().company,
    signInUrl: options.config.signInUrl,
    renderPage,
    publicUrl: options.publicUrl,
    seconds: { token: tokenSeconds, resume: resumeSeconds },
    issueResumeKey: ({ address, ...session }) => issueResumeKey(options.config.secretKey, session, address),
  });
  pushWorkerRoute(app);
  await widgetRoutes(app, {
    look() {
      const { company, brand, chosenLocales } = library.current();
      return { company, colour: brand.colour, locales: chosenLocales };
    },
    directionOf,
    origins: options.config.chatOrigins,
  });
  await app.register((scope) =>
    helpCentreRoutes(scope, {
      db: engines.db,
      library,
      renderPage,
      async understand(text, locale) {
        const { zone, articles } = await (await options.brain()).understand({
          text,
          locale,
          conversationLocale: locale,
        });
        return zone === "unknown" ? [] : articles.map(({ id }) => id);
      },
      publicUrl: options.publicUrl,
      key: options.config.secretKey,
    }),
  );
  demoAccounts(app, options);
  const { demo, identity } = options.config;
  if (demo && identity.secret !== null) {
    pageRoutes(app, "demo", []);
    await demoSignIn(app, {
      identitySecret: identity.secret,
      publicUrl: options.publicUrl,
      localeOf: (request) => wishedLocale(library.current(), request),
      renderPage,
      now: Date.now,
    });
  }
  await app.register((scope) =>
    callPageRoutes(scope, { desk: options.calls, renderPage, locales: () => library.current().locales }),
  );
  const { simulator } = options;
  if (simulator !== null) await app.register((scope) => simulatorRoutes(scope, simulator));
  return app;
}

/** What a process has to show that answers turns and no requests. */
export async function createWorkerPages(options: Shared & { readonly version: string }): Promise<FastifyInstance> {
  const { config, log, version } = options;
  const app = await createApp({ log, version, trustProxy: config.trustProxy });
  health(app, options);
  demoAccounts(app, options);
  return app;
}

function health(app: FastifyInstance, { engines: { db, queue }, metrics }: Shared): void {
  const migrations = briefly(migrationsKeptMs, () => checkMigrations(db));
  healthRoutes(app, {
    metrics,
    checks: [
      { name: "database", run: async () => void (await db.run((sql) => sql`select 1`)) },
      { name: "queue", run: () => queue.ping() },
      { name: "migrations", run: migrations },
    ],
  });
}

/** In every role: the process that asks has it at its own address. */
function demoAccounts(app: FastifyInstance, { config: { demo, account }, engines }: Shared): void {
  if (!demo || account?.url !== null) return;
  demoAccountServer(app, { secret: account.secret, now: Date.now, blocked: createBlockedCards(engines.db) });
}

/** A dump is restored or a newer version started seldom. */
const migrationsKeptMs = 60_000;
/** Operators change the hours seldom; customers who wait are told within this. */
const hoursKeptMs = 30_000;

/** What `read` gave, for so long; one that failed is read again. */
function briefly<Value>(forMs: number, read: () => Promise<Value>): () => Promise<Value> {
  let kept: Promise<Value> | null = null;
  let until = 0;
  return () => {
    if (kept === null || Date.now() >= until) {
      until = Date.now() + forMs;
      kept = read();
      kept.catch(() => {
        kept = null;
      });
    }
    return kept;
  };
}

/** Only who waits for a person asks whether one is there. */
const nobodyAwaited = { desk: "here", place: null, waitSeconds: null, opensAt: null } as const;

/** What a customer on the web may know and say about their own conversation. */
function customerSide({ engines: { db, live }, config, library, calls }: WebOptions): CustomerSide {
  const hours = briefly(hoursKeptMs, calls.hours);
  const lineOf = createLineStates(db);
  const prospects = createProspects({
    db,
    now: Date.now,
    opening: (locale) => openingNow({ ...calls, hours }, locale),
  });
  return {
    async state(conversationId) {
      const line = await lineOf(conversationId);
      if (line === null) return null;
      if (line.owner !== "queue") return { ...line, ...nobodyAwaited };
      const { opensAt, ...prospect } = await prospects.of(conversationId, line.locale);
      return { ...line, ...prospect, opensAt: opensAt === null ? null : new Date(opensAt).toISOString() };
    },
    async markRead(conversationId, seq) {
      await markReadByContact(db, conversationId, seq);
      live.publish(conversationId);
    },
    async rate(conversationId, rating) {
      const kept = await rateEpisode(db, conversationId, rating);
      live.publish(conversationId);
      return kept;
    },
    transcript: (conversationId, { locale, zone }) =>
      transcriptForContact(db, conversationId, {
        company: library.current().company,
        locale,
        zone: zone !== null && isTimeZone(zone) ? zone : config.timeZone,
      }),
  };
}
