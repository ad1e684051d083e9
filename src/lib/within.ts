/** What was waited for took too long. Whoever waits on a request is told to try again. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";
  readonly safeMessage: string;
  constructor(limitMs: number) {
    super(`No answer came in ${limitMs} ms.`);
    this.safeMessage = this.message;
  }
}

/** What `work` comes to; throws TooSlow when that takes longer than `limitMs`, and ignores what it comes to then. */
export async function within<T>(work: PromiseLike<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
