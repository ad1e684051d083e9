/** Removes what a database or a phone cannot hold: NUL and halves of surrogate pairs. Everything else stays. */
export function cleanText(text: string): string {
  return text
    .replaceAll("\u0000", "")
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}

/** Markdown as plain words: links with their address behind, lists with dots, no marks. */
export function toPlain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, "$1 ($2)")
    .replace(/(\*\*|__)(.+?)\1/g, "$2")
    .replace(/^#{1,6} +/gm, "")
    .replace(/^[-*] +/gm, "- ");
}

/** Splits at paragraph, sentence, word, at last between graphemes; never inside a link when it fits. */
export function splitText(text: string, fits: (piece: string) => boolean): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest !== "") {
    if (fits(rest)) {
      pieces.push(rest);
      break;
    }
    const cut = bestCut(rest, fits);
    pieces.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return pieces;
}

const breaks = [/\n\n+/g, /[.!?。！？]\s+|\n/g, /\s+/g] as const;

function bestCut(text: string, fits: (piece: string) => boolean): number {
  for (const pattern of breaks) {
    let best = 0;
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (!fits(text.slice(0, end).trim())) break;
      best = end;
    }
    if (best > 0) return best;
  }
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter().segment(text)) {
    if (!fits(text.slice(0, index + segment.length))) break;
    end = index + segment.length;
  }
  return Math.max(end, 1);
}
