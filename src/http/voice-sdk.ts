import type { FastifyInstance } from "fastify";
import { type Asset, asset, bundle, sendAsset } from "./bundle.ts";

const entry = new URL("../../web/softphone/voice-sdk.ts", import.meta.url).pathname;

/** Twilio's Voice SDK from our own origin. Bundled when the first agent turns their telephone on: most desks never do. */
export function voiceSdkRoute(app: FastifyInstance): void {
  let made: Promise<Asset> | null = null;
  app.get("/assets/inbox/voice-sdk.js", { schema: { hide: true } }, async (request, reply) => {
    made ??= bundle(entry, { format: "esm", platform: "browser", define: { global: "globalThis" } })
      .then((text) => asset(text, "text/javascript; charset=utf-8"))
      .catch((error: unknown) => {
        made = null;
        throw error;
      });
    return sendAsset(request, reply, await made, "no-cache");
  });
}

/** Where the SDK signals and sends its sound's statistics to; nothing else of the inbox reaches beyond us (X6). */
const hosts = "wss://*.twilio.com https://eventgw.twilio.com https://*.twilio.com";

/** Lets the inbox's page reach the telephone network, on installations that have one for browsers. */
export function allowVoiceSdk(app: FastifyInstance): void {
  app.addHook("onSend", async (request, reply) => {
    if (request.routeOptions.url !== "/inbox") return;
    const policy = reply.getHeader("content-security-policy");
    if (typeof policy === "string")
      void reply.header("content-security-policy", policy.replace("connect-src 'self'", `connect-src 'self' ${hosts}`));
  });
}
