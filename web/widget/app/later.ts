import { change, state } from "./state.ts";
import { config } from "./words.ts";

/** What could not be fetched is not asked for again before this. */
const pauseMs = 5_000;

type Parts = typeof import("./parts.ts");

let parts: Parts | null = null;
let coming: Promise<Parts | null> | null = null;

/** What is not needed to read and write: null until it was fetched. */
export const later = (): Parts | null => parts;

/** Fetches the rest of the app with its words, once. Null: it cannot be had at the moment. */
export function fetchLater(): Promise<Parts | null> {
  coming ??= bring().catch(() => {
    setTimeout(() => {
      coming = null;
      // Whoever still needs it asks again.
      change({});
    }, pauseMs);
    return null;
  });
  return coming;
}

/** What the customer opened cannot be had now. */
export function sayAway(): void {
  if (state.notice === null) change({ notice: navigator.onLine ? "serverAway" : "offline" });
}

async function bring(): Promise<Parts> {
  const [{ words, languages }, brought] = await Promise.all([
    fetch(config.later).then((response) => (response.ok ? response.json() : Promise.reject(new Error("no words")))),
    import("./parts.ts"),
  ]);
  Object.assign(config.words, words);
  config.languages = languages;
  parts = brought;
  change({});
  return brought;
}
