export interface Pieces {
  readonly pieces: readonly string[];
  /** False when the end did not fit; the last piece then ends in "...". */
  readonly complete: boolean;
}

/** A text in as many pieces as it takes, at most `max`. */
export function takePieces(text: string, max: number, fits: (piece: string) => boolean): Pieces {
  const all = splitText(text, fits);
  if (all.length <= max) return { pieces: all, complete: true };
  const last = all[max - 1] ?? "";
  const cut = splitText(last, (piece) => fits(`${piece} ...`))[0] ?? "";
  return { pieces: [...all.slice(0, max - 1), `${cut} ...`], complete: false };
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
