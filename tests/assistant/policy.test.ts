import { describe, expect, test } from "vitest";
import { createAssistant } from "../../src/assistant/decide.ts";
import { enteredCode } from "../../src/assistant/flows/account-flow.ts";
import { accountTopic } from "../../src/assistant/flows/account-topics.ts";
import type { Understanding } from "../../src/assistant/understanding.ts";
import { codeEntered } from "../../src/contacts/hide-code.ts";
import { type Part, plainText } from "../../src/lib/message.ts";
import type { WaitingTurn } from "../../src/turns/turn.ts";

/** What the assistant says to one text that was understood as this. */
async function saidTo(
  text: string,
  understood: Partial<Understanding>,
  deps: Partial<Parameters<typeof createAssistant>[0]> = {},
): Promise<string> {
  const assistant = createAssistant({
    brain: { understand: async () => ({ locale: "en", zone: "unknown", articles: [], flow: null, ...understood }) },
    article: () => null,
    languages: ["en", "sv"],
    company: "Paylark",
    ...deps,
  });
  const decision = await assistant.decide(waiting(text), new AbortController().signal);
  return plainText(decision.parts ?? []);
}

function waiting(...texts: readonly string[]): WaitingTurn {
  return {
    ...{ id: "turn", token: "token", conversationId: "conversation", contactId: "contact", firstSeq: 1, lastSeq: 1 },
    ...{ attempts: 1, fence: 0, locale: null, flow: {}, episodeFromSeq: 1, channel: "sms", account: "default" },
    ...{ addressId: "address", wording: "full" },
    address: { channel: "sms", kind: "e164", value: "+12025550131" },
    messages: texts.map((text, index) => ({
      seq: index + 1,
      locale: null,
      parts: [{ t: "text", text, format: "plain" }],
    })),
  };
}

describe("R6 nothing is called cancelled that was not", () => {
  const nothingPromised = { db: { transaction: async () => null } } as never;
  test.each([
    ["en", /have cancelled/],
    ["sv", /avbryter jag/],
    ["de", /ist abgebrochen/],
    ["es", /lo he cancelado/],
    ["ar", /ألغيت/],
  ])("where no call was promised (%s)", async (locale, untrue) => {
    const said = await saidTo("cancel it", { locale, flow: "cancel", zone: "answer" }, { calls: nothingPromised });
    expect(said).not.toBe("");
    expect(said).not.toMatch(untrue);
  });
});

describe("the language of an answer", () => {
  const answer = (translations: Readonly<Record<string, string>>) => ({
    article: (id: string) => ({
      id,
      translations: Object.fromEntries(
        Object.entries(translations).map(([locale, text]) => [locale, { question: "?", answer: text, short: text }]),
      ),
    }),
    languages: Object.keys(translations),
  });
  const sure = { zone: "answer", articles: [{ id: "fees", confidence: 0.9 }] } as const;

  test("an operator's own language is answered in it, without a word about others", async () => {
    const deps = answer({ en: "There are no fees.", fr: "Il n'y a pas de frais." });
    expect(await saidTo("Y a-t-il des frais ?", { ...sure, locale: "fr" }, deps)).toBe("Il n'y a pas de frais.");
  });

  test("another language gets the nearest text, and which languages there are", async () => {
    const deps = answer({ de: "Es gibt keine Gebühren." });
    const said = await saidTo("Ci sono commissioni?", { ...sure, locale: "it" }, deps);
    expect(said).toContain("Es gibt keine Gebühren.");
    expect(said).toContain("I can answer best in German.");
    // Also in a language that we have words in, and this operator no articles.
    const swedish = await saidTo("Finns det avgifter?", { ...sure, locale: "sv" }, deps);
    expect(swedish).toContain("Jag svarar bäst på tyska.");
  });

  test("who asks in a language without articles hears why there is no answer", async () => {
    expect(await saidTo("Ci sono commissioni?", { locale: "it" })).toContain("in English and Swedish");
    expect(await saidTo("Are there fees?", { locale: "en" })).not.toContain("Swedish");
  });
});

test("an Arabic question is about one's own only where it names something of one's own", () => {
  expect(accountTopic("كم تستغرق عملية استرداد المبلغ في المتجر الذي اشتريت منه؟", "card-refund")).toBeNull();
  expect(accountTopic("أين خطة الدفع التي تظهر في التطبيق؟", "find-payment-plan")).toBeNull();
  expect(accountTopic("متى دفعتي القادمة؟", "find-payment-plan")).toBe("next-payment");
  expect(accountTopic("هل تم تسجيل مرتجعي؟ أريد الإرجاع", "return-not-registered")).toBe("return-status");
});

test("a code that came just before another message is entered all the same", () => {
  const turn = waiting("123456", "hello?");
  const code: Part = { t: "event", name: codeEntered, data: { code: "id", digest: "digest" } };
  const messages = turn.messages.map((one, index) => (index === 0 ? { ...one, parts: [...one.parts, code] } : one));
  expect(enteredCode({ ...turn, messages })).toEqual({ id: "id", digest: "digest" });
  expect(enteredCode(turn)).toBeNull();
});
