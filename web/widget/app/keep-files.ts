import { stored, storedKeys } from "./host.ts";
import { failOthers, failWithout, flush, keyOf } from "./outgoing.ts";
import { change, type Pending, state } from "./state.ts";

const name = "everline-files";
const lockOf = (id: string): string => `${name}:${id}`;
const letGo = new Map<string, () => void>();

/**
 * Keeps the files of a message in this browser until the service has them, so that a change of the page does not lose
 * them, and says to other tabs that this one sends it. Where the browser keeps nothing, nothing is kept.
 */
export async function keepFiles({ id, files }: Pending): Promise<void> {
  await own(id);
  await work("readwrite", (kept) => kept.put(files, id)).catch(() => undefined);
  // Sent or removed meanwhile.
  if (!state.pending.some((one) => one.id === id && one.state !== "sent")) dropFiles(id);
  await dropOrphans().catch(() => undefined);
}

/** Files whose message is gone, because a page ended between the two. */
async function dropOrphans(): Promise<void> {
  const ids = await work<string[]>("readonly", (kept) => kept.getAllKeys());
  for (const id of ids ?? [])
    await navigator.locks.request(lockOf(id), { ifAvailable: true }, (lock) => {
      if (lock !== null && !storedKeys("q:").some((key) => key.endsWith(`:${id}`))) dropFiles(id);
    });
}

/** The service has them, or the customer took them back. */
export function dropFiles(id: string): void {
  letGo.get(id)?.();
  letGo.delete(id);
  void work("readwrite", (kept) => kept.delete(id)).catch(() => undefined);
}

/** Nothing of what was to be sent stays on this device. */
export function dropAllFiles(): void {
  for (const release of letGo.values()) release();
  letGo.clear();
  void work("readwrite", (kept) => kept.clear()).catch(() => undefined);
}

/**
 * Goes on with what an earlier page left, in its order. What another tab sends is left to it for as long as it is there;
 * what cannot be found again the customer is told to attach once more.
 */
export async function recall(left: readonly Pending[]): Promise<void> {
  for (const one of left) {
    const { id, files } = one;
    if (files.length > 0) await own(id);
    if (stored(keyOf(one)) === null) {
      dropFiles(id);
      continue;
    }
    const kept =
      files.length > 0 ? await work<Pending["files"]>("readonly", (all) => all.get(id)).catch(() => null) : files;
    const again = kept == null ? failWithout(one) : { ...one, files: kept };
    change({ pending: [...state.pending, again].sort((earlier, later) => earlier.at - later.at) });
  }
  failOthers();
  void flush();
}

/** Waits until no other tab has this message; where tabs cannot know of each other, at once. */
function own(id: string): Promise<void> {
  return new Promise((resolve) => {
    const held = (): Promise<void> => {
      resolve();
      return new Promise((release) => letGo.set(id, release));
    };
    navigator.locks.request(lockOf(id), held).catch(() => resolve());
  });
}

function work<Answer>(
  mode: IDBTransactionMode,
  ask: (kept: IDBObjectStore) => IDBRequest,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onupgradeneeded = () => opening.result.createObjectStore(name);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = ask(opening.result.transaction(name, mode).objectStore(name));
      asked.onsuccess = () => resolve(asked.result as Answer | undefined);
      asked.onerror = () => reject(asked.error);
      asked.transaction?.addEventListener("complete", () => opening.result.close());
    };
  });
}
