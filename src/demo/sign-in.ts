import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { RenderPage } from "../help-centre/page.ts";
import { takeForms } from "../http/forms.ts";
import { isFromOurPage } from "../lib/our-page.ts";
import { type DemoCustomer, demoCustomers } from "./customers.ts";
import { issueIdentity, issueSignedIn, readSignedIn } from "./identity.ts";
import { signInPage } from "./sign-in-page.ts";

export interface DemoSignInDeps {
  readonly identitySecret: string;
  readonly publicUrl: () => string;
  readonly localeOf: (request: FastifyRequest) => string;
  readonly renderPage: RenderPage;
  readonly now: () => number;
}

const cookieName = "demo_customer";

/**
 * The demo company's own sign-in: what a real company's server does with its customers. It hands the browser an identity
 * token behind the "#" of the help page's address, which no server log and no referrer ever sees, and remembers the
 * customer in a cookie of its own: for that the help page gets another token when the chat wants one.
 */
export async function demoSignIn(app: FastifyInstance, deps: DemoSignInDeps): Promise<void> {
  const show = (request: FastifyRequest, reply: FastifyReply, notice: "refused" | null) =>
    reply
      .type("text/html; charset=utf-8")
      .headers({ vary: "Accept-Language", "cache-control": "no-store" })
      .send(deps.renderPage(signInPage(deps.localeOf(request), notice)));
  const cookie = () => ({
    path: "/demo",
    httpOnly: true,
    sameSite: "strict" as const,
    secure: deps.publicUrl().startsWith("https:"),
  });
  const tokenFor = (customer: DemoCustomer) => issueIdentity(deps.identitySecret, customer, deps.now());
  await app.register(async (scope) => {
    takeForms(scope);
    scope.get("/demo/sign-in", hidden, async (request, reply) => show(request, reply, null));
    scope.post("/demo/sign-in", hidden, async (request, reply) => {
      const { customer: id } = (request.body ?? {}) as { customer?: unknown };
      const customer = demoCustomers.find((one) => one.id === id);
      if (customer === undefined || !isFromOurPage(deps.publicUrl(), request))
        return show(request, reply.status(403), "refused");
      const lang = encodeURIComponent(deps.localeOf(request));
      return reply
        .header("cache-control", "no-store")
        .setCookie(cookieName, await issueSignedIn(deps.identitySecret, customer, deps.now()), cookie())
        .redirect(`/?lang=${lang}#identity=${await tokenFor(customer)}`, 303);
    });
    scope.post("/demo/identity", hidden, async (request, reply) => {
      const given = request.cookies[cookieName];
      const id =
        given !== undefined && isFromOurPage(deps.publicUrl(), request)
          ? await readSignedIn(deps.identitySecret, given, deps.now())
          : null;
      const customer = demoCustomers.find((one) => one.id === id);
      const identity = customer === undefined ? null : await tokenFor(customer);
      return reply.header("cache-control", "no-store").send({ identity });
    });
    scope.post("/demo/sign-out", hidden, async (request, reply) => {
      if (isFromOurPage(deps.publicUrl(), request)) void reply.clearCookie(cookieName, cookie());
      return reply.header("cache-control", "no-store").send({});
    });
  });
}

const hidden = { schema: { hide: true } };
