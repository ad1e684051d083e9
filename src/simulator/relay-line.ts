import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import { z } from "zod";
import { parseJson } from "../lib/parse-json.ts";
import type { RelayTwiml } from "./twiml.ts";

const code = z.string().regex(/^[a-z]{2,3}-[A-Z]{2}$/);

/** What we may send; anything else is answered with an error, and the session goes on. */
const theirFrame = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    token: z.string(),
    last: z.boolean().optional(),
    lang: z.string().optional(),
    interruptible: z.boolean().optional(),
    preemptible: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("language"),
    ttsLanguage: code.optional(),
    transcriptionLanguage: code.optional(),
  }),
  z.strictObject({ type: z.literal("end"), handoffData: z.string().optional() }),
]);

export type TheirFrame = z.output<typeof theirFrame>;

/** How a session ended, for the action's form. */
export interface RelayEnd {
  readonly status: "ended" | "completed" | "failed";
  readonly handoffData: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly seconds: number;
}

export interface RelayLine {
  readonly sessionId: string;
  /** Everything the service sent, in order. */
  readonly frames: readonly TheirFrame[];
  /** Frames that Twilio would not take. */
  readonly faults: readonly string[];
  readonly speaking: boolean;
  /** The caller says something; while our side is speaking, that interrupts it first. */
  say(words: string, lang?: string): void;
  press(digits: string): void;
  /** Speaks over us; `heard` says what was played by then, the clock does when left out. */
  interrupt(heard?: string): void;
  /** Sends a frame as it is. */
  raw(frame: string): void;
  /** The line to the service breaks; the call does not. */
  drop(): void;
  hangUp(): void;
  readonly over: Promise<RelayEnd>;
}

/** What the action's form says of a session that is over, on top of its call. */
export function writeEnd(form: Map<string, string>, { sessionId }: RelayLine, end: RelayEnd): void {
  form.set("SessionId", sessionId).set("SessionStatus", end.status).set("SessionDuration", String(end.seconds));
  if (end.handoffData !== null) form.set("HandoffData", end.handoffData);
  if (end.error !== null) form.set("ErrorCode", end.error.code).set("ErrorMessage", end.error.message);
}

export interface RelayCaller {
  readonly accountSid: string;
  readonly callSid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: string;
}

