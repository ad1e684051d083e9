import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { TransactionSql } from "../db/client.ts";
import { chooseLocale } from "../help-centre/choose-locale.ts";
import type { Page, RenderPage } from "../help-centre/page.ts";
import { cleanText } from "../lib/clean-text.ts";
import { isId, newId } from "../lib/ids.ts";
import { limitKey } from "../lib/limit-key.ts";
import { maskCards } from "../lib/mask.ts";
import { isTimeZone } from "../lib/zoned-time.ts";
import { applyToCallback } from "./apply.ts";
import type { CallDesk } from "./desk.ts";
import { teamFor } from "./hours.ts";
import { keptOnlyIf } from "./kept-only-if.ts";
import { callToken, readCallToken } from "./link.ts";
import { findCallback } from "./list.ts";
import { callPageWords } from "./page-words.ts";
import { callPage, type FormFaults, type FormValues, gonePage, requestForm } from "./pages.ts";
import { neverCall } from "./phone-policy.ts";
import { cancelPromise, changePromise } from "./promise-call.ts";
import { type RequestOutcome, requestCallback } from "./request-callback.ts";
import { freeSlots, takeSlot } from "./slots.ts";
import { lockCallback } from "./store.ts";
import { tellCustomer, tellPromised } from "./tell.ts";
import { zonesOf } from "./where.ts";

/** Two weeks of half hours are a list nobody reads to its end. */
const slotsShown = 60;
/** From one address; nobody asks, looks and moves more often. */
const perAddressAndMinute = 60;
/** Addresses remembered at once; the least recently seen are forgotten. */
const remembered = 10_000;
/** The contact of a request on the page: its own, so that nobody reaches another person's call by knowing a number (R8). */
const pageChannel = "call-page";

const text = (max: number) => z.string().max(max).default("");
const fields = z.object({
  id: text(64),
  phone: text(40),
  when: text(20),
  zone: text(64),
  shown: text(64),
  language: text(10),
  topic: text(200),
  do: text(10),
});
type Fields = z.output<typeof fields>;

export interface CallPagesDeps {
  readonly desk: CallDesk;
  readonly renderPage: RenderPage;
  readonly locales: () => readonly string[];
}

