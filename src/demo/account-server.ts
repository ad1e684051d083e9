import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { FastifyInstance } from "fastify";
import { jwtVerify } from "jose";
import {
  type AccountData,
  type AccountTool,
  accountActions,
  accountAudience,
  accountTools,
  findCustomer,
} from "../assistant/tools/account-contract.ts";
import { type DemoAccount, demoAccount } from "./accounts.ts";
import type { BlockedCards } from "./blocked-cards.ts";
import { demoCustomers } from "./customers.ts";

/**
 * The demo company's account server at /demo/mcp: an example of what docs/account-data.md asks of a real one. Whose
 * account it is comes from the token alone; no tool has an argument for it.
 */
export function demoAccountServer(
  app: FastifyInstance,
  deps: { readonly secret: string; readonly now: () => number; readonly blocked: BlockedCards },
) {
  const key = new TextEncoder().encode(deps.secret);
  app.post("/demo/mcp", { schema: { hide: true } }, async (request, reply) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const verified = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience: accountAudience,
      requiredClaims: ["exp"],
    }).catch(() => null);
    if (verified === null)
      return reply.status(401).send({ error: { code: "Unauthorized", message: "Send the service's own token." } });
    const { sub: customer = null, act } = verified.payload;
    const server = serverFor(customer, customer === null ? null : await accountNow(customer, deps));
    if (customer !== null && act === "block_card") offerBlocking(server, customer, deps);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    reply.hijack();
    reply.raw.on("close", () => void server.close());
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request.raw, reply.raw, request.body);
  });
  // Without a stream of its own a server answers 405 here; clients go on without one.
  app.get("/demo/mcp", { schema: { hide: true } }, async (_request, reply) =>
    reply
      .status(405)
      .header("allow", "POST")
      .send({ error: { code: "MethodNotAllowed", message: "Use POST." } }),
  );
}

type Deps = Parameters<typeof demoAccountServer>[1];

/** The made-up account with what its customer has changed in it. */
async function accountNow(customer: string, { now, blocked }: Deps): Promise<DemoAccount | null> {
  const account = demoAccount(customer, now());
  const since = account?.card.state === "active" ? await blocked.since(customer) : null;
  if (account === null || since === null) return account;
  return { ...account, card: { ...account.card, state: "blocked", since: since.toISOString().slice(0, 10) } };
}

/** Only for a token that was made for it: a token that reads blocks nothing. */
function offerBlocking(server: McpServer, customer: string, { now, blocked }: Deps): void {
  const { description, input } = accountActions.block_card;
  server.registerTool("block_card", { description, inputSchema: input.shape }, async ({ requestId }) => {
    const lastFour = demoAccount(customer, now())?.card.lastFour ?? null;
    if (lastFour === null) return { isError: true, content: [{ type: "text" as const, text: "There is no card." }] };
    await blocked.block(customer, requestId);
    return answer({ lastFour });
  });
}

function serverFor(customer: string | null, account: DemoAccount | null): McpServer {
  const server = new McpServer({ name: "demo-account", version: "1" });
  if (account !== null) {
    for (const tool of Object.keys(accountTools) as AccountTool[]) {
      const { description } = accountTools[tool];
      server.registerTool(tool, { description }, async () => answer(read(account, tool)));
    }
  }
  if (customer === null)
    server.registerTool(
      findCustomer.name,
      { description: "The customer whose own number this is.", inputSchema: findCustomer.input.shape },
      async ({ phone }) => {
        const found = demoCustomers.find((one) => one.phone === phone);
        return answer({ customer: found === undefined ? null : { id: found.id } });
      },
    );
  return server;
}

function answer(data: Record<string, unknown>) {
  return { content: [{ type: "text" as const, text: JSON.stringify(data) }], structuredContent: data };
}

function read(account: DemoAccount, tool: AccountTool): AccountData<AccountTool> {
  const { orders, payments, fees, returns, refunds, balance, card } = account;
  switch (tool) {
    case "list_orders":
      return { orders };
    case "list_payments":
      return { payments, fees };
    case "list_returns":
      return { returns };
    case "list_refunds":
      return { refunds };
    case "get_balance":
      return { available: balance };
    case "get_card":
      return card;
  }
}
