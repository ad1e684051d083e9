import { call } from "./call.ts";
import { sayAway } from "./later.ts";
import { type Activity, take } from "./line.ts";
import { type FileShown, state } from "./state.ts";
import { config, say, type WordKey } from "./words.ts";

const fileWords: Readonly<Record<string, WordKey>> = {
  pending: "pending",
  "kind-not-allowed": "blocked",
  damaged: "damaged",
  empty: "damaged",
  "too-big": "tooBig",
  quota: "noRoom",
};

/** Links to files open for so long at least (fileLinkSeconds in channels/web-chat/tokens.ts). */
const linkLastsMs = 25 * 60_000;
const shownSince = new WeakMap<FileShown, number>();

const isOld = (file: FileShown): boolean => Date.now() - (shownSince.get(file) ?? 0) > linkLastsMs;

/** Asks for the message again, whose links are new then; gives the file's. */
async function renew({ id }: FileShown): Promise<string | undefined> {
  const has = (entry: (typeof state.entries)[number]) => entry.files.find((file) => file.id === id);
  const { seq = 1 } = state.entries.find(has) ?? {};
  const set = (await call("GET", `/conversations/*/activities?watermark=${seq - 1}`)) as {
    activities: readonly Activity[];
  };
  take(set.activities);
  return state.entries.map(has).find(Boolean)?.url;
}

/** A link that has ended is changed for a new one first. */
async function open(event: Event, file: FileShown): Promise<void> {
  if (!isOld(file)) return;
  event.preventDefault();
  const link = document.createElement("a");
  link.href = (await renew(file).catch(sayAway)) ?? "";
  link.download = file.name;
  if (link.getAttribute("href") !== "") link.click();
}

/** A file by its name and what became of it; pictures and sound as such, from our own origin alone (X2, X3). */
export function drawFile(file: FileShown) {
  const { name, mime, size, state: now, reason, url } = file;
  if (!shownSince.has(file)) shownSince.set(file, Date.now());
  const onError = () => void (isOld(file) && renew(file).catch(() => undefined));
  const kind = mime.split("/")[0];
  if (now !== "ready" || url === undefined)
    return (
      <p class="file">
        <bdi>{name}</bdi> <small>{say(fileWords[reason ?? now] ?? "failed")}</small>
      </p>
    );
  return (
    <div class="file">
      {kind === "image" && <img src={url} alt={`${say("picture")}: ${name}`} loading="lazy" onError={onError} />}
      {kind === "audio" && (
        // biome-ignore lint/a11y/useMediaCaption: what a customer just said has no captions.
        <audio controls src={url} onError={onError} aria-label={`${say("voice")}: ${name}`} />
      )}
      <a href={url} download onClick={(event: Event) => void open(event, file)}>
        <bdi>{name}</bdi>
        <span class="hidden"> {say("download")}</span>
      </a>{" "}
      {size !== null && <small>{sizeOf(size)}</small>}
    </div>
  );
}

function sizeOf(bytes: number): string {
  const big = bytes >= 1_000_000;
  const unit = { style: "unit", unit: big ? "megabyte" : "kilobyte", maximumFractionDigits: big ? 1 : 0 } as const;
  return new Intl.NumberFormat(config.locale, unit).format(Math.max(big ? 0 : 1, bytes / (big ? 1_000_000 : 1_000)));
}
