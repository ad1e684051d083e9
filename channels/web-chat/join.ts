import type { FastifyInstance } from "fastify";
import { admit, type DoorDeps, isRefusal, type Refusal, refuse } from "./door.ts";
import { readToken, type Visitor } from "./tokens.ts";

export interface JoinDeps extends DoorDeps {
  /** Adds the earlier conversation to the signed-in one's; null when the earlier one cannot be joined. */
  readonly join: (signedIn: Visitor, earlier: Visitor) => Promise<{ readonly messages: number } | null>;
}

const signInFirst: Refusal = {
  status: 403,
  code: "SignInFirst",
  message: "Earlier messages can be added to an account only after signing in.",
};
/** The same for a token that is foreign, ended or no token at all (A3). */
const cannotBeJoined: Refusal = {
  status: 400,
  code: "CannotBeJoined",
  message: "The earlier conversation cannot be added: its token is not valid any more.",
};

/** Adds what a visitor wrote before signing in to their account, when they say so (C6): a token for each side proves both. */
export function joinRoute(scope: FastifyInstance, deps: JoinDeps): void {
  scope.post("/conversations/:id/join", { schema: { hide: true } }, async (request, reply) => {
    const admitted = await admit(deps, request);
    if (isRefusal(admitted)) return refuse(reply, admitted);
    if (admitted.visitor.address.kind !== "account") return refuse(reply, signInFirst);
    const earlier = earlierVisitor(deps, request.body);
    if (earlier === null || earlier.address.kind !== "web-visitor") return refuse(reply, cannotBeJoined);
    const joined = await deps.join(admitted.visitor, earlier);
    return joined === null ? refuse(reply, cannotBeJoined) : { joined: joined.messages };
  });
}

/** Either of the two tokens that a browser keeps of an anonymous conversation. */
function earlierVisitor({ key, now }: JoinDeps, body: unknown): Visitor | null {
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : null;
  if (typeof token !== "string") return null;
  for (const purpose of ["api", "resume"] as const) {
    const read = readToken(key, token, now(), purpose);
    if (read.outcome === "valid") return read.visitor;
  }
  return null;
}
