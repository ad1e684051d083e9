import { languageName } from "../help-centre/words.ts";
import { escapeHtml } from "../lib/escape-html.ts";
import type { ListedCallback } from "./list.ts";
import { type CallPageWords, callPageWords } from "./page-words.ts";
import { fillIn, timeInWords } from "./words.ts";

/** The zones of the menu; a form without script cannot ask the browser. The company's own is always first. */
const zonesOffered = [
  "Pacific/Honolulu",
  "America/Anchorage",
  "America/Los_Angeles",
  "America/Denver",
  "America/Phoenix",
  "America/Chicago",
  "America/New_York",
  "America/Halifax",
  "America/Sao_Paulo",
  "America/Mexico_City",
  "America/Bogota",
  "America/Argentina/Buenos_Aires",
  "Atlantic/Canary",
  "Europe/London",
  "Europe/Lisbon",
  "Europe/Stockholm",
  "Europe/Berlin",
  "Europe/Madrid",
  "Europe/Paris",
  "Europe/Helsinki",
  "Europe/Istanbul",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Riyadh",
  "Asia/Dubai",
  "Asia/Karachi",
  "Asia/Kolkata",
  "Asia/Singapore",
  "Asia/Tokyo",
  "Australia/Perth",
  "Australia/Sydney",
  "Pacific/Auckland",
];

export interface FormValues {
  readonly id: string;
  readonly phone: string;
  readonly when: string;
  readonly zone: string;
  readonly language: string;
  readonly topic: string;
}
/** `form`: none of it was taken. */
export type FormFaults = Readonly<Partial<Record<keyof FormValues | "form", string>>>;

/** The form that asks for a call; each fault stands beside its field and is announced with it. */
export function requestForm(
  locale: string,
  locales: readonly string[],
  values: FormValues,
  slots: readonly number[],
  faults: FormFaults,
): string {
  const say = callPageWords(locale);
  const languages = locales.map((one) => option(one, languageName(one), one === values.language)).join("");
  return `<article class="text"><h1>${escapeHtml(say.title)}</h1>${refusal(faults)}<p>${escapeHtml(say.lead)}</p>
<form class="call" method="post" action="/call?lang=${encodeURIComponent(locale)}" novalidate>
${enterDoes("ask")}<input type="hidden" name="id" value="${escapeHtml(values.id)}"><input type="hidden" name="shown" value="${escapeHtml(values.zone)}">
${field("phone", say.phone, `<input id="phone" name="phone" type="tel" autocomplete="tel" inputmode="tel" dir="ltr" maxlength="40" required value="${escapeHtml(values.phone)}"${described("phone", faults, true)}>`, faults, say.phoneHint)}
${timeField(say, locale, values, slots, faults)}
${field("language", say.language, `<select id="language" name="language">${languages}</select>`, faults)}
${field("topic", say.topic, `<input id="topic" name="topic" maxlength="200" value="${escapeHtml(values.topic)}">`, faults)}
<p><button>${escapeHtml(say.ask)}</button></p></form></article>`;
}

/** One promised call: what was promised, and what its holder can do about it. */
export function callPage(
  locale: string,
  path: string,
  callback: ListedCallback,
  values: Pick<FormValues, "when" | "zone">,
  slots: readonly number[],
  faults: FormFaults,
  never: boolean,
): string {
  const say = callPageWords(locale);
  const open = callback.state === "requested" || callback.state === "scheduled" || callback.state === "due";
  const sentence = never ? say.neverDone : sentenceOf(say, locale, callback);
  const number =
    callback.phone === null ? "" : `<p>${escapeHtml(fillIn(say.number, { phone: masked(callback.phone) }))}</p>`;
  const action = `${escapeHtml(path)}?lang=${encodeURIComponent(locale)}`;
  const button = (does: string, words: string, kind = "") =>
    `<form method="post" action="${action}"><button${kind} name="do" value="${does}">${escapeHtml(words)}</button></form>`;
  const again = `<p><a class="button" href="/call?lang=${encodeURIComponent(locale)}">${escapeHtml(say.again)}</a></p>`;
  const cancel = `<section>${button("cancel", say.cancel, ' class="second"')}</section>`;
  // While only an agent is asked to take it, it can still be called off.
  const ended = callback.state === "dialling" ? cancel : again;
  const movable = `<section><h2>${escapeHtml(say.move)}</h2><form class="call" method="post" action="${action}">${enterDoes("move")}<input type="hidden" name="shown" value="${escapeHtml(values.zone)}">${timeField(say, locale, values, slots, faults)}<p><button name="do" value="move">${escapeHtml(say.moveTo)}</button></p></form></section>
${cancel}`;
  const neverSection =
    never || callback.phone === null
      ? ""
      : `<section><p>${escapeHtml(say.neverLead)}</p>${button("never", say.never, ' class="second"')}</section>`;
  return `<article class="text"><h1>${escapeHtml(say.yourCall)}</h1>${refusal(faults)}<p role="status"><strong>${escapeHtml(sentence)}</strong></p>${open ? number : ""}
${open ? `<p>${escapeHtml(say.keepLink)}</p>${movable}` : ended}${neverSection}</article>`;
}

