/** Markdown in WhatsApp's own marks: *bold*, _italic_, ~strike~, ```code```; links with their address behind. Pure. */
export function toWhatsapp(markdown: string): string {
  return markdown
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((piece, index) => (index % 2 === 1 ? piece : withoutCode(piece)))
    .join("");
}

/** Bold becomes this first, so that its single star is not taken for Markdown's italic afterwards. */
const star = "\uE000";

function withoutCode(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_all, words: string, link: string) =>
      words === link ? link : `${words} (${link})`,
    )
    .replace(/^#{1,6} +(.+?) *#*$/gm, `${star}$1${star}`)
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, `${star}$2${star}`)
    .replace(/^([ \t]*)[-*+] +/gm, "$1• ")
    .replace(/(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/g, "_$1_")
    .replace(/~~(?=\S)(.+?)(?<=\S)~~/g, "~$1~")
    .replaceAll(star, "*");
}
