import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  type Answer,
  type AwaitCallToken,
  type AwaitDetails,
  type AwaitLive,
  type AwaitPlan,
  type AwaitReply,
  type CallBegan,
  type CallerStanding,
  type CallPlan,
  type CallReport,
  type Channel,
  type ContactAddress,
  can,
  type HttpAnswer,
  type InboundEvent,
  type LivePlan,
  type Received,
  type SpokenReply,
  type StatusReport,
  type Webhook,
} from "../../channels/channel.ts";
import type { Log } from "../lib/log.ts";
import { within } from "../lib/within.ts";
import type { Accept, Accepted } from "./accept.ts";

/** safety.md: a webhook or API call ends within 2 s, with 503 if need be (R9). */
const answerWithinMs = 2_000;
/** Providers' webhooks are a few kB; anything near this is not one (X: 1 MB bodies). */
const webhookMaxBytes = 256 * 1024;
/** Below the limit of the whole request, so that a caller hears words and not that limit's refusal. */
const awayAfterMs = 1_900;
/** What is not sent by then is said: a caller waits for it. */
const detailsWithinMs = 300;
const noBody = Buffer.alloc(0);

export interface WebhookDeps {
  readonly channels: readonly Channel[];
  readonly accept: Accept;
  readonly applyStatus: (report: StatusReport, channel: string, account: string) => Promise<boolean>;
  /** Takes in what the provider says about a call that we placed; false when no such call exists. */
  readonly applyCall: (report: CallReport) => Promise<boolean>;
  /** What to do with a call that we placed and that was answered; null when it is not ours or over. */
  readonly planCall: (answered: Pick<AwaitPlan, "callId" | "digits" | "report">) => Promise<CallPlan | null>;
  /** A customer called: their line is known from now on. */
  readonly openCall: (began: CallBegan) => Promise<void>;
  /** What a caller hears next whose call people have. */
  readonly planLive: (asked: AwaitLive) => Promise<LivePlan>;
  /** Do people have this conversation, so that no reply of the assistant's will come? */
  readonly withPeople: (conversationId: string) => Promise<boolean>;
  /** The replies of a conversation on a channel after a seq; waits up to `waitMs` for the first. */
  readonly nextReplies: (
    conversationId: string,
    channel: string,
    afterSeq: number,
    waitMs: number,
  ) => Promise<{ replies: readonly SpokenReply[]; lastSeq: number }>;
  readonly conversationOf: (address: AwaitReply["from"]) => Promise<string | null>;
  /** Sends a reply as a text message; false: this address cannot get one. */
  readonly sendDetails: (conversationId: string, seq: number, channel: Channel) => Promise<boolean>;
  /** Makes the one-time token that the socket of this live call has to show. */
  readonly callToken: (call: AwaitCallToken) => Promise<string>;
  readonly callerStanding: (address: ContactAddress) => Promise<CallerStanding | null>;
  readonly log: Log;
  readonly onAccepted: (channel: string, outcome: string, seconds: number) => void;
  readonly onRefused: (channel: string, reason: string) => void;
}

/** Mounts every channel's webhooks below /channels/<channel>/<account>: verify, store, acknowledge; nothing slow before. */
export async function webhookRoutes(app: FastifyInstance, deps: WebhookDeps): Promise<void> {
  await app.register(
    async (scope) => {
      // Signatures cover the bytes as they came.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
      for (const channel of deps.channels) {
        if (!can(channel, "webhooks")) continue;
        for (const webhook of channel.webhooks) mount(scope, deps, channel, webhook);
      }
      // An address that a provider was told wrongly looks like silence; here the operator sees it.
      scope.setNotFoundHandler((_request, reply) => {
        refuse(deps, nowhere, "no-such-webhook");
        return reply.status(404).send({ error: { code: "NotFound", message: "There is no webhook at this address." } });
      });
    },
    { prefix: "/channels" },
  );
}

const nowhere = { name: "none", account: "none" } as const;

function mount(scope: FastifyInstance, deps: WebhookDeps, channel: Channel, webhook: Webhook): void {
  scope.route({
    method: webhook.method,
    url: `/${channel.name}/${channel.account}${webhook.path}`,
    bodyLimit: webhook.maxBytes ?? webhookMaxBytes,
    schema: { hide: true },
    // Its security headers would cost as much as the signature.
    config: { readByBrowsers: false },
    errorHandler: (error, _request, reply) => {
      const status = error.statusCode ?? 503;
      refuse(deps, channel, status === 413 ? "too-large" : (error.code ?? error.name));
      return reply
        .status(status >= 500 ? 503 : status)
        .send({ error: { code: error.code ?? error.name, message: "Not taken; try again." } });
    },
    handler: (request, reply) => within(receive(deps, channel, webhook, request, reply), answerWithinMs),
  });
}

