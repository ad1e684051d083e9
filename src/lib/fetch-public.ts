import { lookup as resolveName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Agent, type Dispatcher } from "undici";

const redirectsMax = 3;
const connectTimeoutMs = 5_000;
const answerTimeoutMs = 20_000;

export interface PublicRequest {
  readonly url: string;
  /** Hosts that may be asked, also by a redirect: a name, or "*.name" for what lies below it. */
  readonly hosts: readonly string[];
  /** Sent with the first request alone: a redirect never gets it (N2). */
  readonly authorization?: string;
  readonly limitBytes: number;
}

export type PublicAnswer =
  | { readonly outcome: "fetched"; readonly bytes: Buffer; readonly declaredMime: string | null }
  | { readonly outcome: "gone" | "too-big" | "refused" | "later"; readonly reason: string };

export interface PublicPost {
  readonly url: string;
  readonly hosts: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly limitBytes: number;
}

export type PostAnswer =
  | { readonly outcome: "answered"; readonly status: number }
  | { readonly outcome: "refused" | "later"; readonly reason: string };

export interface PublicClient {
  fetch(request: PublicRequest, signal: AbortSignal): Promise<PublicAnswer>;
  /** The same guard for something sent; a redirect is an answer and never followed. */
  post(request: PublicPost, signal: AbortSignal): Promise<PostAnswer>;
  close(): Promise<void>;
}

/**
 * The one way to fetch an address that somebody else may have chosen (N1): listed hosts over https, public addresses
 * only, checked on the resolved address when the connection is made, redirects checked anew, bytes counted.
 * `trustedOrigin` is the operator's own setting (a test double) and may be anything. Never throws.
 */
export function createPublicClient(trustedOrigin: string | null): PublicClient {
  const timeouts = { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs };
  const guarded = new Agent({ ...timeouts, connect: { timeout: connectTimeoutMs, lookup: publicLookup } });
  const trusting = new Agent({ ...timeouts, connect: { timeout: connectTimeoutMs } });
  const trusted = trustedOrigin === null ? null : new URL(trustedOrigin).origin;
  const isTrusted = (url: string): boolean => URL.canParse(url) && new URL(url).origin === trusted;

  async function follow(request: PublicRequest, signal: AbortSignal): Promise<PublicAnswer> {
    let url = request.url;
    let headers: Record<string, string> =
      request.authorization === undefined ? {} : { authorization: request.authorization };
    for (let redirects = 0; redirects <= redirectsMax; redirects++) {
      const fault = isTrusted(url) ? null : whyNotAsked(url, request.hosts);
      if (fault !== null) return { outcome: "refused", reason: fault };
      const dispatcher = isTrusted(url) ? trusting : guarded;
      const { origin, pathname, search } = new URL(url);
      const answer = await dispatcher.request({ origin, path: pathname + search, method: "GET", headers, signal });
      const { location } = answer.headers;
      if (answer.statusCode < 300 || answer.statusCode >= 400) return await read(answer, request.limitBytes);
      await answer.body.dump();
      if (typeof location !== "string" || !URL.canParse(location, url)) {
        return { outcome: "refused", reason: "a redirect without an address" };
      }
      url = new URL(location, url).toString();
      headers = {};
    }
    return { outcome: "refused", reason: "too many redirects" };
  }

  async function postOnce({ url, hosts, headers, body, limitBytes }: PublicPost, signal: AbortSignal) {
    const fault = isTrusted(url) ? null : whyNotAsked(url, hosts);
    if (fault !== null) return { outcome: "refused", reason: fault } as const;
    const dispatcher = isTrusted(url) ? trusting : guarded;
    const { origin, pathname, search } = new URL(url);
    const answer = await dispatcher.request({ origin, path: pathname + search, method: "POST", headers, body, signal });
    await answer.body.dump({ limit: limitBytes });
    return { outcome: "answered", status: answer.statusCode } as const;
  }

  return {
    async fetch(request, signal) {
      try {
        return await follow(request, signal);
      } catch (error) {
        return withoutAnswer(error);
      }
    },
    async post(request, signal) {
      try {
        return await postOnce(request, signal);
      } catch (error) {
        return withoutAnswer(error);
      }
    },
    async close() {
      await Promise.all([guarded.destroy(), trusting.destroy()]);
    },
  };
}

function withoutAnswer(error: unknown) {
  if (error instanceof PrivateAddress) return { outcome: "refused", reason: "not a public address" } as const;
  return { outcome: "later", reason: "no answer" } as const;
}

function whyNotAsked(text: string, hosts: readonly string[]): string | null {
  if (!URL.canParse(text)) return "not an address";
  const { protocol, hostname, username, port } = new URL(text);
  if (protocol !== "https:" || username !== "" || port !== "") return "not a plain https address";
  const listed = hosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host));
  if (!listed) return "not a host of the provider";
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? null : "not a host name";
}

async function read(answer: Dispatcher.ResponseData, limitBytes: number): Promise<PublicAnswer> {
  const refusal = refusalFor(answer.statusCode);
  if (refusal !== null) {
    await answer.body.dump();
    return refusal;
  }
  const tooBig = { outcome: "too-big", reason: `more than ${limitBytes} bytes` } as const;
  // What is left unread is given up, and that is an error event that nobody else would hear: it must not end the process.
  answer.body.on("error", () => undefined);
  if (Number(answer.headers["content-length"] ?? 0) > limitBytes) {
    answer.body.destroy();
    return tooBig;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A declared length can lie, so the bytes are counted as well.
  for await (const chunk of answer.body) {
    bytes += (chunk as Buffer).length;
    if (bytes > limitBytes) return tooBig;
    chunks.push(chunk as Buffer);
  }
  const type = answer.headers["content-type"];
  return { outcome: "fetched", bytes: Buffer.concat(chunks), declaredMime: typeof type === "string" ? type : null };
}

function refusalFor(status: number): PublicAnswer | null {
  if (status === 200) return null;
  if (status === 404 || status === 410) return { outcome: "gone", reason: `status ${status}` };
  // Refused credentials are the operator's to renew; what was asked for is still there.
  if (status === 401 || status === 403 || status === 429 || status >= 500)
    return { outcome: "later", reason: `status ${status}` };
  return { outcome: "refused", reason: `status ${status}` };
}

class PrivateAddress extends Error {
  override readonly name = "PrivateAddress";
}

/** Everything that is not the open internet (IANA's special-purpose registries). */
const closed = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  closed.addSubnet(net, bits, "ipv4");
}
/** IPv6: only 2000::/3 is the open internet; tunnels to IPv4 inside it are not. */
const open6 = new BlockList();
open6.addSubnet("2000::", 3, "ipv6");
const tunnels = new BlockList();
tunnels.addSubnet("2001::", 23, "ipv6");
tunnels.addSubnet("2001:db8::", 32, "ipv6");
tunnels.addSubnet("2002::", 16, "ipv6");

/** Is this a literal address on the open internet? */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, "ipv4");
    case 6:
      return open6.check(address, "ipv6") && !tunnels.check(address, "ipv6");
    default:
      return false;
  }
}

/** Resolves a name for a connection; one address that is not public is enough to refuse it. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new PrivateAddress(), "", 0);
    }
    if (options.all === true) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};
