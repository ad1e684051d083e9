import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { signTwilio } from "../../channels/twilio/verify.ts";

/** What the simulator lets go wrong, as probabilities from 0 to 1; drawn from a seed so that a run can be repeated. */
export interface Misbehaviour {
  /** Accepts the message and never answers. */
  readonly acceptAndHang?: number;
  readonly tooMany?: number;
  /** Answers 500 without having accepted. */
  readonly failBefore?: number;
  /** Answers 500 although it has accepted. */
  readonly failAfter?: number;
}

/** One message as its customer saw it. */
export interface Seen {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly at: number;
  readonly deliveryId: string | null;
  status: string;
}

export interface ProviderDouble {
  readonly url: string;
  readonly log: readonly Seen[];
  /** Sends an SMS as the customer: the signed webhook, exactly as Twilio would post it. Resolves with the HTTP status. */
  sms(message: { from: string; to: string; body: string; sid?: string }): Promise<number>;
  misbehave(how: Misbehaviour): void;
  onSeen(listener: (seen: Seen) => void): () => void;
  close(): Promise<void>;
}

/** Twilio's Messages API as we use it: checks every request, keeps a log of what customers saw, sends signed statuses. */
export async function startProviderDouble(options: {
  readonly accountSid: string;
  readonly authToken: string;
  readonly port?: number;
  readonly seed?: number;
  /** Where the service listens; webhooks go there. */
  readonly serviceUrl: () => string;
  readonly statuses?: boolean;
}): Promise<ProviderDouble> {
  const seen: Seen[] = [];
  const bySid = new Map<string, Seen>();
  const listeners = new Set<(one: Seen) => void>();
  const random = seeded(options.seed ?? 1);
  let behaviour: Misbehaviour = {};
  const prefix = `/2010-04-01/Accounts/${options.accountSid}/Messages.json`;
  const authorization = `Basic ${Buffer.from(`${options.accountSid}:${options.authToken}`).toString("base64")}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    if (path !== prefix) return fail(response, 404, 20404, "The requested resource was not found");
    if (request.headers.authorization !== authorization) return fail(response, 401, 20003, "Authenticate");
    if (request.method === "GET") return list(response, new URLSearchParams(query));
    return create(response, new URLSearchParams(await readBody(request)), request.headers["content-type"] ?? "");
  }

  function create(response: ServerResponse, form: URLSearchParams, contentType: string): void {
    const fault = faultOf(form, contentType);
    if (fault !== null) return fail(response, 400, fault[0], fault[1]);
    if (random() < (behaviour.tooMany ?? 0)) {
      response.setHeader("retry-after", "1");
      return fail(response, 429, 20429, "Too Many Requests");
    }
    if (random() < (behaviour.failBefore ?? 0)) return fail(response, 500, 20500, "Internal Server Error");
    const one = take(form);
    if (random() < (behaviour.acceptAndHang ?? 0)) return;
    if (random() < (behaviour.failAfter ?? 0)) return fail(response, 500, 20500, "Internal Server Error");
    answer(response, 201, resource(one));
  }

  function take(form: URLSearchParams): Seen {
    const callback = form.get("StatusCallback");
    const one: Seen = {
      sid: `SM${randomBytes(16).toString("hex")}`,
      to: form.get("To") ?? "",
      from: form.get("From") ?? form.get("MessagingServiceSid") ?? "",
      body: form.get("Body") ?? "",
      at: Date.now(),
      deliveryId: callback === null ? null : new URL(callback).searchParams.get("d"),
      status: "queued",
    };
    seen.push(one);
    bySid.set(one.sid, one);
    for (const listener of listeners) listener(one);
    if (options.statuses !== false && callback !== null) void report(one, callback);
    return one;
  }

  async function report(one: Seen, callback: string): Promise<void> {
    for (const status of ["sent", "delivered"]) {
      await new Promise((done) => setTimeout(done, 150));
      one.status = status;
      const form = new URLSearchParams({
        MessageSid: one.sid,
        MessageStatus: status,
        AccountSid: options.accountSid,
        From: one.from,
        To: one.to,
      });
      await post(callback, form).catch(() => 0);
    }
  }

  async function post(url: string, form: URLSearchParams): Promise<number> {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signTwilio(options.authToken, url, form),
      },
      body: form.toString(),
      signal: AbortSignal.timeout(15_000),
    });
    await response.arrayBuffer();
    return response.status;
  }

  function list(response: ServerResponse, query: URLSearchParams): void {
    const to = query.get("To");
    const from = query.get("From");
    const messages = seen
      .filter((one) => (to === null || one.to === to) && (from === null || one.from === from))
      .map(resource);
    answer(response, 200, { messages: messages.reverse(), page_size: 100 });
  }

  function resource(one: Seen) {
    return {
      sid: one.sid,
      account_sid: options.accountSid,
      to: one.to,
      from: one.from,
      body: one.body,
      status: one.status,
      date_created: new Date(one.at).toUTCString(),
      error_code: null,
    };
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(options.port ?? 0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    log: seen,
    sms({ from, to, body, sid = `SM${randomBytes(16).toString("hex")}` }) {
      const form = new URLSearchParams({
        MessageSid: sid,
        SmsMessageSid: sid,
        AccountSid: options.accountSid,
        From: from,
        To: to,
        Body: body,
        NumMedia: "0",
        NumSegments: "1",
        SmsStatus: "received",
        ApiVersion: "2010-04-01",
      });
      return post(`${options.serviceUrl()}/channels/sms/default/webhook`, form);
    },
    misbehave(how) {
      behaviour = how;
    },
    onSeen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Twilio's own refusals for the requests that we could get wrong. */
function faultOf(form: URLSearchParams, contentType: string): readonly [number, string] | null {
  if (!contentType.startsWith("application/x-www-form-urlencoded")) return [20001, "Unsupported content type"];
  if (!/^(\+[1-9]\d{6,14}|\d{3,8}|whatsapp:\+[1-9]\d{6,14})$/.test(form.get("To") ?? ""))
    return [21211, "Invalid 'To' Phone Number"];
  if ((form.get("From") ?? "") === "" && !form.has("MessagingServiceSid"))
    return [21603, "A 'From' phone number is required"];
  const body = form.get("Body") ?? "";
  if (body === "" && !form.has("MediaUrl") && !form.has("ContentSid")) return [21602, "Message body is required"];
  if (body.length > 1_600) return [21617, "The concatenated message body exceeds the 1600 character limit"];
  return null;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, code: number, message: string): void {
  answer(response, status, { code, message, status, more_info: `https://www.twilio.com/docs/errors/${code}` });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