/** The pages on which customers ask for a call, move it and cancel it: complete without script; no GET changes anything (A7). */
export async function callPageRoutes(
  app: FastifyInstance,
  { desk, renderPage, locales }: CallPagesDeps,
): Promise<void> {
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  await app.register(rateLimit, { global: false, cache: remembered, keyGenerator: ({ ip }) => limitKey(ip) });
  const perAddress = app.createRateLimit({ max: perAddressAndMinute, timeWindow: 60_000 });
  app.addHook("onRequest", async (request, reply) => {
    const counted = await perAddress(request);
    if (counted.isAllowed || !counted.isExceeded) return undefined;
    void reply.header("retry-after", String(counted.ttlInSeconds));
    // The error handler says it in the reader's language.
    throw Object.assign(new Error("Too many tries. Wait a minute, then try again."), { statusCode: 429 });
  });
  const hidden = { schema: { hide: true } };
  const localeOf = (request: FastifyRequest, usual?: string) => {
    const { lang } = request.query as { lang?: unknown };
    const accepted = request.headers["accept-language"];
    return chooseLocale(locales(), { lang: typeof lang === "string" ? lang : usual, accepted });
  };
  const send = (reply: FastifyReply, page: Pick<Page, "locale" | "title" | "path" | "body">) =>
    reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      // The address of the page is what lets its holder change the call.
      .header("referrer-policy", "no-referrer")
      .send(
        renderPage({ ...page, indexed: false, inLanguage: (locale) => `${page.path.split("?")[0]}?lang=${locale}` }),
      );
  const sendForm = async (request: FastifyRequest, reply: FastifyReply, values: FormValues, faults: FormFaults) => {
    const locale = localeOf(request);
    const body = requestForm(locale, locales(), values, await slotsIn(desk, values.zone, values.language), faults);
    return send(reply, { locale, title: callPageWords(locale).title, path: `/call?lang=${locale}`, body });
  };

  app.get("/call", hidden, async (request, reply) => {
    const given = fields.partial().safeParse(request.query).data ?? {};
    const zone = isTimeZone(given.zone ?? "") && given.zone ? given.zone : desk.deskZone;
    const wanted = { phone: given.phone ?? "", zone, topic: given.topic ?? "" };
    return sendForm(request, reply, { ...emptyForm(desk, localeOf(request)), ...wanted }, {});
  });

  app.post("/call", hidden, async (request, reply) => {
    const locale = localeOf(request);
    const say = callPageWords(locale);
    if (isForeign(desk, request))
      return sendForm(request, reply.status(403), emptyForm(desk, locale), { form: say.foreign });
    const given = valuesOf(desk, fields.safeParse(request.body).data ?? fields.parse({}), locale);
    if (given.zoneChanged) return sendForm(request, reply, given.values, given.asked ? {} : { zone: say.otherZone });
    const when = readWhen(given.values.when, desk.now());
    if (when === null) return sendForm(request, reply.status(422), given.values, { when: say.badTime });
    // The first look reads a country's tables from the disk, for which a transaction has no time.
    await zonesOf({ phone: given.values.phone });
    const outcome = await keptOnlyIf(
      desk.db,
      (sql) => askForCall(sql, desk, given.values, when.at, request.ip),
      (asked) => asked.outcome === "promised",
    );
    if (outcome.outcome === "promised") {
      const path = `/call/${callToken(desk.key, outcome.id, desk.now())}`;
      return reply.redirect(`${path}?lang=${locale}`, 303);
    }
    return sendForm(request, reply.status(422), given.values, faultOf(outcome, locale));
  });

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    faults: FormFaults = {},
    zoneWish?: string,
    never = false,
  ) => {
    const callback = await findCallback(desk.db, id);
    if (callback === null) return gone(request, reply);
    // The link in a message names no language: the call has one.
    const locale = localeOf(request, callback.locale ?? undefined);
    const zone = zoneWish ?? callback.zone ?? desk.deskZone;
    // The time that is promised stands in the list and is chosen: whoever only presses the button changes nothing.
    const promised = callback.wantedAt?.getTime() ?? null;
    const free = await slotsIn(desk, zone, callback.locale ?? locale);
    const slots =
      promised === null || promised < desk.now() ? free : [...new Set([...free, promised])].sort((a, b) => a - b);
    const path = request.url.split("?")[0] ?? "/call";
    const body = callPage(locale, path, callback, { when: String(promised ?? "now"), zone }, slots, faults, never);
    return send(reply, { locale, title: callPageWords(locale).yourCall, path: `${path}?lang=${locale}`, body });
  };
  const gone = (request: FastifyRequest, reply: FastifyReply) => {
    const locale = localeOf(request);
    const page = {
      locale,
      title: callPageWords(locale).yourCall,
      path: `/call?lang=${locale}`,
      body: gonePage(locale),
    };
    return send(reply.status(404), page);
  };
  const idIn = (request: FastifyRequest) =>
    readCallToken(desk.key, (request.params as { token: string }).token, desk.now());

  app.get("/call/:token", hidden, async (request, reply) => {
    const id = idIn(request);
    return id === null ? gone(request, reply) : show(request, reply, id);
  });

  app.post("/call/:token", hidden, async (request, reply) => {
    const id = idIn(request);
    if (id === null) return gone(request, reply);
    const locale = localeOf(request);
    const say = callPageWords(locale);
    if (isForeign(desk, request)) return show(request, reply.status(403), id, { form: say.foreign });
    const given = fields.safeParse(request.body).data ?? fields.parse({});
    if (given.do === "never") {
      await neverAgain(desk, id);
      return show(request, reply, id, {}, undefined, true);
    }
    if (given.do === "cancel") {
      await desk.db.transaction((sql) => cancelPromise(sql, desk, id));
      return show(request, reply, id);
    }
    const zone = isTimeZone(given.zone) && given.zone !== "" ? given.zone : desk.deskZone;
    if (given.do === "zone" || zone !== given.shown) {
      return show(request, reply, id, given.do === "zone" ? {} : { zone: say.otherZone }, zone);
    }
    const when = readWhen(given.when, desk.now());
    if (when === null) return show(request, reply.status(422), id, { when: say.badTime }, zone);
    const moved = await desk.db.transaction((sql) => moveByLink(sql, desk, id, when.at, zone));
    return moved === "full" ? show(request, reply.status(422), id, { when: say.full }, zone) : show(request, reply, id);
  });
}

/** A form of another site must not ask for calls in a visitor's name (A7). */
function isForeign(desk: CallDesk, { headers: { origin, host } }: FastifyRequest): boolean {
  if (origin === undefined || origin === "null") return false;
  const allowed = [host, URL.canParse(desk.publicUrl()) ? new URL(desk.publicUrl()).host : undefined];
  return !URL.canParse(origin) || !allowed.includes(new URL(origin).host);
}

function emptyForm({ deskZone }: CallDesk, language: string): FormValues {
  return { id: newId(), phone: "", when: "", zone: deskZone, language, topic: "" };
}

function valuesOf(desk: CallDesk, given: Fields, locale: string) {
  const zone = given.zone !== "" && isTimeZone(given.zone) ? given.zone : desk.deskZone;
  const clean = (words: string) => maskCards(cleanText(words)).trim();
  const values: FormValues = {
    id: isId(given.id) ? given.id : newId(),
    phone: cleanText(given.phone).trim(),
    when: given.when === "" ? "now" : given.when,
    zone,
    language: /^[a-z]{2,3}$/.test(given.language) ? given.language : locale,
    topic: clean(given.topic),
  };
  const asked = given.do === "zone";
  return { values, asked, zoneChanged: asked || (zone !== given.shown && values.when !== "now") };
}

