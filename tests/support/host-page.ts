import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HostPage {
  readonly url: string;
  close(): void;
}

/**
 * Somebody else's site that embeds the chat with its one line, under the strictest policy that the chat needs: our
 * origin for scripts and frames, nothing inline. Under "localhost" it is another site than the service at 127.0.0.1.
 */
export async function openHostPage(service: string): Promise<HostPage> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    const attributes = searchParams.get("attributes") ?? "";
    const title = searchParams.get("title") ?? "A shop";
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; script-src ${service}; frame-src ${service}`,
    });
    response.end(`<!doctype html><html lang="${searchParams.get("lang") ?? "en"}" dir="${searchParams.get("dir") ?? "ltr"}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body><main><h1>A shop</h1><p><a href="#chat">Ask us</a></p></main>
<script async src="${service}/widget.js" ${attributes}></script></body></html>`);
  });
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close: () => server.close(),
  };
}
