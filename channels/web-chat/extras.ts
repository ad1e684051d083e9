import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Admitted, Refusal } from "./door.ts";
import { refusals, refuse } from "./door.ts";
import { limiter } from "./limiter.ts";

/** A screen reads at most once a second; tabs of one visitor share this. */
const readsPerMinute = 120;
const ratingsPerMinute = 10;
const transcriptsPerMinute = 6;
const commentMaxChars = 1_000;

/** What a customer may know and say about their conversation beside its messages. */
export interface CustomerSide {
  /** Who has the conversation, and how long it takes; an object of our own making, sent as it is. */
  state(conversationId: string): Promise<object | null>;
  markRead(conversationId: string, seq: number): Promise<void>;
  rate(conversationId: string, rating: { readonly score: number; readonly comment: string | null }): Promise<boolean>;
  /** For a reader of this language in this zone; null: unknown. */
  transcript(
    conversationId: string,
    reader: { readonly locale: string | null; readonly zone: string | null },
  ): Promise<string>;
}

type WithVisitor = (
  request: FastifyRequest,
  reply: FastifyReply,
  work: (admitted: Admitted) => Promise<unknown>,
) => Promise<unknown>;

/** Ours, beside the protocol: reading, rating, and taking the conversation along. */
export function extraRoutes(
  scope: FastifyInstance,
  deps: { readonly customer: CustomerSide; readonly now: () => number },
  withVisitor: WithVisitor,
): void {
  const { customer, now } = deps;
  const reads = limiter(readsPerMinute, minuteMs, now);
  const ratings = limiter(ratingsPerMinute, minuteMs, now);
  const transcripts = limiter(transcriptsPerMinute, minuteMs, now);
  scope.post("/conversations/:id/read", hidden, (request, reply) =>
    withVisitor(request, reply, async ({ visitor }) => {
      const { seq } = (request.body ?? {}) as { seq?: unknown };
      if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return refuse(reply, badSeq);
      if (!reads(visitor.sessionId)) return refuse(reply, refusals.tooMany);
      await customer.markRead(visitor.conversationId, seq);
      return {};
    }),
  );
  scope.post("/conversations/:id/rating", hidden, (request, reply) =>
    withVisitor(request, reply, async ({ visitor }) => {
      const { score, comment = null } = (request.body ?? {}) as { score?: unknown; comment?: unknown };
      if (typeof score !== "number" || !scores.has(score) || !isComment(comment)) return refuse(reply, badRating);
      if (!ratings(visitor.sessionId)) return refuse(reply, refusals.tooMany);
      const kept = await customer.rate(visitor.conversationId, { score, comment });
      return kept ? {} : refuse(reply, refusals.noConversation);
    }),
  );
  scope.get("/conversations/:id/transcript", hidden, (request, reply) =>
    withVisitor(request, reply, async ({ visitor }) => {
      if (!transcripts(visitor.sessionId)) return refuse(reply, refusals.tooMany);
      const { locale, zone } = (request.query ?? {}) as { locale?: unknown; zone?: unknown };
      const text = await customer.transcript(visitor.conversationId, {
        locale: shortText(locale),
        zone: shortText(zone),
      });
      return reply
        .type("text/plain; charset=utf-8")
        .header("content-disposition", 'attachment; filename="conversation.txt"')
        .header("x-content-type-options", "nosniff")
        .header("cache-control", "no-store")
        .send(text);
    }),
  );
}

const hidden = { schema: { hide: true } };
const minuteMs = 60_000;
const scores: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);
const badSeq: Refusal = { status: 400, code: "BadArgument", message: '"seq" is the number of the last message seen.' };
const badRating: Refusal = {
  status: 400,
  code: "BadArgument",
  message: `"score" is a number from 1 to 5, "comment" a text of at most ${commentMaxChars} characters.`,
};

function shortText(given: unknown): string | null {
  return typeof given === "string" && given.length <= 64 ? given : null;
}

function isComment(comment: unknown): comment is string | null {
  return comment === null || (typeof comment === "string" && comment.length <= commentMaxChars);
}
