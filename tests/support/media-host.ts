import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MediaHost {
  readonly url: string;
  readonly bytes: Buffer;
  readonly limitBytes: number;
  /** Requests that reached a host nobody may ask, and requests after a redirect that still carried credentials. */
  strangersAsked: number;
  credentialsAfterRedirect: number;
  close(): Promise<void>;
}

/** A provider's media host that behaves as `path` says: serves, redirects well or badly, lies about sizes. */
export async function startMediaHost(path: string): Promise<MediaHost> {
  const bytes = Buffer.from("a picture, or so they say");
  const limitBytes = 1_000;
  const host = { bytes, limitBytes, strangersAsked: 0, credentialsAfterRedirect: 0 };
  const stranger = createServer((_request, response) => {
    host.strangersAsked += 1;
    response.end("secret");
  });
  const strangerUrl = await listen(stranger);

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.url ?? "";
    if (path === "/credentials") {
      response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error: { code: 190 } }));
      return;
    }
    // Meta gives the address of a medium by its id first.
    if (/^\/v\d+\.\d+\/\d+$/.test(asked)) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ url: `${url}/media`, mime_type: "image/png", id: "77" }));
      return;
    }
    if (asked === "/stored") {
      if (request.headers.authorization !== undefined) host.credentialsAfterRedirect += 1;
      response.end(bytes);
      return;
    }
    if (request.headers.authorization === undefined && path !== "/for-ever") {
      response.writeHead(401).end();
      return;
    }
    const redirect = {
      "/redirect": "/stored",
      "/to-private": strangerUrl,
      "/to-stranger": "https://evil.example/picture",
      "/for-ever": asked,
    }[path];
    if (redirect !== undefined) response.writeHead(307, { location: redirect }).end();
    else if (path === "/declared-big") response.end(Buffer.alloc(limitBytes + 1));
    else if (path === "/undeclared-big") {
      response.write(Buffer.alloc(limitBytes));
      response.end(Buffer.alloc(limitBytes));
    } else if (path === "/gone") response.writeHead(404).end();
    else if (path === "/broken") response.writeHead(503).end();
    else response.writeHead(200, { "content-type": "image/png" }).end(bytes);
  }

  const server = createServer(serve);
  const url = await listen(server);
  return Object.assign(host, {
    url,
    async close() {
      for (const one of [server, stranger]) {
        one.closeAllConnections();
        await new Promise((done) => one.close(done));
      }
    },
  });
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
