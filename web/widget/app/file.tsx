import type { FileShown } from "./state.ts";
import { config, say, type WordKey } from "./words.ts";

const fileWords: Readonly<Record<string, WordKey>> = {
  pending: "pending",
  "kind-not-allowed": "blocked",
  damaged: "damaged",
  empty: "damaged",
  "too-big": "tooBig",
  quota: "noRoom",
};

/** A file by its name and what became of it; pictures and sound as such, from our own origin alone (X2, X3). */
export function drawFile({ name, mime, size, state: now, reason, url }: FileShown) {
  const kind = mime.split("/")[0];
  if (now !== "ready" || url === undefined)
    return (
      <p class="file">
        <bdi>{name}</bdi> <small>{say(fileWords[reason ?? now] ?? "failed")}</small>
      </p>
    );
  return (
    <div class="file">
      {kind === "image" && <img src={url} alt={`${say("picture")}: ${name}`} loading="lazy" />}
      {kind === "audio" && (
        // biome-ignore lint/a11y/useMediaCaption: what a customer just said has no captions.
        <audio controls src={url} aria-label={`${say("voice")}: ${name}`} />
      )}
      <a href={url} download>
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
