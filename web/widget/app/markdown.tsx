import type { Child } from "./view.ts";
import { say } from "./words.ts";

/** Our few marks as elements, from a parsed text and never from HTML (X1): paragraphs, lists, bold, links. */
export function Marked({ text }: { readonly text: string }) {
  return <>{text.split(/\n{2,}/).map(block)}</>;
}

/** Plain words of ours, in which addresses can be followed. */
export function Plain({ text }: { readonly text: string }) {
  return <p>{inline(text, addresses)}</p>;
}

const bullet = /^(?:[-*•]|\d+[.)])\s+/;

function block(text: string) {
  const lines = text.split("\n");
  if (!lines.every((line) => bullet.test(line))) return <p>{inline(text.replace(/^#{1,6} +/gm, ""), marks)}</p>;
  const items = lines.map((line) => <li>{inline(line.replace(bullet, ""), marks)}</li>);
  return /^\d/.test(text) ? <ol>{items}</ol> : <ul>{items}</ul>;
}

const marks = /\*\*(.+?)\*\*|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/g;
const addresses = /()()()(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/g;

function inline(text: string, pattern: RegExp): Child[] {
  const pieces: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, bold, words, target, bare] = match;
    pieces.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (bold) pieces.push(<strong>{bold}</strong>);
    else pieces.push(link(target || bare || "", words || bare || "") ?? whole);
  }
  pieces.push(text.slice(end));
  return pieces;
}

/** A link says where it goes and tells that site nothing (X2); anything but the web, mail and telephone stays text. */
function link(target: string, words: string) {
  if (!URL.canParse(target, location.origin)) return null;
  const { protocol, host, href } = new URL(target, location.origin);
  if (!/^(https?|mailto|tel):$/.test(protocol)) return null;
  const foreign = host !== "" && host !== location.host && words !== target;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {words}
      {foreign && ` (${host})`}
      <span class="hidden"> ({say("newTab")})</span>
    </a>
  );
}
