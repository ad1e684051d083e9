import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocket } from "ws";
import type { Part } from "./parts.ts";

const folder = join(import.meta.dirname, "../peers");

export const stockDirectLine: Part = {
  missing: existsSync(join(folder, "node_modules/botframework-directlinejs")) ? null : "needs `npm run peers`",
};

/** What these tests use of botframework-directlinejs. */
export interface StockClient {
  readonly activity$: Observable<StockActivity>;
  readonly connectionStatus$: Observable<number>;
  postActivity(activity: object): Observable<string>;
  end(): void;
}

export interface StockActivity {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  readonly from: { readonly role: string };
  readonly channelData: { readonly clientActivityID?: string; readonly everline: { readonly author: string } };
}

interface Observable<Value> {
  subscribe(next: (value: Value) => void, fail?: (error: unknown) => void): { unsubscribe(): void };
}

/** The parts of the client's own options that its documentation names for Node.js and for tests. */
interface StockOptions {
  readonly domain: string;
  readonly token: string;
  readonly timeout?: number;
  readonly random?: () => number;
  readonly WebSocket?: typeof WebSocket;
}

/** Loads the published Direct Line client and gives it the two globals that it expects of a browser. */
export function loadDirectLine(): new (options: StockOptions) => StockClient {
  const require = createRequire(join(folder, "package.json"));
  Object.assign(globalThis, { XMLHttpRequest: require("xhr2"), WebSocket });
  return (require("botframework-directlinejs") as { DirectLine: new (options: StockOptions) => StockClient })
    .DirectLine;
}

const webChatFile = join(folder, "node_modules/webchat.js");

export const stockWebChat: Part = {
  missing: existsSync(webChatFile) ? null : "needs `npm run peers`",
};

/** A page on an address of its own that shows Microsoft's Web Chat, as it is published, connected to this service. */
export async function openWebChatPage(service: string): Promise<{ readonly url: string; close(): void }> {
  const script = readFileSync(webChatFile);
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stock client</title>
<style>html,body,#chat{height:100%;margin:0}</style><div id="chat"></div><script src="/webchat.js"></script>
<script type="module">
  const domain = ${JSON.stringify(`${service}/v3/directline`)};
  const { token } = await (await fetch(domain + "/tokens/generate", { method: "POST" })).json();
  WebChat.renderWebChat({ directLine: WebChat.createDirectLine({ domain, token }) }, document.querySelector("#chat"));
</script></html>`;
  const server = createServer((request, response) => {
    if (request.url === "/webchat.js") response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else if (request.url === "/") response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    else response.writeHead(204).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
