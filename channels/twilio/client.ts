import { SignJWT } from "jose";
import type { Twilio } from "twilio";
import { z } from "zod";
import { brokenCall } from "../../src/lib/broken-call.ts";
import { createPublicClient } from "../../src/lib/fetch-public.ts";
import type { FetchedMedia, LookUp, ReportsHealth, SendResult } from "../channel.ts";
import { twilioError } from "./errors.ts";
import { fetchTwilioMedia } from "./media.ts";

/** Enough to find a message of the last minutes among those to one address. */
const lookUpMax = 100;
/**
 * Twilio's clock is not our database's, and its times have whole seconds. Too little sends a message twice; too much only
 * meets messages of ours that the core knows.
 */
export const clockSlackMs = 5 * 60_000;

const typingWithinMs = 5_000;

const twilioApi = "https://api.twilio.com";
const contentUrl = "https://content.twilio.com";

type Health = Awaited<ReturnType<ReportsHealth["health"]>>;

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
  readonly apiUrl: string | null;
}

/** A message as the SDK wants it. */
export interface TwilioMessage {
  readonly to: string;
  readonly from?: string;
  readonly messagingServiceSid?: string;
  readonly body?: string;
  readonly mediaUrl?: string[];
  readonly contentSid?: string;
  /** JSON: the content's variables by number. */
  readonly contentVariables?: string;
  readonly statusCallback: string;
}

export interface TwilioClient {
  /** Where the API is: "https://api.twilio.com" unless the operator set another. */
  readonly apiUrl: string;
  /** Never throws: every outcome is a value. */
  sendMessage(message: TwilioMessage, signal: AbortSignal): Promise<SendResult>;
  /** Messages to this address with exactly this body, made at or after `since`. */
  findMessages(
    query: { readonly from: string | null; readonly to: string; readonly body: string },
    since: Date,
    signal: AbortSignal,
  ): Promise<LookUp>;
  /** One request about messages with the SDK's own types; throws what the SDK throws. */
  messages<Value>(signal: AbortSignal, request: (messages: SdkMessages) => Promise<Value>): Promise<Value>;
  /** Twilio's Content API: stored forms of messages. Throws when there is no answer. */
  contents(method: "get" | "post", data: object, signal: AbortSignal): Promise<{ status: number; body: unknown }>;
  /** One medium by the address that Twilio gave. */
  fetchMedia(url: string, limitBytes: number, signal: AbortSignal): Promise<FetchedMedia>;
  /** The same medium at Twilio no more. Never throws. */
  removeMedia(url: string, signal: AbortSignal): Promise<"removed" | "refused" | "later">;
  /** Marks a WhatsApp message as read and shows that we are writing, for up to 25 s. A courtesy: failing changes nothing. */
  showTyping(messageSid: string): Promise<void>;
  /** One request about calls with the SDK's own types; throws what the SDK throws. */
  calls<Value>(signal: AbortSignal, request: (calls: SdkCalls) => Promise<Value>): Promise<Value>;
  /** The same about conferences and who is in them. */
  conferences<Value>(signal: AbortSignal, request: (conferences: SdkConferences) => Promise<Value>): Promise<Value>;
  /** What a telephone in a browser signs in with: it can be called by this identity, and calls nobody. Null: no API key. */
  voiceToken(identity: string, seconds: number): Promise<{ readonly token: string; readonly expiresAt: Date } | null>;
  health(signal: AbortSignal): Promise<Health>;
  close(): Promise<void>;
}

export type SdkMessages = ReturnType<Twilio["api"]["v2010"]["accounts"]>["messages"];
export type SdkCalls = ReturnType<Twilio["api"]["v2010"]["accounts"]>["calls"];
export type SdkConferences = ReturnType<Twilio["api"]["v2010"]["accounts"]>["conferences"];

