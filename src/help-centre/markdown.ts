import { escapeHtml } from "../lib/escape-html.ts";

/** What articles use of Markdown: paragraphs, small headings, lists, bold. Built from escaped text, so nothing else can come through (X1). */
export function markdownToHtml(markdown: string): string {
  return markdown
    .replace(/\r\n?/g, "\n")
    .split(/\n{2,}/)
    .map((block) => blockToHtml(block.trim()))
    .join("");
}

function blockToHtml(block: string): string {
  if (block === "") return "";
  const lines = block.split("\n");
  // A list may follow the sentence that introduces it without an empty line.
  const from = lines.findIndex(isItem);
  if (from > 0 && lines.slice(from).every(isItem))
    return `<p>${inline(lines.slice(0, from).join("\n"))}</p>${list(lines.slice(from))}`;
  if (from === 0 && lines.every(isItem)) return list(lines);
  const heading = /^#{2,6} (.+)$/.exec(block)?.[1];
  return heading === undefined ? `<p>${inline(block)}</p>` : `<h2>${inline(heading)}</h2>`;
}

function isItem(line: string): boolean {
  return /^([-*]|\d+\.) /.test(line);
}

function list(lines: readonly string[]): string {
  const tag = /^\d/.test(lines[0] ?? "") ? "ol" : "ul";
  return `<${tag}>${lines.map((line) => `<li>${inline(line.replace(/^([-*]|\d+\.) /, ""))}</li>`).join("")}</${tag}>`;
}

function inline(text: string): string {
  return escapeHtml(text).replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>");
}
