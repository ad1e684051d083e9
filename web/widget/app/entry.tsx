import { fetchLater, later } from "./later.ts";
import { Marked, Plain } from "./markdown.tsx";
import { remove, retry } from "./outgoing.ts";
import { change, type Entry, type Pending, state } from "./state.ts";
import type { Child } from "./view.ts";
import { config, say } from "./words.ts";

const drawn = new WeakMap<Entry, Child>();

/** A message of the thread; drawn once it is whole, because it never changes. */
export function drawEntry(entry: Entry): Child {
  const kept = drawn.get(entry) ?? <Message entry={entry} />;
  if (entry.files.length === 0 || later() !== null) drawn.set(entry, kept);
  return kept;
}

function Message({ entry }: { readonly entry: Entry }) {
  const { author, text, files, locale } = entry;
  const mine = author === "contact";
  const empty = text === "" && files.length === 0;
  return (
    <li key={entry.seq} class={mine ? "mine" : author}>
      <span class="hidden">{mine ? say("you") : nameOf(entry)}: </span>
      <div class="bubble" dir="auto" {...(locale === undefined ? {} : { lang: locale })}>
        {text !== "" && (mine ? <p>{text}</p> : entry.markdown ? <Marked text={text} /> : <Plain text={text} />)}
        {files.map(later()?.drawFile ?? drawName)}
        {empty && <p>{say("unsupported")}</p>}
        {entry.sources.map(({ id, title }) => (
          <a
            class="source"
            href={`/help/${locale?.slice(0, 2) ?? config.locale}/${encodeURIComponent(id)}`}
            target="_blank"
            rel="noopener"
          >
            {say("source")}: {title}
            <span class="hidden"> ({say("newTab")})</span>
          </a>
        ))}
      </div>
    </li>
  );
}

/** All of a file that can be shown at once. */
const drawName = ({ name, url }: { readonly name: string; readonly url?: string }): Child => (
  <p class="file">
    {url === undefined ? (
      <bdi>{name}</bdi>
    ) : (
      <a href={url} download>
        <bdi>{name}</bdi>
      </a>
    )}
  </p>
);

export const nameOf = ({ author, name }: Pick<Entry, "author" | "name">): string =>
  author === "agent" ? name : say("ai");

/** A message that the service has not confirmed, with what the customer can do about it. */
export function drawPending(pending: Pending) {
  const { id, text, files, why, progress } = pending;
  // Behind one that waits everything waits: they go in their order.
  const behind = pending.state === "sending" && state.pending.find((one) => one.state === "waiting");
  const { state: now, again } = behind || pending;
  const failed = now === "failed";
  const gone = files.some((file) => !(file instanceof File));
  if (gone) void fetchLater();
  return (
    <li key={id} class={`mine ${now}`}>
      <span class="hidden">{say("you")}: </span>
      <div class="bubble" dir="auto">
        {text !== "" && <p>{text}</p>}
        {files.map(drawName)}
        {now === "sending" && progress !== undefined && <progress value={progress} aria-label={say("sending")} />}
      </div>
      <small class="fate" role={failed ? "alert" : undefined}>
        {failed ? say(gone && later() !== null ? "attachAgain" : (why ?? "refused")) : fateOf(now, again)}{" "}
        {failed && (
          <>
            {!gone && why !== "tooBig" && (
              <button type="button" class="plain" onClick={() => retry(id)}>
                {say("again")}
              </button>
            )}
            {(gone || files.length === 0) && (
              <button type="button" class="plain" onClick={() => edit(pending)}>
                {say("edit")}
              </button>
            )}
          </>
        )}
        {(failed || files.length > 0) && now !== "sent" && (
          <button type="button" class="plain" onClick={() => remove(id)}>
            {say(failed ? "remove" : "cancel")}
          </button>
        )}
      </small>
    </li>
  );
}

function fateOf(now: Exclude<Pending["state"], "failed">, again: number | undefined): string {
  return again === undefined ? say(now) : say("tooMany", { n: Math.ceil((again - Date.now()) / 1_000) });
}

/** Back into the field; sent from there it is a new message. */
function edit({ id, text }: Pending): void {
  remove(id);
  const field = document.querySelector("textarea");
  if (field === null) return;
  field.value = [text, field.value].filter(Boolean).join("\n");
  field.focus();
  change({ error: null });
}

/** What became of the customer's last message: under it alone. */
export function drawFate(): Child | null {
  const last = state.entries.at(-1);
  if (last?.author !== "contact" || state.pending.length > 0) return null;
  const read = (state.line?.readSeq ?? 0) >= last.seq;
  return (
    <li key="fate" class="mine">
      <small class="fate">{say(read ? "read" : "sent")}</small>
    </li>
  );
}
