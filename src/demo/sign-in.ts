import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { RenderPage } from "../help-centre/page.ts";
import { takeForms } from "../http/forms.ts";
import { isFromOurPage } from "../lib/our-page.ts";
import { demoCustomers } from "./customers.ts";
import { issueIdentity } from "./identity.ts";
import { signInPage } from "./sign-in-page.ts";

export interface DemoSignInDeps {
  readonly identitySecret: string;
  readonly publicUrl: () => string;
  readonly localeOf: (request: FastifyRequest) => string;
  readonly renderPage: RenderPage;
  readonly now: () => number;
}

/**
 * The demo company's own sign-in: what a real company's server does with its customers. It hands the browser an identity
 * token behind the "#" of the help page's address, which no server log and no referrer ever sees.
 */
export async function demoSignIn(app: FastifyInstance, deps: DemoSignInDeps): Promise<void> {
  const show = (request: FastifyRequest, reply: FastifyReply, notice: "refused" | null) =>
    reply
      .type("text/html; charset=utf-8")
      .headers({ vary: "Accept-Language", "cache-control": "no-store" })
      .send(deps.renderPage(signInPage(deps.localeOf(request), notice)));
  await app.register(async (scope) => {
    takeForms(scope);
    scope.get("/demo/sign-in", hidden, async (request, reply) => show(request, reply, null));
    scope.post("/demo/sign-in", hidden, async (request, reply) => {
      const { customer: id } = (request.body ?? {}) as { customer?: unknown };
      const customer = demoCustomers.find((one) => one.id === id);
      if (customer === undefined || !isFromOurPage(deps.publicUrl(), request))
        return show(request, reply.status(403), "refused");
      const identity = await issueIdentity(deps.identitySecret, customer, deps.now());
      const lang = encodeURIComponent(deps.localeOf(request));
      return reply.header("cache-control", "no-store").redirect(`/?lang=${lang}#identity=${identity}`, 303);
    });
  });
}

const hidden = { schema: { hide: true } };
