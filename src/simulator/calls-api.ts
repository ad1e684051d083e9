import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Behaviour } from "./behaviour.ts";
import type { CallerLook } from "./caller-lines.ts";
import { twimlFault } from "./check-twiml.ts";
import type { Conferences } from "./conferences.ts";
import type { Customer } from "./customer.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { type RelayLine, writeEnd } from "./relay-line.ts";
import { type Answer, type Checked, checkCall, refuse, type TwilioCall } from "./twilio-api.ts";
import { readTwiml } from "./twiml.ts";

const pageSizeMax = 1_000;
/** Keys in answer to one call's menus; more is a loop. */
const stepsMax = 20;

/** What happens when a telephone rings. */
const calleeSchema = z.object({
  outcome: z.enum(["human", "machine", "busy", "no-answer", "failed"]),
  ringMs: z.number().int().min(0),
  /** How long the line stays open where nobody else ends it. */
  talkMs: z.number().int().min(0),
  /** The key that is pressed whenever one is asked for; null: none. */
  key: z.string().nullable(),
});
export type Callee = Readonly<z.output<typeof calleeSchema>>;

/** By number; what is left out is drawn as for everybody. */
export const calleesSchema = z.record(z.string(), calleeSchema.partial()) as z.ZodType<Record<string, Partial<Callee>>>;

/** The telephone in an agent's browser stays on the line until somebody hangs up. */
const browserTalkMs = 4 * 3_600_000;

export interface PlacedCall {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly createdAt: number;
  readonly given: TwilioCall;
  readonly entry: JournalEntry;
  status: string;
  sequence: number;
  answeredBy: string | null;
  answeredAt: number | null;
  endedAt: number | null;
  /** The conference that the line is in. */
  conference: string | null;
  /** The session that it is held over now. */
  relay: RelayLine | null;
  /** Rises whenever the line is sent elsewhere: what it was doing is over then. */
  generation: number;
  /** What was said into the line. */
  readonly heard: string[];
  /** Somebody holds this telephone in a browser and says themselves what becomes of the call. */
  held: boolean;
}

/** A call as the judge of a run reads it. */
export interface LoggedCall {
  readonly sid: string;
  readonly to: string;
  readonly at: number;
  /** Our own id, as it came with the addresses of the request. */
  readonly callId: string | null;
  readonly status: string;
  readonly answeredBy: string | null;
  readonly answeredAt: number | null;
}

export function toLogged(call: PlacedCall): LoggedCall {
  const { sid, to, createdAt, status, answeredBy, answeredAt, entry } = call;
  return { sid, to, at: createdAt, callId: entry.deliveryId, status, answeredBy, answeredAt };
}

export interface CallsApi {
  readonly placed: readonly PlacedCall[];
  create(form: URLSearchParams): Checked<() => Answer>;
  list(query: URLSearchParams): Answer;
  fetch(sid: string): Answer;
  update(sid: string, form: URLSearchParams): Answer;
  /** What happens when this number rings, from now on. */
  answerAs(number: string, callee: Partial<Callee>): void;
  hangUp(sid: string): void;
  /** The call that rings a telephone which somebody holds; null: it is still. */
  ringing(number: string): PlacedCall | null;
  /** Whoever holds the telephone takes the call; false: it does not ring any more. */
  answer(sid: string): boolean;
  decline(sid: string): boolean;
}

export interface CallsDeps {
  readonly accountSid: string;
  readonly clock: () => number;
  readonly random: () => number;
  readonly behaviour: () => Behaviour;
  readonly journal: Journal;
  readonly customer: Pick<Customer, "postForm" | "openLine" | "redirect" | "end" | "look" | "onLine" | "pickUp">;
  /** Somebody holds this telephone in a browser. */
  readonly isHeld: (number: string) => boolean;
  readonly conferences: Conferences;
  readonly fault: (words: string) => void;
  readonly nextSid: (kind: string) => string;
  readonly after: (ms: number, work: () => Promise<unknown>) => void;
}

const ends = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
const usual: Callee = { outcome: "human", ringMs: 20, talkMs: 200, key: null };

