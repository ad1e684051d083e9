import { el } from "./dom.js";

const stateWords = { pending: "being fetched", ready: "", failed: "failed", blocked: "not accepted" };

/** A file of the customer's: a picture as a thumbnail, sound to be played, everything else by name, size and state; only from our own route (X2, X3). */
export function drawFile(part) {
  const address = `/api/v1/attachments/${encodeURIComponent(part.assetId)}`;
  const ready = part.state === "ready";
  const name = part.name ?? part.kind;
  const picture =
    ready && part.mime.startsWith("image/")
      ? el("a", { href: address }, el("img", { src: address, alt: `Picture: ${name}`, loading: "lazy" }))
      : null;
  const sound =
    ready && part.mime.startsWith("audio/")
      ? el("audio", { controls: true, preload: "none", src: address, "aria-label": `Voice message: ${name}` })
      : null;
  const about = [part.size ? sizeWords(part.size) : "", stateWords[part.state] ?? part.state, part.why].filter(Boolean);
  return el(
    "div",
    { className: `file ${part.state}` },
    picture,
    sound,
    el(
      "div",
      {},
      el("bdi", {}, ready ? el("a", { href: address, download: "" }, name) : name),
      ` ${about.join(" · ")}`,
    ),
    part.caption ? el("p", { dir: "auto" }, part.caption) : null,
  );
}

const sizeWords = (bytes) =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1_000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
