import { z } from "zod";
import { refusals } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";

const channelShape = z.object({
  name: z.string(),
  account: z.string(),
  state: z.enum(["ok", "degraded", "down", "needs-action", "unknown"]),
  detail: z.string().describe("What is wrong and what to do, in words"),
  checkedAt: z.date().nullable(),
});

/** The channel accounts and whether they work, for the inbox's banner and for whoever watches from outside. */
export function channelRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/channels",
    {
      schema: {
        summary: "The channel accounts and how they stand with their providers (asked at most once a minute)",
        response: { 200: z.object({ channels: z.array(channelShape) }), 401: refusals[401], 503: refusals[503] },
      },
    },
    async () => ({ channels: [...(await deps.channelHealth())] }),
  );
}
