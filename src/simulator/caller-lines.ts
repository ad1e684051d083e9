import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { twimlFault } from "./check-twiml.ts";
import type { ConferenceLook, Conferences, Line } from "./conferences.ts";
import type { Journal } from "./journal.ts";
import { openRelayLine, type RelayCaller, type RelayLine, writeEnd } from "./relay-line.ts";
import type { Posted, ProviderAccount, ServiceAddress, ServicePost } from "./service-post.ts";
import { twilioSignature } from "./sign.ts";
import { type HeardTwiml, type RelayTwiml, readTwiml, withoutGather } from "./twiml.ts";

/** A call is sent round while an answer is made; 40 rounds are over a minute. */
const redirectsMax = 40;
const callsKept = 500;

export interface CallTurn extends HeardTwiml {
  readonly status: number;
  readonly callSid: string;
}

/** Where a caller is: the service listens, or for keys alone, music plays, they talk with people, they leave a message, it is over. */
export type Whereabouts = "listening" | "keys" | "waiting" | "conference" | "recording" | "ended";

/** The rest of the provider, as far as calls touch it. */
export interface Switchboard {
  readonly conferences: Conferences;
  readonly musicMs: () => number;
  /** Keeps a recording; gives its id and address. */
  readonly record: () => { readonly sid: string; readonly url: string };
  /** TwiML that Twilio would not take. */
  readonly fault: (words: string) => void;
}

/** A line that the service placed, as the rest of the provider sees it. */
export interface AnsweredLine {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly url: string | null;
  readonly twiml: string | null;
  /** What Twilio says of the call in every request. */
  readonly form: (status: string) => Map<string, string>;
  readonly over: () => void;
}

export interface CallerLook {
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly where: Whereabouts;
  /** Everything that this caller heard. */
  readonly heard: readonly string[];
}

type Direction = "inbound" | "outbound-api";

interface Call {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  /** The telephone at the customer's end, and the one at ours. */
  readonly phone: string;
  readonly ours: string;
  /** Null: the customer called us. */
  readonly placed: AnsweredLine | null;
  readonly startedAt: number;
  endedAt: number | null;
  where: Whereabouts;
  /** When the words that were said so far are over. */
  spokenAt: number;
  /** What was said into the line, in order. */
  readonly heard: { readonly text: string; readonly language: string }[];
  line: RelayLine | null;
  action: string | null;
  /** Where the words of a recorded message are reported to. */
  textTo: string | null;
  sequence: number;
  /** Rises whenever the line is sent elsewhere: what it was doing is over then. */
  generation: number;
}

/** How a call stands, and what was heard of it since. */
export interface CallView {
  readonly said: HeardTwiml["said"];
  readonly count: number;
  readonly speaking: boolean;
  readonly ended: boolean;
  readonly where: Whereabouts;
  readonly startedAt: number;
  /** The telephone at our end. */
  readonly ours: string;
  readonly incoming: boolean;
  /** Who else is in the conference. */
  readonly others: readonly ("customer" | "agent")[];
  readonly onHold: boolean;
}

/** The telephones of customers: those that call the service, and those that it called and somebody holds. */
export interface CallerLines {
  call(call: { readonly from: string; readonly to: string }): Promise<CallTurn>;
  /** Says or presses something, follows where the call is sent, returns what is heard until it listens again. */
  gather(input: { readonly callSid: string; readonly speech?: string; readonly digits?: string }): Promise<CallTurn>;
  hangUp(callSid: string): Promise<Posted>;
  /** Somebody took a call that the service placed: from now on the line is one like a caller's own. */
  pickUp(line: AnsweredLine): void;
  /** The call that this telephone is in; null: none. */
  onLine(number: string): string | null;
  /** What the service does to a caller's line over REST; false: there is no such line. */
  redirect(callSid: string, to: { readonly url: string } | { readonly twiml: string }): boolean;
  end(callSid: string): boolean;
  /** How a caller's line stands; null: there is none. */
  look(callSid: string): CallerLook | null;
  /** The session of a call that is held over a socket; null: it is not, or not any more. */
  line(callSid: string): RelayLine | null;
  view(callSid: string, after: number): CallView | null;
  /** Connects a call to the service's socket. */
  openLine(
    twiml: RelayTwiml,
    call: Pick<RelayCaller, "callSid" | "from" | "to" | "direction">,
    onSpoken: (text: string, language: string) => void,
  ): RelayLine;
  /** Every socket is dropped. */
  close(): void;
}

