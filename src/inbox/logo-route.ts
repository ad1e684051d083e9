import { z } from "zod";
import { storeLogo } from "../help-centre/logos.ts";
import { administratorsOnly } from "./administrators-only.ts";
import { refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

/** A logo is on every page; a sharp one of 320 × 80 pixels is far smaller. */
const logoMaxBytes = 200 * 1024;
const logoKinds: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

/** Takes the company's picture; the setting `brand` then names it. What it is, its bytes say (X3). */
export async function logoRoute(parent: Routes, deps: InboxDeps): Promise<void> {
  await parent.register(async (routes: Routes) => {
    routes.addContentTypeParser(/^image\//, { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body));
    routes.post(
      "/logo",
      {
        onRequest: administratorsOnly,
        bodyLimit: logoMaxBytes,
        schema: {
          summary: "Upload a logo: PNG, JPEG, WebP or GIF as the body, up to 200 kB (administrators)",
          response: { 201: z.object({ id: z.string() }), ...refusals },
        },
      },
      async (request, reply) => {
        const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const mime = await deps.kindOf(bytes);
        if (mime === null || !logoKinds.has(mime))
          return refuse(
            reply,
            400,
            "NotAPicture",
            "This file is not a PNG, JPEG, WebP or GIF picture. Choose another.",
          );
        return reply.status(201).send({ id: await storeLogo(deps.db, agentIn(request).id, { mime, bytes }) });
      },
    );
  });
}
