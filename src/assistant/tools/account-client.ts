import { SignJWT } from "jose";
import type { z } from "zod";
import { createBreaker } from "../model/breaker.ts";
import {
  type AccountAction,
  type AccountData,
  type AccountTool,
  accountActions,
  accountAudience,
  accountTools,
  findCustomer,
} from "./account-contract.ts";

/** A customer waits for the answer; a healthy server needs milliseconds. */
const callWithinMs = 4_000;
/** safety.md, "Time limits": tool calls a turn. */
const callsPerTurnMax = 8;
const tokenSeconds = 60;
/** Far above any account's data; a server that sends more is not read to its end. */
const answerMaxChars = 200_000;

export interface AccountSettings {
  readonly url: () => string;
  readonly secret: string;
}

export interface AccountServer {
  /** The account of one customer, for one turn: each tool is asked at most once. */
  accountOf(customer: string): Account;
  /** Does something in a customer's account, once for each request id. Throws AccountUnavailable: perhaps it was done. */
  act(
    customer: string,
    action: AccountAction,
    requestId: string,
  ): Promise<z.output<(typeof accountActions)[AccountAction]["output"]>>;
  /** The customer whose own number this is; null when there is none. Throws AccountUnavailable. */
  customerWith(phone: string): Promise<string | null>;
}

export interface Account {
  /** Throws AccountUnavailable. */
  read<Tool extends AccountTool>(tool: Tool): Promise<AccountData<Tool>>;
  readonly asked: () => readonly AccountTool[];
}

/** The account server is slow, down, or answers something else than the contract; its words are never shown. */
export class AccountUnavailable extends Error {
  override readonly name = "AccountUnavailable";
}

/**
 * The company's account data over MCP. The customer is in the token of each call, from the session and never from a
 * text (L1); calls read, or do once what the customer confirmed, have a time limit, and stop for a while when the server
 * fails (L4).
 */
export function createAccountServer(settings: AccountSettings, onBreaker: (open: boolean) => void): AccountServer {
  const breaker = createBreaker({ now: () => performance.now(), onChange: onBreaker });

  async function guarded<Output>(
    subject: Subject,
    tool: string,
    input: object,
    output: z.ZodType<Output>,
  ): Promise<Output> {
    if (!breaker.allows()) throw new AccountUnavailable("The account server rests after failures.");
    try {
      const answer = output.parse(await call(settings, subject, tool, input));
      breaker.succeeded();
      return answer;
    } catch {
      breaker.failed();
      throw new AccountUnavailable("The account server did not answer as its contract says.");
    }
  }

  return {
    accountOf(customer) {
      const answers = new Map<AccountTool, Promise<unknown>>();
      return {
        read<Tool extends AccountTool>(tool: Tool) {
          const known = answers.get(tool);
          if (known !== undefined) return known as Promise<AccountData<Tool>>;
          if (answers.size >= callsPerTurnMax) throw new AccountUnavailable("Too many calls for one turn.");
          const output = accountTools[tool].output as unknown as z.ZodType<AccountData<Tool>>;
          const answer = guarded({ customer }, tool, {}, output);
          answers.set(tool, answer);
          return answer;
        },
        asked: () => [...answers.keys()],
      };
    },
    act: (customer, action, requestId) =>
      guarded({ customer, act: action }, action, { requestId }, accountActions[action].output),
    async customerWith(phone) {
      const { customer } = await guarded({ customer: null }, findCustomer.name, { phone }, findCustomer.output);
      return customer?.id ?? null;
    },
  };
}

/** Whose account a call is about, and the one thing that it may do there. */
interface Subject {
  readonly customer: string | null;
  readonly act?: AccountAction;
}

/** One connection for one call: the token in it is good for this customer and a minute. The SDK is loaded with the first. */
async function call(settings: AccountSettings, subject: Subject, tool: string, input: object): Promise<unknown> {
  const [{ Client }, { StreamableHTTPClientTransport }] = await Promise.all([
    import("@modelcontextprotocol/sdk/client/index.js"),
    import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
  ]);
  const signal = AbortSignal.timeout(callWithinMs);
  const authorization = `Bearer ${await tokenFor(settings.secret, subject)}`;
  const transport = new StreamableHTTPClientTransport(new URL(settings.url()), {
    requestInit: { headers: { authorization }, signal, redirect: "error" },
  });
  const client = new Client({ name: "everline", version: "1" });
  try {
    await client.connect(transport as Parameters<typeof client.connect>[0], { timeout: callWithinMs, signal });
    const result = await client.callTool({ name: tool, arguments: { ...input } }, undefined, {
      timeout: callWithinMs,
      signal,
    });
    if (result.isError === true || JSON.stringify(result).length > answerMaxChars) throw new Error("refused");
    return result.structuredContent;
  } finally {
    await client.close().catch(() => undefined);
  }
}

function tokenFor(secret: string, { customer, act }: Subject): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT(act === undefined ? {} : { act })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(accountAudience)
    .setIssuedAt(now);
  if (customer !== null) token.setSubject(customer);
  return token.setExpirationTime(now + tokenSeconds).sign(new TextEncoder().encode(secret));
}
