import { expect, test } from "vitest";
import { callsOff, callWish } from "../../src/assistant/call-wish.ts";
import { evalLocales, readContent, readQuestions } from "../../src/assistant/embedded/eval.ts";
import { callbackWords } from "../../src/assistant/flows/callback-words.ts";
import { noCallsWords } from "../../src/assistant/flows/no-calls-words.ts";
import { wordingFor } from "../../src/assistant/wording.ts";

test.each([
  "Never call me again",
  "never call me again!!",
  "“never call me again”",
  "Please don't ever call me again.",
  "do not call me any more",
  "dont call this number again",
  "Stop calling me",
  "Could you please stop calling me?",
  "I want you to stop calling me all the time",
  "no more calls please",
  "I don't want any more phone calls from you",
  "I don't want you to call me again",
  "I never want to be called again",
  "My refund is here.\nNever call me again, ok",
  "delete that, and never call me again",
  "Never call +46 70 174 06 05 again",
  "take me off your call list",
  "never call me again but text me if you must",
  "Ring mig aldrig igen",
  "ring aldrig mig mer",
  "Ring inte till mig mer, tack",
  "Snälla sluta ringa mig",
  "Jag vill inte bli uppringd igen",
  "jag vill att ni aldrig ringer mig igen",
  "inga fler samtal",
  "ni får aldrig ringa det här numret igen",
  "Rufen Sie mich nie wieder an",
  "rufen Sie mich bitte nicht mehr an!",
  "Bitte nie wieder anrufen",
  "Ich möchte, dass Sie mich nie wieder anrufen",
  "Hören Sie auf, mich anzurufen",
  "Keine Anrufe mehr",
  "Ich möchte nicht mehr von Ihnen angerufen werden",
  "ruft diese Nummer nie wieder an",
  "No me llamen nunca más",
  "no me llames más, por favor",
  "no no me llamen más",
  "No, no me llamen más",
  "No vuelvan a llamarme",
  "no me vuelvan a llamar",
  "Dejen de llamarme",
  "no quiero más llamadas",
  "No quiero que me llamen más",
  "Nunca más me llamen a este número",
  "لا تتصلوا بي مرة أخرى",
  "لا تتصلوا بي أبدًا",
  "من فضلكم توقفوا عن الاتصال بي",
  "لا أريد أي مكالمات منكم",
  "لا أريد أن تتصلوا بي بعد الآن",
  "لا تتصلوا على هذا الرقم مجددًا",
  "بطلوا تتصلون علي",
])("R5 no calls any more: %s", (text) => {
  expect(callWish(text)).toBe("never");
});

test.each([
  "You may call me again",
  "you can call me again, thanks",
  "“You may call me again.”",
  "take me off the never-call list",
  "Ni får ringa mig igen",
  "Sie dürfen mich wieder anrufen",
  "Pueden volver a llamarme",
  "me pueden llamar de nuevo",
  "يمكنكم الاتصال بي مرة أخرى",
])("taken back: %s", (text) => {
  expect(callWish(text)).toBe("again");
});

test.each([
  "Call me again tomorrow",
  "Please call me again",
  "can you call me again?",
  "you can call me again tomorrow at 10",
  "don't call me after all",
  "Don't call me about this",
  "never call me before nine",
  "don't call me again until Monday",
  "Don't call me today",
  "stop calling me Anna",
  "My ex won't stop calling me",
  "why do you never call me?",
  "You never call me back",
  "The store said they would never call me again",
  "Who keeps calling me?",
  "I can't call you any more",
  "Ring mig inte trots allt",
  "ring mig inte före nio",
  "varför ringer ni mig aldrig",
  "ring mig igen i morgon",
  "butiken slutade ringa mig",
  "Rufen Sie mich doch nicht an",
  "Rufen Sie mich nicht vor neun an",
  "Warum rufen Sie mich nie an?",
  "Ich kann Sie nicht mehr anrufen",
  "al final no me llaméis",
  "¿por qué nunca me llaman?",
  "No me llamen antes de las nueve",
  "llámame otra vez mañana",
  "لا تتصلوا بي",
  "لماذا لا تتصلون بي",
  "اتصلوا بي مرة أخرى غدا",
  "no pueden volver a llamarme",
  "No me pueden llamar de nuevo",
  "no quiero volver a recibir llamadas",
  "لا يمكنكم الاتصال بي مرة أخرى",
])("nothing for ever is meant: %s", (text) => {
  expect(callWish(text)).toBeNull();
});

