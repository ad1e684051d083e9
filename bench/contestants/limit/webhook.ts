import { createHmac, timingSafeEqual } from "node:crypto";
import { parse } from "node:querystring";
import Fastify from "fastify";
import { readSettings } from "./program.ts";

/** The least a signed webhook costs: Fastify, the form, the signature, the empty answer. Nothing is kept. */
const { port, publicUrl, authToken } = readSettings();
const app = Fastify();
app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
  done(null, parse(String(body))),
);
app.get("/ready", () => "ready");
app.post("/webhook", (request, reply) => {
  const form = request.body as Record<string, string>;
  let signed = publicUrl + request.url;
  for (const name of Object.keys(form).sort()) signed += name + form[name];
  const right = createHmac("sha1", authToken).update(signed).digest();
  const given = Buffer.from(String(request.headers["x-twilio-signature"]), "base64");
  if (given.length !== right.length || !timingSafeEqual(given, right)) return reply.status(403).send("");
  return reply.type("text/xml").send("<Response/>");
});
await app.listen({ port, host: "127.0.0.1" });
