/** After a restart everybody is back within this and the time that their coming takes; it spreads them, too. */
const soonMaxMs = 6_000;
/** About a minute of trying. Whoever is still away then is away for longer. */
const soonTries = 20;
const laterMaxMs = 30_000;

/**
 * How long to wait before the next try: full jitter that grows, so that thousands of tabs come back without a crowd. The
 * first wait leaves half a second of the two of R7 to catch up in.
 */
export function pauseMs(tries: number): number {
  return Math.random() * Math.min(tries > soonTries ? laterMaxMs : soonMaxMs, 750 * 2 ** tries);
}