test("what customers are told to write is understood", () => {
  for (const locale of evalLocales) {
    const quoted = (text: string) =>
      [...text.matchAll(/[“”„«]([^“”„«»]+)[”“»]/gu)].map((found) => callWish(found[1] ?? ""));
    const { never, notProven, fromThere } = noCallsWords(locale);
    expect(quoted(never), locale).toEqual(["again"]);
    expect(quoted(notProven), locale).toEqual(["never"]);
    expect(quoted(fromThere), locale).toEqual(["again"]);
    expect(quoted(callbackWords(locale).neverAgain), locale).toEqual(["again"]);
    for (const words of [callbackWords(locale).promisedAt, wordingFor(locale).callbackNoted]) {
      const off = /[“”„«]([^“”„«»]+)[“”»]/u.exec(words)?.[1] ?? "";
      expect(callsOff(off), `${locale}: ${off}`).toBe(true);
    }
  }
});

test("no question that is asked about anything else is taken for it", async () => {
  const { articles, intents } = await readContent();
  const others = Object.entries(intents).flatMap(([name, byLocale]) =>
    name === "opt-out-request" ? [] : Object.values(byLocale).flat(),
  );
  const asked = [
    ...articles.flatMap(({ translations }) => Object.values(translations).flatMap(({ samples }) => samples)),
    ...others,
    ...(await Promise.all(evalLocales.map((locale) => readQuestions(locale)))).flat().map(({ text }) => text),
  ];
  expect(asked.length).toBeGreaterThan(5_000);
  expect(asked.filter((text) => callWish(text) !== null)).toEqual([]);
  // Some of what cancels anything cancels a call.
  const cancelling = new Set(Object.values(intents.cancel ?? {}).flat());
  expect(asked.filter((text) => callsOff(text) && !cancelling.has(text))).toEqual([]);
});

test.each([
  "Cancel my call",
  "please cancel the callback, thanks",
  "Can you cancel my call?",
  "I'd like to cancel my phone call",
  "You don't need to call me any more",
  "No need to call me back",
  "don't call me after all",
  "It works now. Please don't call me.",
  "I no longer need a call",
  "Avboka samtalet, tack",
  "Kan ni ställa in mitt samtal?",
  "Ni behöver inte ringa mig längre",
  "Ring mig inte trots allt",
  "Bitte sagen Sie den Rückruf ab",
  "Ich möchte meinen Rückruf stornieren",
  "Sie müssen mich nicht mehr zurückrufen",
  "Rufen Sie mich doch nicht an",
  "Cancelen mi llamada, por favor",
  "Quiero anular la llamada",
  "Ya no hace falta que me llamen",
  "al final no me llaméis",
  "أريد إلغاء المكالمة",
  "لا داعي للاتصال بي",
  "لا تتصلوا بي",
  "cancel callback",
  "Cancel call please",
  "I don't want the call any more",
  "Avboka mitt bokade samtal",
  "Avboka återuppringningen",
  "Rückruf absagen",
  "Rückruf stornieren, bitte",
  "cancelar llamada",
  "¿Pueden cancelar mi llamada?",
  "No, cancelen la llamada",
  "هل يمكنكم إلغاء مكالمتي؟",
])("the promised call is off: %s", (text) => {
  expect(callsOff(text)).toBe(true);
});

test.each([
  "Cancel my order",
  "cancel my call at three and call at five",
  "Don't call me now",
  "Don't call me today",
  "Don't call me about this",
  "Don't call me before nine",
  "Who cancelled my call?",
  "why did you cancel my call?",
  "How do I cancel a call?",
  "You don't need to call me Anna",
  "The store need not call me",
  "Ring mig inte före nio",
  "Ring mig inte i dag",
  "Rufen Sie mich nicht vor neun an",
  "No me llamen antes de las nueve",
  "لماذا لا تتصلون بي",
  "Please call me",
  "Don't cancel my call",
  "I don't want to cancel my call",
  "You don't need to call me?",
  "I don't need the call?",
  "Avboka inte samtalet",
  "Ni behöver inte ringa mig?",
  "Rufen Sie mich nicht an?",
  "Sie brauchen mich nicht anzurufen?",
  "no cancelen mi llamada",
  "por favor no cancelen la llamada",
  "No quiero cancelar mi llamada",
  "¿No me llame?",
  "¿Ya no hace falta que me llamen?",
  "لا أريد إلغاء المكالمة",
  "لا داعي للاتصال بي؟",
])("no call is called off: %s", (text) => {
  expect(callsOff(text)).toBe(false);
});
