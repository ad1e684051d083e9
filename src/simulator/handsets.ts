/** A page may be away for a moment: it is loaded anew, or the network blinks. */
const awayMs = 5_000;

export interface Handsets {
  /** A page shows this number's telephone from now on; what comes back is called when the page is gone. */
  open(number: string): () => void;
  isOpen(number: string): boolean;
}

/** Which telephones somebody holds in a browser. Once the last page of one is gone and stays away, `left` is told. */
export function createHandsets(left: (number: string) => void): Handsets {
  const pages = new Map<string, number>();

  function close(number: string): void {
    const others = (pages.get(number) ?? 1) - 1;
    if (others > 0) {
      pages.set(number, others);
      return;
    }
    pages.delete(number);
    left(number);
  }

  return {
    open(number) {
      pages.set(number, (pages.get(number) ?? 0) + 1);
      let gone = false;
      return () => {
        if (gone) return;
        gone = true;
        setTimeout(close, awayMs, number).unref();
      };
    },
    isOpen: (number) => pages.has(number),
  };
}
