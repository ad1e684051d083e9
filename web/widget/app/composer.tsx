import { call, openSession, session } from "./call.ts";
import { store } from "./host.ts";
import { fetchLater, later, sayAway } from "./later.ts";
import { connect } from "./line.ts";
import { filesMax, send } from "./outgoing.ts";
import { change, state } from "./state.ts";
import { say } from "./words.ts";

const typingEveryMs = 3_000;
const textMaxChars = 32_000;
let toldTypingAt = 0;

export const field = (): HTMLTextAreaElement | null => document.querySelector("textarea");

/** Where the customer writes, with the two ways to people always beneath. */
export function Composer() {
  const { panel } = state;
  const parts = later();
  const Panel = panel === "emoji" || panel === "voice" ? parts?.[panel] : undefined;
  return (
    <footer>
      {state.error !== null && (
        <p id="error" role="alert">
          {say(state.error)}
        </p>
      )}
      {Panel !== undefined && <Panel />}
      <form onSubmit={submit}>
        <label class="icon" title={say("attach")}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M16.5 6v11.5a4 4 0 0 1-8 0V5a2.5 2.5 0 0 1 5 0v10.5a1 1 0 0 1-2 0V6H10v9.5a2.5 2.5 0 0 0 5 0V5a4 4 0 0 0-8 0v12.5a5.5 5.5 0 0 0 11 0V6z" />
          </svg>
          <span class="hidden">{say("attach")}</span>
          <input type="file" multiple onChange={choose} />
        </label>
        {parts !== null && <parts.Camera />}
        <button
          type="button"
          class="icon"
          title={say("emoji")}
          aria-label={say("emoji")}
          aria-expanded={state.panel === "emoji"}
          onClick={() => void toggle("emoji")}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16zM8.5 11a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zm7 0a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM12 17.5a5 5 0 0 0 4.6-3.5H7.4a5 5 0 0 0 4.6 3.5z" />
          </svg>
        </button>
        <textarea
          rows={1}
          dir="auto"
          maxLength={textMaxChars}
          aria-label={say("write")}
          placeholder={say("write")}
          aria-describedby={state.error === null ? undefined : "error"}
          onInput={typed}
          onKeyDown={onKey}
          onPaste={paste}
        />
        {"MediaRecorder" in window && (
          <button
            type="button"
            class="icon"
            title={say("record")}
            aria-label={say("record")}
            aria-expanded={state.panel === "voice"}
            onClick={() => void toggle("voice")}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M12 14a3 3 0 0 0 3-3V5a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.9V21h2v-3.1a7 7 0 0 0 6-6.9z" />
            </svg>
          </button>
        )}
        <button type="submit" class="icon send" title={say("send")} aria-label={say("send")}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 21 23 12 2 3v7l15 2-15 2z" />
          </svg>
        </button>
      </form>
      <div class="people">
        <button type="button" onClick={() => ask("person", "live-agent")}>
          {say("person")}
        </button>
        <button type="button" onClick={() => ask("call", "callback")}>
          {say("call")}
        </button>
      </div>
    </footer>
  );
}

function ask(key: "person" | "call", choice: string): void {
  send(say(key), { choice, title: say(key) });
  field()?.focus();
}

function submit(event: Event): void {
  event.preventDefault();
  const input = field();
  const text = input?.value.trim() ?? "";
  if (input === null || text === "") return;
  empty(input);
  send(text);
  input.focus();
}

function empty(input: HTMLTextAreaElement): void {
  input.value = "";
  store("d", null);
}

function onKey(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  submit(event);
}

/** The first letter opens the conversation, so that the first question finds it open. */
function typed(): void {
  // A page that comes next goes on with it.
  store("d", field()?.value || null);
  if (state.error !== null) change({ error: null });
  if (Date.now() - toldTypingAt < typingEveryMs) return;
  toldTypingAt = Date.now();
  const known = session() !== null;
  void openSession(true)
    .then(() => (known ? call("POST", "/conversations/*/activities", { type: "typing" }) : connect()))
    // It passes by; what is wrong shows when the message is sent.
    .catch(() => undefined);
}

function choose(event: Event): void {
  const input = event.currentTarget as HTMLInputElement;
  sendFiles(input.files);
  input.value = "";
}

function paste(event: ClipboardEvent): void {
  if ((event.clipboardData?.files.length ?? 0) === 0) return;
  event.preventDefault();
  sendFiles(event.clipboardData?.files);
}

/** Files go at once, with what was written so far. */
export function sendFiles(list: FileList | null | undefined): void {
  const files = [...(list ?? [])];
  const input = field();
  if (files.length === 0 || input === null) return;
  if (files.length > filesMax) {
    change({ error: "tooManyFiles" });
    return;
  }
  const text = input.value.trim();
  empty(input);
  send(text, undefined, files);
  input.focus();
}

/** What few people open is fetched when they do. */
async function toggle(panel: "emoji" | "voice"): Promise<void> {
  if (state.panel === panel) return change({ panel: null });
  if ((await fetchLater()) === null) sayAway();
  else change({ panel });
}
