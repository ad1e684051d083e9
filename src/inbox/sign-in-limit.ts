import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { limitKey } from "../lib/limit-key.ts";
import { refuse } from "./answers.ts";

/** Tries at one account from one address: nobody mistypes more often, and ten characters outlast it for ever. */
const perAccountAndMinute = 30;
/** Tries from one address at all: an office that signs in at nine, but no list of passwords. */
const perAddressAndMinute = 120;
/** Addresses and accounts remembered at once; the least recently seen are forgotten. */
const remembered = 10_000;

export type SignInLimit = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Counts tries to prove who one is, before any of the costly work of checking is done (R9). */
export async function createSignInLimit(scope: FastifyInstance): Promise<SignInLimit> {
  await scope.register(rateLimit, { global: false, cache: remembered });
  const perAddress = scope.createRateLimit({
    max: perAddressAndMinute,
    timeWindow: 60_000,
    keyGenerator: ({ ip }) => limitKey(ip),
  });
  const perAccount = scope.createRateLimit({
    max: perAccountAndMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => `${limitKey(request.ip)} ${accountIn(request)}`,
  });
  return async (request, reply) => {
    for (const limit of [perAddress, perAccount]) {
      const counted = await limit(request);
      if (counted.isAllowed || !counted.isExceeded) continue;
      void reply.header("retry-after", String(counted.ttlInSeconds));
      return refuse(reply, 429, "TooManyTries", "Too many tries. Wait a minute.");
    }
    return undefined;
  };
}

function accountIn({ body }: FastifyRequest): string {
  const { email } = (body ?? {}) as { readonly email?: unknown };
  return typeof email === "string" ? email.trim().toLowerCase() : "";
}
