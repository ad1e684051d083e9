import { drawEntry, drawFate, drawPending, nameOf } from "./entry.tsx";
import { Marked } from "./markdown.tsx";
import { send } from "./outgoing.ts";
import { type Choice, type Entry, state } from "./state.ts";
import { config, say } from "./words.ts";

const day = new Intl.DateTimeFormat(config.locale, { weekday: "long", day: "numeric", month: "long" });

/** The timeline from the top: days, messages, what waits to be sent, who writes, what can be answered by a tap. */
export function Thread() {
  const { entries, pending, typing, draft, line } = state;
  const last = entries.at(-1);
  const choices = pending.length === 0 && last !== undefined && last.author !== "contact" ? last.choices : [];
  return (
    <div
      id="thread"
      role="log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable with the keyboard.
      tabIndex={0}
      aria-label={say("chat")}
      aria-live={state.caughtUp || entries.length === 0 ? "polite" : "off"}
    >
      <ol>
        <li class="assistant">
          <div class="bubble">
            <p>{say("hello")}</p>
          </div>
        </li>
        {entries.map((entry, at) => [dayAbove(entry, entries[at - 1]), drawEntry(entry)])}
        {drawFate()}
        {pending.map(drawPending)}
        {draft !== "" && (
          // Announced when it is whole.
          <li key="draft" class="assistant draft" aria-hidden="true">
            <div class="bubble" dir="auto">
              <Marked text={draft} />
            </div>
          </li>
        )}
      </ol>
      {typing !== null && (
        <p class="typing">
          <span class="hidden">
            {say("typing", { name: typing === "agent" ? (line?.agent?.name ?? "…") : say("ai") })}
          </span>
          <i />
          <i />
          <i />
        </p>
      )}
      {choices.length > 0 && (
        <div class="choices">
          {choices.map((choice) => (
            <button type="button" key={choice.title} onClick={() => pick(choice)} dir="auto">
              {choice.title}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** The buttons go; whoever used the keyboard goes on in the field. */
function pick({ type, title, value }: Choice): void {
  if (type === "openUrl") return void open(value as string, "_top");
  send(title, value);
  document.querySelector("textarea")?.focus();
}

/** Which day it was, and who writes when that changed. */
function dayAbove(entry: Entry, before: Entry | undefined) {
  const date = day.format(entry.at);
  const newDay = before === undefined || day.format(before.at) !== date;
  const newName = entry.author === "agent" && (before?.author !== "agent" || before.name !== entry.name);
  if (!newDay && !newName) return null;
  return (
    <li key={`above${entry.seq}`} class="between">
      {newDay && <time dateTime={new Date(entry.at).toISOString()}>{date}</time>}
      {newName && <bdi>{nameOf(entry)}</bdi>}
    </li>
  );
}