/** Twilio's side of a ConversationRelay session: opens the socket, speaks what comes, says what the caller says. */
export function openRelayLine(options: {
  readonly twiml: RelayTwiml;
  readonly caller: RelayCaller;
  readonly signature: string;
  /** Where the service really listens. */
  readonly address: string;
  /** How fast the voice is; infinite: everything is spoken at once. */
  readonly charsPerSecond: number;
  readonly onSpoken: (text: string, language: string) => void;
}): RelayLine {
  const { twiml, caller, charsPerSecond } = options;
  const sessionId = `VX${randomBytes(16).toString("hex")}`;
  const began = Date.now();
  const frames: TheirFrame[] = [];
  const faults: string[] = [];
  const events = new Set((twiml.attributes.events ?? "").split(" "));
  const { language = "en-US", ttsLanguage, transcriptionLanguage } = twiml.attributes;
  let speaks = ttsLanguage ?? language;
  let understands = transcriptionLanguage ?? language;
  let handoffData: string | null = null;
  let how: RelayEnd["status"] | null = null;
  let sentence = "";
  let playing: { text: string; readonly since: number; readonly preemptible: boolean } | null = null;
  let played: NodeJS.Timeout | undefined;

  const socket = new WebSocket(options.address, {
    headers: { "x-twilio-signature": options.signature, "user-agent": "Twilio.TmeWs/1.0" },
    perMessageDeflate: false,
  });
  const over = new Promise<RelayEnd>((resolve) => {
    let failed = false;
    socket.on("error", () => {
      failed = true;
    });
    socket.on("close", () => {
      clearTimeout(played);
      const dropped = { code: failed ? "64102" : "64105", message: "The websocket was closed." };
      const error = how === null ? dropped : null;
      const seconds = Math.round((Date.now() - began) / 1000);
      resolve({ status: how ?? "failed", handoffData, error, seconds });
    });
  });
  // Whoever speaks before the line is there is heard once it is.
  let early: string[] | null = [];
  const send = (frame: object): void => {
    const text = JSON.stringify(frame);
    if (early !== null) early.push(text);
    else if (socket.readyState === socket.OPEN) socket.send(text);
  };
  const tell = (event: string, name: string, value: string): void => {
    if (events.has(event)) send({ type: "info", name, value });
  };

  function speak(text: string, preemptible: boolean): void {
    if (playing?.preemptible === true) finish();
    if (playing === null) {
      tell("speaker-events", "agentSpeaking", "on");
      playing = { text: "", since: Date.now(), preemptible };
    }
    playing.text += text;
    clearTimeout(played);
    const left = (playing.text.length / charsPerSecond) * 1000 - (Date.now() - playing.since);
    if (left <= 0) finish();
    else played = setTimeout(finish, left);
  }

  function finish(): void {
    if (playing === null) return;
    tell("tokens-played", "tokensPlayed", playing.text);
    tell("speaker-events", "agentSpeaking", "off");
    playing = null;
  }

  function interrupt(heard?: string): void {
    const ms = playing === null ? 0 : Date.now() - playing.since;
    const chars = Math.floor((ms / 1000) * charsPerSecond);
    const utterance = heard ?? (playing?.text.slice(0, chars) ?? "").replace(/\s+\S*$/, "");
    clearTimeout(played);
    playing = null;
    send({ type: "interrupt", utteranceUntilInterrupt: utterance, durationUntilInterruptMs: String(ms) });
    tell("speaker-events", "agentSpeaking", "off");
  }

  function take(frame: TheirFrame): void {
    frames.push(frame);
    switch (frame.type) {
      case "text":
        sentence += frame.token;
        speak(frame.token, frame.preemptible === true);
        // What a caller hears in one go is one entry of the record.
        if (frame.last !== true) return;
        options.onSpoken(sentence, frame.lang ?? speaks);
        sentence = "";
        return;
      case "language":
        speaks = frame.ttsLanguage ?? speaks;
        understands = frame.transcriptionLanguage ?? understands;
        return;
      case "end":
        handoffData = frame.handoffData ?? null;
        how = "ended";
        socket.close();
    }
  }

  socket.on("open", () => {
    const { parameters } = twiml;
    const { accountSid, callSid, from, to, direction } = caller;
    const said = early ?? [];
    early = null;
    send({
      ...{ type: "setup", sessionId, accountSid, callSid, parentCallSid: "", from, to, forwardedFrom: "" },
      ...{ callerName: "", direction, callType: "PSTN", callStatus: "RINGING", customParameters: parameters },
    });
    for (const text of said) socket.send(text);
    const greeting = twiml.attributes.welcomeGreeting;
    if (greeting !== undefined) speak(greeting, false);
  });
  socket.on("message", (data) => {
    const parsed = theirFrame.safeParse(parseJson(String(data)));
    if (parsed.success) return take(parsed.data);
    faults.push(String(data).slice(0, 200));
    send({ type: "error", description: "Invalid message received (64107)" });
  });

  return {
    sessionId,
    frames,
    faults,
    get speaking() {
      return playing !== null;
    },
    say(words, lang = understands) {
      if (playing !== null) interrupt();
      tell("speaker-events", "clientSpeaking", "on");
      tell("speaker-events", "clientSpeaking", "off");
      send({ type: "prompt", voicePrompt: words, lang, last: true });
    },
    press(digits) {
      if (playing !== null) interrupt();
      for (const digit of digits) send({ type: "dtmf", digit });
    },
    interrupt,
    raw: (frame) => socket.send(frame),
    drop: () => socket.terminate(),
    hangUp() {
      how = "completed";
      socket.close();
    },
    over,
  };
}
