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
    process.stderr.write(`${withoutWords(error)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", guard);
  return () => process.off("uncaughtException", guard);
}

/** An error's kind and places. Never its sentence: drivers quote values in theirs, and these may be a customer's (P2). */
function withoutWords(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught ${typeof error}`;
  const code = "code" in error ? ` (${String(error.code)})` : "";
  const places = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  const sentence = "safeMessage" in error ? `: ${String(error.safeMessage)}` : "";
  return [`Uncaught ${error.name}${code}${sentence}`, ...places].join("\n");
}

/** The driver looks array types up after each connect without awaiting it: cut off there, its rejection has no owner. */
export const ownLookUp = "select b.oid, b.typarray";

/** The TypeError thrown by the driver's own connection code, or its look-up of array types cut off midway. */
function isDriverFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const stack = error.stack ?? "";
  const firstFrame = stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
  if (error instanceof TypeError) return /[\\/]postgres[\\/](cjs[\\/])?src[\\/]connection\.js/.test(firstFrame);
  return "query" in error && typeof error.query === "string" && error.query.includes(ownLookUp);
}
