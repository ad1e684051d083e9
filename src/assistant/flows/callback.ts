import { findPhoneNumbersInText } from "libphonenumber-js";
import type { CallDesk } from "../../callbacks/desk.ts";
import { teamFor } from "../../callbacks/hours.ts";
import { keptOnlyIf } from "../../callbacks/kept-only-if.ts";
import { provenByCode } from "../../callbacks/proven-by-code.ts";
import { type ReadTime, readTime } from "../../callbacks/read-time.ts";
import { cancelCallback, requestCallback } from "../../callbacks/request-callback.ts";
import { freeSlots } from "../../callbacks/slots.ts";
import { openCallbackOf } from "../../callbacks/store.ts";
import { tellPromised } from "../../callbacks/tell.ts";
import { topicOf } from "../../callbacks/topic.ts";
import { zonesOf } from "../../callbacks/where.ts";
import { timeInWords } from "../../callbacks/words.ts";
import { whereVisitorIs } from "../../contacts/visitor-sessions.ts";
import type { TransactionSql } from "../../db/client.ts";
import { firstOf } from "../../lib/clean-text.ts";
import type { ChoiceOption } from "../../lib/message.ts";
import { NoLongerTrue, type WaitingTurn } from "../../turns/turn.ts";
import { fill, type Wording } from "../wording.ts";
import { callbackWords } from "./callback-words.ts";

const slotsOffered = 3;
const wishMaxChars = 280;
const slotOption = "call-slot:";
/** "Move it to 3 pm": said of a call that was promised; a time is needed beside it, and the call. */
const moves =
  /(?<!\p{L})(?:move|change|reschedule|postpone|make it|flytta|ändra|byt|skjut upp|verschieb\w*|verleg\w*|ändere?|cambia\w*|mover|mueve\w*|muév\w*|aplaza\w*|posponer|غيّر|غير|انقل|تغيير|نقل)(?!\p{L})/iu;

/** A word about another time, whatever the rest was taken for. */
export function saysMove(text: string): boolean {
  return moves.test(text);
}

/** What the flow says and remembers; the caller makes a reply of it. */
export interface CallbackStep {
  readonly text: string;
  readonly options?: readonly ChoiceOption[];
  readonly state: Readonly<Record<string, unknown>>;
  readonly alongside?: (sql: TransactionSql) => Promise<void>;
}

export interface CallbackTurn {
  readonly desk: CallDesk;
  readonly turn: WaitingTurn;
  readonly locale: string;
  readonly say: Wording;
  readonly text: string;
}

/** Asks for what is missing, number before time, then promises the call as the customer's words say. */
export async function callbackFlow(from: CallbackTurn, wish: string): Promise<CallbackStep> {
  const own = phoneFrom(from);
  const moving = saysMove(from.text);
  const open = moving || own === null ? await openCall(from) : null;
  // Whoever is to be called already has told us where.
  const phone = moving ? (open?.phone ?? own) : (own ?? open?.phone ?? null);
  if (phone === null) {
    return { text: from.say.callbackAskNumber, state: { asked: "phone", wish: firstOf(wish, wishMaxChars) } };
  }
  const { desk } = from;
  const zone = open?.zone ?? (await zoneOf(from, phone));
  if (moving && open !== null) return offerSlots(from, phone, zone, anyTime(from));
  const read = readTime(withoutNumbers(wish), zone, desk.now());
  if (read.kind === "unclear") return offerSlots(from, phone, zone, read);
  return promiseAt(from, phone, zone, read, wish);
}

/** A choice of one of the offered times; null when it is none of ours. */
export async function pickSlot(from: CallbackTurn, optionId: string): Promise<CallbackStep | null> {
  if (!optionId.startsWith(slotOption)) return null;
  const phone = typeof from.turn.flow.phone === "string" ? from.turn.flow.phone : phoneFrom(from);
  if (phone === null) return { text: from.say.callbackAskNumber, state: { asked: "phone", wish: "" } };
  const zone = await zoneOf(from, phone);
  const at = Number(optionId.slice(slotOption.length));
  const read: ReadTime =
    optionId === `${slotOption}now` || !Number.isFinite(at) ? { kind: "now" } : { kind: "at", at, localTime: "" };
  return promiseAt(from, phone, zone, read, "", false);
}

/** "Move it to 3 pm" while a call is promised, or only a time right after it was; null for everything else. */
export async function moveCall(from: CallbackTurn): Promise<CallbackStep | null> {
  const { desk, turn, text } = from;
  const asked = turn.flow.asked === "slot";
  const justPromised = turn.flow.promised === true;
  if (!asked && !justPromised && !saysMove(text)) return null;
  const open = await openCall(from);
  const phone = open?.phone ?? (typeof turn.flow.phone === "string" ? turn.flow.phone : null);
  if (phone === null || (!asked && open === null)) return null;
  const zone = open?.zone ?? (await zoneOf(from, phone));
  const read = readTime(withoutNumbers(text), zone, desk.now());
  if (read.kind === "none") return null;
  // Without a word about moving it takes a clear time.
  if (justPromised && read.kind !== "at" && !saysMove(text)) return null;
  return read.kind === "unclear" ? offerSlots(from, phone, zone, read) : promiseAt(from, phone, zone, read, text);
}

/** Takes the promise back; says so only where there was one. */
export async function cancelCall(from: CallbackTurn): Promise<CallbackStep> {
  const { desk, turn, say, locale } = from;
  const open = await openCall(from);
  if (open === null) return { text: say.leftAtThat, state: {} };
  if (open.state === "connected" || (open.state === "dialling" && open.rung))
    return { text: callbackWords(locale).tooLate, state: {} };
  return {
    text: say.cancelled,
    state: {},
    async alongside(sql) {
      if (!(await cancelCallback(sql, desk, turn.conversationId, turn.contactId))) throw new NoLongerTrue();
    },
  };
}