async function receive(
  deps: WebhookDeps,
  channel: Channel,
  webhook: Webhook,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const began = performance.now();
  const received = webhook.receive({
    method: webhook.method,
    url: request.url,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : noBody,
  });
  if (received.kind === "refused") {
    refuse(deps, channel, received.reason);
    return answer(reply, received.answer);
  }
  const { whenAway } = received;
  const work = takeAll(deps, channel, received, began);
  if (whenAway === undefined) return answer(reply, await work);
  const away = (error: unknown): HttpAnswer => {
    deps.log.error({ channel: channel.name, account: channel.account, error }, "caller-told-to-wait");
    return whenAway();
  };
  return answer(reply, await within(work, awayAfterMs).catch(away));
}

async function takeAll(
  deps: WebhookDeps,
  channel: Channel,
  received: Extract<Received, { kind: "accepted" }>,
  began: number,
): Promise<HttpAnswer> {
  const [calls, others] = [received.events.filter(isOfCall), received.events.filter((event) => !isOfCall(event))];
  const stored = await Promise.all(others.map((event) => take(deps, channel, event, began)));
  // A call is one of a customer's, who may have become known just now.
  await Promise.all(calls.map((event) => take(deps, channel, event, began)));
  let next = received.answer;
  while ("kind" in next) next = await awaited(deps, channel, next, stored);
  return next;
}

const isOfCall = (event: InboundEvent): boolean => event.kind === "call" || event.kind === "call-began";

async function awaited(
  deps: WebhookDeps,
  channel: Channel,
  answer: Exclude<Answer, HttpAnswer>,
  stored: readonly (Accepted | null)[],
): Promise<Answer> {
  switch (answer.kind) {
    case "await-reply":
      return speak(deps, answer, stored);
    case "await-details":
      return answer.respond(await textDetails(deps, channel, answer));
    case "await-plan":
      return answer.respond(await deps.planCall(answer));
    case "await-live":
      return answer.respond(await deps.planLive(answer));
    // A caller is on the line: where the database does not answer, the channel still has words for them.
    case "await-call-token":
      return answer.respond(await deps.callToken(answer).catch(() => null));
    case "await-standing":
      return answer.respond(await deps.callerStanding(answer.from).catch(() => null));
  }
}

async function take(deps: WebhookDeps, channel: Channel, event: InboundEvent, began: number): Promise<Accepted | null> {
  switch (event.kind) {
    case "message":
    case "change": {
      const accepted = await deps.accept(event, channel);
      deps.onAccepted(channel.name, accepted.outcome, (performance.now() - began) / 1000);
      deps.log.debug(
        {
          channel: channel.name,
          conversationId: accepted.conversationId,
          seq: accepted.seq,
          outcome: accepted.outcome,
        },
        "inbound",
      );
      return accepted;
    }
    case "status": {
      const known = await deps.applyStatus(event, channel.name, channel.account);
      if (!known)
        deps.log.info({ channel: channel.name, reason: "unknown-delivery", state: event.state }, "status-ignored");
      return null;
    }
    case "call": {
      const known = await deps.applyCall(event);
      if (!known)
        deps.log.info({ channel: channel.name, reason: "unknown-call", state: event.state }, "status-ignored");
      return null;
    }
    case "call-began":
      await deps.openCall(event);
      return null;
    case "ignored":
      deps.log.info({ channel: channel.name, reason: event.why }, "event-ignored");
      return null;
  }
}

async function speak(deps: WebhookDeps, wait: AwaitReply, stored: readonly (Accepted | null)[]): Promise<Answer> {
  const own = stored.find((one) => one !== null) ?? null;
  const conversationId = own?.conversationId ?? (await deps.conversationOf(wait.from));
  const after = wait.afterSeq ?? own?.seq ?? null;
  if (conversationId === null || after === null) return wait.respond([], wait.afterSeq ?? 0);
  const { replies, lastSeq } = await deps.nextReplies(conversationId, wait.from.channel, after, wait.waitMs);
  if (replies.length > 0) return wait.respond(replies, lastSeq);
  return wait.respond(replies, lastSeq, await deps.withPeople(conversationId));
}

/** Those that went out in time; whatever keeps one from it, the caller hears it instead. */
async function textDetails(deps: WebhookDeps, channel: Channel, { from, seqs }: AwaitDetails): Promise<number[]> {
  const send = async (): Promise<number[]> => {
    const conversationId = await deps.conversationOf(from);
    if (conversationId === null) return [];
    const sent = await Promise.all(seqs.map((seq) => deps.sendDetails(conversationId, seq, channel)));
    return seqs.filter((_, index) => sent[index]);
  };
  return within(send(), detailsWithinMs).catch(() => []);
}

function refuse(deps: WebhookDeps, channel: Pick<Channel, "name" | "account">, reason: string): void {
  deps.onRefused(channel.name, reason);
  deps.log.warn({ channel: channel.name, account: channel.account, reason }, "webhook-refused");
}

function answer(reply: FastifyReply, result: HttpAnswer) {
  void reply.status(result.status);
  if (result.contentType !== undefined) void reply.type(result.contentType);
  return reply.send(result.body ?? "");
}
