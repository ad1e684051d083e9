import { createDecipheriv, createECDH, createHmac, createPublicKey, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";

export interface Browser {
  /** What the browser gives the page, as `PushSubscription.toJSON` does. */
  readonly subscription: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
  };
  /** What arrived and could be read with this browser's own keys. */
  readonly received: { readonly title: string; readonly body: string; readonly shown: string; readonly lang: string }[];
}

export interface PushService {
  readonly origin: string;
  /** What was wrong with requests, in words; a test expects none. */
  readonly faults: string[];
  browser(): Browser;
  /** The status of the next answers for a browser; 201 again afterwards. */
  answer(browser: Browser, status: number): void;
  close(): void;
}

/**
 * A push service on this machine (RFC 8030): takes messages for its browsers, checks who sends them (VAPID, RFC 8292, for
 * the key that the browsers subscribed with) and reads them with the browser's own keys (RFC 8291).
 */
export async function startPushService(publicKey: () => Promise<string>): Promise<PushService> {
  const browsers = new Map<string, Browser & { readonly curve: ReturnType<typeof createECDH> }>();
  const answers = new Map<string, number>();
  const faults: string[] = [];
  const server = createServer((request, response) => {
    take(request)
      .then((status) => response.writeHead(status).end())
      .catch((error: unknown) => {
        faults.push(String(error));
        response.writeHead(400).end();
      });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function take(request: IncomingMessage): Promise<number> {
    const path = request.url ?? "";
    const browser = browsers.get(path);
    if (browser === undefined) return 404;
    const told = answers.get(path);
    answers.delete(path);
    if (told !== undefined) return told;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers } = request;
    if (request.method !== "POST") faults.push(`method ${request.method}`);
    if (headers["content-encoding"] !== "aes128gcm") faults.push(`encoding ${headers["content-encoding"]}`);
    if (!/^\d+$/.test(String(headers.ttl))) faults.push(`TTL ${headers.ttl}`);
    if (!/^[\w-]{1,32}$/.test(String(headers.topic))) faults.push(`Topic ${headers.topic}`);
    await checkVapid(String(headers.authorization), origin, await publicKey());
    const { keys } = browser.subscription;
    const text = decrypt(Buffer.concat(chunks), browser.curve, Buffer.from(keys.auth, "base64url"));
    browser.received.push(JSON.parse(text));
    return 201;
  }

  return {
    origin,
    faults,
    browser() {
      const curve = createECDH("prime256v1");
      curve.generateKeys();
      const path = `/push/${randomBytes(12).toString("hex")}`;
      const keys = { p256dh: curve.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
      const browser = { subscription: { endpoint: origin + path, keys }, received: [], curve };
      browsers.set(path, browser);
      return browser;
    },
    answer: (browser, status) => void answers.set(new URL(browser.subscription.endpoint).pathname, status),
    close: () => server.close(),
  };
}

async function checkVapid(authorization: string, audience: string, subscribedWith: string): Promise<void> {
  const { t = "", k = "" } = /^vapid t=(?<t>[^,]+), ?k=(?<k>[\w-]+)$/.exec(authorization)?.groups ?? {};
  if (k !== subscribedWith) throw new Error("another key than the browser subscribed with");
  const point = Buffer.from(k, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, format: "jwk" });
  const { payload } = await jwtVerify(t, key, { algorithms: ["ES256"], audience });
  const ahead = (payload.exp ?? 0) - Date.now() / 1_000;
  if (ahead <= 0 || ahead > 24 * 3_600) throw new Error("a token for longer than a day");
  if (!/^(mailto:|https:)/.test(String(payload.sub))) throw new Error("nobody to complain to");
}

function decrypt(body: Buffer, curve: ReturnType<typeof createECDH>, auth: Buffer): string {
  const salt = body.subarray(0, 16);
  const theirs = body.subarray(21, 21 + body.readUInt8(20));
  const sealed = body.subarray(21 + theirs.length);
  const shared = hmac(auth, curve.computeSecret(theirs));
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), curve.getPublicKey(), theirs, Buffer.from([1])]);
  const secret = hmac(salt, hmac(shared, info));
  const key = hmac(secret, Buffer.from("Content-Encoding: aes128gcm\0\u0001")).subarray(0, 16);
  const nonce = hmac(secret, Buffer.from("Content-Encoding: nonce\0\u0001")).subarray(0, 12);
  const open = createDecipheriv("aes-128-gcm", key, nonce);
  open.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString("utf8");
}

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