async function promiseAt(
  from: CallbackTurn,
  phone: string,
  zone: string,
  read: Exclude<ReadTime, { kind: "unclear" }>,
  wish: string,
  picked = true,
): Promise<CallbackStep> {
  const { desk, turn, say, locale } = from;
  const words = callbackWords(locale);
  const browser = await whereVisitorIs(desk.db, turn.addressId);
  const request = {
    conversationId: turn.conversationId,
    contactId: turn.contactId,
    phone,
    proven: await provesNumber(from, phone),
    wish: read.kind === "at" && wish !== "" ? firstOf(wish, wishMaxChars) : null,
    wantedAt: read.kind === "at" ? read.at : null,
    asap: read.kind === "now",
    picked: read.kind === "at" && picked,
    zone: read.kind === "at" ? zone : null,
    browserZone: browser.timeZone,
    // Moving a call is not about anything else.
    topic: saysMove(from.text) ? null : await topicOf(desk.db, turn),
    locale,
    source: turn.channel,
    address: browser.ip,
  };
  // What the customer would be told, before the reply is written: the same steps, taken back.
  const outcome = await keptOnlyIf(
    desk.db,
    (sql) => requestCallback(sql, desk, request),
    () => false,
  );
  const person: ChoiceOption = { id: "live-agent", title: say.person };
  switch (outcome.outcome) {
    case "promised": {
      const { at } = outcome;
      const when = at === null ? "" : timeInWords(at, zone, locale);
      const sentence = at === null ? say.callbackNoted : words.promisedAt;
      return {
        text: fill(sentence, { phone, when }),
        state: { promised: true },
        async alongside(sql) {
          const now = await requestCallback(sql, desk, request);
          if (now.outcome !== "promised" || now.at !== at) throw new NoLongerTrue();
          // With the link to move or cancel it: a voice leaves nothing behind.
          if (turn.wording === "spoken") await tellPromised(sql, desk, now.id);
        },
      };
    }
    case "full":
      return read.kind === "at" && read.at > desk.now()
        ? offerSlots(from, phone, zone, { kind: "unclear", from: read.at, to: Number.POSITIVE_INFINITY }, words.notThen)
        : offerSlots(from, phone, zone, anyTime(from));
    case "too-many":
      return { text: words.tooMany, options: [person], state: {} };
    case "too-late":
      return { text: words.tooLate, state: {} };
    case "opted-out":
      // M5: only whoever writes from the number itself learns what is known of it.
      return request.proven
        ? { text: words.neverAgain, options: [person], state: {} }
        : { text: fill(say.callbackNoted, { phone }), state: {} };
    default:
      return { text: words.refused, options: [person], state: { asked: "phone", wish: firstOf(wish, wishMaxChars) } };
  }
}

/** They write from this number; what a caller's line shows proves nothing until they gave a code (channels.md 5.1). */
export async function provesNumber({ desk, turn }: CallbackTurn, phone: string): Promise<boolean> {
  if (turn.address.kind !== "e164" || turn.address.value !== phone) return false;
  if (turn.wording !== "spoken") return true;
  const { conversationId, address: from } = turn;
  return desk.db.run((sql) => provenByCode(sql, { conversationId, from }, desk.now()));
}

function openCall({ desk, turn }: CallbackTurn) {
  return desk.db.transaction((sql) => openCallbackOf(sql, turn.contactId));
}

function anyTime({ desk }: CallbackTurn): Extract<ReadTime, { kind: "unclear" }> {
  return { kind: "unclear", from: desk.now(), to: Number.POSITIVE_INFINITY };
}

/** Three concrete times in what the words leave open, nearest first. */
async function offerSlots(
  from: CallbackTurn,
  phone: string,
  zone: string,
  open: Extract<ReadTime, { kind: "unclear" }>,
  question = callbackWords(from.locale).whichTime,
): Promise<CallbackStep> {
  const { desk, locale } = from;
  const hours = await desk.hours();
  const where = { hours, team: teamFor(hours, locale), deskZone: desk.deskZone, zones: [zone], now: desk.now() };
  const slots = await desk.db.run((sql) => freeSlots(sql, { ...where, from: open.from, limit: slotsOffered }));
  const words = callbackWords(locale);
  const options = slots.map((slot) => ({ id: `${slotOption}${slot}`, title: timeInWords(slot, zone, locale) }));
  return {
    text: question,
    options: [...options, { id: `${slotOption}now`, title: words.soonest }],
    state: { asked: "slot", phone },
  };
}

function zoneOf({ turn, desk }: CallbackTurn, phone: string): Promise<string> {
  return customerZone(turn, desk, phone);
}

/** Where the customer's clock is, as far as we know; else the desk's. */
export async function customerZone(
  { address, addressId }: WaitingTurn,
  { db, deskZone }: Pick<CallDesk, "db" | "deskZone">,
  phone = address.kind === "e164" ? address.value : null,
): Promise<string> {
  const { timeZone } = await whereVisitorIs(db, addressId);
  return (await zonesOf({ browser: timeZone, phone }))[0] ?? deskZone;
}

function phoneFrom({ text, turn }: CallbackTurn): string | null {
  return phoneIn(text) ?? (turn.address.kind === "e164" ? turn.address.value : null);
}

/** The first number in a text; null when there is none. */
export function phoneIn(text: string): string | null {
  return findPhoneNumbersInText(text)[0]?.number.number ?? null;
}

function withoutNumbers(text: string): string {
  return findPhoneNumbersInText(text).reduceRight(
    (rest, { startsAt, endsAt }) => rest.slice(0, startsAt) + rest.slice(endsAt),
    text,
  );
}
