import { expect, test } from "vitest";
import { codeInText } from "../src/contacts/code-in-text.ts";
import { levelOf, type Proof, reaches } from "../src/contacts/level.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000);
const proof = (over: Partial<Proof> = {}): Proof => ({
  addressKind: "e164",
  provedAt: null,
  endedAt: null,
  steppedUp: null,
  ...over,
});

test("C1 a number is a claim, a browser is nobody, and a proof holds for fifteen minutes", () => {
  expect(levelOf(proof(), null, now)).toBe("claimed");
  expect(levelOf(proof({ addressKind: "web-visitor" }), null, now)).toBe("anonymous");
  expect(levelOf(proof({ addressKind: "opaque" }), null, now)).toBe("anonymous");
  expect(levelOf(proof({ provedAt: minutesAgo(0) }), null, now)).toBe("verified");
  expect(levelOf(proof({ provedAt: minutesAgo(14.99) }), null, now)).toBe("verified");
  expect(levelOf(proof({ provedAt: minutesAgo(15) }), null, now)).toBe("claimed");
  // A clock that jumped back must not make a proof last longer.
  expect(levelOf(proof({ provedAt: minutesAgo(-1) }), null, now)).toBe("claimed");
});

test("C1 a proof ends with the call it was given in, and stepping up is for one action", () => {
  expect(levelOf(proof({ provedAt: minutesAgo(5), endedAt: minutesAgo(2) }), null, now)).toBe("claimed");
  expect(levelOf(proof({ provedAt: minutesAgo(2), endedAt: minutesAgo(5) }), null, now)).toBe("verified");
  const steppedUp = { action: "close-account", at: minutesAgo(1) };
  expect(levelOf(proof({ provedAt: minutesAgo(5), steppedUp }), "close-account", now)).toBe("stepped-up");
  expect(levelOf(proof({ provedAt: minutesAgo(5), steppedUp }), "change-address", now)).toBe("verified");
  expect(levelOf(proof({ steppedUp }), "close-account", now)).toBe("claimed");
  expect(reaches("stepped-up", "verified")).toBe(true);
  expect(reaches("claimed", "verified")).toBe(false);
});

test("R10 a code is found however it is typed, keyed or said, and longer numbers are none", () => {
  const spellings = [
    "123456",
    "my code is 123-456, thanks",
    "123 456",
    "1 2 3 4 5 6",
    "1, 2, 3, 4, 5, 6.",
    "١٢٣٤٥٦",
    "one two three four five six",
    "ett två tre fyra fem sex",
    "eins zwei drei vier fünf sechs",
    "uno dos tres cuatro cinco seis",
  ];
  for (const spelling of spellings) {
    const found = codeInText(spelling);
    expect(found?.digits, spelling).toBe("123456");
    expect(found?.masked, spelling).not.toMatch(/1.*2.*3|one|ett|eins|uno/);
  }
  for (const other of ["", "hello", "12345", "1234567", "+46 70 174 06 05", "4111 1111 1111 1111", "order 48213"])
    expect(codeInText(other), other).toBeNull();
});
