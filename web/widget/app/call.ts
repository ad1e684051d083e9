import { store, stored, storedObject, tellHost } from "./host.ts";
import { change } from "./state.ts";

export const base = "/v3/directline";
/** The service answers within 2 s or not at all (R9); a slow line takes longer, and is given more each time. */
const quickMs = 2_000;
const answerWithinMs = 5_000;
const slowAnswerWithinMs = 15_000;
/** A token this close to its end is changed first: sooner than the line looks again (refreshEveryMs). */
const marginMs = 660_000;
const hostAnswersWithinMs = 10_000;

interface Session {
  readonly conversationId: string;
  readonly token: string;
  readonly until: number;
  readonly resume?: string;
  /** The customer's name, when the host site signed them in; empty when it told none. */
  readonly name?: string;
}

interface Issued {
  readonly conversationId: string;
  readonly token: string;
  readonly expires_in: number;
  readonly resume?: string;
  readonly signedIn?: { readonly name: string | null };
}

/** What the service refused, with its code and how long it asks to wait. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly waitMs: number;
  constructor(status: number, code: string, waitMs: number) {
    super(code);
    this.status = status;
    this.code = code;
    this.waitMs = waitMs;
  }
}

let current: Session | null = null;
let opening: Promise<Session | null> | null = null;
let hostSays: ((token: string | null) => void) | null = null;
let onLost = (): void => undefined;
let patienceMs = answerWithinMs;
/** Browsers keep the connections of calls without cookies apart, and ours need none: there is none of the page's that died. */
let credentials: RequestCredentials = "same-origin";

/** Takes up what was stored; `lost` is called when a session turns out to have ended. */
export function takeSession(lost: () => void = onLost): boolean {
  onLost = lost;
  const before = current?.conversationId;
  current = storedObject<Session>("s");
  change({ signedIn: current?.name ?? null, earlier: stored("a") });
  return current?.conversationId !== before;
}

export const session = (): Session | null => current;

/** The session with a token that is good for a while. Null: there is none, and none was asked for. */
export function openSession(create: boolean): Promise<Session | null> {
  if (current !== null && current.until - Date.now() > marginMs) return Promise.resolve(current);
  opening ??= renew(create).finally(() => {
    opening = null;
  });
  return opening;
}

async function renew(create: boolean): Promise<Session | null> {
  if (current !== null) {
    const { token, until, resume, name } = current;
    if (until > Date.now()) {
      const refreshed = await unlessEnded(post("/tokens/refresh", {}, token));
      if (refreshed !== null) return keep({ ...refreshed, ...(resume === undefined ? {} : { resume }) }, name);
    }
    if (resume !== undefined) {
      const resumed = await unlessEnded(generate({ resume }));
      if (resumed !== null) return keep(resumed);
    } else {
      const identity = await askHost();
      if (identity !== null) return signIn(identity);
    }
    lose();
    return null;
  }
  return create ? keep(await generate({})) : null;
}

/** Opens the conversation of the customer whom the host site's token names. An anonymous one before it is remembered (C6). */
export async function signIn(identity: string): Promise<Session> {
  const before = current?.resume;
  const issued = await generate({ identity, before: current?.token });
  if (before !== undefined) keepEarlier(before);
  return keep(issued, issued.signedIn?.name ?? "");
}

export function keepEarlier(earlier: string | null): void {
  store("a", earlier);
  change({ earlier });
}

/** Null: it has nobody signed in. A host that does not answer, just awake and without its own line, is asked again. */
async function askHost(): Promise<string | null> {
  if (parent === window) return null;
  return new Promise((resolve, reject) => {
    hostSays = resolve;
    tellHost("who");
    setTimeout(reject, hostAnswersWithinMs, new Error("away"));
  });
}

/** The host's token belongs to whoever waits for one; false: nobody does. */
export function hostSaid(token: string | null): boolean {
  const waiting = hostSays;
  hostSays = null;
  waiting?.(token);
  return waiting !== null;
}

