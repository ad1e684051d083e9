/**
 * postgres.js 3.4.9 throws a TypeError outside any call ("nextWrite": the socket is gone when its delayed write runs)
 * when PostgreSQL dies, which would end the process (its issues #1066, #1154, #1208). This survives exactly that error
 * and hands it to the pool's watchdog; every other uncaught error ends the process as before.
 */
export function installDriverGuard(onDriverFault: () => void): () => void {
  const guard = (error: unknown): void => {
    if (isDriverFault(error)) {
      onDriverFault();
      return;
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", guard);
  return () => process.off("uncaughtException", guard);
}

const connectionLost = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "ECONNRESET",
  "EPIPE",
  "57P01",
  "57P02",
  "57P03",
]);

/** The TypeError thrown by the driver's own connection code, or its unawaited look-up of array types cut off midway. */
function isDriverFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const stack = error.stack ?? "";
  const firstFrame = stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
  if (error instanceof TypeError) return /[\\/]postgres[\\/](cjs[\\/])?src[\\/]connection\.js/.test(firstFrame);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return connectionLost.has(code) && /fetchArrayTypes/.test(stack);
}
