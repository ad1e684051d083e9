import { type DestinationStream, type Logger, pino } from "pino";

/** Only these fields reach a log line (P2): ids, fixed words, counts and durations, never content. */
const allowedFields = [
  "account",
  "agentId",
  "attempts",
  "bytes",
  "callbackId",
  "channel",
  "code",
  "component",
  "conversationId",
  "count",
  "deliveryId",
  "durationMs",
  "fault",
  "kind",
  "locale",
  "messageId",
  "method",
  "outcome",
  "path",
  "pid",
  "port",
  "reason",
  "role",
  "route",
  "seq",
  "signal",
  "state",
  "status",
  "turnId",
  "version",
  "zone",
] as const;
const allowed = new Set<string>(allowedFields);

type Field = (typeof allowedFields)[number];

/** The fields of one line; `error` is reduced to its name, code and our own message text. */
export type LogFields = { readonly [Key in Field]?: string | number | boolean | null | undefined } & {
  readonly error?: unknown;
};

export interface Log {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  child(fields: LogFields): Log;
}

/** A logger that writes one JSON line per event and drops every field that is not on the list. */
export function createLog(options: { level?: string; destination?: DestinationStream } = {}): Log {
  const logger = pino(
    {
      level: options.level ?? "info",
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, event) => {
      if (logger.isLevelEnabled("debug")) logger.debug(keepAllowed(fields), event);
    },
    info: (fields, event) => {
      if (logger.isLevelEnabled("info")) logger.info(keepAllowed(fields), event);
    },
    warn: (fields, event) => logger.warn(keepAllowed(fields), event),
    error: (fields, event) => logger.error(keepAllowed(fields), event),
    child: (fields) => wrap(logger.child(keepAllowed(fields))),
  };
}

function keepAllowed(fields: LogFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === "error") kept.error = describeError(value);
    else if (allowed.has(name) && (value === null || typeof value !== "object")) kept[name] = value;
  }
  return kept;
}

/**
 * An error's name and code, never its message when it comes from outside our code: drivers quote values in theirs.
 * Our own errors carry `safeMessage` when their sentence holds no customer text.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code =
    "code" in error && (typeof error.code === "string" || typeof error.code === "number") ? error.code : null;
  const safe = "safeMessage" in error && typeof error.safeMessage === "string" ? error.safeMessage : null;
  const at =
    error.stack
      ?.split("\n")
      .find((line) => /\/(src|channels)\//.test(line))
      ?.trim()
      .slice(0, 160) ?? null;
  return { name: error.name, code, message: safe, at };
}
