import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { agentRoutes } from "./agent-routes.ts";
import { articleRoutes } from "./article-routes.ts";
import { callRoutes } from "./call-routes.ts";
import { callbackRoutes } from "./callback-routes.ts";
import { channelRoutes } from "./channel-routes.ts";
import { conversationRoutes } from "./conversation-routes.ts";
import type { InboxDeps } from "./deps.ts";
import { faceRoute } from "./face-route.ts";
import { fileRoute } from "./file-route.ts";
import { liveRoute } from "./live-route.ts";
import { logoRoute } from "./logo-route.ts";
import { measureRoutes } from "./measure-routes.ts";
import { requireOurOrigin } from "./origin.ts";
import { presenceRoutes } from "./presence-routes.ts";
import { sessionRoutes, whoAmIRoute } from "./session-routes.ts";
import { settingsRoutes } from "./settings-routes.ts";
import { createSignInLimit } from "./sign-in-limit.ts";
import { requireAgent } from "./signed-in.ts";

/** The agents' API below /api/v1: origin and session are checked in front of every route, the socket included (A1, A2, A7). */
export async function inboxApi(app: FastifyInstance, deps: InboxDeps): Promise<void> {
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", (request, reply) => requireOurOrigin(deps.publicUrl, request, reply));
      sessionRoutes(scope.withTypeProvider<ZodTypeProvider>(), deps, await createSignInLimit(scope));
      await scope.register(async (signedIn) => {
        signedIn.addHook("onRequest", (request, reply) => requireAgent(deps.db, request, reply));
        const routes = signedIn.withTypeProvider<ZodTypeProvider>();
        whoAmIRoute(routes);
        conversationRoutes(routes, deps);
        fileRoute(routes, deps);
        callRoutes(routes, deps);
        callbackRoutes(routes, deps);
        presenceRoutes(routes, deps);
        measureRoutes(routes, deps);
        agentRoutes(routes, deps);
        channelRoutes(routes, deps);
        settingsRoutes(routes, deps);
        articleRoutes(routes, deps);
        await logoRoute(routes, deps);
        await faceRoute(routes, deps);
        liveRoute(signedIn, deps);
      });
    },
    { prefix: "/api/v1" },
  );
}