/** Twilio's Calls: takes what Twilio takes, rings, asks the service what to do, reports, and lets itself be asked. */
export function createCallsApi(deps: CallsDeps): CallsApi {
  const { accountSid, clock, random, behaviour, journal, customer, after } = deps;
  const placed: PlacedCall[] = [];
  const bySid = new Map<string, PlacedCall>();
  const callees = new Map<string, Partial<Callee>>();
  const path = `/2010-04-01/Accounts/${accountSid}/Calls.json`;

  function calleeOf(number: string): Callee {
    const talks = number.startsWith("client:") ? { talkMs: browserTalkMs } : {};
    return { ...usual, ...talks, outcome: drawOutcome(behaviour(), random()), ...callees.get(number) };
  }

  function move(call: PlacedCall, status: string): void {
    if (ends.has(call.status)) return;
    call.status = status;
    call.entry.status = status;
    if (status === "in-progress") call.answeredAt = clock();
    if (ends.has(status)) {
      call.endedAt = clock();
      call.relay?.hangUp();
      if (call.held) customer.end(call.sid);
      deps.conferences.leave(call.sid);
    }
    report(call, status);
  }

  function report(call: PlacedCall, status: string): void {
    const { statusCallback, events } = call.given;
    const event = ends.has(status) ? "completed" : status === "in-progress" ? "answered" : status;
    if (statusCallback === null || !events.has(event) || !behaviour().statuses) return;
    const sequence = String(call.sequence++);
    const form = callForm(call, status);
    form.set("SequenceNumber", sequence).set("CallbackSource", "call-progress-events");
    form.set("Timestamp", new Date(clock()).toUTCString().replace("GMT", "+0000"));
    if (ends.has(status))
      form.set(
        "CallDuration",
        String(Math.ceil(((call.endedAt ?? 0) - (call.answeredAt ?? call.endedAt ?? 0)) / 1000)),
      );
    const { reorderStatuses, statusDelayMs } = behaviour();
    // A report that is held back arrives after the next ones.
    const heldBack = reorderStatuses > 0 && random() < reorderStatuses ? statusDelayMs * 4 + 40 : 0;
    after(statusDelayMs + heldBack, () => customer.postForm(statusCallback, form));
  }

  function callForm(call: PlacedCall, status: string): Map<string, string> {
    const form = new Map([
      ["CallSid", call.sid],
      ["AccountSid", accountSid],
      ["From", call.from],
      ["To", call.to],
      ["CallStatus", status],
      ["Direction", "outbound-api"],
      ["ApiVersion", "2010-04-01"],
    ]);
    if (call.answeredBy !== null) form.set("AnsweredBy", call.answeredBy);
    return form;
  }

  function ring(call: PlacedCall): void {
    const callee = calleeOf(call.to);
    after(0, async () => {
      if (deps.isHeld(call.to)) return ringHeld(call);
      if (callee.outcome === "failed") return move(call, "failed");
      move(call, "initiated");
      move(call, "ringing");
      after(callee.ringMs, async () => {
        if (ends.has(call.status)) return;
        if (callee.outcome === "busy" || callee.outcome === "no-answer") return move(call, callee.outcome);
        if (call.given.detectsMachine) call.answeredBy = callee.outcome === "machine" ? "machine_start" : "human";
        move(call, "in-progress");
        await follow(call, callee);
      });
    });
  }

  /** It rings until whoever holds the telephone does something about it, or for as long as was asked. */
  function ringHeld(call: PlacedCall): void {
    move(call, "initiated");
    const engaged = ringing(call.to) !== null || customer.onLine(call.to) !== null;
    if (engaged) {
      move(call, "busy");
      return;
    }
    call.held = true;
    move(call, "ringing");
    after(call.given.ringSeconds * 1_000, async () => {
      if (call.status === "ringing") move(call, "no-answer");
    });
  }

  function ringing(number: string): PlacedCall | null {
    return placed.findLast((call) => call.held && call.to === number && call.status === "ringing") ?? null;
  }

  function ringingAs(sid: string): PlacedCall | null {
    const call = bySid.get(sid);
    return call?.held === true && call.status === "ringing" ? call : null;
  }

  /** Carries the service's instructions out, step by step, as long as the line is open. */
  async function follow(
    call: PlacedCall,
    callee: Callee,
    { url, twiml }: { readonly url: string | null; readonly twiml: string | null } = call.given,
  ): Promise<void> {
    const mine = ++call.generation;
    let xml = twiml ?? (await ask(call, url, null));
    for (let step = 0; step < stepsMax && !ends.has(call.status); step++) {
      if (call.generation !== mine) return;
      if (xml === null) return move(call, "completed");
      const fault = twimlFault(xml);
      if (fault !== null) deps.fault(fault);
      const heard = readTwiml(xml);
      for (const { text } of heard.said) hear(call, text);
      if (heard.relay?.action != null) {
        hangUpAfter(call, callee.talkMs);
        const { action } = heard.relay;
        const line = customer.openLine(
          heard.relay,
          { callSid: call.sid, from: call.from, to: call.to, direction: "outbound-api" },
          (text) => hear(call, text),
        );
        call.relay = line;
        const end = await line.over;
        call.relay = null;
        if (ends.has(call.status) || call.generation !== mine) return;
        const form = callForm(call, "in-progress");
        writeEnd(form, line, end);
        const posted = await customer.postForm(new URL(action, url ?? undefined).toString(), form).catch(() => null);
        xml = posted?.status === 200 ? posted.body : null;
        continue;
      }
      if (heard.music && heard.action !== null) {
        await sleep(behaviour().musicMs);
        // Whoever waits may wait for long.
        step = 0;
        if (call.generation !== mine) return;
        xml = await ask(call, new URL(heard.action, url ?? undefined).toString(), null);
        continue;
      }
      if (heard.action !== null && callee.key !== null) {
        xml = await ask(call, new URL(heard.action, url ?? undefined).toString(), callee.key);
        continue;
      }
      if (heard.joins !== null) {
        call.conference = heard.conference;
        const { action: _, ...joins } = heard.joins;
        deps.conferences.join(
          {
            sid: call.sid,
            hear: (text) => hear(call, text),
            keyed: (digits) => hear(call, `[keys ${digits}]`),
            released: () => move(call, "completed"),
          },
          joins,
        );
        return hangUpAfter(call, callee.talkMs);
      }
      if (heard.redirect !== null) {
        if (heard.pauseSeconds > 0) await sleep(heard.pauseSeconds * 1_000);
        xml = await ask(call, new URL(heard.redirect, url ?? undefined).toString(), null);
        continue;
      }
      return hangUpAfter(call, heard.ended ? 0 : callee.talkMs);
    }
    // Nobody listens for ever to what leads nowhere.
    move(call, "completed");
  }

  function hear(call: PlacedCall, text: string): void {
    call.heard.push(text);
    journal.add({
      channel: "voice",
      direction: "out",
      customer: call.to,
      ours: call.from,
      body: text,
      sid: call.sid,
      deliveryId: null,
      options: [],
      status: "spoken",
    });
  }

  function hangUpAfter(call: PlacedCall, ms: number): void {
    after(ms, async () => move(call, "completed"));
  }

  async function ask(call: PlacedCall, url: string | null, digits: string | null): Promise<string | null> {
    if (url === null) return null;
    const form = callForm(call, "in-progress");
    if (digits !== null) form.set("Digits", digits);
    // As at Twilio, a call that nobody tells what to do ends.
    const posted = await customer.postForm(url, form).catch(() => null);
    return posted?.status === 200 ? posted.body : null;
  }

  return {
    placed,
    answerAs: (number, callee) => void callees.set(number, { ...callees.get(number), ...callee }),
    hangUp(sid) {
      const call = bySid.get(sid);
      if (call !== undefined) move(call, "completed");
    },
    ringing,
    answer(sid) {
      const call = ringingAs(sid);
      if (call === null) return false;
      if (call.given.detectsMachine) call.answeredBy = "human";
      move(call, "in-progress");
      const { from, to, given } = call;
      customer.pickUp({
        ...{ sid, from, to, url: given.url, twiml: given.twiml },
        form: (status) => callForm(call, status),
        over: () => move(call, "completed"),
      });
      return true;
    },
    decline(sid) {
      const call = ringingAs(sid);
      if (call !== null) move(call, "busy");
      return call !== null;
    },
    create(form) {
      const checked = checkCall(form);
      if (!checked.ok) return checked;
      const given = checked.value;
      return {
        ok: true,
        value: () => {
          const sid = deps.nextSid("CA");
          const mark = given.statusCallback ?? given.url;
          const entry = journal.add({
            channel: "voice",
            direction: "out",
            customer: given.to,
            ours: given.from,
            body: "[call]",
            sid,
            deliveryId: mark === null ? null : new URL(mark).searchParams.get("c"),
            options: [],
            status: "queued",
          });
          const call: PlacedCall = {
            sid,
            to: given.to,
            from: given.from,
            createdAt: clock(),
            given,
            entry,
            status: "queued",
            sequence: 0,
            answeredBy: null,
            answeredAt: null,
            endedAt: null,
            conference: null,
            relay: null,
            generation: 0,
            heard: [],
            held: false,
          };
          placed.push(call);
          bySid.set(sid, call);
          ring(call);
          return { status: 201, body: toResource(accountSid, call) };
        },
      };
    },
    list(query) {
      const pageSize = Math.min(pageSizeMax, Math.max(1, Number(query.get("PageSize") ?? 50) || 50));
      const page = Math.max(0, Number(query.get("Page") ?? 0) || 0);
      const fits = (name: string, value: string) => !query.has(name) || query.get(name) === value;
      const since = query.get("StartTime>");
      const fitting = placed.filter(
        (call) =>
          fits("To", call.to) &&
          fits("From", call.from) &&
          fits("Status", call.status) &&
          // Twilio knows a start only for calls that were answered.
          (since === null || (call.answeredAt !== null && call.answeredAt >= Date.parse(since))),
      );
      const shown = fitting.reverse().slice(page * pageSize, (page + 1) * pageSize);
      query.set("Page", String(page + 1));
      return {
        status: 200,
        body: {
          calls: shown.map((call) => toResource(accountSid, call)),
          page,
          page_size: pageSize,
          next_page_uri: fitting.length > (page + 1) * pageSize ? `${path}?${query}` : null,
        },
      };
    },
    fetch(sid) {
      const call = bySid.get(sid);
      if (call !== undefined) return { status: 200, body: toResource(accountSid, call) };
      const caller = customer.look(sid);
      return caller === null ? noSuchCall : { status: 200, body: toCaller(accountSid, sid, caller) };
    },
    update(sid, form) {
      const call = bySid.get(sid);
      const status = form.get("Status");
      const caller = call === undefined ? customer.look(sid) : null;
      if (call === undefined && caller === null) return noSuchCall;
      if (status !== null && status !== "completed" && status !== "canceled") {
        return refuse(400, 21218, "Invalid 'Status' value.").answer;
      }
      if (status === null && !form.has("Twiml") && !form.has("Url")) {
        return refuse(400, 20001, "Twiml, Url or Status is required.").answer;
      }
      const url = form.get("Url");
      if (url !== null && !URL.canParse(url)) return refuse(400, 21205, "Url is not a valid URL.").answer;
      const twiml = form.get("Twiml");
      const fault = twiml === null ? null : twimlFault(twiml);
      if (fault !== null) return refuse(400, 12100, fault).answer;
      if (call === undefined) {
        const moved =
          status !== null ? customer.end(sid) : customer.redirect(sid, url === null ? { twiml: twiml ?? "" } : { url });
        const now = customer.look(sid);
        return moved && now !== null ? { status: 200, body: toCaller(accountSid, sid, now) } : notInProgress;
      }
      if (ends.has(call.status)) return notInProgress;
      if (status === "completed") move(call, call.status === "in-progress" ? "completed" : "canceled");
      if (status === "canceled" && call.status !== "in-progress") move(call, "canceled");
      if (status === null && call.held) customer.redirect(sid, url === null ? { twiml: twiml ?? "" } : { url });
      if (status === null && !call.held) {
        call.generation += 1;
        deps.conferences.leave(sid);
        call.relay?.drop();
        void follow(call, calleeOf(call.to), { url, twiml });
      }
      return { status: 200, body: toResource(accountSid, call) };
    },
  };
}

