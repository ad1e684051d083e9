import { Pool } from "undici";
import { z } from "zod";
import { brokenCall } from "../../../src/lib/broken-call.ts";
import type { SendResult } from "../../channel.ts";
import { metaError } from "./errors.ts";

const metaUrl = "https://graph.facebook.com";
/** The version of Meta's API that this folder was written against. */
const version = "v23.0";
/** Meta takes 80 messages a second for one number. */
const connectionsMax = 32;

export interface CloudSettings {
  readonly token: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly phoneNumberId: string;
  readonly apiUrl: string | null;
}

const accepted = z.looseObject({ messages: z.array(z.looseObject({ id: z.string().min(1) })).min(1) });
const refused = z.looseObject({ error: z.looseObject({ code: z.number().int() }) });

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly json: unknown;
}

export interface CloudClient {
  /** POST /messages. Never throws: every outcome is a value. */
  send(message: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<SendResult>;
  /** GET below the API; the answer's JSON, whatever it says. Throws when there is no answer. */
  get(path: string, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

export function createCloudClient(settings: CloudSettings): CloudClient {
  const pool = new Pool(settings.apiUrl ?? metaUrl, { connections: connectionsMax });
  const authorization = `Bearer ${settings.token}`;
  const messagesPath = `/${version}/${settings.phoneNumberId}/messages`;

  async function call(method: "GET" | "POST", path: string, body: object | null, signal: AbortSignal): Promise<Answer> {
    const response = await pool.request({
      method,
      path,
      headers: { authorization, ...(body === null ? {} : { "content-type": "application/json" }) },
      body: body === null ? null : JSON.stringify(body),
      signal,
    });
    const retryAfter = response.headers["retry-after"];
    return {
      status: response.statusCode,
      retryAfter: typeof retryAfter === "string" ? retryAfter : null,
      json: await readJson(response.body),
    };
  }

  return {
    async send(message, signal) {
      try {
        return toResult(await call("POST", messagesPath, { messaging_product: "whatsapp", ...message }, signal));
      } catch (error) {
        return afterError(error);
      }
    },
    get: (path, signal) => call("GET", `/${version}/${path}`, null, signal),
    close: () => pool.close(),
  };
}

async function readJson(body: { text(): Promise<string> }): Promise<unknown> {
  const text = await body.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What Meta's answer means. Meta refuses for its limits with 400 as well as 429, so the code decides. Pure. */
export function toResult({ status, retryAfter, json }: Answer): SendResult {
  const taken = accepted.safeParse(json);
  if (status < 300 && taken.success) {
    return { outcome: "accepted", externalId: taken.data.messages[0]?.id ?? "" };
  }
  const told = refused.safeParse(json);
  const error = metaError(told.success ? told.data.error.code : status);
  if (status === 429 || (status < 500 && error.class === "retry")) {
    const seconds = Number(retryAfter ?? 0);
    const slowDown = { class: "retry", code: error.code, text: "Meta asks us to slow down." } as const;
    return { outcome: "retry", afterMs: seconds > 0 ? seconds * 1000 : null, error: slowDown };
  }
  if (status >= 500 || status === 408 || status < 300) {
    const text = "Meta did not say whether it took the message.";
    return { outcome: "unknown", error: { class: "retry", code: error.code, text } };
  }
  return { outcome: "rejected", error: status === 401 ? { ...metaError(190), code: error.code } : error };
}

function afterError(error: unknown): SendResult {
  const { code, maybeTaken } = brokenCall(error);
  return maybeTaken
    ? { outcome: "unknown", error: { class: "retry", code: "no-answer", text: "Meta did not answer in time." } }
    : { outcome: "retry", afterMs: null, error: { class: "retry", code, text: "Meta could not be reached." } };
}
