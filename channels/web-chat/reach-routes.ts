import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { limitKey } from "../../src/lib/limit-key.ts";
import { admit, type DoorDeps, isRefusal, type Refusal, refusals, refuse } from "./door.ts";
import { limiter } from "./limiter.ts";
import type { Visitor } from "./tokens.ts";

const minuteMs = 60_000;
/** A page asks once when it opens and once when the customer says yes or no. */
const perSessionAndMinute = 30;
/** Browsers say "shown" and "moved" without a token: from one address they come one by one. */
const perAddressAndMinute = 60;

/** How the core reaches visitors who left; what they send is checked there. */
export interface ReachesVisitors {
  readonly publicKey: () => string;
  /** Where they can be told, in which words they agree, what they left already; sent as it is. */
  offer(visitor: Visitor, locale: unknown): Promise<object>;
  subscribe(visitor: Visitor, subscription: unknown): Promise<"kept" | "malformed">;
  unsubscribe(visitor: Visitor, endpoint: unknown): Promise<void>;
  /** The browser's own word, proved by what only it and we know. */
  moved(body: unknown): Promise<void>;
  shown(token: unknown): Promise<void>;
  leaveNumber(
    visitor: Visitor,
    ip: string,
    left: unknown,
  ): Promise<"kept" | "malformed" | "too-many" | "not-a-number" | "country-not-called" | "refused-range">;
  takeNumberBack(visitor: Visitor): Promise<void>;
}

/** Beside the protocol: push messages to this browser, and a number to be told under. */
export function reachRoutes(
  scope: FastifyInstance,
  deps: DoorDeps & { readonly now: () => number; readonly reach: ReachesVisitors },
): void {
  const { reach } = deps;
  const perSession = limiter(perSessionAndMinute, minuteMs, deps.now);
  const perAddress = limiter(perAddressAndMinute, minuteMs, deps.now);

  async function withVisitor(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (visitor: Visitor) => Promise<object>,
  ): Promise<unknown> {
    const admitted = await admit(deps, request);
    if (isRefusal(admitted)) return refuse(reply, admitted);
    if (!perSession(admitted.visitor.sessionId)) return refuse(reply, refusals.tooMany);
    return work(admitted.visitor);
  }

  scope.get("/push", hidden, (request, reply) =>
    withVisitor(request, reply, async () => ({ publicKey: reach.publicKey() })),
  );
  scope.post("/push", hidden, (request, reply) =>
    withVisitor(request, reply, async (visitor) => {
      const kept = await reach.subscribe(visitor, bodyOf(request).subscription);
      return kept === "kept" ? {} : refuse(reply, notASubscription);
    }),
  );
  scope.delete("/push", hidden, (request, reply) =>
    withVisitor(request, reply, async (visitor) => {
      await reach.unsubscribe(visitor, bodyOf(request).endpoint);
      return {};
    }),
  );
  scope.get("/reach", hidden, (request, reply) =>
    withVisitor(request, reply, (visitor) => reach.offer(visitor, (request.query as { locale?: unknown }).locale)),
  );
  scope.post("/reach", hidden, (request, reply) =>
    withVisitor(request, reply, async (visitor) => {
      const outcome = await reach.leaveNumber(visitor, limitKey(request.ip), request.body);
      return outcome === "kept" ? {} : refuse(reply, refusedNumbers[outcome]);
    }),
  );
  scope.delete("/reach", hidden, (request, reply) =>
    withVisitor(request, reply, async (visitor) => {
      await reach.takeNumberBack(visitor);
      return {};
    }),
  );

  // A service worker outlives the page and its token. Whatever it says, the answer is the same (M5).
  scope.post("/push/shown", hidden, async (request, reply) => {
    if (!perAddress(limitKey(request.ip))) return refuse(reply, refusals.tooMany);
    await reach.shown(bodyOf(request).shown);
    return {};
  });
  scope.post("/push/moved", hidden, async (request, reply) => {
    if (!perAddress(limitKey(request.ip))) return refuse(reply, refusals.tooMany);
    await reach.moved(request.body);
    return {};
  });
}

const hidden = { schema: { hide: true } };

const notASubscription: Refusal = {
  status: 400,
  code: "BadArgument",
  message: "Send the browser's own push subscription, as its toJSON gives it.",
};

const refusedNumbers: Readonly<
  Record<"malformed" | "too-many" | "not-a-number" | "country-not-called" | "refused-range", Refusal>
> = {
  malformed: {
    status: 400,
    code: "BadArgument",
    message: 'Send {"phone", "channel": "sms" or "whatsapp", "locale", "zone"}.',
  },
  "too-many": {
    status: 429,
    code: "TooManyNumbers",
    message: "Several numbers were left already. Try again tomorrow, or keep this page open.",
  },
  "not-a-number": {
    status: 400,
    code: "NotANumber",
    message: "That is no telephone number. Write it with its country code, such as +46 70 123 45 67.",
  },
  "country-not-called": {
    status: 400,
    code: "CountryNotReached",
    message:
      "We cannot send messages to numbers of this country. Leave a number of another country, or allow notifications.",
  },
  "refused-range": {
    status: 400,
    code: "NumberNotReached",
    message: "Messages cannot be sent to this kind of number. Leave a mobile number, or allow notifications.",
  },
};

function bodyOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const { body } = request;
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}
