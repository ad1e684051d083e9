import { z } from "zod";
import { fileHeaders } from "../lib/attachment.ts";
import { isId } from "../lib/ids.ts";
import { notFound, refusals } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";

/** A customer's file, under the headers that make it harmless (X3). */
export function fileRoute(routes: Routes, deps: InboxDeps): void {
  const { 401: signInNeeded, 404: missing, 503: unavailable } = refusals;
  routes.get(
    "/attachments/:id",
    {
      schema: {
        summary: "A customer's file, to be saved; pictures may be shown",
        params: z.object({ id: z.string().max(64) }),
        response: { 401: signInNeeded, 404: missing, 503: unavailable },
      },
    },
    async (request, reply) => {
      const file = isId(request.params.id) ? await deps.file(request.params.id) : null;
      if (file === null) return notFound(reply, "file");
      return reply.headers(fileHeaders(file, "same-origin")).send(file.bytes as never);
    },
  );
}
