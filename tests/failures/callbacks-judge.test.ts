import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LoggedCall } from "../../src/simulator/calls-api.ts";
import type { Promised } from "./callbacks/customers.ts";
import { judge, type Leg, type Stored } from "./callbacks/judge.ts";
import { createClock, type SharedClock } from "./crash/clock.ts";

/** 10:05 in Berlin. */
const promisedFor = Date.UTC(2026, 2, 6, 9, 5);
const minute = 60_000;
const number = "+4930123456";

let folder: string;
let clock: SharedClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everline-judge-"));
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 30), toFake: ["Date"] });
  clock = createClock(join(folder, "clock"), promisedFor - 10 * minute);
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

test("R5 a ring again within ten minutes is seen, and a clock that is set back makes none of a later one", () => {
  expect(faultsOf({ rings: [10 * minute, 11 * minute, "human"] })).toEqual(["twice"]);
  expect(faultsOf({ rings: [10 * minute, 21 * minute, "human"] })).toEqual([]);

  const first = ringAt(10 * minute, null);
  vi.setSystemTime(Date.now() + 100);
  clock.move(-5 * minute);
  clock.move(10 * minute);
  const second = ringAt(10.5 * minute, "human");
  expect(faults([first, second])).toEqual([]);
});

test("R5 a clock that goes back and forth makes no ten minutes of five", () => {
  const first = ringAt(10 * minute, null);
  vi.setSystemTime(Date.now() + 100);
  for (const by of [-5, 5, -5, 5]) clock.move(by * minute);
  expect(faults([first, ringAt(10.1 * minute, "human")])).toEqual(["twice"]);
});

test("R5 a leap of the clock just before a ring is no time after it", () => {
  clock.move(10 * minute - 300);
  const first = ringAt(300, null);
  expect(faults([first, ringAt(5 * minute, "human")])).toEqual(["twice"]);
});

test("R5 a clock set forward is no ten minutes' wait before it happened", () => {
  clock.move(3 * minute);
  const first = ringAt(9 * minute, null);
  expect(faults([first, ringAt(14 * minute, "human")])).toEqual(["twice"]);
});

test("R6 a ring after the promised half hour is outside, unless the customer had been told that they keep their place", () => {
  const late = 45 * minute;
  expect(faultsOf({ rings: [late, "human"] })).toEqual(["outside"]);
  expect(faultsOf({ rings: [late, "human"], toldLateAt: [30 * minute] })).toEqual([]);
  expect(faultsOf({ rings: [late, "human"], toldLateAt: [50 * minute] })).toEqual(["outside"]);
  // Told about the time before the call was moved: the new time is a new promise.
  expect(faultsOf({ rings: [late, "human"], toldLateAt: [-20 * minute] })).toEqual(["outside"]);
});

interface Ring {
  readonly leg: Leg;
  readonly call: LoggedCall;
}

/** Each time so long after the run's beginning; the last ring is answered. */
function faultsOf({ rings, toldLateAt = [] }: { rings: readonly (number | "human")[]; toldLateAt?: number[] }) {
  const began = Date.now();
  const times = rings.filter((ring) => ring !== "human");
  const rung = times.map((after, index) => ringAt(after, index === times.length - 1 ? "human" : null));
  const told = toldLateAt.map((after) => began + after);
  vi.setSystemTime(began);
  return faults(rung, told, began);
}

function ringAt(after: number, answeredBy: "human" | null): Ring {
  vi.setSystemTime(Date.UTC(2026, 10, 30) + after);
  const at = Date.now();
  const id = `leg-${after}`;
  const outcome = { code: null, state: "completed", endedAt: at + 1_000 };
  const call = { sid: `CA${after}`, to: number, at, callId: id, status: "completed" };
  return {
    leg: { id, callbackId: "one", attempt: 1, leg: "customer", startedAt: at, ...outcome },
    call: { ...call, answeredBy, answeredAt: answeredBy === null ? null : at } as LoggedCall,
  };
}

function faults(rings: readonly Ring[], toldLateAt: readonly number[] = [], from = Date.UTC(2026, 10, 30)): string[] {
  const promised: Promised = {
    ...{ id: "one", number, zone: "Europe/Berlin", askedAt: promisedFor - 10 * minute },
    wishes: [{ wantedAt: promisedFor, picked: false, from, until: Number.POSITIVE_INFINITY }],
    ...{ cancelledAt: null, stoppedAt: null, movedAt: null, struck: false, dueReal: null },
  };
  const row: Stored = { id: "one", state: "done", attempts: 1, last: false, nextSeq: 1, events: 0, toldLateAt };
  const truth = { legs: rings.map(({ leg }) => leg), callbacks: [row] };
  const calls = rings.map(({ call }) => call);
  return judge([promised], calls, clock, truth).faults.map(({ kind }) => kind);
}
