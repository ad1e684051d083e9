/** Work with one key is done in the order it was given, whatever came of what was before it; other keys do not wait for it. */
export function createInOrder() {
  const lasts = new Map<string, Promise<unknown>>();
  return async <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const before = lasts.get(key);
    const own = before === undefined ? work() : before.then(work, work);
    lasts.set(key, own);
    try {
      return await own;
    } finally {
      if (lasts.get(key) === own) lasts.delete(key);
    }
  };
}
