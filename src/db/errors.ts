/** The database did not answer in time or is away. HTTP says 503; the sender tries again; nothing was promised. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
  readonly safeMessage: string;
  constructor(why: string, options?: { readonly cause?: unknown }) {
    super(`The database is not available: ${why}.`, options);
    this.safeMessage = this.message;
  }
}

/** An engine could not be started; the sentence says what to do. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly safeMessage: string;
  constructor(sentence: string, options?: { readonly cause?: unknown }) {
    super(sentence, options);
    this.safeMessage = sentence;
  }
}
