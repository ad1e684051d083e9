/**
 * What the loader in the host's page and the frame of our origin say to each other over postMessage: a name, and what
 * belongs to it. Each side checks the other's window and origin. What must outlive the page is kept by the loader in the
 * host's own storage, because the frame's is blocked or partitioned wherever it counts as a third party.
 */
export type ToFrame =
  /** The answer to "ready". */
  | readonly ["init", Start]
  | readonly ["shown", boolean]
  /** Another tab of the host stored something. */
  | readonly ["stored", key: string, value: string | null]
  /** The host's word for who the customer is; null when it has none. */
  | readonly ["identify", token: string | null]
  | readonly ["prefill", text: string]
  /** A key from a link that resumes one conversation. */
  | readonly ["resume", key: string]
  | readonly ["reset"];

export interface Start {
  readonly stored: Readonly<Record<string, string>>;
  readonly colour: string | undefined;
  readonly theme: string | undefined;
  readonly shown: boolean;
}

export type ToHost =
  | readonly ["ready"]
  | readonly ["store", key: string, value: string | null]
  | readonly ["close"]
  | readonly ["setLocale", locale: string]
  | readonly ["unread", count: number, label: string]
  /** The session of a signed-in customer ran out: a fresh identity token is wanted. */
  | readonly ["who"]
  | readonly ["emit", name: "message" | "error" | "identity", detail: unknown];

/** Keys of the host's storage all begin so. */
export const storagePrefix = "everline:";
