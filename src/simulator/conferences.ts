import { type Answer, refuse } from "./twilio-api.ts";

/** A line that can be in a conference: a caller's, or one that the service placed. */
export interface Line {
  readonly sid: string;
  /** Words or music for this line alone. */
  hear(text: string): void;
  /** Keys that are played to this line. */
  keyed(digits: string): void;
  /** The conference is over for this line: it goes on with what follows. */
  released(): void;
}

export interface Joins {
  readonly name: string;
  readonly label: string | null;
  readonly muted: boolean;
  readonly coach: string | null;
  readonly starts: boolean;
  readonly ends: boolean;
  readonly waitUrl: string | null;
}

interface Participant extends Joins {
  readonly line: Line;
  muted: boolean;
  hold: boolean;
  coaching: boolean;
  coach: string | null;
}

interface Conference {
  readonly sid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly participants: Map<string, Participant>;
  readonly said: Said[];
}

interface Said {
  readonly at: number;
  readonly sid: string;
  readonly text: string;
  /** Of whom the conference lives: it is over when they leave. */
  readonly ends: boolean;
}

export interface Conferences {
  join(line: Line, joins: Joins): void;
  /** The line hung up or was sent elsewhere. */
  leave(sid: string): void;
  /** Words of one line: the others hear them, as far as they may. False: the line is in no conference. */
  say(sid: string, text: string): boolean;
  /** How a conference stands; null: there is none of that name now. */
  look(name: string): ConferenceLook | null;
  whereIs(sid: string): string | null;
  list(query: URLSearchParams): Answer;
  participant(conferenceSid: string, callSid: string): Answer;
  participants(conferenceSid: string): Answer;
  update(conferenceSid: string, callSid: string, form: URLSearchParams): Answer;
  remove(conferenceSid: string, callSid: string): Answer;
}

export interface ConferenceLook {
  readonly lines: readonly {
    readonly sid: string;
    readonly label: string | null;
    readonly muted: boolean;
    readonly hold: boolean;
    readonly coaching: boolean;
    readonly ends: boolean;
  }[];
  readonly said: readonly Said[];
}

