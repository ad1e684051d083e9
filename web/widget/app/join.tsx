import { ask, call, keepEarlier, Refused } from "./call.ts";
import { sayAway } from "./later.ts";
import { goOnTelling } from "./reach.tsx";
import { change, state } from "./state.ts";
import { say } from "./words.ts";

interface Earlier {
  /** Its resume key, by which a join proves that the chat was this browser's. */
  readonly key: string;
  readonly token: string;
  readonly conversationId: string;
  /** What the customer wrote there, oldest first. */
  readonly said: readonly string[];
}

const wordsMaxChars = 80;
let found: Earlier | null = null;
let looking: string | null = null;

/** Asks whether the chat from before signing in belongs to the account: nothing joins without that answer (C6). */
export function Join() {
  const { earlier } = state;
  if (earlier === null) return null;
  if (looking !== earlier) void look(earlier);
  if (found?.key !== earlier) return null;
  return (
    <section class="card" aria-label={say("joinTitle")}>
      <h2>{say("joinTitle")}</h2>
      <p>{say("joinCount", { n: found.said.length })}</p>
      <blockquote dir="auto">{found.said[0]?.slice(0, wordsMaxChars)}</blockquote>
      <button type="button" class="main" onClick={() => void join(earlier)}>
        {say("join")}
      </button>
      <button type="button" onClick={leaveOut}>
        {say("joinNot")}
      </button>
    </section>
  );
}

/** Nobody is asked about a chat in which nothing was written, or one that has ended. */
async function look(key: string): Promise<void> {
  looking = key;
  try {
    const { token, conversationId } = (await ask("POST", "/tokens/generate", { resume: key })) as Omit<
      Earlier,
      "key" | "said"
    >;
    const history = await ask("GET", `/conversations/${conversationId}/activities`, undefined, token);
    const { activities } = history as {
      readonly activities: readonly { readonly from: { readonly role: string }; readonly text: string }[];
    };
    const said = activities.filter(({ from }) => from.role === "user").map(({ text }) => text);
    found = { key, token, conversationId, said };
    if (said.length === 0) leaveOut();
    else change({});
  } catch (error) {
    if (error instanceof Refused && error.status < 500 && error.status !== 429) keepEarlier(null);
    else looking = null;
  }
}

/** The account's own stream brings the messages. */
async function join(key: string): Promise<void> {
  try {
    await call("POST", "/conversations/*/join", { token: key });
    if (found !== null) goOnTelling(found.conversationId);
    keepEarlier(null);
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) return sayAway();
    keepEarlier(null);
    change({ notice: "joinGone" });
  }
  document.querySelector("textarea")?.focus();
}

/** Then nobody else finds it on this device either. */
function leaveOut(): void {
  void ask("POST", "/tokens/end", {}, found?.token).catch(() => undefined);
  keepEarlier(null);
  document.querySelector("textarea")?.focus();
}
