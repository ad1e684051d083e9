import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What the double answers to one call. */
export type Act =
  | { readonly say: string; readonly slowlyMs?: number }
  | { readonly call: string; readonly with: object }
  | { readonly status: number }
  | { readonly raw: string }
  | { readonly finish: string; readonly say: string }
  | { readonly hang: "before-the-first-token" | "after-a-token" };

/** One call as the provider saw it. */
export interface Seen {
  readonly authorization: string | undefined;
  readonly path: string | undefined;
  readonly body: {
    readonly model: string;
    readonly stream?: boolean;
    readonly messages: readonly { readonly role: string; readonly content: unknown }[];
    readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[];
  };
}

export interface ModelDouble {
  /** For ASSISTANT_BASE_URL. */
  readonly url: string;
  readonly seen: Seen[];
  /** Decides every call from now on; a list is played in order and its last act repeated. */
  behave(acts: readonly Act[] | ((seen: Seen) => Act)): void;
  close(): Promise<void>;
}

/** A provider that speaks the OpenAI chat-completions wire format, streamed and plain, and misbehaves when told to. */
export async function startModelDouble(): Promise<ModelDouble> {
  const seen: Seen[] = [];
  let decide: (call: Seen) => Act = () => ({ say: "OK" });
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    void read(request).then(async (body) => {
      const call = {
        authorization: request.headers.authorization,
        path: request.url,
        body: JSON.parse(body) as Seen["body"],
      };
      seen.push(call);
      await play(decide(call), call, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    behave(acts) {
      if (typeof acts === "function") {
        decide = acts;
        return;
      }
      let next = 0;
      decide = () => acts[Math.min(next++, acts.length - 1)] ?? { status: 500 };
    },
    async close() {
      for (const response of open) response.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function play(act: Act, call: Seen, response: ServerResponse): Promise<void> {
  if ("status" in act) {
    response.writeHead(act.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "The double was told to fail.", type: "server_error" } }));
    return;
  }
  if ("raw" in act) {
    response.writeHead(200, { "content-type": call.body.stream === true ? "text/event-stream" : "application/json" });
    response.end(act.raw);
    return;
  }
  if ("hang" in act) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(act.hang === "after-a-token" ? chunk(call, { role: "assistant", content: "The" }) : ": waiting\n\n");
    return;
  }
  if (call.body.stream === true) await stream(act, call, response);
  else answerWhole(act, call, response);
}

type Words = Extract<Act, { readonly say: string } | { readonly call: string }>;

async function stream(act: Words, call: Seen, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  if ("call" in act) {
    const { call: name, with: input } = act;
    const tool = { index: 0, id: `call_${Math.random().toString(36).slice(2)}`, type: "function" };
    const [left, right] = halves(JSON.stringify(input));
    response.write(chunk(call, { role: "assistant", tool_calls: [{ ...tool, function: { name, arguments: left } }] }));
    response.write(chunk(call, { tool_calls: [{ index: 0, function: { arguments: right } }] }));
  } else {
    for (const piece of act.say.match(/[\s\S]{1,12}/gu) ?? []) {
      response.write(chunk(call, { content: piece }));
      if ("slowlyMs" in act && act.slowlyMs !== undefined) await sleep(act.slowlyMs);
    }
  }
  response.write(chunk(call, {}, finishOf(act)));
  response.write(`data: ${JSON.stringify({ ...head(call), choices: [], usage })}\n\n`);
  response.end("data: [DONE]\n\n");
}

function answerWhole(act: Words, call: Seen, response: ServerResponse): void {
  const message = "say" in act ? { role: "assistant", content: act.say } : { role: "assistant", content: null };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      ...head(call),
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: finishOf(act) }],
      usage,
    }),
  );
}

const usage = { prompt_tokens: 900, completion_tokens: 100, total_tokens: 1_000 };

function head(call: Seen) {
  return { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: call.body.model };
}

function chunk(call: Seen, delta: object, finish: string | null = null): string {
  return `data: ${JSON.stringify({ ...head(call), choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

function finishOf(act: Words): string {
  if ("finish" in act) return act.finish;
  return "call" in act ? "tool_calls" : "stop";
}

function halves(text: string): [string, string] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