/** Twilio's conferences: who is in them, who hears whom, and the REST resources that change it. */
export function createConferences(deps: {
  readonly accountSid: string;
  readonly clock: () => number;
  readonly nextSid: (kind: string) => string;
  /** Asks the service for the words of a line; what it says is heard by the line. */
  readonly fetchWords: (url: string, line: Line, conferenceSid: string) => void;
}): Conferences {
  const byName = new Map<string, Conference>();
  const bySid = new Map<string, Conference>();

  function of(name: string): Conference {
    let conference = byName.get(name);
    if (conference === undefined) {
      const sid = deps.nextSid("CF");
      conference = { sid, name, createdAt: deps.clock(), participants: new Map(), said: [] };
      byName.set(name, conference);
      bySid.set(sid, conference);
    }
    return conference;
  }

  function whereIs(sid: string): Conference | null {
    for (const conference of byName.values()) if (conference.participants.has(sid)) return conference;
    return null;
  }

  function leave(sid: string): void {
    const conference = whereIs(sid);
    const participant = conference?.participants.get(sid);
    if (conference === null || participant === undefined) return;
    conference.participants.delete(sid);
    const over = participant.ends || conference.participants.size === 0;
    if (!over) return;
    byName.delete(conference.name);
    for (const other of conference.participants.values()) other.line.released();
    conference.participants.clear();
  }

  /** Who hears whom: nobody hears whoever is muted or on hold, and only the coached one hears a coach. */
  function hears(speaker: Participant, listener: Participant): boolean {
    if (speaker === listener || speaker.muted || speaker.hold || listener.hold) return false;
    return !speaker.coaching || speaker.coach === listener.line.sid;
  }

  function found(conferenceSid: string, callSid: string): Participant | null {
    const conference = bySid.get(conferenceSid);
    return conference !== undefined && byName.get(conference.name) === conference
      ? (conference.participants.get(callSid) ?? null)
      : null;
  }

  function toResource(conferenceSid: string, { line, label, muted, hold, coaching, coach, starts, ends }: Participant) {
    return {
      account_sid: deps.accountSid,
      call_sid: line.sid,
      label,
      call_sid_to_coach: coach,
      coaching,
      conference_sid: conferenceSid,
      date_created: new Date(deps.clock()).toUTCString().replace("GMT", "+0000"),
      date_updated: new Date(deps.clock()).toUTCString().replace("GMT", "+0000"),
      end_conference_on_exit: ends,
      hold,
      muted,
      start_conference_on_enter: starts,
      status: "connected",
      queue_time: null,
      uri: `/2010-04-01/Accounts/${deps.accountSid}/Conferences/${conferenceSid}/Participants/${line.sid}.json`,
    };
  }

  return {
    join(line, joins) {
      const conference = of(joins.name);
      const coaching = joins.coach !== null;
      const participant: Participant = { ...joins, line, hold: false, coaching };
      conference.participants.set(line.sid, participant);
      const waits = joins.waitUrl !== null && conference.participants.size === 1;
      if (waits && joins.waitUrl !== null) deps.fetchWords(joins.waitUrl, line, conference.sid);
    },
    leave,
    say(sid, text) {
      const conference = whereIs(sid);
      const speaker = conference?.participants.get(sid);
      if (conference === null || speaker === undefined) return false;
      conference.said.push({ at: deps.clock(), sid, text, ends: speaker.ends });
      for (const listener of conference.participants.values()) if (hears(speaker, listener)) listener.line.hear(text);
      return true;
    },
    look(name) {
      const conference = byName.get(name);
      if (conference === undefined) return null;
      const lines = [...conference.participants.values()].map(({ line, label, muted, hold, coaching, ends }) => ({
        ...{ sid: line.sid, label, muted, hold, coaching, ends },
      }));
      return { lines, said: conference.said };
    },
    whereIs: (sid) => whereIs(sid)?.name ?? null,
    list(query) {
      const name = query.get("FriendlyName");
      const status = query.get("Status");
      const fitting = [...bySid.values()].filter(
        (one) =>
          (name === null || one.name === name) &&
          (status === null || (status === "in-progress") === (byName.get(one.name) === one)),
      );
      const conferences = fitting.reverse().map((one) => ({
        sid: one.sid,
        account_sid: deps.accountSid,
        api_version: "2010-04-01",
        date_created: new Date(one.createdAt).toUTCString().replace("GMT", "+0000"),
        date_updated: new Date(one.createdAt).toUTCString().replace("GMT", "+0000"),
        friendly_name: one.name,
        region: "us1",
        status: byName.get(one.name) === one ? "in-progress" : "completed",
        uri: `/2010-04-01/Accounts/${deps.accountSid}/Conferences/${one.sid}.json`,
        subresource_uris: {},
      }));
      return { status: 200, body: { conferences, page: 0, page_size: 50, next_page_uri: null } };
    },
    participant(conferenceSid, callSid) {
      const participant = found(conferenceSid, callSid);
      return participant === null ? noSuch : { status: 200, body: toResource(conferenceSid, participant) };
    },
    participants(conferenceSid) {
      const conference = bySid.get(conferenceSid);
      if (conference === undefined) return noSuch;
      const participants = [...conference.participants.values()].map((one) => toResource(conferenceSid, one));
      return { status: 200, body: { participants, page: 0, page_size: 50, next_page_uri: null } };
    },
    update(conferenceSid, callSid, form) {
      const fault = faultOf(form);
      if (fault !== null) return refuse(400, 20001, fault).answer;
      const participant = found(conferenceSid, callSid);
      if (participant === null) return noSuch;
      const coach = form.get("CallSidToCoach");
      if (coach !== null && found(conferenceSid, coach) === null)
        return refuse(400, 16_240, "CallSidToCoach is not in this conference.").answer;
      if (form.has("Muted")) participant.muted = form.get("Muted") === "true";
      if (form.has("Hold")) {
        participant.hold = form.get("Hold") === "true";
        const url = form.get("HoldUrl");
        if (participant.hold && url !== null) deps.fetchWords(url, participant.line, conferenceSid);
      }
      if (form.has("Coaching")) participant.coaching = form.get("Coaching") === "true";
      if (coach !== null) participant.coach = coach;
      const announce = form.get("AnnounceUrl");
      if (announce !== null) deps.fetchWords(announce, participant.line, conferenceSid);
      return { status: 200, body: toResource(conferenceSid, participant) };
    },
    remove(conferenceSid, callSid) {
      const participant = found(conferenceSid, callSid);
      if (participant === null) return noSuch;
      leave(callSid);
      participant.line.released();
      return { status: 204, body: null };
    },
  };
}

const noSuch: Answer = refuse(404, 20404, "The requested resource was not found").answer;
const flags = ["Muted", "Hold", "Coaching", "EndConferenceOnExit", "BeepOnExit"];
const urls = ["HoldUrl", "AnnounceUrl", "WaitUrl"];
const others = ["HoldMethod", "AnnounceMethod", "WaitMethod", "CallSidToCoach"];

/** What Twilio would not take of a change of a participant; null: it takes it. */
function faultOf(form: URLSearchParams): string | null {
  for (const [name, value] of form) {
    if (!flags.includes(name) && !urls.includes(name) && !others.includes(name)) return `Unknown parameter ${name}.`;
    if (flags.includes(name) && value !== "true" && value !== "false") return `Invalid ${name}.`;
    if (urls.includes(name) && !URL.canParse(value)) return `Invalid ${name}.`;
    if (name.endsWith("Method") && value !== "GET" && value !== "POST") return `Invalid ${name}.`;
  }
  if (form.has("Coaching") && form.get("Coaching") === "true" && !form.has("CallSidToCoach"))
    return "CallSidToCoach is required to coach.";
  return null;
}
