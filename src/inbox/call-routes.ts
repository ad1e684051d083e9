import type { FastifyReply } from "fastify";
import { z } from "zod";
import { assignable } from "../agents/agents.ts";
import { clientIdentity } from "../agents/presence.ts";
import type { CallChange, ChangeOutcome } from "../calls/control.ts";
import type { AcceptOutcome } from "../calls/offers.ts";
import { callOf, liveCalls, offersFor } from "../calls/shown.ts";
import { cleanText } from "../lib/clean-text.ts";
import { isId } from "../lib/ids.ts";
import { maskCards } from "../lib/mask.ts";
import { administratorsOnly } from "./administrators-only.ts";
import { conflict, notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { peopleOnly } from "./people-only.ts";
import { agentIn } from "./signed-in.ts";

const about = {
  id: z.string(),
  conversationId: z.string(),
  contactName: z.string().nullable(),
  address: z.string().nullable(),
  locale: z.string().nullable(),
  summary: z.unknown().describe("What the assistant handed over: reason, issue, articles shown, what it tried."),
};
const offer = z.object({
  ...about,
  callId: z.string(),
  kind: z
    .enum(["caller", "colleague", "callback"])
    .describe("callback: we promised to call; taken, the customer is rung."),
  topic: z.string().nullable().describe("What a promised call is about."),
  byName: z.string().nullable().describe("The colleague who asks you into their call."),
  since: z.date(),
  spoken: z.boolean().describe("You speak the customer's language; false: nobody who does is free."),
});
const shown = z.object({
  ...about,
  lines: z
    .array(
      z.object({
        leg: z.enum(["customer", "agent", "supervisor"]),
        agentId: z.string().nullable(),
        agentName: z.string().nullable(),
        state: z.string(),
        joined: z.boolean(),
        muted: z.boolean(),
        held: z.boolean(),
        since: z.date(),
      }),
    )
    .readonly(),
  wrapUp: z.boolean().describe("Your line is over: say what came of it, and calls come to you again."),
});
const params = z.object({ id: z.string().max(64) });
const words = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .transform((text) => maskCards(cleanText(text)));
const nothing = z.object({}).nullish();
const on = z.object({ on: z.boolean().default(true) }).nullish();

/** Calls while they last: what is offered, taking one, and everything an agent does with it. */
export function callRoutes(routes: Routes, deps: InboxDeps): void {
  const { 401: signInNeeded, 503: unavailable } = refusals;
  routes.get(
    "/calls",
    {
      schema: {
        summary: "The call I am in, the calls offered to me, and, for administrators, the calls of others",
        response: {
          200: z.object({
            call: shown.nullable(),
            offers: z.array(offer),
            others: z.array(shown),
            telephone: z
              .enum(["number", "browser", "simulator", "none"])
              .describe("What rings: my number, this browser, the built-in simulator, or nothing yet."),
          }),
          401: signInNeeded,
          503: unavailable,
        },
      },
    },
    async (request) => {
      const me = agentIn(request);
      const [call, offers, others, telephone] = await Promise.all([
        callOf(deps.db, me.id),
        offersFor(deps.db, me.id),
        me.role === "admin" ? liveCalls(deps.db, me.id) : [],
        deps.telephoneOf(me.id),
      ]);
      return { call, offers, others, telephone };
    },
  );
  routes.post(
    "/calls/token",
    {
      preHandler: peopleOnly,
      schema: {
        summary: "What the telephone in my browser signs in with; for an hour",
        response: {
          200: z.object({ token: z.string(), expiresAt: z.date(), identity: z.string() }),
          ...refusals,
          409: conflict("NoBrowserPhone: TWILIO_API_KEY and TWILIO_API_SECRET are not set.", {}),
        },
      },
    },
    async (request, reply) => {
      const identity = clientIdentity(agentIn(request).id);
      const made = await deps.phoneToken(identity);
      if (made === null)
        return refuse(
          reply,
          409,
          "NoBrowserPhone",
          "The telephone in the browser needs TWILIO_API_KEY and TWILIO_API_SECRET. Until then use a telephone number.",
        );
      return { ...made, identity };
    },
  );

  const accepted = z.object({ callId: z.string() });
  const taking = {
    200: accepted,
    ...refusals,
    409: conflict("Taken (a colleague has it, or the caller is gone), NotFree (you take no calls now).", {}),
  };
  routes.post(
    "/calls/offers/:id/accept",
    { schema: { summary: "Take an offered call; one agent gets it", params, response: taking } },
    async (request, reply) => {
      const { id } = request.params;
      if (!isId(id)) return notFound(reply, "offer");
      return taken(reply, await deps.lines.accept(agentIn(request).id, id), "offer");
    },
  );
  routes.post(
    "/calls/offers/:id/decline",
    { schema: { summary: "Leave an offered call to others", params, response: { 204: z.null(), ...refusals } } },
    async (request, reply) => {
      const { id } = request.params;
      if (!isId(id) || !(await deps.lines.decline(agentIn(request).id, id))) return notFound(reply, "offer");
      return reply.status(204).send(null);
    },
  );
  routes.post(
    "/calls",
    {
      schema: {
        summary: "Take the call of a customer who is on the line with the assistant",
        body: z.object({ conversationId: z.string().max(64) }),
        response: taking,
      },
    },
    async (request, reply) => {
      const { conversationId } = request.body;
      if (!isId(conversationId)) return notFound(reply, "call");
      return taken(reply, await deps.lines.take(agentIn(request).id, conversationId), "call");
    },
  );

  const changing = {
    204: z.null(),
    ...refusals,
    409: conflict(
      "NoLine (it is not there any more), Alone (nobody would be left with the customer), NotFree (the colleague takes no calls), StillOn.",
      {},
    ),
  };
  change("hold", "The customer hears music and words, and nothing else; or is back", on, (body) => ({
    do: "hold",
    on: body?.on ?? true,
  }));
  change("mute", "The others do not hear me; or do again", on, (body) => ({ do: "mute", on: body?.on ?? true }));
  change(
    "keys",
    "Plays keys to the customer's line",
    z.object({ keys: z.string().regex(/^[\d*#]{1,32}$/) }),
    ({ keys }) => ({ do: "keys", keys }),
  );
  change("leave", "I leave; a colleague stays with the customer", nothing, () => ({ do: "leave" }));
  change("give-back", "I leave; the assistant goes on with the caller", nothing, () => ({ do: "give-back" }));
  change("hang-up", "Ends the call for everybody", nothing, () => ({ do: "hang-up" }));
  change(
    "wrap-up",
    "What came of the call; calls come to me again",
    z.object({ disposition: words(60).nullable().default(null), note: words(2_000).default("") }),
    (body) => ({ do: "wrap-up", ...body }),
  );
  routes.post(
    "/calls/:id/invite",
    {
      schema: {
        summary: "Asks a colleague into the call",
        params,
        body: z.object({ agentId: z.string().max(64) }),
        response: changing,
      },
    },
    async (request, reply) => {
      const { agentId } = request.body;
      if (!isId(request.params.id) || !isId(agentId) || !(await assignable(deps.db, agentId)))
        return notFound(reply, "call");
      return changed(reply, await deps.lines.change(agentIn(request).id, request.params.id, { do: "invite", agentId }));
    },
  );
  routes.post(
    "/calls/:id/coach",
    {
      preHandler: administratorsOnly,
      schema: {
        summary: "Listen to a call (administrators); heard: the agent, and nobody else, hears me",
        params,
        body: z.object({ agentId: z.string().max(64).nullable().default(null), heard: z.boolean().default(false) }),
        response: changing,
      },
    },
    async (request, reply) => {
      const { agentId, heard } = request.body;
      if (!isId(request.params.id)) return notFound(reply, "call");
      const wanted = isId(agentId) ? agentId : null;
      return changed(
        reply,
        await deps.lines.change(agentIn(request).id, request.params.id, { do: "coach", agentId: wanted, heard }),
      );
    },
  );

  function change<Body extends z.ZodType>(
    path: string,
    summary: string,
    body: Body,
    toChange: (body: z.output<Body>) => CallChange,
  ): void {
    routes.post(
      `/calls/:id/${path}`,
      { schema: { summary, params, body, response: changing } },
      async (request, reply) => {
        const { id } = request.params as z.output<typeof params>;
        if (!isId(id)) return notFound(reply, "call");
        const wanted = toChange(request.body as z.output<Body>);
        return changed(reply, await deps.lines.change(agentIn(request).id, id, wanted));
      },
    );
  }
}

function taken(reply: FastifyReply, result: AcceptOutcome, what: "call" | "offer") {
  switch (result.outcome) {
    case "accepted":
      return reply.send({ callId: result.callId });
    case "taken":
      return refuse(reply, 409, "Taken", "A colleague has this call, or the caller is gone.");
    case "not-free":
      return refuse(
        reply,
        409,
        "NotFree",
        "Say that you take calls, and what came of your last one; then take this call.",
      );
    case "not-found":
      return notFound(reply, what);
  }
}

function changed(reply: FastifyReply, { outcome }: ChangeOutcome) {
  switch (outcome) {
    case "done":
      return reply.status(204).send(null);
    case "not-found":
      return notFound(reply, "call");
    case "alone":
      return refuse(reply, 409, "Alone", "Nobody else is with the customer. Ask a colleague in first, or hang up.");
    case "not-free":
      return refuse(reply, 409, "NotFree", "They take no calls now. Ask somebody else.");
    case "no-line":
      return refuse(reply, 409, "NoLine", "This line is not there any more.");
    case "still-on":
      return refuse(reply, 409, "StillOn", "You are still on the line. Hang up first.");
    case "later":
      return refuse(reply, 503, "Unavailable", "The telephone company did not answer. Try again.");
  }
}
