import { el } from "./dom.js";

const item = /^(?:[-*•]|\d+[.)])\s+/;
const marks = /\*\*(.+?)\*\*|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/g;

/** The few marks of our articles as the customer's chat shows them: elements of a parsed text, never HTML (X1). */
export function marked(text) {
  return text.split(/\n{2,}/).flatMap(block);
}

function block(text) {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => item.test(line));
  // A list may follow the sentence that introduces it without an empty line.
  if (from < 0 || !lines.slice(from).every((line) => item.test(line))) return [paragraph(lines)];
  const items = lines.slice(from).map((line) => el("li", {}, ...inline(line.replace(item, ""))));
  const list = el(/^\d/.test(lines[from]) ? "ol" : "ul", { dir: "auto" }, ...items);
  return from === 0 ? [list] : [paragraph(lines.slice(0, from)), list];
}

function paragraph(lines) {
  return el("p", { dir: "auto" }, ...inline(lines.join("\n").replace(/^#{1,6} +/gm, "")));
}

function inline(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(marks)) {
    const [whole, bold, words, target, bare] = match;
    pieces.push(text.slice(end, match.index));
    end = match.index + whole.length;
    pieces.push(bold ? el("strong", {}, bold) : (link(target ?? bare, words ?? bare) ?? whole));
  }
  return [...pieces, text.slice(end)];
}

/** A link says where it goes and tells that site nothing (X2); anything but the web, mail and telephone stays text. */
function link(target, words) {
  if (!URL.canParse(target, location.origin)) return null;
  const { protocol, host, href } = new URL(target, location.origin);
  if (!/^(https?|mailto|tel):$/.test(protocol)) return null;
  const where = host !== "" && host !== location.host && words !== target ? ` (${host})` : "";
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, words + where);
}
