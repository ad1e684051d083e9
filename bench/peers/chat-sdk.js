import { createServer } from "node:http";
import { createIoRedisState } from "@chat-adapter/state-ioredis";
import { createTwilioAdapter } from "@chat-adapter/twilio";
import { Chat } from "chat";

/**
 * The peer: Vercel's Chat SDK with its own Twilio adapter and Redis state, as its documentation shows it. Messages of one
 * customer wait for each other and those of others do not: with the adapter's own scope, "channel", all customers of our
 * number would share one lock. Every message is echoed.
 */
const { port, engineUrl, sinkUrl, publicUrl, account } = JSON.parse(process.argv[2] ?? "{}");
const bot = new Chat({
  userName: "echo",
  adapters: {
    twilio: createTwilioAdapter({
      accountSid: account.sid,
      authToken: account.token,
      phoneNumber: account.number,
      apiUrl: sinkUrl,
      webhookUrl: `${publicUrl}/webhook`,
      statusCallbackUrl: `${publicUrl}/status`,
    }),
  },
  state: createIoRedisState({ url: engineUrl }),
  concurrency: { strategy: "queue", maxQueueSize: 100 },
  lockScope: "thread",
  logger: "silent",
});
bot.onDirectMessage(async (thread, message) => {
  await thread.post(message.text);
});
await bot.initialize();

createServer((request, response) => {
  if (request.method !== "POST") return void response.end("ready");
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const { host: _, "content-length": __, ...headers } = request.headers;
    const asked = new Request(publicUrl + request.url, { method: "POST", headers, body: Buffer.concat(pieces) });
    bot.webhooks.twilio(asked).then(
      async (answer) => {
        const body = await answer.text();
        const type = answer.headers.get("content-type") ?? "text/plain";
        response.writeHead(answer.status, { "content-type": type, "content-length": Buffer.byteLength(body) });
        response.end(body);
      },
      () => response.writeHead(500, { "content-length": 0 }).end(),
    );
  });
}).listen(port, "127.0.0.1");
