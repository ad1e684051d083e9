import { z } from "zod";
import { refusals } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";

/** Callbacks for agents. */
export function callbackRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/callbacks",
    {
      schema: {
        summary: "Callbacks that were asked for",
        response: { 200: z.object({ callbacks: z.array(z.looseObject({})) }), 401: refusals[401], 503: refusals[503] },
      },
    },
    async () => ({
      callbacks: await deps.db.run(
        (
          sql,
        ) => sql`select id, conversation_id as "conversationId", state, phone, wish, wanted_at as "wantedAt", locale, source, created_at as "createdAt"
        from callbacks order by created_at desc limit 200`,
      ),
    }),
  );
}