/** Twilio's REST API through its SDK, which is loaded with the first call: it takes 11 MB and a fifth of a second. */
export function createTwilioClient(account: TwilioAccount): TwilioClient {
  const user = account.apiKey ?? account.accountSid;
  const password = account.apiKey === null ? account.authToken : (account.apiSecret ?? "");
  const http = createPublicClient(account.apiUrl);
  let loading: Promise<Sdk> | null = null;
  const sdk = (): Promise<Sdk> => (loading ??= loadSdk(account, user, password));

  return {
    apiUrl: account.apiUrl ?? twilioApi,
    async sendMessage(message, signal) {
      try {
        const { messages, during } = await sdk();
        const { sid } = await during(signal, () => messages.create(message));
        return toResult({ status: 201, sid });
      } catch (error) {
        return failedRequest(error);
      }
    },
    async findMessages({ from, to, body }, since, signal) {
      try {
        const { messages, during } = await sdk();
        // Not narrowed by date: Twilio's filter is about when a message left its queue, not when it was taken.
        const query = { to, ...(from === null ? {} : { from }), pageSize: lookUpMax };
        const page = await during(signal, () => messages.page(query));
        const sinceMs = since.getTime() - clockSlackMs;
        const found = page.instances.filter((one) => one.body === body && one.dateCreated.getTime() >= sinceMs);
        return { found: found.map(({ sid }) => ({ externalId: sid, state: "sent" as const })) };
      } catch {
        return "later";
      }
    },
    async messages(signal, request) {
      const { messages, during } = await sdk();
      return during(signal, () => request(messages));
    },
    async contents(method, data, signal) {
      const { client, during } = await sdk();
      const headers = { "Content-Type": "application/json" };
      const given = method === "get" ? { params: data } : { data };
      // By hand: the SDK would write this API's field names as its own.
      const uri = `${account.apiUrl ?? contentUrl}/v1/Content`;
      const answer = await during(signal, () => client.request({ method, uri, headers, ...given }));
      return { status: answer.statusCode, body: answer.body };
    },
    fetchMedia: (url, limitBytes, signal) => {
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
      return fetchTwilioMedia({ http, authorization, apiUrl: account.apiUrl }, url, limitBytes, signal);
    },
    async removeMedia(url, signal) {
      const [, messageSid, mediaSid] = ourMedium(account, url) ?? [];
      if (messageSid === undefined || mediaSid === undefined) return "refused";
      try {
        const { messages, during } = await sdk();
        const isRemoved = await during(signal, () => messages(messageSid).media(mediaSid).remove());
        return isRemoved ? "removed" : "later";
      } catch (error) {
        const status = refusedStatus(error);
        if (status === 404) return "removed";
        // Refused credentials are the operator's to renew.
        const mayChange = status === null || status >= 500 || [401, 403, 408, 429].includes(status);
        return mayChange ? "later" : "refused";
      }
    },
    async showTyping(messageId) {
      const { client, during } = await sdk();
      const signal = AbortSignal.timeout(typingWithinMs);
      const shown = during(signal, () =>
        client.messaging.v2.typingIndicator.create({ channel: "whatsapp", messageId }),
      );
      await shown.catch(() => undefined);
    },
    async calls(signal, request) {
      const { client, during } = await sdk();
      return during(signal, () => request(client.api.v2010.accounts(account.accountSid).calls));
    },
    async conferences(signal, request) {
      const { client, during } = await sdk();
      return during(signal, () => request(client.api.v2010.accounts(account.accountSid).conferences));
    },
    async voiceToken(identity, seconds) {
      const { accountSid, apiKey, apiSecret } = account;
      if (apiKey === null || apiSecret === null) return null;
      const issuedAt = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({ grants: { identity, voice: { incoming: { allow: true } } } })
        .setProtectedHeader({ alg: "HS256", typ: "JWT", cty: "twilio-fpa;v=1" })
        .setJti(`${apiKey}-${issuedAt}`)
        .setIssuer(apiKey)
        .setSubject(accountSid)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + seconds)
        .sign(new TextEncoder().encode(apiSecret));
      return { token, expiresAt: new Date((issuedAt + seconds) * 1000) };
    },
    async health(signal) {
      try {
        const { client, during } = await sdk();
        await during(signal, () => client.api.v2010.accounts(account.accountSid).fetch());
        return { state: "ok", detail: "Twilio knows our account." };
      } catch (error) {
        return healthOf(refusalIn(error)?.status ?? null);
      }
    },
    async close() {
      const loaded = await loading;
      await Promise.all([http.close(), loaded?.close()]);
    },
  };
}

