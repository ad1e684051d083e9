import { expect, test } from "vitest";
import { createBreaker } from "../../src/assistant/model/breaker.ts";

function breakerAt() {
  const state = { now: 0, changes: [] as boolean[] };
  const breaker = createBreaker({ now: () => state.now, onChange: (open) => state.changes.push(open) });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.failed();
  };
  return { state, breaker, fail };
}

test("two failures in a row change nothing, the third opens it", () => {
  const { breaker, fail, state } = breakerAt();
  fail(2);
  expect(breaker.allows()).toBe(true);
  breaker.succeeded();
  fail(2);
  expect(breaker.allows()).toBe(true);
  fail(1);
  expect(breaker.allows()).toBe(false);
  expect(state.changes).toEqual([true]);
});

test("after its rest one call tries; its success closes the breaker for all", () => {
  const { breaker, fail, state } = breakerAt();
  fail(3);
  state.now = 29_999;
  expect(breaker.allows()).toBe(false);
  state.now = 30_000;
  expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
  breaker.succeeded();
  expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  expect(state.changes).toEqual([true, false]);
});

test("a trial that fails begins another rest, one that was given up leaves the next call to try", () => {
  const { breaker, fail, state } = breakerAt();
  fail(3);
  state.now = 30_000;
  expect(breaker.allows()).toBe(true);
  breaker.failed();
  state.now = 59_999;
  expect(breaker.allows()).toBe(false);
  state.now = 60_000;
  expect(breaker.allows()).toBe(true);
  breaker.abandoned();
  expect(breaker.allows()).toBe(true);
  expect(state.changes).toEqual([true]);
});
