import { createServer } from "node:http";
import postgres from "postgres";
import { WebSocketServer } from "ws";
import { z } from "zod";

/**
 * The least that a message to a window costs here: an HTTP request, one bare row on disk, one read of it, one frame. No
 * sign-in, no rules, one window. Speaks as much of our interface as the generator uses.
 */
const { port, databaseUrl } = z
  .object({ port: z.number().int(), databaseUrl: z.string() })
  .parse(JSON.parse(process.argv[2] ?? "{}"));
const sql = postgres(databaseUrl, { max: 2, onnotice: () => undefined });
await sql`create table if not exists limit_said (id bigint generated always as identity primary key, body text not null)`;

const sockets = new WebSocketServer({ noServer: true });
createServer(async (request, response) => {
  if (request.method !== "POST") {
    return response.end(JSON.stringify({ streamUrl: `ws://127.0.0.1:${port}/stream` }));
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const [stored] = await sql`insert into limit_said (body) values (${body}) returning id`;
  response.end("{}");
  const [said] = await sql`select id, body from limit_said where id = ${stored?.id}`;
  for (const socket of sockets.clients) socket.send(JSON.stringify(said));
  return undefined;
})
  .on("upgrade", (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => undefined))
  .listen(port, "127.0.0.1");
