import type { CallView } from "./caller-lines.ts";
import type { ProviderDouble } from "./provider-double.ts";

/** Fast enough for a telephone that rings; nothing is asked of a database for it. */
const lookEveryMs = 150;
/** Proxies close what is silent for a minute. */
const aliveEveryMs = 20_000;

/** What a telephone in a browser shows. */
export type PhoneStanding =
  /** With the last words of a call that has ended. */
  | { readonly state: "idle"; readonly said: CallView["said"] }
  | { readonly state: "ringing"; readonly callSid: string; readonly other: string; readonly since: number }
  | ({ readonly state: "connected"; readonly callSid: string } & Omit<CallView, "ended">);

/**
 * Holds a telephone open for as long as a page listens: `write` gets how it stands at once, and then each change, with
 * what was said since. What comes back ends it.
 */
export function phoneLine(double: ProviderDouble, number: string, write: (text: string) => void): () => void {
  const close = double.handsets.open(number);
  let callSid: string | null = null;
  let count: number | null = null;
  let written = "";
  let writtenAt = 0;

  function look(): void {
    const standing = standingOf(double, number, callSid, count);
    callSid = standing.state === "connected" ? standing.callSid : null;
    // What was said before the page came is in its thread.
    count = standing.state === "connected" ? standing.count : 0;
    const text = JSON.stringify(standing);
    const now = Date.now();
    if (text !== written) write(`data: ${JSON.stringify({ ...standing, now })}\n\n`);
    else if (now - writtenAt > aliveEveryMs) write(":\n\n");
    else return;
    written = text;
    writtenAt = now;
  }

  look();
  const timer = setInterval(look, lookEveryMs);
  return () => {
    clearInterval(timer);
    close();
  };
}

function standingOf(double: ProviderDouble, number: string, known: string | null, count: number | null): PhoneStanding {
  const ringing = double.ringing(number);
  if (ringing !== null) {
    const { sid: callSid, from: other, createdAt: since } = ringing;
    return { state: "ringing", callSid, other, since };
  }
  const callSid = double.customer.onLine(number);
  const from = callSid === known || known === null ? count : 0;
  const view = callSid === null ? null : double.customer.view(callSid, from ?? Number.MAX_SAFE_INTEGER);
  if (callSid === null || view === null) {
    const over = known === null ? null : double.customer.view(known, count ?? 0);
    return { state: "idle", said: over?.said ?? [] };
  }
  const { ended: _, ...now } = view;
  return { state: "connected", callSid, ...now };
}