/** Calls as a customer makes them; each request is built and signed as the provider does it. */
export function createCallerLines(
  provider: ProviderAccount,
  service: ServiceAddress,
  { postForm }: Pick<ServicePost, "postForm">,
  options: {
    readonly journal?: Journal;
    readonly switchboard?: Switchboard;
    /** How fast a voice on the telephone is; everything at once when left out. */
    readonly charsPerSecond?: number;
  },
): CallerLines {
  const calls = new Map<string, Call>();
  const voiceUrl = (path: string) => `${service.publicUrl()}/channels/voice/${provider.account ?? "default"}${path}`;

  function callForm(callSid: string, call: Call, status: string): Map<string, string> {
    if (call.placed !== null) return call.placed.form(status);
    return new Map([
      ["CallSid", callSid],
      ["AccountSid", provider.accountSid],
      ["From", call.from],
      ["To", call.to],
      ["CallStatus", status],
      ["Direction", "inbound"],
      ["ApiVersion", "2010-04-01"],
    ]);
  }

  /** Follows the service until the call listens, waits, is joined or ends, as the provider does. */
  async function follow(call: Call, firstUrl: string, firstForm: Map<string, string>): Promise<CallTurn> {
    const mine = ++call.generation;
    const said: HeardTwiml["said"][number][] = [];
    let url = firstUrl;
    let form = firstForm;
    for (let round = 0; ; round++) {
      const posted = await postForm(url, form);
      const fault = posted.status === 200 ? twimlFault(posted.body) : null;
      if (fault !== null) {
        options.switchboard?.fault(fault);
        throw new Error(`Twilio would not take this TwiML: ${fault}`);
      }
      const heard = readTwiml(posted.body);
      const turn = { ...heard, said, status: posted.status, callSid: call.sid };
      if (call.generation !== mine || call.where === "ended") return { ...turn, ended: call.where === "ended" };
      said.push(...heard.said);
      for (const { text, language } of heard.said) hear(call, text, language);
      const waits = heard.record !== null || (call.placed !== null && heard.action !== null);
      if (heard.redirect === null || waits || round >= redirectsMax || posted.status !== 200) {
        settle(call, heard, url);
        return turn;
      }
      if (heard.pauseSeconds > 0) await sleep(heard.pauseSeconds * 1000);
      url = new URL(heard.redirect, url).toString();
      form = callForm(call.sid, call, "in-progress");
    }
  }

  function hear(call: Call, text: string, language = ""): void {
    call.heard.push({ text, language });
    call.spokenAt = Math.max(Date.now(), call.spokenAt) + spokenMs(text);
    note(call, "out", text);
  }

  function note(call: Call, direction: "in" | "out", body: string): void {
    options.journal?.add({
      ...{ channel: "voice", direction, customer: call.phone, ours: call.ours, body, sid: call.sid },
      ...{ deliveryId: null, options: [], status: direction === "in" ? "received" : "spoken" },
    });
  }

  /** What the line does until somebody does something. */
  function settle(call: Call, heard: HeardTwiml, url: string): void {
    const { switchboard } = options;
    call.action = heard.action === null ? null : new URL(heard.action, url).toString();
    if (call.placed !== null && heard.keysSeconds !== null) {
      waitForKey(call, heard, url, heard.keysSeconds);
    } else if (heard.relay !== null) {
      call.where = "listening";
      connect(call, heard.relay);
    } else if (heard.joins !== null && switchboard !== undefined) {
      const { action, ...joins } = heard.joins;
      call.where = "conference";
      call.action = action === null ? null : new URL(action, url).toString();
      switchboard.conferences.join(lineOf(call), joins);
    } else if (heard.record !== null) {
      call.where = "recording";
      call.action = heard.record.action === null ? null : new URL(heard.record.action, url).toString();
      call.textTo = heard.record.textTo;
    } else if (heard.ended) {
      void over(call);
    } else if (heard.music && switchboard !== undefined) {
      call.where = "waiting";
      const { generation } = call;
      const timer = setTimeout(() => {
        if (call.generation === generation && call.action !== null && call.where === "waiting")
          void goOn(call, call.action);
      }, switchboard.musicMs());
      timer.unref();
    } else call.where = "listening";
  }

  /** Without a key, in time, the call goes on with what follows. */
  function waitForKey(call: Call, heard: HeardTwiml, url: string, seconds: number): void {
    call.where = "keys";
    const { generation } = call;
    const timer = setTimeout(
      () => {
        if (call.generation !== generation || call.where !== "keys") return;
        const next = withoutGather(heard);
        if (next.redirect === null) settle(call, next, url);
        else void goOn(call, new URL(next.redirect, url).toString());
      },
      Math.max(0, call.spokenAt - Date.now()) + seconds * 1_000,
    );
    timer.unref();
  }

  function spokenMs(text: string): number {
    return (text.length / (options.charsPerSecond ?? Number.POSITIVE_INFINITY)) * 1_000;
  }

  function openLine(
    twiml: RelayTwiml,
    call: Pick<RelayCaller, "callSid" | "from" | "to" | "direction">,
    onSpoken: (text: string, language: string) => void,
  ): RelayLine {
    const { url = "", welcomeGreeting, language = "en-US" } = twiml.attributes;
    if (welcomeGreeting !== undefined) onSpoken(welcomeGreeting, language);
    const origin = service.origin?.() ?? service.publicUrl();
    return openRelayLine({
      twiml,
      caller: { accountSid: provider.accountSid, ...call },
      signature: twilioSignature(provider.authToken, url, null),
      address: origin.replace(/^http/, "ws") + new URL(url).pathname,
      charsPerSecond: options.charsPerSecond ?? Number.POSITIVE_INFINITY,
      onSpoken,
    });
  }

  /** Connects a call to the service's socket; when that ends, however it does, the action says what comes next. */
  function connect(call: Call, twiml: RelayTwiml): void {
    const { generation, sid: callSid } = call;
    const { from, to } = call;
    const direction: Direction = call.placed === null ? "inbound" : "outbound-api";
    const line = openLine(twiml, { callSid, from, to, direction }, (text, spoken) => hear(call, text, spoken));
    call.line = line;
    void line.over.then(async (end) => {
      call.line = null;
      // Sent elsewhere by the service meanwhile: what comes next is said there.
      if (twiml.action === null || call.generation !== generation) return;
      const form = callForm(callSid, call, end.status === "completed" ? "completed" : "in-progress");
      writeEnd(form, line, end);
      // A service that went away meanwhile does not answer; then the call is over.
      await follow(call, new URL(twiml.action, service.publicUrl()).toString(), form).catch(() => {
        if (call.placed === null) call.where = "ended";
        else void over(call);
      });
    });
  }

  /** The provider asks by itself; nobody waits for what comes of it. A line that nobody tells what to do ends. */
  function goOn(call: Call, url: string): Promise<unknown> {
    return follow(call, url, callForm(call.sid, call, "in-progress")).catch(() =>
      call.placed === null ? undefined : over(call),
    );
  }

  function lineOf(call: Call): Line {
    return {
      sid: call.sid,
      hear: (text) => hear(call, text),
      keyed: (digits) => hear(call, `[keys ${digits}]`),
      released() {
        if (call.where !== "conference") return;
        if (call.action === null) void over(call);
        else void goOn(call, call.action);
      },
    };
  }

  /** The line is closed; the service is told. */
  function over(call: Call): Promise<Posted> | null {
    if (call.where === "ended") return null;
    const wasIn = call.where === "conference";
    call.where = "ended";
    call.endedAt = Date.now();
    call.generation += 1;
    if (wasIn) options.switchboard?.conferences.leave(call.sid);
    call.line?.hangUp();
    if (call.placed !== null) {
      call.placed.over();
      return null;
    }
    const form = callForm(call.sid, call, "completed");
    form.set("SequenceNumber", String(call.sequence++));
    form.set("CallDuration", "1");
    const posted = postForm(voiceUrl("/status"), form);
    posted.catch(() => undefined);
    return posted;
  }

  async function leaveMessage(call: Call, words: string): Promise<CallTurn> {
    const recording = options.switchboard?.record() ?? { sid: "", url: "" };
    const form = callForm(call.sid, call, "in-progress");
    const fields = { RecordingSid: recording.sid, RecordingUrl: recording.url, RecordingDuration: "3", Digits: "#" };
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const { textTo, action } = call;
    const turn = await follow(call, action ?? "", form);
    if (textTo !== null) {
      const text = callForm(call.sid, call, "completed");
      const written = { RecordingSid: recording.sid, TranscriptionStatus: "completed", TranscriptionText: words };
      for (const [name, value] of Object.entries(written)) text.set(name, value);
      void postForm(textTo, text).catch(() => undefined);
    }
    return turn;
  }

  function begin(sid: string, from: string, to: string, placed: AnsweredLine | null): Call {
    const call: Call = {
      ...{ sid, from, to, placed, phone: placed === null ? from : to, ours: placed === null ? to : from },
      ...{ startedAt: Date.now(), endedAt: null, where: "listening", spokenAt: 0, heard: [], line: null },
      ...{ action: null, textTo: null, sequence: 0, generation: 0 },
    };
    calls.set(sid, call);
    const oldest = calls.keys().next().value;
    if (calls.size > callsKept && oldest !== undefined) calls.delete(oldest);
    return call;
  }

  function conferenceOf(callSid: string): ConferenceLook | null {
    const name = options.switchboard?.conferences.whereIs(callSid) ?? null;
    return name === null ? null : (options.switchboard?.conferences.look(name) ?? null);
  }

  function nothingHeard(call: Call): CallTurn {
    return { ...readTwiml("<Response/>"), status: 200, callSid: call.sid, ended: call.where === "ended" };
  }

  return {
    openLine,
    async call({ from, to }) {
      const sid = `CA${randomBytes(16).toString("hex")}`;
      const call = begin(sid, from, to, null);
      return follow(call, voiceUrl("/incoming"), callForm(sid, call, "ringing"));
    },
    async gather({ callSid, speech, digits }) {
      const call = calls.get(callSid);
      if (call === undefined || call.where === "ended") throw new Error("This call is not listening.");
      const heardOfCustomer = digits ?? speech;
      if (heardOfCustomer !== undefined) note(call, "in", heardOfCustomer);
      if (call.line !== null) {
        if (digits !== undefined) call.line.press(digits);
        else if (speech !== undefined) call.line.say(speech);
        return nothingHeard(call);
      }
      if (call.where === "conference") {
        if (speech !== undefined) options.switchboard?.conferences.say(callSid, speech);
        return nothingHeard(call);
      }
      if (call.where === "recording" && speech !== undefined) return leaveMessage(call, speech);
      // Music is interrupted by keys alone.
      if ((call.where === "waiting" || call.where === "keys") && digits === undefined) return nothingHeard(call);
      if (call.action === null) throw new Error("This call is not listening.");
      const form = callForm(callSid, call, "in-progress");
      if (digits !== undefined) form.set("Digits", digits);
      if (speech !== undefined) {
        form.set("SpeechResult", speech);
        form.set("Confidence", "0.92");
      }
      return follow(call, new URL(call.action, service.publicUrl()).toString(), form);
    },
    async hangUp(callSid) {
      const call = calls.get(callSid);
      if (call === undefined) throw new Error("There is no such call.");
      return (await over(call)) ?? { status: 204, body: "", sid: callSid };
    },
    pickUp(line) {
      const call = begin(line.sid, line.from, line.to, line);
      if (line.twiml === null) {
        void goOn(call, line.url ?? service.publicUrl());
        return;
      }
      const fault = twimlFault(line.twiml);
      if (fault !== null) options.switchboard?.fault(fault);
      const heard = readTwiml(fault === null ? line.twiml : "<Response/>");
      for (const { text, language } of heard.said) hear(call, text, language);
      settle(call, heard, service.publicUrl());
    },
    onLine(number) {
      for (const { sid, phone, where } of calls.values()) if (phone === number && where !== "ended") return sid;
      return null;
    },
    redirect(callSid, to) {
      const call = calls.get(callSid);
      if (call === undefined || call.where === "ended") return false;
      call.generation += 1;
      if (call.where === "conference") {
        call.where = "listening";
        options.switchboard?.conferences.leave(callSid);
      }
      call.line?.drop();
      if ("url" in to) void goOn(call, to.url);
      else settle(call, readTwiml(to.twiml), service.publicUrl());
      return true;
    },
    end(callSid) {
      const call = calls.get(callSid);
      if (call === undefined || call.where === "ended") return false;
      void over(call);
      return true;
    },
    look(callSid) {
      const call = calls.get(callSid);
      if (call === undefined) return null;
      const { from, to, startedAt, endedAt, where, heard } = call;
      return { from, to, startedAt, endedAt, where, heard: heard.map(({ text }) => text) };
    },
    line: (callSid) => calls.get(callSid)?.line ?? null,
    view(callSid, after) {
      const call = calls.get(callSid);
      if (call === undefined) return null;
      const { heard, line, where, startedAt, ours, placed } = call;
      const lines = conferenceOf(callSid)?.lines ?? [];
      return {
        said: heard.slice(after),
        count: heard.length,
        speaking: line?.speaking ?? Date.now() < call.spokenAt,
        ended: where === "ended",
        ...{ where, startedAt, ours, incoming: placed !== null },
        others: lines.filter(({ sid }) => sid !== callSid).map(({ ends }) => (ends ? "customer" : "agent")),
        onHold: lines.some(({ sid, hold }) => sid === callSid && hold),
      };
    },
    close() {
      for (const { line } of calls.values()) line?.drop();
    },
  };
}
