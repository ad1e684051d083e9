import { expect, test } from "vitest";
import { renderSpeech } from "../../channels/voice/render.ts";
import { spokenNumbers } from "../../channels/voice/spoken-numbers.ts";

const said = [
  ["en", "Pay $42.50 by 2026-12-01.", "Pay 42 dollars and 50 cents by December 1, 2026."],
  ["en", "The fee is at most 7 USD, or 1 USD.", "The fee is at most 7 dollars, or 1 dollar."],
  ["en", "You owe £1,234.01 and €0.99.", "You owe 1234 pounds and 1 penny and 99 cents."],
  [
    "en",
    "A refund of -$5.00 at 14:30, 3.5 % of 2,000 orders.",
    "A refund of minus 5 dollars at 14:30, 3.5 % of 2,000 orders.",
  ],
  ["en", "Call +1 202 555 0143.", "Call plus 1, 2 0 2, 5 5 5, 0 1 4 3."],
  ["en", "Order PL-104321 and 104322", "Order P L 1 0 4 3 2 1 and 1 0 4 3 2 2"],
  ["ar", "بطاقتك المنتهية بالأرقام 4242 مفعّلة.", "بطاقتك المنتهية بالأرقام 4 2 4 2 مفعّلة."],
  ["en", "Your card ending in 4242 is active since 2024.", "Your card ending in 4 2 4 2 is active since 2024."],
  ["sv", "499,00 kr, 1 499,50 kr och 42,50 US$", "499 kronor, 1499 kronor och 50 öre och 42 dollar och 50 cent"],
  ["sv", "Vi har 1 000 000 kunder.", "Vi har 1 000 000 kunder."],
  ["de", "1.234,50 € bis 2026-12-01", "1234 Euro und 50 Cent bis 1. Dezember 2026"],
  ["es", "Tu saldo es 312,40 €.", "Tu saldo es 312 euros con 40 céntimos."],
] as const;

test("amounts, dates, telephone numbers and references are said as people say them", () => {
  for (const [locale, text, words] of said)
    expect(spokenNumbers(text.replaceAll(" US$", "\u00a0US$"), locale)).toBe(words);
});

test("what is read aloud has no marks, addresses or pictures", () => {
  const text = "**Snart** 🎉 hos dig:\n- se [sidan](https://a.example/b)\n• eller https://c.example";
  const message = {
    parts: [{ t: "text", text, format: "markdown" }],
    meta: null,
    to: { channel: "voice", kind: "e164", value: "+46701234567" },
    locale: "sv",
  } as const;
  expect(renderSpeech(message).items[0]?.body).toEqual({ text: "Snart hos dig: se sidan eller vår webbplats" });
});
