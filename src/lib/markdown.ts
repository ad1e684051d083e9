/** Markdown as plain words: links with their address behind, lists with dots, no marks. */
export function toPlain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, "$1 ($2)")
    .replace(/(\*\*|__)(.+?)\1/g, "$2")
    .replace(/^#{1,6} +/gm, "")
    .replace(/^[-*] +/gm, "- ");
}
