import { Pool } from "undici";
import { brokenCall } from "../../src/lib/broken-call.ts";
import { createPublicClient } from "../../src/lib/fetch-public.ts";
import type { DeliveryError, FetchedMedia, LookUp, ReportsHealth, SendResult } from "../channel.ts";
import { twilioError } from "./errors.ts";
import { fetchTwilioMedia } from "./media.ts";

/** Sends side by side at most; Twilio queues beyond its own rate. */
const connectionsMax = 64;
const twilioUrl = "https://api.twilio.com";
const messagingUrl = "https://messaging.twilio.com";
const typingPath = "/v2/Indicators/Typing.json";
const typingLimitMs = 5_000;

type Health = Awaited<ReturnType<ReportsHealth["health"]>>;

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
  readonly apiUrl: string | null;
}

/** A form's fields; a list is the same field several times. */
export type Form = Readonly<Record<string, string | readonly string[]>>;

export interface TwilioClient {
  sendMessage(form: Form, signal: AbortSignal): Promise<SendResult>;
  /** Messages to this address with exactly this body, made at or after `since`. */
  findMessages(
    query: { from: string | null; to: string; body: string },
    since: Date,
    signal: AbortSignal,
  ): Promise<LookUp>;
  /** One medium by the address that Twilio gave. */
  fetchMedia(url: string, limitBytes: number, signal: AbortSignal): Promise<FetchedMedia>;
  /** Marks a WhatsApp message as read and shows that we are writing, for up to 25 s. A courtesy: failing changes nothing. */
  showTyping(messageSid: string): Promise<void>;
  health(signal: AbortSignal): Promise<Health>;
  close(): Promise<void>;
}

/** Twilio's REST API over one undici pool: 40 µs a call where the SDK's own client takes 805 (engines.md). */
export function createTwilioClient(account: TwilioAccount): TwilioClient {
  const pool = new Pool(account.apiUrl ?? twilioUrl, { connections: connectionsMax, pipelining: 1 });
  const messaging = new Pool(account.apiUrl ?? messagingUrl, { connections: 4 });
  const user = account.apiKey ?? account.accountSid;
  const password = account.apiKey === null ? account.authToken : (account.apiSecret ?? "");
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  const http = createPublicClient(account.apiUrl);
  const path = `/2010-04-01/Accounts/${account.accountSid}/Messages.json`;

  return {
    async sendMessage(form, signal) {
      try {
        const response = await pool.request({
          method: "POST",
          path,
          headers,
          body: encode(form),
          signal,
        });
        return toResult(response.statusCode, response.headers["retry-after"], await readJson(response.body));
      } catch (error) {
        return afterError(error);
      }
    },
    async findMessages({ from, to, body }, since, signal) {
      // Twilio's filter knows days only; the exact time is compared here.
      const query = new URLSearchParams({ To: to, PageSize: "100", "DateSent>": since.toISOString().slice(0, 10) });
      if (from !== null) query.set("From", from);
      try {
        const response = await pool.request({
          method: "GET",
          path: `${path}?${query}`,
          headers: { authorization },
          signal,
        });
        const page = await readJson(response.body);
        if (response.statusCode !== 200 || !Array.isArray(page.messages)) return "later";
        const found = page.messages
          .filter(isMessage)
          .filter((one) => one.body === body && isSince(one.date_created, since));
        return { found: found.map((one) => ({ externalId: one.sid, state: "sent" as const })) };
      } catch {
        return "later";
      }
    },
    fetchMedia: (url, limitBytes, signal) =>
      fetchTwilioMedia({ http, authorization, apiUrl: account.apiUrl }, url, limitBytes, signal),
    async showTyping(messageSid) {
      const body = new URLSearchParams({ channel: "whatsapp", messageId: messageSid }).toString();
      await messaging
        .request({ method: "POST", path: typingPath, headers, body, signal: AbortSignal.timeout(typingLimitMs) })
        .then((response) => response.body.dump())
        .catch(() => undefined);
    },
    async health(signal) {
      const path = `/2010-04-01/Accounts/${account.accountSid}.json`;
      const answer = await pool.request({ method: "GET", path, headers: { authorization }, signal }).catch(() => null);
      if (answer === null) return { state: "down", detail: "Twilio's API cannot be reached." };
      await answer.body.dump();
      return healthOf(answer.statusCode);
    },
    async close() {
      await Promise.all([pool.close(), messaging.close(), http.close()]);
    },
  };
}

function healthOf(status: number): Health {
  if (status === 200) return { state: "ok", detail: "Twilio knows our account." };
  if (status >= 500 || status === 429) return { state: "degraded", detail: `Twilio answers ${status}.` };
  return { state: "needs-action", detail: `Twilio answers ${status}. Check TWILIO_AUTH_TOKEN or the API key.` };
}

/** Twilio's times have whole seconds, and its clock is not ours. */
const clockSlackMs = 2_000;

function isSince(date: string, since: Date): boolean {
  return new Date(date).getTime() >= since.getTime() - clockSlackMs;
}

function isMessage(value: unknown): value is { sid: string; body: string; date_created: string } {
  return typeof value === "object" && value !== null && "sid" in value && "body" in value && "date_created" in value;
}

function encode(form: Form): string {
  const fields = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return new URLSearchParams(fields).toString();
}

async function readJson(body: { text(): Promise<string> }): Promise<Record<string, unknown>> {
  const text = await body.text();
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toResult(
  status: number,
  retryAfter: string | string[] | undefined,
  body: Record<string, unknown>,
): SendResult {
  const code = typeof body.code === "number" ? body.code : status;
  if (status >= 200 && status < 300 && typeof body.sid === "string")
    return { outcome: "accepted", externalId: body.sid };
  if (status === 429)
    return { outcome: "retry", afterMs: Number(retryAfter ?? 1) * 1000 || 1000, error: errorOf(code) };
  if (status >= 500 || status === 408 || status < 300) return { outcome: "unknown", error: errorOf(code) };
  return { outcome: "rejected", error: errorOf(code) };
}

function afterError(error: unknown): SendResult {
  const { code, maybeTaken } = brokenCall(error);
  return maybeTaken
    ? { outcome: "unknown", error: { class: "retry", code: "no-answer", text: "Twilio did not answer in time." } }
    : { outcome: "retry", afterMs: null, error: { class: "retry", code, text: "Twilio could not be reached." } };
}

function errorOf(code: number): DeliveryError {
  return twilioError(code, `Twilio refused the message (error ${code}).`);
}