/** The address of a medium of our own account, with the ids of its message and its own; null: it is something else. */
function ourMedium({ apiUrl, accountSid }: TwilioAccount, url: string): RegExpExecArray | null {
  const account = `${apiUrl ?? twilioApi}/2010-04-01/Accounts/${accountSid}/`;
  return url.startsWith(account) ? /^Messages\/(\w+)\/Media\/(\w+)$/.exec(url.slice(account.length)) : null;
}

interface Sdk {
  readonly client: Twilio;
  readonly messages: SdkMessages;
  /** Makes a call of the SDK's with this signal. */
  during<Value>(signal: AbortSignal, call: () => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

async function loadSdk(account: TwilioAccount, user: string, password: string): Promise<Sdk> {
  const [{ default: twilio }, { UndiciRequestClient }] = await Promise.all([
    import("twilio"),
    import("./request-client.ts"),
  ]);
  const httpClient = new UndiciRequestClient();
  const client = twilio(user, password, { accountSid: account.accountSid, httpClient });
  if (account.apiUrl !== null) {
    client.api.baseUrl = account.apiUrl;
    client.messaging.baseUrl = account.apiUrl;
  }
  return {
    client,
    messages: client.api.v2010.accounts(account.accountSid).messages,
    during: (signal, call) => httpClient.during(signal, call),
    close: () => httpClient.close(),
  };
}

interface Answer {
  readonly status: number;
  readonly sid?: string | undefined;
  readonly code?: number | undefined;
  readonly retryAfterSeconds?: number | null | undefined;
}

/** The SDK's exception: RestException, or the newer one with the same fields. */
const exception = z.object({
  status: z.number().int(),
  code: z.number().int().optional().catch(undefined),
  details: z.object({ retryAfterSeconds: z.number().nullable() }).optional().catch(undefined),
});

/** What the SDK's exception means for a request that creates something. Pure. */
export function failedRequest(error: unknown): SendResult {
  const refusal = refusalIn(error);
  return refusal === null ? afterError(error) : toResult(refusal);
}

/** The HTTP status of the SDK's exception; null when there was no answer. */
export function refusedStatus(error: unknown): number | null {
  return refusalIn(error)?.status ?? null;
}

function refusalIn(error: unknown): Answer | null {
  if (!(error instanceof Error)) return null;
  const parsed = exception.safeParse({ ...error });
  if (!parsed.success) return null;
  const { status, code, details } = parsed.data;
  return { status, code, retryAfterSeconds: details?.retryAfterSeconds };
}

/** What Twilio's answer means. Pure. */
export function toResult({ status, sid, code = status, retryAfterSeconds }: Answer): SendResult {
  if (status < 300 && typeof sid === "string") return { outcome: "accepted", externalId: sid };
  const error = twilioError(code, `Twilio refused the message (error ${code}).`);
  if (status === 429 || (status < 500 && error.class === "retry")) {
    const slowDown = { class: "retry", code: String(code), text: "Twilio asks us to slow down." } as const;
    return { outcome: "retry", afterMs: (retryAfterSeconds ?? 1) * 1000, error: slowDown };
  }
  if (status >= 500 || status === 408 || status < 300) {
    const text = "Twilio did not say whether it took the message.";
    return { outcome: "unknown", error: { class: "retry", code: String(code), text } };
  }
  return { outcome: "rejected", error };
}

function afterError(error: unknown): SendResult {
  const { code, maybeTaken } = brokenCall(error);
  return maybeTaken
    ? { outcome: "unknown", error: { class: "retry", code: "no-answer", text: "Twilio did not answer in time." } }
    : { outcome: "retry", afterMs: null, error: { class: "retry", code, text: "Twilio could not be reached." } };
}

function healthOf(status: number | null): Health {
  if (status === null) return { state: "down", detail: "Twilio's API cannot be reached." };
  if (status >= 500 || status === 429) return { state: "degraded", detail: `Twilio answers ${status}.` };
  return { state: "needs-action", detail: `Twilio answers ${status}. Check TWILIO_AUTH_TOKEN or the API key.` };
}
