export interface RelayTimes {
  /** A socket that says nothing of its call is none of Twilio's. */
  readonly setupMs: number;
  /** Without a word for so long after our last one: asked again, offered a person, then goodbye. */
  readonly silenceMs: number;
  /** Nobody listens into nothing: "one moment" after the first, "still looking" after each of the second. */
  readonly fillerMs: number;
  readonly stillMs: number;
  /** The 60 s a model call may take in all. */
  readonly tooLongMs: number;
  /** A number or a code is complete when no key follows. */
  readonly keysMs: number;
  /** Nobody needs the assistant for longer; a stuck line costs money by the minute. */
  readonly callMs: number;
  /** Storing what was said is tried again for so long while the database is away. */
  readonly storeMs: number;
}

export const usualTimes: RelayTimes = {
  setupMs: 5_000,
  silenceMs: 10_000,
  fillerMs: 1_500,
  stillMs: 8_000,
  tooLongMs: 60_000,
  keysMs: 3_000,
  callMs: 30 * 60_000,
  storeMs: 10_000,
};
