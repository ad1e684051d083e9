import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { assignable } from "../agents/agents.ts";
import { type ChangeOutcome, changeConversation } from "../conversations/change.ts";
import {
  conversationForAgent,
  markRead,
  type TimelineEntry,
  timelineForAgent,
  timelinePageMax,
} from "../conversations/for-agent.ts";
import { conversationsForAgent, viewCounts, views } from "../conversations/lists.ts";
import type { Change } from "../conversations/ownership.ts";
import { isId } from "../lib/ids.ts";
import { conflict, notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { peopleOnly } from "./people-only.ts";
import { agentIn, isMachine } from "./signed-in.ts";
import { type Author, sendAgain, type WriteOutcome, type WriteRefusal, writeAgentMessage } from "./write-message.ts";

const textMaxChars = 10_000;
/** Longer than any holiday; what is put aside for good is resolved. */
const snoozeMaxDays = 366;

const params = z.object({ id: z.string().max(64) });
const fence = z.number().int().min(0).optional().describe("The fence last seen; an old one is refused.");

const listed = z.object({
  id: z.string(),
  status: z.enum(["open", "snoozed", "resolved"]),
  owner: z.enum(["assistant", "queue", "agent"]),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  contactName: z.string().nullable(),
  address: z.string().nullable(),
  channel: z.string().nullable(),
  locale: z.string().nullable(),
  fence: z.number(),
  lastSeq: z.number(),
  lastInboundSeq: z.number(),
  lastInboundAt: z.date().nullable(),
  lastActivityAt: z.date(),
  waitingSince: z.date().nullable().describe("Since when the customer waits for a person."),
  snoozedUntil: z.date().nullable(),
  episode: z.number(),
  preview: z.string().nullable(),
  unread: z.number().describe("Messages that you have not seen; stops counting at ten."),
});

const whole = listed.extend({
  account: z.string().nullable(),
  summary: z.unknown().describe("What the assistant handed over: reason, issue, articles shown, what it tried."),
  contact: z.object({
    id: z.string(),
    name: z.string().nullable(),
    locale: z.string().nullable(),
    createdAt: z.date(),
    addresses: z.array(
      z.object({
        id: z.string(),
        channel: z.string(),
        kind: z.string(),
        value: z.string(),
        evidence: z.enum(["claimed", "verified"]),
        optedOutAt: z.string().nullable(),
        neverCalled: z.boolean().describe("The customer wants no calls to it."),
      }),
    ),
  }),
  callbacks: z.array(z.looseObject({ id: z.string(), state: z.string() })),
  replyUntil: z.date().nullable().describe("After this the channel takes no free text; null: no such limit."),
});

const entry = z.looseObject({
  seq: z.number(),
  type: z.string(),
  at: z.date(),
  actor: z.string(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  messageId: z.string().nullable(),
  parts: z.array(z.unknown()).nullable(),
  replyTo: z
    .object({ seq: z.number(), author: z.string(), text: z.string().nullable() })
    .nullable()
    .describe("The message that the customer answers with this one, where they marked it."),
  deliveries: z.array(z.unknown()),
});

const stale = conflict(
  "Taken, Changed or Resolved: another agent has it, or it changed since you looked. `fence` is the present one.",
  { fence: z.number() },
);

/** Lists, one conversation, its timeline, what agents write and change. */
export function conversationRoutes(routes: Routes, deps: InboxDeps): void {
  readingRoutes(routes, deps);
  writingRoutes(routes, deps);
  changeRoutes(routes, deps);
}

function readingRoutes(routes: Routes, deps: InboxDeps): void {
  const { 400: badRequest, 401: signInNeeded, 404: missing, 503: unavailable } = refusals;
  const failures = { 400: badRequest, 401: signInNeeded, 503: unavailable };
  routes.get(
    "/views",
    {
      schema: {
        summary: "The views with their counts; counting stops at a limit and then says more",
        response: {
          200: z.object({ views: z.array(z.object({ view: z.enum(views), count: z.number(), more: z.boolean() })) }),
          401: signInNeeded,
          503: unavailable,
        },
      },
    },
    async (request) => ({ views: await viewCounts(deps.db, agentIn(request).id) }),
  );
  routes.get(
    "/conversations",
    {
      schema: {
        summary: "List a view: the queue in the order of waiting, everything else newest activity first",
        querystring: z.object({
          // "waiting" is an older word for the queue.
          view: z.enum([...views, "waiting"]).default("open"),
          cursor: z.string().max(300).optional(),
        }),
        response: { 200: z.object({ conversations: z.array(listed), cursor: z.string().nullable() }), ...failures },
      },
    },
    async (request, reply) => {
      const { view, cursor } = request.query;
      const wanted = view === "waiting" ? "queue" : view;
      const page = await conversationsForAgent(deps.db, agentIn(request).id, wanted, cursor ?? null);
      if (page === null)
        return refuse(reply, 400, "BadCursor", "This cursor is not one of this view. Start without one.");
      return { conversations: [...page.conversations], cursor: page.cursor };
    },
  );
  routes.get(
    "/conversations/:id",
    {
      schema: {
        summary: "One conversation with its contact",
        params,
        response: { 200: whole, ...failures, 404: missing },
      },
    },
    async (request, reply) => {
      const found = await find(request.params.id, agentIn(request).id);
      if (found === null) return notFound(reply, "conversation");
      const windowMs = deps.channelFor(found.channel ?? "", found.account ?? "")?.limits.replyWindowMs ?? null;
      const replyUntil =
        windowMs === null || found.lastInboundAt === null ? null : new Date(found.lastInboundAt.getTime() + windowMs);
      return reply.send({
        ...found,
        contact: { ...found.contact, addresses: [...found.contact.addresses] },
        callbacks: found.callbacks.map((one) => ({ ...one })),
        replyUntil,
      });
    },
  );
  routes.get(
    "/conversations/:id/events",
    {
      schema: {
        summary: "The timeline after a seq, or the last page before one; go on until lastSeq",
        params,
        querystring: z.object({
          after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
          before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
          limit: z.coerce.number().int().min(1).max(timelinePageMax).default(timelinePageMax),
        }),
        response: { 200: z.object({ events: z.array(entry), lastSeq: z.number() }), ...failures, 404: missing },
      },
    },
    async (request, reply) => {
      const { after, before, limit } = request.query;
      const found = await find(request.params.id, agentIn(request).id);
      if (found === null) return notFound(reply, "conversation");
      const events = await timelineForAgent(deps.db, found.id, before === undefined ? { after } : { before }, limit);
      return { events: events.map(shown), lastSeq: found.lastSeq };
    },
  );

  function find(id: string, agentId: string) {
    return isId(id) ? conversationForAgent(deps.db, agentId, id) : null;
  }
}

function shown(event: TimelineEntry): z.input<typeof entry> {
  return { ...event, parts: event.parts === null ? null : [...event.parts], deliveries: [...event.deliveries] };
}

function writingRoutes(routes: Routes, deps: InboxDeps): void {
  const response = {
    200: z.object({ id: z.string(), seq: z.number(), fence: z.number() }),
    ...refusals,
    409: conflict(
      "NewerMessages (send again with afterSeq = lastSeq, or without it, to send anyway), Changed, Taken, OptedOut, WindowClosed, TooLong, NoWay, ClientIdUsed, NotFailed, SentAgain.",
      { newer: z.number().optional(), lastSeq: z.number().optional(), fence: z.number().optional() },
    ),
  };
  routes.post(
    "/conversations/:id/messages",
    {
      schema: {
        summary:
          "Answer the customer, or leave a note; idempotent by clientId. A person's answer takes the conversation, a machine's leaves it to people",
        params,
        body: z.object({
          clientId: z.string().min(1).max(100),
          kind: z.enum(["reply", "note"]),
          text: z.string().trim().min(1).max(textMaxChars),
          fence,
          afterSeq: z
            .number()
            .int()
            .min(0)
            .optional()
            .describe("The last seq on your screen; newer messages are asked about."),
        }),
        response,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!isId(id)) return notFound(reply, "conversation");
      return afterWrite(reply, id, await writeAgentMessage(deps, id, authorOf(request), request.body));
    },
  );
  routes.post(
    "/conversations/:id/messages/:messageId/retry",
    {
      schema: {
        summary: "Send the failed pieces of a message again, once, as a new message",
        params: params.extend({ messageId: z.string().max(64) }),
        response,
      },
    },
    async (request, reply) => {
      const { id, messageId } = request.params;
      if (!isId(id) || !isId(messageId)) return notFound(reply, "conversation");
      return afterWrite(reply, id, await sendAgain(deps, id, authorOf(request), messageId));
    },
  );
  routes.post(
    "/conversations/:id/read",
    {
      schema: {
        summary: "Remember what was on your screen",
        params,
        body: z.object({ seq: z.number().int().min(0) }),
        response: { 204: z.null(), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const known = isId(id) && (await markRead(deps.db, agentIn(request).id, id, request.body.seq));
      return known ? reply.status(204).send(null) : notFound(reply, "conversation");
    },
  );

  routes.post(
    "/conversations/:id/typing",
    {
      schema: {
        summary:
          "Show the customer for some seconds that you are writing; without effect unless the conversation is yours",
        params,
        response: { 204: z.null(), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const me = agentIn(request).id;
      const found = isId(id) ? await conversationForAgent(deps.db, me, id) : null;
      if (found === null) return notFound(reply, "conversation");
      if (found.owner === "agent" && found.agentId === me) deps.live.signal(id, { kind: "typing", by: "agent" });
      return reply.status(204).send(null);
    },
  );

  function afterWrite(reply: FastifyReply, id: string, result: WriteOutcome) {
    switch (result.outcome) {
      case "written":
        deps.live.publish(id);
        if (result.deliveries > 0) deps.ring(id);
        return reply.send({ id: result.messageId, seq: result.seq, fence: result.fence });
      case "newer": {
        const { newer, lastSeq } = result;
        const words = `${newer} newer ${newer === 1 ? "message" : "messages"}: send anyway?`;
        return refuse(reply, 409, "NewerMessages", words, { newer, lastSeq });
      }
      case "stale":
        return refuse(reply, 409, "Changed", changed, { fence: result.fence });
      case "not-found":
        return notFound(reply, "conversation");
      default:
        return refuse(reply, 409, ...writeRefusals[result.outcome]);
    }
  }
}

function authorOf(request: FastifyRequest): Author {
  return { agentId: agentIn(request).id, isMachine: isMachine(request) };
}

const taken = "Another agent has this conversation. Assign it to yourself to take it over.";
const changed = "This conversation changed hands or state since you looked. Look again.";

const writeRefusals: Readonly<Record<Exclude<WriteRefusal, "not-found">, readonly [code: string, message: string]>> = {
  taken: ["Taken", taken],
  "opted-out": ["OptedOut", "The customer opted out on this channel (STOP). Nothing is sent there any more."],
  "window-closed": [
    "WindowClosed",
    "The time in which this channel lets us write freely is over. The customer must write first.",
  ],
  "too-long": [
    "TooLong",
    "This is longer than one reply can be on this channel, so nothing was sent. Send it as several shorter ones.",
  ],
  "no-way": ["NoWay", "There is no way to write to this customer: the channel account is gone, or the call has ended."],
  "client-id-used": ["ClientIdUsed", "This clientId was used for another message. Give each message an id of its own."],
  "not-failed": ["NotFailed", "There is no message with this id that failed."],
  "sent-again": ["SentAgain", "It was sent again already, and that failed too. Try again there, further down."],
};

function changeRoutes(routes: Routes, deps: InboxDeps): void {
  const response = {
    200: z.object({ status: z.literal("done"), fence: z.number() }),
    ...refusals,
    409: stale,
  };
  // Sent without a body by people who do not mind what changed meanwhile.
  const withFence = z.object({ fence }).nullish();
  for (const kind of ["claim", "resolve", "reopen"] as const) {
    routes.post(
      `/conversations/:id/${kind}`,
      {
        ...(kind === "resolve" ? {} : { onRequest: peopleOnly }),
        schema: { summary: summaries[kind], params, body: withFence, response },
      },
      (request, reply) => carryOut(reply, request.params.id, agentIn(request).id, { kind }, request.body?.fence),
    );
  }
  routes.post(
    "/conversations/:id/release",
    {
      schema: {
        summary: "Give a conversation back to the queue, or to the assistant",
        params,
        body: z.object({ to: z.enum(["queue", "assistant"]).default("queue"), fence }).nullish(),
        response,
      },
    },
    (request, reply) =>
      carryOut(
        reply,
        request.params.id,
        agentIn(request).id,
        { kind: "release", to: request.body?.to ?? "queue" },
        request.body?.fence,
      ),
  );
  routes.post(
    "/conversations/:id/assign",
    {
      schema: {
        summary: "Give a conversation to an agent, also from a colleague",
        params,
        body: z.object({ agentId: z.string().max(64), fence }),
        response,
      },
    },
    async (request, reply) => {
      const { agentId: to } = request.body;
      if (!isId(to) || !(await assignable(deps.db, to))) return notFound(reply, "agent");
      return carryOut(reply, request.params.id, agentIn(request).id, { kind: "assign", to }, request.body.fence);
    },
  );
  routes.post(
    "/conversations/:id/snooze",
    {
      onRequest: peopleOnly,
      schema: {
        summary: "Put a conversation aside until a time or the customer's next message (people)",
        params,
        body: z.object({ until: z.iso.datetime({ offset: true }), fence }),
        response,
      },
    },
    async (request, reply) => {
      const until = new Date(request.body.until);
      const days = (until.getTime() - Date.now()) / 86_400_000;
      if (!(days > 0 && days <= snoozeMaxDays))
        return refuse(reply, 400, "BadTime", "Choose a time that is to come, within a year.");
      return carryOut(reply, request.params.id, agentIn(request).id, { kind: "snooze", until }, request.body.fence);
    },
  );

  async function carryOut(reply: FastifyReply, id: string, by: string, change: Change, stated: number | undefined) {
    if (!isId(id)) return notFound(reply, "conversation");
    const result = await changeConversation(deps.db, id, by, change, stated);
    if (result.outcome === "done") {
      if (result.changed) deps.live.publish(id);
      if (result.answerDue) deps.ring(id);
      if (result.changed && change.kind === "claim") await deps.lines.claimed(by, id);
      return reply.send({ status: "done", fence: result.fence });
    }
    if (result.outcome === "not-found") return notFound(reply, "conversation");
    return refuse(reply, 409, ...changeRefusals[result.outcome], { fence: result.fence });
  }
}

const summaries = {
  claim: "Take a conversation that no colleague has (people)",
  resolve: "The issue is settled; the next message opens a new one",
  reopen: "Open a resolved or snoozed conversation again (people)",
} as const;

const changeRefusals: Readonly<
  Record<Exclude<ChangeOutcome["outcome"], "done" | "not-found">, readonly [code: string, message: string]>
> = {
  taken: ["Taken", taken],
  stale: ["Changed", changed],
  resolved: ["Resolved", "This conversation is resolved. Open it again first."],
};
