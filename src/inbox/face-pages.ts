import type { FastifyInstance } from "fastify";
import { readFace } from "../agents/faces.ts";
import type { Db } from "../db/client.ts";
import { isId } from "../lib/ids.ts";
import { publicPictureHeaders } from "../lib/public-picture.ts";

/** Pictures of agents, for customers' browsers: whoever was told the address, and nothing else behind it. */
export function facePages(app: FastifyInstance, db: Db): void {
  app.get("/faces/:id", { schema: { hide: true } }, async (request, reply) => {
    const { id } = request.params as { id: string };
    const face = isId(id) ? await readFace(db, id) : null;
    if (face === null) return reply.status(404).type("text/plain; charset=utf-8").send("There is no picture here.\n");
    return reply.headers(publicPictureHeaders).type(face.mime).send(face.bytes);
  });
}
