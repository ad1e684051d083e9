import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../lib/log.ts";
import { parseJson } from "../lib/parse-json.ts";
import { type Behaviour, behaviourSchema, drawFault, type Fault, seededRandom, wellBehaved } from "./behaviour.ts";
import { type Callee, calleesSchema, createCallsApi, type PlacedCall, toLogged } from "./calls-api.ts";
import { twimlFault } from "./check-twiml.ts";
import { checkCloud, isTemplate, refuseCloud } from "./cloud-api.ts";
import { type Conferences, createConferences, type Line } from "./conferences.ts";
import { type Content, checkContent, fillContent, listContents } from "./content-api.ts";
import { type Customer, cloudEnvelope, createCustomer } from "./customer.ts";
import { createHandsets, type Handsets } from "./handsets.ts";
import { createJournal, type Journal, type JournalEntry, type Seen } from "./journal.ts";
import type { ProviderAccount, ServiceAddress } from "./service-post.ts";
import { approvedTemplates } from "./templates.ts";
import { type Answer, type Checked, checkMessage, refuse, sender, toMedium, toResource } from "./twilio-api.ts";
import { readTwiml } from "./twiml.ts";

/** Far above any message; a larger body is not one. */
const bodyMaxBytes = 256 * 1024;
const pageSizeMax = 1_000;
const switchedOff = 30003;
/** WhatsApp delivers what was not approved beforehand for so long after the customer's last message. */
const windowMs = 24 * 60 * 60_000;
const stopWords = new Set(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]);
const startWords = new Set(["START", "YES", "UNSTOP"]);

export interface DoubleOptions extends ProviderAccount {
  readonly port: number;
  readonly log: Log;
  readonly seed: number;
  readonly service: ServiceAddress;
  /** A second pair of credentials, as Twilio's API keys are. */
  readonly apiKey?: { readonly key: string; readonly secret: string };
  readonly behaviour?: Partial<Behaviour>;
  readonly clock?: () => number;
  /** The numbers that the account may write from; any when left out. */
  readonly senders?: readonly string[];
  /** How fast a voice on the telephone is; everything at once when left out. */
  readonly charsPerSecond?: number;
}

