import { expect, test } from "vitest";
import { readTime } from "../../src/callbacks/read-time.ts";
import { localTimeOf } from "../../src/lib/zoned-time.ts";

const zone = "Europe/Stockholm";
/** A Wednesday, ten in the morning in Stockholm. */
const at = Date.parse("2026-11-25T09:00:00Z");
const read = (text: string) => {
  const found = readTime(text, zone, at);
  if (found.kind === "at") return found.localTime;
  if (found.kind === "unclear")
    return `${localTimeOf(new Date(found.from), zone)} to ${localTimeOf(new Date(found.to), zone)}`;
  return found.kind;
};

test.each([
  ["call me tomorrow at 9", "2026-11-26T09:00"],
  ["tomorrow at 3", "2026-11-26T15:00"],
  ["move it to 3 pm", "2026-11-25T15:00"],
  ["Friday at 10:30 please", "2026-11-27T10:30"],
  ["at 9", "2026-11-26T09:00"],
  ["in two hours", "2026-11-25T12:00"],
  ["in half an hour", "2026-11-25T10:30"],
  ["in 45 minutes", "2026-11-25T10:45"],
  ["on 2026-12-03 at 14:15", "2026-12-03T14:15"],
  ["ring mig imorgon kl 15", "2026-11-26T15:00"],
  ["i övermorgon klockan tre", "2026-11-27T15:00"],
  ["på måndag halv tio", "2026-11-30T09:30"],
  ["om två timmar", "2026-11-25T12:00"],
  ["om en halvtimme", "2026-11-25T10:30"],
  ["morgen um 10 Uhr", "2026-11-26T10:00"],
  ["heute um 17 Uhr", "2026-11-25T17:00"],
  ["am Montag um halb zehn", "2026-11-30T09:30"],
  ["in zwei Stunden", "2026-11-25T12:00"],
  ["in einer halben Stunde", "2026-11-25T10:30"],
  ["el lunes a las 10", "2026-11-30T10:00"],
  ["mañana a las 3 de la tarde", "2026-11-26T15:00"],
  ["mañana a las 9 de la mañana", "2026-11-26T09:00"],
  ["pasado mañana a las 16:30", "2026-11-27T16:30"],
  ["dentro de dos horas", "2026-11-25T12:00"],
  ["غدا الساعة 10", "2026-11-26T10:00"],
  ["بعد ساعتين", "2026-11-25T12:00"],
])("%s is %s", (text, expected) => expect(read(text)).toBe(expected));

test.each([
  ["heute Abend", "2026-11-25T17:00 to 2026-11-25T20:00"],
  ["next Friday morning", "2026-11-27T08:00 to 2026-11-27T12:00"],
  ["tomorrow afternoon", "2026-11-26T13:00 to 2026-11-26T17:00"],
  ["i eftermiddag", "2026-11-25T13:00 to 2026-11-25T17:00"],
  ["Freitag Vormittag", "2026-11-27T08:00 to 2026-11-27T12:00"],
  ["el viernes por la tarde", "2026-11-27T13:00 to 2026-11-27T17:00"],
  ["on Monday", "2026-11-30T00:00 to 2026-12-01T00:00"],
  ["today at 9", "2026-11-25T10:00 to 2026-11-27T10:00"],
])("%s leaves open when in %s", (text, expected) => expect(read(text)).toBe(expected));

test.each(["please call me", "kan ni ringa mig?", "Ich möchte einen Rückruf", "llámame", "I have 2 orders"])(
  "%s names no time",
  (text) => expect(read(text)).toBe("none"),
);
test.each(["call me now", "ring mig nu", "sofort bitte", "llámame ahora mismo"])("%s means now", (text) =>
  expect(read(text)).toBe("now"),
);
