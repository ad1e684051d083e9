export const $ = (id) => document.getElementById(id);

/** Makes an element. Children are elements or text; text is only ever text (X1). `on…` properties are listeners. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A name or a number of unknown direction, kept from turning its surroundings. */
export const isolated = (text) => el("bdi", {}, text);

/** How the customer is called on screen; visitors of the chat without a name are told apart by the end of their address. */
export const nameOf = (one) => one.contactName ?? visitorName(one.address) ?? one.address ?? "Visitor";
const visitorName = (address) => (/^dl_[0-9a-f]{32}$/.test(address ?? "") ? `Visitor ${address.slice(-4)}` : null);

const channelNames = { sms: "SMS", whatsapp: "WhatsApp", voice: "Phone", "web-chat": "Web chat" };
export const channelName = (channel) => channelNames[channel] ?? channel ?? "";

const languages = new Intl.DisplayNames(undefined, { type: "language" });
export function languageName(locale) {
  try {
    return locale === null ? null : languages.of(locale);
  } catch {
    return locale;
  }
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayWithYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const clockTime = (at) => clock.format(new Date(at));
export const wholeTime = (at) => whole.format(new Date(at));
export const dayKey = (at) => new Date(at).toDateString();

export function dayName(at) {
  const date = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return date.getFullYear() === new Date().getFullYear() ? day.format(date) : dayWithYear.format(date);
}

/** A short time for a list: the clock today, the date before. */
export const listTime = (at) =>
  dayKey(at) === dayKey(Date.now()) ? clock.format(new Date(at)) : short.format(new Date(at));

/** "4 min", "2 h", "3 d": how long something has lasted, or still takes. */
export function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
}

/** A promised wall-clock time as its words: "2026-11-25T09:00" in a zone. */
export function localWords(localTime, zone) {
  if (!localTime) return null;
  const asUtc = new Date(`${localTime}:00Z`);
  const words = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return `${words.format(asUtc)}${zone ? ` (${zone})` : ""}`;
}
