import { type Start, storagePrefix, type ToFrame, type ToHost } from "../protocol.ts";

const kept = new Map<string, string>();
let hostOrigin: string | null = null;

export interface HostListener {
  readonly init: (start: Start) => void;
  readonly shown: (shown: boolean) => void;
  readonly stored: (key: string, value: string | null) => void;
  readonly identify: (token: string | null) => void;
  readonly prefill: (text: string) => void;
  readonly resume: (key: string) => void;
  readonly reset: () => void;
}

/** Says that the frame is there, and hears the page that embeds it; opened by itself, the frame is its own host. */
export function meetHost(listener: HostListener): void {
  if (parent === window) {
    hostMyself(listener);
    return;
  }
  addEventListener("message", ({ source, origin, data }: MessageEvent<ToFrame>) => {
    if (source !== parent || !Array.isArray(data)) return;
    // The policy of this page says who may embed it; whoever spoke first is the one that is answered.
    hostOrigin ??= origin;
    if (origin !== hostOrigin) return;
    const [name, ...rest] = data;
    if (name === "init") remember((rest[0] as Start).stored);
    if (name === "stored") note(rest[0] as string, rest[1] as string | null);
    (listener[name] as (...rest: unknown[]) => void)(...rest);
  });
  parent.postMessage(["ready"] satisfies ToHost, "*");
}

export function tellHost(...message: ToHost): void {
  if (hostOrigin !== null) parent.postMessage(message, hostOrigin);
}

export function stored(key: string): string | null {
  return kept.get(storagePrefix + key) ?? null;
}

/** What was stored as JSON; what is damaged is dropped. */
export function storedObject<T>(key: string): T | null {
  try {
    return JSON.parse(stored(key) ?? "null") as T | null;
  } catch {
    store(key, null);
    return null;
  }
}

/** All keys that begin so, in their order. */
export function storedKeys(start: string): string[] {
  const keys = [...kept.keys()].map((key) => key.slice(storagePrefix.length));
  return keys.filter((key) => key.startsWith(start)).sort();
}

export function store(name: string, value: string | null): void {
  const key = storagePrefix + name;
  if (kept.get(key) === (value ?? undefined)) return;
  note(key, value);
  if (parent !== window) {
    tellHost("store", key, value);
    return;
  }
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Blocked: the conversation lives as long as this page.
  }
}

/** All but a session that is still to be ended (endLate). */
export function forgetAll(): void {
  for (const key of storedKeys("")) if (key !== "e") store(key, null);
}

function note(key: string, value: string | null): void {
  if (value === null) kept.delete(key);
  else kept.set(key, value);
}

function remember(entries: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(entries)) kept.set(key, value);
}

function hostMyself({ init, stored: changed }: HostListener): void {
  try {
    remember(Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith(storagePrefix))));
  } catch {
    // As above.
  }
  addEventListener("storage", ({ key, newValue }) => {
    if (key === null || !key.startsWith(storagePrefix)) return;
    note(key, newValue);
    changed(key, newValue);
  });
  init({ stored: {}, colour: undefined, theme: undefined, shown: true });
}
