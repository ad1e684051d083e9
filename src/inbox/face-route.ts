import { z } from "zod";
import { dropFace, faceOf, storeFace } from "../agents/faces.ts";
import { refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { peopleOnly } from "./people-only.ts";
import { agentIn } from "./signed-in.ts";

/** It is shown 40 pixels wide; the page makes it small before it sends it. */
const faceMaxBytes = 200 * 1024;
const faceKinds: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp"]);
const face = z.object({ face: z.string().nullable().describe("Where customers' browsers find it; null: none.") });

/** An agent's own picture, which the customers they talk with see. What it is, its bytes say (X3). */
export async function faceRoute(parent: Routes, deps: InboxDeps): Promise<void> {
  await parent.register(async (routes: Routes) => {
    routes.addContentTypeParser(/^image\//, { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body));
    routes.get(
      "/session/face",
      {
        schema: {
          summary: "Your picture, as customers see it",
          response: { 200: face, 401: refusals[401], 503: refusals[503] },
        },
      },
      async (request) => ({ face: await faceOf(deps.db, agentIn(request).id) }),
    );
    routes.put(
      "/session/face",
      {
        onRequest: peopleOnly,
        bodyLimit: faceMaxBytes,
        schema: {
          summary: "Show customers this picture of you: PNG, JPEG or WebP as the body, up to 200 kB",
          response: { 200: face, ...refusals },
        },
      },
      async (request, reply) => {
        const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const mime = await deps.kindOf(bytes);
        if (mime === null || !faceKinds.has(mime))
          return refuse(reply, 400, "NotAPicture", "This file is not a PNG, JPEG or WebP picture. Choose another.");
        return { face: await storeFace(deps.db, agentIn(request).id, { mime, bytes }) };
      },
    );
    routes.delete(
      "/session/face",
      {
        onRequest: peopleOnly,
        schema: { summary: "Show customers your initials again", response: { 204: z.null(), ...refusals } },
      },
      async (request, reply) => {
        await dropFace(deps.db, agentIn(request).id);
        return reply.status(204).send(null);
      },
    );
  });
}
