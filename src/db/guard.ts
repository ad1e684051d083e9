/**
 * postgres.js 3.4.9 throws a TypeError outside any call ("nextWrite": the socket is gone when its delayed write runs)
 * when PostgreSQL dies, which would end the process (its issues #1066, #1154, #1208). This survives exactly that error
 * and hands it to the pool's watchdog; every other uncaught error ends the process as before.
 */
export function installDriverGuard(onDriverFault: () => void): () => void {
  const guard = (error: unknown): void => {
    if (isDriverFault(error)) return onDriverFault();
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", guard);
  return () => process.off("uncaughtException", guard);
}

function isDriverFault(error: unknown): boolean {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return error instanceof TypeError && /node_modules[\\/]postgres[\\/]/.test(stack) && /nextWrite|connection\.js/.test(stack);
}
