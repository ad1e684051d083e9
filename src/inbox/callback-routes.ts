import type { FastifyReply } from "fastify";
import { z } from "zod";
import { assignable } from "../agents/agents.ts";
import {
  type BookingOutcome,
  type BookingRefusal,
  bookCallback,
  type CallbackEdit,
  conversationOfContact,
  editCallback,
  type When,
} from "../callbacks/book.ts";
import { callbackCounts, callbackViews, findCallback, listCallbacks } from "../callbacks/list.ts";
import { neverCallAgain } from "../callbacks/never-call.ts";
import { cleanText } from "../lib/clean-text.ts";
import { isId } from "../lib/ids.ts";
import { maskCards } from "../lib/mask.ts";
import { instantOf, isTimeZone, localTimeOf, localTimePattern } from "../lib/zoned-time.ts";
import { conflict, notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

const states = [
  "requested",
  "scheduled",
  "due",
  "dialling",
  "connected",
  "done",
  "missed",
  "cancelled",
  "expired",
] as const;

const callback = z.object({
  id: z.string(),
  conversationId: z.string(),
  contactId: z.string(),
  contactName: z.string().nullable(),
  state: z.enum(states),
  phone: z.string().nullable(),
  wish: z.string().nullable().describe("The customer's words for when."),
  wantedAt: z.date().nullable().describe("Null: as soon as possible."),
  zone: z.string().nullable(),
  localTime: z.string().nullable().describe("The promised wall-clock time in `zone`."),
  topic: z.string().nullable(),
  locale: z.string().nullable(),
  source: z.string(),
  outcome: z.string().nullable(),
  disposition: z.string().nullable().describe("The coded outcome."),
  attempts: z.number().describe("How often the customer's telephone was dialled."),
  held: z.string().nullable().describe("Why it is not dialled although it is due."),
  agentId: z.string().nullable().describe("Who takes it; null: whoever is free."),
  agentName: z.string().nullable(),
  dueAt: z.date().describe("When it is dialled next."),
  overdue: z.boolean(),
  createdAt: z.date(),
  updatedAt: z.date(),
});

const words = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .transform((text) => maskCards(cleanText(text)));
const time = {
  localTime: z
    .string()
    .regex(localTimePattern)
    .optional()
    .describe("A wall-clock time in `zone`, e.g. 2026-11-25T09:00; instead of wantedAt."),
  wantedAt: z.iso.datetime({ offset: true }).optional().describe("An instant; instead of localTime."),
  zone: z.string().max(64).optional().describe("The customer's zone; the desk's when not given."),
  customerPicked: z
    .boolean()
    .default(false)
    .describe(
      "The customer chose this time: it may lie outside the calling hours and ours, and in a slot that is full.",
    ),
};

/** Callbacks for agents: what was promised, promising, moving, cancelling, and what came of the call. */
export function callbackRoutes(routes: Routes, deps: InboxDeps): void {
  const { 400: badRequest, 401: signInNeeded, 404: noSuch, 503: unavailable } = refusals;
  const response = {
    ...refusals,
    409: conflict(
      "HasCallback (the customer has an open one: move it), TooLate (it was dialled or has ended), OptedOut, CannotCall, NoNumber, DeskClosed, SlotFull.",
      { id: z.string().optional() },
    ),
  };
  routes.get(
    "/callbacks",
    {
      schema: {
        summary: "Callbacks by when they are due; closed ones newest first",
        querystring: z.object({
          view: z.enum(callbackViews).default("open"),
          agent: z
            .string()
            .max(64)
            .optional()
            .describe("Only those of this agent, by id; `nobody`: those that are given to nobody."),
          cursor: z.string().max(300).optional(),
        }),
        response: {
          200: z.object({
            callbacks: z.array(callback),
            cursor: z.string().nullable(),
            counts: z.array(z.object({ view: z.enum(callbackViews), count: z.number(), more: z.boolean() })),
          }),
          400: badRequest,
          401: signInNeeded,
          404: noSuch,
          503: unavailable,
        },
      },
    },
    async (request, reply) => {
      const { view, agent, cursor } = request.query;
      if (agent !== undefined && agent !== "nobody" && !isId(agent)) return notFound(reply, "agent");
      const desk = { deskZone: deps.deskZone, agentId: agentIn(request).id, of: agent ?? null };
      const [page, counts] = await Promise.all([
        listCallbacks(deps.db, view, desk, cursor ?? null),
        callbackCounts(deps.db, desk),
      ]);
      if (page === null)
        return refuse(reply, 400, "BadCursor", "This cursor is not one of this view. Start without one.");
      return { callbacks: [...page.callbacks], cursor: page.cursor, counts };
    },
  );
  routes.post(
    "/callbacks",
    {
      schema: {
        summary: "Promise a customer a call; one open per customer",
        body: z.object({
          conversationId: z.string().max(64).optional(),
          contactId: z.string().max(64).optional().describe("Instead of conversationId."),
          phone: z.string().max(40).optional().describe("The customer's own number when not given."),
          topic: words(500).optional(),
          ...time,
        }),
        response: { 201: z.object({ callback }), ...response },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const conversationId = await conversationOf(body);
      if (conversationId === null) return notFound(reply, "conversation");
      const when = whenOf(body, deps.deskZone);
      if (when === "unclear") return unclearTime(reply);
      const booked = await bookCallback(deps.calls, agentIn(request).id, {
        conversationId,
        phone: body.phone ?? null,
        when,
        topic: body.topic ?? null,
        customerPicked: body.customerPicked,
      });
      return afterBooking(reply, 201, booked);
    },
  );
  routes.patch(
    "/callbacks/:id",
    {
      schema: {
        summary: "Move, correct, cancel, or note what came of the call",
        params: z.object({ id: z.string().max(64) }),
        body: z.object({
          phone: z.string().max(40).optional(),
          topic: words(500).nullable().optional(),
          state: z.enum(["cancelled", "done", "missed"]).optional(),
          outcome: words(2_000).optional().describe("What came of it, with `state`."),
          disposition: words(60).optional().describe("The coded outcome, with `state`."),
          agentId: z.string().max(64).nullable().optional().describe("Who takes it; null: whoever is free."),
          ...time,
        }),
        response: { 200: z.object({ callback }), ...response },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!isId(id)) return notFound(reply, "callback");
      const { agentId } = request.body;
      if (typeof agentId === "string" && !(isId(agentId) && (await assignable(deps.db, agentId))))
        return notFound(reply, "agent");
      const edit = editOf(request.body, deps.deskZone);
      if (edit === "unclear") return unclearTime(reply);
      const edited = await editCallback(deps.calls, agentIn(request).id, id, edit);
      return afterBooking(reply, 200, edited);
    },
  );
  routes.post(
    "/conversations/:id/never-call",
    {
      schema: {
        summary: "The customer wants no more calls to this number of theirs: it is never called again",
        params: z.object({ id: z.string().max(64) }),
        body: z.object({ phone: z.string().max(40).describe("As the conversation or its callbacks show it.") }),
        response: { 204: z.null(), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { phone } = request.body;
      if (!isId(id) || !(await neverCallAgain(deps.calls, agentIn(request).id, id, phone)))
        return notFound(reply, "conversation");
      deps.live.publish(id);
      return reply.status(204).send(null);
    },
  );

  async function conversationOf(body: { conversationId?: string | undefined; contactId?: string | undefined }) {
    if (isId(body.conversationId)) return body.conversationId;
    return isId(body.contactId) ? conversationOfContact(deps.db, body.contactId) : null;
  }

  async function afterBooking(reply: FastifyReply, status: 200 | 201, result: BookingOutcome) {
    if (result.outcome === "not-found") return notFound(reply, status === 201 ? "conversation" : "callback");
    if (result.outcome === "booked") {
      deps.live.publish(result.conversationId);
      return reply.status(status).send({ callback: await findCallback(deps.db, result.id) });
    }
    if (result.outcome === "has-one")
      return refuse(reply, 409, "HasCallback", "This customer has a callback already. Move that one.", {
        id: result.id,
      });
    return refuse(reply, ...bookingRefusals[result.outcome]);
  }
}

const bookingRefusals: Readonly<
  Record<Exclude<BookingRefusal, "not-found">, readonly [status: number, code: string, message: string]>
> = {
  "no-number": [409, "NoNumber", "We know no number of this customer. Ask for one and enter it."],
  "not-a-number": [
    400,
    "BadNumber",
    "This is not a telephone number. Write it with its country, like +46 70 174 06 05.",
  ],
  "country-not-called": [
    409,
    "CannotCall",
    "We do not call this country. An operator can change that (CALL_COUNTRIES).",
  ],
  "refused-range": [409, "CannotCall", "This number lies in a range that costs extra. We do not call those."],
  "opted-out": [409, "OptedOut", "The customer opted out. Nobody calls this number any more."],
  past: [400, "BadTime", "This time has passed."],
  "too-far": [400, "BadTime", "This is too far ahead. Choose a time within 90 days."],
  "outside-hours": [
    400,
    "OutsideHours",
    "We call between 8:00 and 20:00 where the customer is, unless the customer picked the time (customerPicked).",
  ],
  "desk-closed": [
    409,
    "DeskClosed",
    "Nobody is there to call at this time, by our hours. Choose another, or say that the customer chose it (customerPicked).",
  ],
  "slot-full": [
    409,
    "SlotFull",
    "As many calls are promised for this time as the desk can make. Choose another, or say that the customer chose it (customerPicked).",
  ],
  "too-late": [409, "TooLate", "This callback was dialled already or has ended."],
};

function unclearTime(reply: FastifyReply) {
  return refuse(
    reply,
    400,
    "BadTime",
    "Give either wantedAt or a localTime that exists, and a zone like Europe/Stockholm.",
  );
}

interface TimeGiven {
  readonly localTime?: string | undefined;
  readonly wantedAt?: string | undefined;
  readonly zone?: string | undefined;
}

function whenOf({ localTime, wantedAt, zone: given }: TimeGiven, deskZone: string): When | null | "unclear" {
  const zone = given ?? deskZone;
  if (!isTimeZone(zone) || (localTime !== undefined && wantedAt !== undefined)) return "unclear";
  if (wantedAt !== undefined) {
    const at = new Date(wantedAt);
    return { at, zone, localTime: localTimeOf(at, zone) };
  }
  if (localTime === undefined) return null;
  const resolved = instantOf(localTime, zone);
  return resolved === null ? "unclear" : { ...resolved, zone };
}

type EditBody = TimeGiven & {
  readonly agentId?: string | null | undefined;
  readonly disposition?: string | undefined;
  readonly phone?: string | undefined;
  readonly topic?: string | null | undefined;
  readonly state?: "cancelled" | "done" | "missed" | undefined;
  readonly outcome?: string | undefined;
  readonly customerPicked: boolean;
};

function editOf(body: EditBody, deskZone: string): CallbackEdit | "unclear" {
  const when = whenOf(body, deskZone);
  if (when === "unclear") return "unclear";
  return {
    customerPicked: body.customerPicked,
    ...(body.phone === undefined ? {} : { phone: body.phone }),
    ...(body.topic === undefined ? {} : { topic: body.topic }),
    ...(when === null ? {} : { when }),
    ...(body.agentId === undefined ? {} : { agentId: body.agentId }),
    ...(body.state === undefined
      ? {}
      : { end: { state: body.state, outcome: body.outcome ?? null, disposition: body.disposition ?? null } }),
  };
}
