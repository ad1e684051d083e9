/** Does something now and then again and again, until the returned function is called. */
export function repeatEvery(everyMs: number, work: () => void): () => void {
  work();
  const timer = setInterval(work, everyMs);
  return () => clearInterval(timer);
}