export interface ProviderDouble {
  /** For TWILIO_API_URL and WHATSAPP_CLOUD_API_URL. */
  readonly url: string;
  readonly customer: Customer;
  readonly journal: Journal;
  /** What customers saw, in the order of acceptance: the judge of R2 and R3. */
  log(from?: number): Seen[];
  behave(change: Partial<Behaviour>): void;
  /** The calls that the service placed, in the order of acceptance. */
  readonly calls: readonly PlacedCall[];
  /** What happens when this number rings, from now on. */
  answerAs(number: string, callee: Partial<Callee>): void;
  /** Whoever has the telephone of a placed call puts it down. */
  hangUp(callSid: string): void;
  readonly conferences: Conferences;
  /** The telephones that somebody holds in a browser: they ring there, and nobody else answers. */
  readonly handsets: Handsets;
  ringing(number: string): PlacedCall | null;
  answer(callSid: string): boolean;
  decline(callSid: string): boolean;
  /** What Twilio would not have taken of the service's TwiML, in words. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** The providers' side over HTTP: takes what Twilio and Meta take, refuses what they refuse, misbehaves when told to. */
export async function startProviderDouble(options: DoubleOptions): Promise<ProviderDouble> {
  const clock = options.clock ?? Date.now;
  const random = seededRandom(options.seed);
  const journal = createJournal(clock);
  const timers = new Set<NodeJS.Timeout>();
  let behaviour: Behaviour = { ...wellBehaved, ...options.behaviour };
  let closed = false;
  const twice = () => behaviour.duplicateWebhooks > 0 && random() < behaviour.duplicateWebhooks;
  const faults: string[] = [];
  const fault = (words: string): void => {
    faults.push(words);
    options.log.warn({ component: "simulator", reason: words }, "twiml-refused");
  };
  const conferences = createConferences({ accountSid: options.accountSid, clock, nextSid, fetchWords });
  const recordings = new Set<string>();
  const customer = createCustomer(options, options.service, {
    journal,
    twice,
    apiUrl: () => url(),
    ...(options.charsPerSecond === undefined ? {} : { charsPerSecond: options.charsPerSecond }),
    switchboard: {
      conferences,
      musicMs: () => behaviour.musicMs,
      record() {
        const sid = nextSid("RE");
        recordings.add(sid);
        return { sid, url: `${url()}/2010-04-01/Accounts/${options.accountSid}/Recordings/${sid}` };
      },
      fault,
    },
  });
  const credentials = new Set([basic(options.accountSid, options.authToken)]);
  if (options.apiKey !== undefined) credentials.add(basic(options.apiKey.key, options.apiKey.secret));
  const messagesPath = `/2010-04-01/Accounts/${options.accountSid}/Messages.json`;
  const accountPath = `/2010-04-01/Accounts/${options.accountSid}.json`;
  const callsPath = `/2010-04-01/Accounts/${options.accountSid}/Calls.json`;
  const callPath = new RegExp(`^/2010-04-01/Accounts/${options.accountSid}/Calls/(CA[0-9a-f]{32})\\.json$`);
  const mediaPath = new RegExp(
    `^/2010-04-01/Accounts/${options.accountSid}/Messages/([A-Z]{2}[0-9a-f]{32})/Media(?:/(ME[0-9a-f]{32}))?(\\.json)?$`,
  );
  const conferencesPath = new RegExp(
    `^/2010-04-01/Accounts/${options.accountSid}/Conferences(?:/(CF[0-9a-f]{32}))?(/Participants)?(?:/(CA[0-9a-f]{32}))?\\.json$`,
  );
  const recordingPath = new RegExp(`^/2010-04-01/Accounts/${options.accountSid}/Recordings/(RE[0-9a-f]{32})\\.mp3$`);
  const contents = new Map<string, Content>(
    approvedTemplates.map(({ contentSid: sid, name, body }) => [sid, { sid, friendlyName: name, body, options: [] }]),
  );
  const sidPrefix = randomBytes(10).toString("hex");
  let sidCount = 0;
  function nextSid(kind: string): string {
    return `${kind}${sidPrefix}${(++sidCount).toString(16).padStart(12, "0")}`;
  }

  /** Reports are best effort at the real provider too: one that fails is not sent again. */
  function after(ms: number, work: () => Promise<unknown>): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (closed) return;
      work().catch((error: unknown) => options.log.debug({ component: "simulator", error }, "status-report-failed"));
    }, ms);
    timer.unref();
    timers.add(timer);
  }

  function later(index: number, work: () => Promise<unknown>): void {
    after(behaviour.statusDelayMs * (index + 1), work);
  }

  // A telephone that nobody holds any more is put down; one that rings rings out.
  const handsets = createHandsets((number) => {
    const callSid = customer.onLine(number);
    if (callSid !== null && !closed) customer.end(callSid);
  });
  const calls = createCallsApi({
    isHeld: handsets.isOpen,
    accountSid: options.accountSid,
    clock,
    random,
    behaviour: () => behaviour,
    journal,
    customer,
    conferences,
    fault,
    nextSid,
    after,
  });

  /** Words and keys for one line of a conference: the service says them when it is asked. */
  function fetchWords(from: string, line: Line, conferenceSid: string): void {
    after(0, async () => {
      const form = new Map([
        ["AccountSid", options.accountSid],
        ["CallSid", line.sid],
        ["ConferenceSid", conferenceSid],
      ]);
      const posted = await customer.postForm(from, form);
      if (posted.status !== 200) return fault(`${new URL(from).pathname} answers ${posted.status}.`);
      const wrong = twimlFault(posted.body);
      if (wrong !== null) fault(wrong);
      const heard = readTwiml(posted.body);
      for (const { text } of heard.said) line.hear(text);
      if (heard.keys !== null) line.keyed(heard.keys);
    });
  }

  function report(entry: JournalEntry, states: readonly string[], post: (state: string) => Promise<unknown>): void {
    if (!behaviour.statuses) return;
    const reordered = behaviour.reorderStatuses > 0 && random() < behaviour.reorderStatuses;
    const order = reordered ? [...states].reverse() : states;
    order.forEach((state, index) => {
      later(index, () => {
        if (states.indexOf(state) >= states.indexOf(entry.status)) entry.status = state;
        return post(state);
      });
    });
  }

  /** Whether a message that was taken does not arrive, as providers find out later: the code of the reason, or null. */
  function failureOf(
    channel: "sms" | "whatsapp",
    number: string,
    isApproved: boolean,
    codes: { readonly window: number; readonly unreachable: number },
  ): number | null {
    if (channel === "whatsapp" && !isApproved) {
      const wrote = journal.of(channel, number).findLast(({ direction }) => direction === "in");
      if (wrote === undefined || clock() - wrote.at >= windowMs) return codes.window;
    }
    if (behaviour.undelivered > 0 && random() < behaviour.undelivered) return codes.unreachable;
    return channel === "sms" && behaviour.lost > 0 && random() < behaviour.lost ? switchedOff : null;
  }

  function acceptTwilio(form: URLSearchParams): Checked<() => Answer> {
    const isOurs = (from: string) => options.senders?.includes(from) ?? true;
    const checked = checkMessage(form, optedOut, isOurs, options.service.publicUrl());
    if (!checked.ok) return checked;
    const { channel, to, from, statusCallback } = checked.value;
    const contentSid = form.get("ContentSid");
    const content = contentSid === null ? undefined : contents.get(contentSid);
    if (contentSid !== null && content === undefined) return refuse(400, 21655, "The ContentSid is invalid.");
    const body = content === undefined ? checked.value.body : fillContent(content, form.get("ContentVariables"));
    if (body === null) return refuse(400, 21656, "The ContentVariables Parameter is invalid.");
    return accepts(() => {
      // What was made here has not been looked at by anybody: only templates that were there before are approved.
      const isApproved = content !== undefined && !content.sid.startsWith(`HX${sidPrefix}`);
      const number = to.replace("whatsapp:", "");
      const unreachable = channel === "sms" ? 30005 : 63024;
      const failure = failureOf(channel, number, isApproved, { window: 63016, unreachable });
      const entry = journal.add({
        channel,
        direction: "out",
        customer: number,
        ours: from.replace("whatsapp:", ""),
        body,
        sid: nextSid("SM"),
        deliveryId: statusCallback === null ? null : new URL(statusCallback).searchParams.get("d"),
        options: content?.options ?? [],
        status: "queued",
        ...(failure === null ? {} : { failure }),
      });
      if (statusCallback !== null) {
        const arrival = channel === "whatsapp" ? ["delivered", "read"] : ["delivered"];
        const states = ["queued", "sent", ...(failure === null ? arrival : ["undelivered"])];
        report(entry, states, (state) => customer.postForm(statusCallback, statusForm(entry, state, to, from)));
      }
      return { status: 201, body: toResource(options.accountSid, entry) };
    });
  }

  function statusForm(entry: JournalEntry, state: string, to: string, from: string): Map<string, string> {
    const form = new Map([
      ["MessageSid", entry.sid],
      ["SmsSid", entry.sid],
      ["MessageStatus", state],
      ["SmsStatus", state],
      ["AccountSid", options.accountSid],
      ["To", to],
      ["From", from],
      ["ApiVersion", "2010-04-01"],
    ]);
    if (state === "undelivered") form.set("ErrorCode", String(entry.failure));
    return form;
  }

  function acceptCloud(body: string, phoneNumberId: string): Checked<() => Answer> {
    const checked = checkCloud(body);
    if (!checked.ok) return checked;
    const message = checked.value;
    if (message === "mark") return accepts(() => ({ status: 200, body: { success: true } }));
    return accepts(() => {
      const sid = `wamid.${nextSid("")}`;
      const number = /^\d+$/.test(message.to) ? `+${message.to}` : message.to;
      const failure = failureOf("whatsapp", number, isTemplate(body), { window: 131047, unreachable: 131026 });
      const entry = journal.add({
        channel: "whatsapp",
        direction: "out",
        customer: number,
        ours: phoneNumberId,
        body: message.body,
        sid,
        deliveryId: message.deliveryId,
        options: message.options,
        status: "accepted",
        ...(failure === null ? {} : { failure }),
      });
      const states = failure === null ? ["accepted", "sent", "delivered", "read"] : ["accepted", "failed"];
      report(entry, states, async (state) => {
        if (state === "accepted") return;
        const status = {
          id: sid,
          status: state,
          timestamp: String(Math.floor(clock() / 1000)),
          recipient_id: message.to,
          ...(state === "failed" ? { errors: [{ code: failure, title: "Message failed to send" }] } : {}),
        };
        const carried = message.deliveryId === null ? {} : { biz_opaque_callback_data: message.deliveryId };
        await customer.postCloud(
          cloudEnvelope(phoneNumberId, phoneNumberId, { statuses: [{ ...status, ...carried }] }),
        );
      });
      const contacts = [{ input: message.to, wa_id: message.to }];
      return {
        status: 200,
        body: { messaging_product: "whatsapp", contacts, messages: [{ id: sid, message_status: "accepted" }] },
      };
    });
  }

  function optedOut(to: string, from: string): boolean {
    const thread = journal.of(to.startsWith("whatsapp:") ? "whatsapp" : "sms", to.replace("whatsapp:", ""));
    const ours = from.replace("whatsapp:", "");
    for (let at = thread.length - 1; at >= 0; at--) {
      const entry = thread[at];
      if (entry === undefined || entry.direction !== "in" || (ours !== "" && entry.ours !== ours)) continue;
      const word = entry.body.trim().toUpperCase();
      if (startWords.has(word)) return false;
      if (stopWords.has(word)) return true;
    }
    return false;
  }

  /** Both directions, newest first; the next page begins after the last message of this one, whatever came meanwhile. */
  function list(query: URLSearchParams): Answer {
    const [to, from, since, token] = ["To", "From", "DateSent>", "PageToken"].map((name) => query.get(name) ?? "");
    // Twilio's filter knows days, and a date without a time is that day's beginning in UTC.
    const sinceMs = since === "" ? 0 : new Date(since ?? "").getTime();
    if (Number.isNaN(sinceMs)) return refuse(400, 20001, "Invalid DateSent").answer;
    const pageSize = Math.min(pageSizeMax, Math.max(1, Number(query.get("PageSize") ?? 50) || 50));
    const page = Math.max(0, Number(query.get("Page") ?? 0) || 0);
    if (page > 0 && token === "") return refuse(400, 20001, "Invalid Page: follow next_page_uri").answer;
    const isWanted = (entry: JournalEntry): boolean => entry.at >= sinceMs && (from === "" || sender(entry) === from);
    const fitting = listed(to ?? "")
      .filter(isWanted)
      .reverse();
    const start = token === "" ? 0 : fitting.findIndex(({ sid }) => `PA${sid}` === token) + 1;
    if (token !== "" && start === 0) return refuse(400, 20001, "Invalid PageToken").answer;
    const shown = fitting.slice(start, start + pageSize);
    const more = fitting.length > start + pageSize;
    query.set("Page", String(page + 1));
    query.set("PageToken", `PA${shown.at(-1)?.sid ?? ""}`);
    return {
      status: 200,
      body: {
        messages: shown.map((entry) => toResource(options.accountSid, entry)),
        page,
        page_size: pageSize,
        next_page_uri: more ? `${messagesPath}?${query}` : null,
      },
    };
  }

  /** Each once, in the order of acceptance: who sends a message again under its id has not written twice. */
  function listed(to: string): JournalEntry[] {
    const channel = to.startsWith("whatsapp:") ? "whatsapp" : "sms";
    const number = to.replace("whatsapp:", "");
    const found =
      to === ""
        ? journal.all().filter((entry) => entry.channel !== "voice")
        : [
            ...journal.of(channel, number).filter(({ direction }) => direction === "out"),
            ...journal.sentTo(channel, number),
          ];
    return [...new Map(found.map((entry) => [entry.sid, entry])).values()].sort((one, other) => one.n - other.n);
  }

  function answerCloud(request: IncomingMessage, path: string, body: string): Answer | null {
    const phoneNumberId = /^\/v\d+\.\d+\/(\d+)\/messages$/.exec(path)?.[1];
    const cloud = options.cloud;
    if (cloud === undefined || request.headers.authorization !== `Bearer ${cloud.token}`) {
      return refuseCloud(401, 190, "Invalid OAuth access token.").answer;
    }
    if (request.method === "GET" && path.endsWith(`/${cloud.phoneNumberId}`)) {
      return { status: 200, body: { id: cloud.phoneNumberId, verified_name: "Simulated company" } };
    }
    if (phoneNumberId !== cloud.phoneNumberId) {
      return refuseCloud(400, 100, "(#100) Unsupported post request. Object does not exist.").answer;
    }
    if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
      return refuseCloud(400, 100, "(#100) The parameter messaging_product is required.").answer;
    }
    const faulty: Answers = {
      tooMany: refuseCloud(429, 130429, "(#130429) Rate limit hit").answer,
      failure: refuseCloud(500, 131000, "(#131000) Something went wrong").answer,
    };
    return carryOut(acceptCloud(body, phoneNumberId), faulty);
  }

  function answerTwilio(request: IncomingMessage, path: string, query: string, body: string): Answer | null {
    if (!credentials.has(request.headers.authorization ?? "")) {
      return refuse(401, 20003, "Authenticate").answer;
    }
    if (request.method === "GET" && path === accountPath) {
      return { status: 200, body: { sid: options.accountSid, status: "active", type: "Full" } };
    }
    const recording = recordingPath.exec(path)?.[1];
    if (request.method === "GET" && recording !== undefined && recordings.has(recording))
      return { status: 200, body: null, bytes: silence, headers: { "content-type": "audio/mpeg" } };
    const media = mediaPath.exec(path);
    if (media !== null) return answerMedia(request.method, media);
    const conference = conferencesPath.exec(path);
    if (conference !== null) return answerConferences(request, conference, query, body);
    const isMessages = path === messagesPath;
    const callSid = callPath.exec(path)?.[1];
    if (!isMessages && path !== callsPath && callSid === undefined) {
      return notFound;
    }
    if (request.method === "GET") {
      const fault = drawFault(behaviour, random);
      if (fault === "hang" || fault === "timeout-after-accepting") return null;
      if (fault === "fail-before" || fault === "fail-after") return refuse(500, 20500, "Internal Server Error").answer;
      if (callSid !== undefined) return calls.fetch(callSid);
      return isMessages ? list(new URLSearchParams(query)) : calls.list(new URLSearchParams(query));
    }
    if (request.method !== "POST") return refuse(405, 20004, "Method not allowed").answer;
    // Twilio reads no other form than this one, and then misses the first required field.
    const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    const form = new URLSearchParams(isForm ? body : "");
    const faulty: Answers = {
      tooMany: refuse(429, 20429, "Too Many Requests").answer,
      failure: refuse(500, 20500, "Internal Server Error").answer,
    };
    if (callSid !== undefined)
      return carryOut(
        accepts(() => calls.update(callSid, form)),
        faulty,
      );
    return carryOut(isMessages ? acceptTwilio(form) : calls.create(form), faulty);
  }

  /** What customers sent with a message: listed, handed out, and removed for good. */
  function answerMedia(method: string | undefined, [, messageSid, mediaSid, json]: RegExpExecArray): Answer | null {
    const fault = drawFault(behaviour, random);
    if (fault === "hang" || fault === "timeout-after-accepting") return null;
    if (fault !== null) return refuse(500, 20500, "Internal Server Error").answer;
    const entry = journal.all().findLast(({ sid }) => sid === messageSid);
    const media = entry?.media ?? [];
    if (entry === undefined) return notFound;
    if (mediaSid === undefined) {
      const media_list = media.map((one) => toMedium(options.accountSid, entry, one));
      return method === "GET" ? { status: 200, body: { media_list, next_page_uri: null } } : methodNotAllowed;
    }
    const medium = media.find(({ sid }) => sid === mediaSid);
    if (medium === undefined) return notFound;
    if (method === "DELETE") {
      entry.media = media.filter((one) => one !== medium);
      return { status: 204, body: null };
    }
    if (method !== "GET") return methodNotAllowed;
    if (json !== undefined) return { status: 200, body: toMedium(options.accountSid, entry, medium) };
    return { status: 200, body: null, bytes: medium.bytes, headers: { "content-type": medium.mime } };
  }

  function answerConferences(
    request: IncomingMessage,
    [, conferenceSid, participants, callSid]: RegExpExecArray,
    query: string,
    body: string,
  ): Answer | null {
    const failure = refuse(500, 20500, "Internal Server Error").answer;
    const drawn = drawFault(behaviour, random);
    if (drawn === "hang") return null;
    if (drawn !== null) return failure;
    if (conferenceSid === undefined)
      return request.method === "GET" ? conferences.list(new URLSearchParams(query)) : methodNotAllowed;
    if (participants === undefined) return notFound;
    if (callSid === undefined) return conferences.participants(conferenceSid);
    if (request.method === "GET") return conferences.participant(conferenceSid, callSid);
    if (request.method === "DELETE") return conferences.remove(conferenceSid, callSid);
    return conferences.update(conferenceSid, callSid, new URLSearchParams(body));
  }

  function answerContent(request: IncomingMessage, body: string): Answer {
    if (!credentials.has(request.headers.authorization ?? "")) return refuse(401, 20003, "Authenticate").answer;
    if (request.method === "GET") return listContents(contents.values());
    const checked = checkContent(body, nextSid("HX"));
    if (!checked.ok) return checked.answer;
    contents.set(checked.value.sid, checked.value);
    return { status: 201, body: { sid: checked.value.sid, friendly_name: checked.value.friendlyName } };
  }

  /** A request the provider would refuse is refused; one it would take meets the fault drawn for it. */
  function carryOut(checked: Checked<() => Answer>, answers: Answers): Answer | null {
    if (!checked.ok) return checked.answer;
    const fault: Fault = drawFault(behaviour, random);
    switch (fault) {
      case "hang":
        return null;
      case "too-many":
        return { ...answers.tooMany, headers: { "retry-after": String(behaviour.retryAfterSeconds) } };
      case "fail-before":
        return answers.failure;
      case "timeout-after-accepting":
        checked.value();
        return null;
      case "fail-after":
        checked.value();
        return answers.failure;
      case null:
        return checked.value();
    }
  }

  function answerControl(request: IncomingMessage, path: string, query: string, body: string): Answer | null {
    if (path === "/_double/log" && request.method === "GET") {
      const from = Number(new URLSearchParams(query).get("from") ?? 0) || 0;
      return { status: 200, body: journal.seen(from) };
    }
    if (path === "/_double/calls" && request.method === "GET") {
      const from = Number(new URLSearchParams(query).get("from") ?? 0) || 0;
      return { status: 200, body: calls.placed.slice(from).map(toLogged) };
    }
    if (path === "/_double/callees" && request.method === "POST") {
      const parsed = calleesSchema.safeParse(parseJson(body));
      if (!parsed.success) return { status: 400, body: { error: "not callees" } };
      for (const [number, callee] of Object.entries(parsed.data)) calls.answerAs(number, callee);
      return { status: 200, body: {} };
    }
    if (path === "/_double/behaviour" && request.method === "POST") {
      const parsed = behaviourSchema.partial().safeParse(parseJson(body));
      if (!parsed.success) return { status: 400, body: { error: "not a behaviour" } };
      behaviour = withChange(behaviour, parsed.data);
      return { status: 200, body: behaviour };
    }
    return { status: 404, body: { error: "not found" } };
  }

  /** The answer to one request; null: the provider stays silent. */
  function answerTo(request: IncomingMessage, body: string | null): Answer | null {
    if (body === null) return refuse(413, 20413, "Request entity too large").answer;
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? "" : url.slice(mark + 1);
    if (path.startsWith("/2010-04-01/")) return answerTwilio(request, path, query, body);
    if (path === "/v1/Content") return answerContent(request, body);
    if (path.startsWith("/_double/")) return answerControl(request, path, query, body);
    if (/^\/v\d/.test(path)) return answerCloud(request, path, body);
    return notFound;
  }

  const server = createServer((request, response) => {
    readBody(request, (body) => {
      const answer = answerTo(request, body);
      if (answer !== null) send(response, answer);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Never beyond this machine: it answers whoever asks what customers saw.
    server.listen(options.port, "127.0.0.1", resolve);
  });
  function url(): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  return {
    url: url(),
    conferences,
    faults,
    customer,
    journal,
    log: (from) => journal.seen(from),
    calls: calls.placed,
    answerAs: calls.answerAs,
    hangUp: calls.hangUp,
    handsets,
    ringing: calls.ringing,
    answer: calls.answer,
    decline: calls.decline,
    behave: (change) => {
      behaviour = withChange(behaviour, change);
    },
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await customer.close();
    },
  };
}

