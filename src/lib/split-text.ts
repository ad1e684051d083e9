/** A text in as many pieces as it takes, at most `max`; `complete` is false when the end did not fit. */
export function takePieces(
  text: string,
  max: number,
  fits: (piece: string) => boolean,
): { readonly pieces: readonly string[]; readonly complete: boolean } {
  const all = splitText(text, fits);
  return { pieces: all.slice(0, max), complete: all.length <= max };
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