/** "now", or the instant of an offered slot; null for anything else. */
function readWhen(when: string, now: number): { readonly at: number | null } | null {
  if (when === "now" || when === "") return { at: null };
  const at = Number(when);
  return /^\d{13}$/.test(when) && at > now ? { at } : null;
}

function slotsIn(desk: CallDesk, zone: string, locale: string): Promise<number[]> {
  return desk.hours().then((hours) => {
    const where = { hours, team: teamFor(hours, locale), deskZone: desk.deskZone, zones: [zone] };
    return desk.db.run((sql) => freeSlots(sql, { ...where, now: desk.now(), limit: slotsShown }));
  });
}

/** Asked twice with the same id (a double click, a reload), it gives the first promise. */
async function askForCall(
  sql: TransactionSql,
  desk: CallDesk,
  values: FormValues,
  wantedAt: number | null,
  address: string,
): Promise<RequestOutcome> {
  const { contactId, conversationId } = await contactOf(sql, values);
  const [before] = await sql<{ id: string }[]>`select id from callbacks where contact_id = ${contactId} limit 1`;
  if (before !== undefined) return { outcome: "promised", id: before.id, merged: true, at: null };
  const outcome = await requestCallback(sql, desk, {
    contactId,
    conversationId,
    phone: values.phone,
    proven: false,
    wish: null,
    wantedAt,
    asap: wantedAt === null,
    picked: false,
    // The first of the menu is nobody's choice: without a time to read in it, the number knows better.
    zone: wantedAt === null && values.zone === desk.deskZone ? null : values.zone,
    topic: values.topic || null,
    locale: values.language,
    source: "page",
    address,
  });
  if (outcome.outcome !== "promised") return outcome;
  await tellPromised(sql, desk, outcome.id);
  desk.ring(conversationId);
  return outcome;
}

async function contactOf(sql: TransactionSql, { id, language }: FormValues) {
  await sql`select pg_advisory_xact_lock(hashtext('call-page'), hashtext(${id}))`;
  const [known] = await sql<{ contactId: string; conversationId: string }[]>`
    select a.contact_id as "contactId", c.id as "conversationId" from contact_addresses a
    join conversations c on c.contact_id = a.contact_id
    where a.channel = ${pageChannel} and a.kind = 'opaque' and a.value = ${id}`;
  if (known !== undefined) return known;
  const [made] = await sql<{ contactId: string; conversationId: string }[]>`
    with contact as (insert into contacts (locale) values (${language}) returning id),
    address as (insert into contact_addresses (contact_id, channel, kind, value) select id, ${pageChannel}, 'opaque', ${id} from contact)
    insert into conversations (contact_id, locale) select id, ${language} from contact
    returning contact_id as "contactId", id as "conversationId"`;
  if (made === undefined) throw new Error("The request for a call was not stored.");
  return made;
}

function faultOf(outcome: Exclude<RequestOutcome, { outcome: "promised" }>, locale: string): FormFaults {
  const say = callPageWords(locale);
  switch (outcome.outcome) {
    case "not-a-number":
      return { phone: say.badPhone };
    case "too-many":
      return { phone: say.tooMany };
    case "full":
      return { when: say.full };
    default:
      return { phone: say.notCalled };
  }
}

async function moveByLink(
  sql: TransactionSql,
  desk: CallDesk,
  id: string,
  wantedAt: number | null,
  zone: string,
): Promise<"moved" | "full" | "too-late"> {
  const row = await lockCallback(sql, id);
  if (row === null) return "too-late";
  const waits = row.state === "requested" || row.state === "scheduled";
  if (waits && row.wantedAt === wantedAt && (wantedAt === null || row.zone === zone)) return "moved";
  const hours = await desk.hours(sql);
  const team = teamFor(hours, row.locale);
  if (
    wantedAt !== null &&
    (await takeSlot(sql, { hours, team, deskZone: desk.deskZone, at: wantedAt, except: id })) !== "room"
  ) {
    return "full";
  }
  const moved = await changePromise(sql, desk, row, {
    ...row,
    phone: null,
    when: { wantedAt, picked: false },
    zone,
    zones: [zone],
    wish: null,
    agentId: null,
    change: "moved",
  });
  if (moved === null) return "too-late";
  const now = await lockCallback(sql, id);
  if (now !== null) await tellCustomer(sql, desk, now, wantedAt === null ? "bookedSoon" : "moved");
  desk.ring(row.conversationId);
  return "moved";
}

async function neverAgain(desk: CallDesk, id: string): Promise<void> {
  await desk.db.transaction(async (sql) => {
    const row = await lockCallback(sql, id);
    if (row === null || row.phone === null) return;
    await neverCall(sql, row.phone, "link");
    await applyToCallback(sql, desk, row, { type: "opted-out" }, { agentId: null, change: "never-again" });
  });
}
