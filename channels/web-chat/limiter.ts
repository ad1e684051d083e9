/** Counts per key and window; says no beyond `max`. Forgets everything at the turn of the window, so it cannot grow. */
export function limiter(max: number, windowMs: number, now: () => number): (key: string, amount?: number) => boolean {
  let window = 0;
  let counts = new Map<string, number>();
  return (key, amount = 1) => {
    const current = Math.floor(now() / windowMs);
    if (current !== window) {
      window = current;
      counts = new Map();
    }
    const count = (counts.get(key) ?? 0) + amount;
    counts.set(key, count);
    return count <= max;
  };
}