export function keep({ conversationId, token, expires_in, resume }: Issued, name?: string): Session {
  // How far another conversation was read says nothing about this one.
  if (current !== null && current.conversationId !== conversationId) store("r", null);
  current = {
    conversationId,
    token,
    until: Date.now() + expires_in * 1_000,
    ...(resume === undefined ? {} : { resume }),
    ...(name === undefined ? {} : { name }),
  };
  store("s", JSON.stringify(current));
  change({ signedIn: name ?? null });
  return current;
}

/** The session is over on this device, and the service hears of it: nothing more is pushed here. */
export function lose(): void {
  if (current !== null) store("e", current.token);
  current = null;
  store("s", null);
  onLost();
}

export async function unlessEnded(issued: Promise<Issued>): Promise<Issued | null> {
  try {
    return await issued;
  } catch (error) {
    if (isEnded(error)) return null;
    throw error;
  }
}

const isEnded = (error: unknown): boolean => error instanceof Refused && [401, 403, 404].includes(error.status);

/** Ends the session that this device has left (leave.ts), if the service has not heard of that yet. */
export async function endLate(): Promise<void> {
  const left = stored("e");
  if (left === null) return;
  await unlessEnded(post("/tokens/end", {}, left));
  store("e", null);
}

/** With where this clock is: "tomorrow at ten" means the customer's. A session that was left ends before another begins. */
export async function generate(body: object): Promise<Issued> {
  await endLate();
  return post("/tokens/generate", { ...body, zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
}

function post(path: string, body: object, token?: string): Promise<Issued> {
  return ask("POST", path, body, token) as Promise<Issued>;
}

/**
 * Calls the service as this visitor. A token that was ended is changed once; then the session is lost, and what was meant
 * for its conversation goes into no other.
 */
export async function call(method: string, path: string, body?: object): Promise<unknown> {
  let meant: string | undefined;
  for (let last = false; ; last = true) {
    const opened = await openSession(!last);
    meant ??= opened?.conversationId;
    if (opened === null || opened.conversationId !== meant) throw new Refused(403, "Ended", 0);
    const address = path.replace("*", opened.conversationId);
    try {
      return await ask(method, address, body, opened.token);
    } catch (error) {
      if (!isEnded(error)) throw error;
      if (last) {
        lose();
        throw error;
      }
      if (current !== null) current = { ...current, until: 0 };
    }
  }
}

/** Calls what this service may not have: null when it has not, or refuses. */
export async function callIfThere(method: string, path: string, body?: object): Promise<unknown> {
  const opened = await openSession(false).catch(() => null);
  if (opened === null) return null;
  return ask(method, path.replace("*", opened.conversationId), body, opened.token).catch(() => null);
}

export const timedOut = (error: unknown): boolean => (error as Error).name === "TimeoutError";

/** One that was not answered in time leaves the connections that it was sent over, all of which may be dead. */
export async function ask(method: string, path: string, body?: object, token?: string): Promise<unknown> {
  const began = Date.now();
  const within = patienceMs;
  try {
    return await askWithin(within, method, path, body, token);
  } catch (error) {
    if (timedOut(error)) {
      patienceMs = Math.min(2 * within, slowAnswerWithinMs);
      credentials = "omit";
    }
    throw error;
  } finally {
    if (Date.now() - began < quickMs) patienceMs = answerWithinMs;
  }
}

async function askWithin(within: number, method: string, path: string, body?: object, token?: string) {
  const response = await fetch(base + path, {
    method,
    credentials,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(within),
  });
  const text = await response.text();
  if (response.ok) return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  throw refusal(response.status, text, response.headers.get("retry-after"));
}

export function refusal(status: number, text: string, retryAfter: string | null): Refused {
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? "";
  return new Refused(status, code, Number(retryAfter ?? 0) * 1_000);
}