const notInProgress: Answer = refuse(400, 21220, "Call is not in-progress. Cannot redirect.").answer;
const noSuchCall: Answer = refuse(404, 20404, "The requested resource was not found").answer;

function drawOutcome(behaviour: Behaviour, drawn: number): Callee["outcome"] {
  let draw = drawn;
  const chances = [
    ["machine", behaviour.answeringMachine],
    ["busy", behaviour.busy],
    ["no-answer", behaviour.noAnswer],
    ["failed", behaviour.callFails],
  ] as const;
  for (const [outcome, chance] of chances) {
    if (draw < chance) return outcome;
    draw -= chance;
  }
  return "human";
}

/** The call as Twilio's resource. */
function toResource(accountSid: string, call: PlacedCall): Record<string, unknown> {
  const { sid, to, from, createdAt, answeredAt, endedAt, answeredBy } = call;
  return {
    sid,
    account_sid: accountSid,
    api_version: "2010-04-01",
    to,
    from,
    status: call.status === "initiated" ? "ringing" : call.status,
    direction: "outbound-api",
    answered_by: answeredBy,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(endedAt ?? answeredAt ?? createdAt),
    start_time: answeredAt === null ? null : rfc2822(answeredAt),
    end_time: endedAt === null ? null : rfc2822(endedAt),
    duration: endedAt === null ? null : String(Math.round((endedAt - (answeredAt ?? endedAt)) / 1000)),
    price: null,
    price_unit: "USD",
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${sid}.json`,
  };
}

/** A caller's own line as Twilio's resource. */
function toCaller(accountSid: string, sid: string, { from, to, startedAt, endedAt, where }: CallerLook) {
  return {
    sid,
    account_sid: accountSid,
    api_version: "2010-04-01",
    to,
    from,
    status: where === "ended" ? "completed" : "in-progress",
    direction: "inbound",
    answered_by: null,
    date_created: rfc2822(startedAt),
    date_updated: rfc2822(endedAt ?? startedAt),
    start_time: rfc2822(startedAt),
    end_time: endedAt === null ? null : rfc2822(endedAt),
    duration: endedAt === null ? null : String(Math.round((endedAt - startedAt) / 1000)),
    price: null,
    price_unit: "USD",
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${sid}.json`,
  };
}

function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace("GMT", "+0000");
}