const notFound: Answer = refuse(404, 20404, "The requested resource was not found").answer;
const methodNotAllowed: Answer = refuse(405, 20004, "Method not allowed").answer;
/** A second of silence as an MP3 file: frames of 128 kbit/s whose every bit says "nothing". */
const silence = Buffer.concat(
  Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)])),
);

interface Answers {
  readonly tooMany: Answer;
  readonly failure: Answer;
}

function accepts(value: () => Answer): Checked<() => Answer> {
  return { ok: true, value };
}

/** Fields left out or undefined keep their value. */
function withChange(
  behaviour: Behaviour,
  change: { readonly [Key in keyof Behaviour]?: Behaviour[Key] | undefined },
): Behaviour {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return { ...behaviour, ...given };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function readBody(request: IncomingMessage, done: (body: string | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bodyMaxBytes) chunks.push(chunk);
  });
  request.on("end", () => {
    const [only] = chunks;
    const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    done(bytes > bodyMaxBytes ? null : body.toString("utf8"));
  });
}

function send(response: ServerResponse, answer: Answer): void {
  const body = answer.bytes ?? Buffer.from(answer.status === 204 ? "" : JSON.stringify(answer.body));
  response.writeHead(answer.status, {
    "content-type": "application/json",
    ...(answer.status === 204 ? {} : { "content-length": body.length }),
    ...answer.headers,
  });
  response.end(body);
}