export function gonePage(locale: string): string {
  const say = callPageWords(locale);
  return `<article class="text"><h1>${escapeHtml(say.yourCall)}</h1><p role="alert">${escapeHtml(say.gone)}</p><p><a class="button" href="/call?lang=${encodeURIComponent(locale)}">${escapeHtml(say.again)}</a></p></article>`;
}

function refusal({ form }: FormFaults): string {
  return form === undefined ? "" : `<p class="fault" role="alert">${escapeHtml(form)}</p>`;
}

function sentenceOf(say: CallPageWords, locale: string, callback: ListedCallback): string {
  switch (callback.state) {
    case "requested":
    case "scheduled":
    case "due":
      return callback.wantedAt === null
        ? say.promisedSoon
        : fillIn(say.promisedAt, { when: timeInWords(callback.wantedAt.getTime(), callback.zone ?? "UTC", locale) });
    case "dialling":
    case "connected":
      return say.underWay;
    case "done":
      return say.over;
    case "cancelled":
      return say.cancelled;
    case "missed":
    case "expired":
      return say.missed;
  }
}

function timeField(
  say: CallPageWords,
  locale: string,
  values: Pick<FormValues, "when" | "zone">,
  slots: readonly number[],
  faults: FormFaults,
): string {
  const times = slots.map((slot) =>
    option(String(slot), timeInWords(slot, values.zone, locale), values.when === String(slot)),
  );
  const zones = [...new Set([values.zone, ...zonesOffered])].map((zone) =>
    option(zone, zone.replaceAll("_", " "), zone === values.zone),
  );
  const now = option("now", say.now, values.when === "now" || values.when === "");
  return `${field("when", say.when, `<select id="when" name="when"${described("when", faults)}>${now}${times.join("")}</select>`, faults)}
${field("zone", say.zone, `<select id="zone" name="zone"${described("zone", faults)}>${zones.join("")}</select> <button class="second" name="do" value="zone">${escapeHtml(say.showZone)}</button>`, faults)}`;
}

/** Enter presses a form's first button, which would be the one that only shows other times. */
function enterDoes(does: "ask" | "move"): string {
  return `<button name="do" value="${does}" hidden></button>`;
}

function field(name: keyof FormValues, label: string, control: string, faults: FormFaults, hint?: string): string {
  const fault = faults[name];
  const said =
    fault === undefined ? "" : `<span class="fault" id="${name}-fault" role="alert">${escapeHtml(fault)}</span>`;
  const help = hint === undefined ? "" : `<small id="${name}-hint">${escapeHtml(hint)}</small>`;
  return `<p class="field"><label for="${name}">${escapeHtml(label)}</label>${help}${control}${said}</p>`;
}

function described(name: keyof FormValues, faults: FormFaults, hinted = false): string {
  const ids = [...(hinted ? [`${name}-hint`] : []), ...(faults[name] === undefined ? [] : [`${name}-fault`])];
  const invalid = faults[name] === undefined ? "" : ' aria-invalid="true"';
  return ids.length === 0 ? "" : ` aria-describedby="${ids.join(" ")}"${invalid}`;
}

function option(value: string, label: string, selected: boolean): string {
  return `<option value="${escapeHtml(value)}"${selected ? " selected" : ""}>${escapeHtml(label)}</option>`;
}

/** Whoever finds the link learns no number from it. */
function masked(phone: string): string {
  return `${phone.slice(0, 3)} ••• ${phone.slice(-2)}`;
}
