import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callingHours } from "../../src/callbacks/calling-hours.ts";
import { alwaysOpen, type DeskHours, deskHours } from "../../src/callbacks/desk-hours.ts";
import {
  type CallbackEvent,
  type Effect,
  mayRing,
  type Promised,
  usualPolicy as policy,
  promise,
  step,
} from "../../src/callbacks/machine.ts";
import { localTimeOf } from "../../src/lib/zoned-time.ts";
import { hoursSetting } from "../../src/settings/hours.ts";

/** `npm test` takes a small number; a release takes a million: CALLBACK_STEPS=1000000 npx vitest run tests/callbacks/machine.test.ts */
const steps = Number(process.env.CALLBACK_STEPS ?? 20_000);
const stepsPerRun = 60;
const minute = 60_000;
const hour = 60 * minute;
const zone = "Europe/Stockholm";
const hours = callingHours([zone]);
const [fallbackTeam] = hoursSetting.fallback.teams;
const day: [string, string][] = [["09:00", "17:00"]];
/** Monday to Friday, nine to five. */
const officeHours = deskHours(
  {
    ...hoursSetting.fallback,
    teams: fallbackTeam === undefined ? [] : [{ ...fallbackTeam, week: [day, day, day, day, day, [], []] }],
  },
  zone,
  { team: null, locale: null },
);
const desks = [alwaysOpen, officeHours];
/** Both changes of the clock lie within the runs. */
const starts = ["2026-03-28T06:00:00Z", "2026-10-24T06:00:00Z", "2026-11-25T09:00:00Z"].map(Date.parse);
const over = new Set(["done", "missed", "cancelled", "expired"]);

const round = fc.integer({ min: -1, max: 1 });
/** `ahead`: how far the clock goes before the event; it also jumps back and far ahead. */
const ahead = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 10 * minute }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 14 * hour }) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * hour, max: 0 }) },
);
const wish = fc.record({
  in: fc.option(fc.integer({ min: 0, max: 40 * hour })),
  picked: fc.boolean(),
});
type Drawn = { readonly ahead: number; readonly offset: number; readonly type: string; readonly wish: Wish };
type Wish = { readonly in: number | null; readonly picked: boolean };
const drawn: fc.Arbitrary<Drawn> = fc.record({
  ahead,
  offset: round,
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("clock", "dial") },
    { weight: 5, arbitrary: fc.constantFrom("rings", "answered", "unanswered", "not-dialled", "hung-up") },
    { weight: 1, arbitrary: fc.constantFrom("move", "cancel", "opted-out", "heard-from", "done", "missed") },
    { weight: 1, arbitrary: fc.constantFrom("move-now", "ask-again", "refused") },
  ),
  wish,
});

function toEvent(one: Drawn, now: number, current: number): CallbackEvent {
  const named = current + one.offset;
  switch (one.type) {
    case "move":
      return { type: "move", ...wanted(one.wish, now) };
    case "move-now":
      return { type: "move", wantedAt: null, picked: false };
    case "rings":
    case "answered":
    case "unanswered":
    case "hung-up":
      return { type: one.type, round: named };
    case "not-dialled":
      return { type: "not-dialled", round: named, againAt: now + minute };
    case "done":
    case "missed":
      return { type: "ended", as: one.type };
    default:
      return { type: one.type as "clock" | "dial" | "cancel" | "opted-out" | "heard-from" | "ask-again" | "refused" };
  }
}

function wanted(given: Wish, now: number) {
  return { wantedAt: given.in === null ? null : now + given.in, picked: given.picked };
}

/** What must hold after any step, told by a model that knows only what a customer would. */
class Model {
  rings = 0;
  dialled = new Set<number>();
  mayBeCalled = true;

  readonly #desk: DeskHours;

  constructor(desk: DeskHours) {
    this.#desk = desk;
  }

  check(before: Promised, after: Promised, event: CallbackEvent, effects: readonly Effect[], now: number): void {
    if (over.has(before.state)) expect(after, `${before.state} is final`).toEqual(before);
    if (event.type === "move" && event.wantedAt !== null && after !== before) this.rings = 0;
    const asksNow = event.type === "ask-again" || (event.type === "move" && event.wantedAt === null);
    if (asksNow && after !== before) {
      expect(after.dueAt, "asking again loses no place in line").toBeLessThanOrEqual(Math.max(before.dueAt, now));
      expect(after.until, "asking again does not end what still holds").toBeGreaterThanOrEqual(
        Math.min(before.until, now),
      );
      if (mayRing(before, now, { hours, policy })) expect(after).toEqual(before);
      if (event.type === "ask-again" && now <= before.until) expect(after.wantedAt).toBe(before.wantedAt);
    }
    for (const effect of effects) {
      if (effect.do === "tell" && effect.what === "late")
        expect(this.#desk.opening(now)?.from, "nobody is on another call while the desk is closed").toBeLessThan(now);
      if (effect.do !== "dial") continue;
      expect(this.dialled.has(effect.round), "a round is dialled once").toBe(false);
      this.dialled.add(effect.round);
      expect(this.mayBeCalled, "nobody is called after they said no").toBe(true);
      expect(before.state).toBe("due");
      expect(now, "not before its time").toBeGreaterThanOrEqual(before.dueAt);
      expect(now, "not after its window").toBeLessThanOrEqual(before.until);
      expect(this.isFitTime(before, now), `a fit hour: ${localTimeOf(new Date(now), zone)}`).toBe(true);
    }
    if (event.type === "rings" && after !== before) this.rings += 1;
    if (event.type === "not-dialled" && after !== before && before.rung) this.rings -= 1;
    expect(this.rings, "attempts are limited").toBeLessThanOrEqual(policy.attemptsMax);
    expect(after.attempts).toBe(this.rings);
    const isRinging = before.state === "dialling" && before.rung;
    if (event.type === "cancel" && !over.has(before.state) && before.state !== "connected" && !isRinging)
      expect(after.state, "cancelling wins until the customer's telephone rings").toBe("cancelled");
    if (event.type === "refused" && after !== before) {
      const dialled = step(before, { type: "dial" }, { now, hours, desk: this.#desk, policy }).accepted;
      expect([after.state, dialled], "it ends when it would have been dialled").toEqual(["missed", true]);
    }
    if (event.type === "opted-out" || after.state === "cancelled") this.mayBeCalled = false;
  }

  /** Between 8 and 20 on the customer's clock, or the time that the customer chose. */
  private isFitTime({ wantedAt, picked, askedAt }: Promised, now: number): boolean {
    const local = Number(localTimeOf(new Date(now), zone).slice(11, 13));
    const chosen =
      wantedAt === null
        ? now - askedAt <= policy.nowForMs && now >= askedAt
        : picked && now >= wantedAt && now - wantedAt <= policy.windowMs;
    return (local >= 8 && local < 20) || chosen;
  }
}

describe("the state machine", () => {
  test(`R5 holds over ${steps} random steps with replays, reorderings and clock jumps`, () => {
    let taken = 0;
    const seen = new Set<string>();
    const run = fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...desks),
      wish,
      fc.array(drawn, { minLength: stepsPerRun, maxLength: stepsPerRun }),
      (start, desk, first, events) => {
        let now = start;
        let callback = promise(wanted(first, now), { now, hours, desk, policy });
        const model = new Model(desk);
        let previous: CallbackEvent = { type: "clock" };
        for (const one of events) {
          now += one.ahead;
          const event = toEvent(one, now, callback.round);
          // Each event is followed by itself and by the one before it, as a provider's reports are.
          for (const given of [event, event, previous]) {
            const stepped = step(callback, given, { now, hours, desk, policy });
            model.check(callback, stepped.callback, given, stepped.effects, now);
            expect(stepped.accepted).toBe(stepped.callback !== callback);
            callback = stepped.callback;
            seen.add(callback.state);
            taken += 1;
          }
          previous = event;
        }
      },
    );
    // A short run draws the same steps each time, so that it always comes everywhere; a long one draws its own.
    fc.assert(run, {
      numRuns: Math.ceil(steps / (stepsPerRun * 3)),
      ...(process.env.CALLBACK_STEPS === undefined ? { seed: 20_264 } : {}),
    });
    expect(taken).toBeGreaterThanOrEqual(steps);
    // The run came everywhere, or it would prove little.
    expect([...seen].sort()).toEqual([
      "cancelled",
      "connected",
      "dialling",
      "done",
      "due",
      "expired",
      "missed",
      "requested",
      "scheduled",
    ]);
  });

  test("R6 a callback that is only left to the clock and to people who answer comes to an end", () => {
    const drive = fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...desks),
      wish,
      fc.array(fc.boolean(), { maxLength: 20 }),
      (start, desk, first, free) => {
        let now = start;
        let callback = promise(wanted(first, now), { now, hours, desk, policy });
        for (let turn = 0; turn < 4_000 && !over.has(callback.state); turn++) {
          now += 5 * minute;
          const around = { now, hours, desk, policy };
          callback = step(callback, { type: "clock" }, around).callback;
          if (free[turn % 20] === true) callback = step(callback, { type: "dial" }, around).callback;
          callback = step(callback, { type: "rings", round: callback.round }, around).callback;
          callback = step(callback, { type: "unanswered", round: callback.round }, around).callback;
        }
        expect(over.has(callback.state)).toBe(true);
      },
    );
    fc.assert(drive, { numRuns: 200 });
  });
});

describe("the policy", () => {
  const at = (text: string) => Date.parse(text);
  const around = (now: string, desk = alwaysOpen) => ({ now: at(now), hours, desk, policy });
  /** Through a whole attempt that nobody answers. */
  function tryOnce(callback: Promised, now: string) {
    let next = step(callback, { type: "clock" }, around(now)).callback;
    next = step(next, { type: "dial" }, around(now)).callback;
    next = step(next, { type: "rings", round: next.round }, around(now)).callback;
    return step(next, { type: "unanswered", round: next.round }, around(now));
  }
  const local = (ms: number) => localTimeOf(new Date(ms), zone);

  test("three attempts: after ten minutes, after an hour, then an honest end", () => {
    const first = tryOnce(
      promise({ wantedAt: null, picked: true }, around("2026-11-25T09:00:00Z")),
      "2026-11-25T09:00:00Z",
    );
    expect([first.callback.state, local(first.callback.dueAt)]).toEqual(["scheduled", "2026-11-25T10:10"]);
    const second = tryOnce(first.callback, "2026-11-25T09:10:00Z");
    expect(local(second.callback.dueAt)).toBe("2026-11-25T11:10");
    const third = tryOnce(second.callback, "2026-11-25T10:10:00Z");
    expect([third.callback.state, third.effects]).toEqual(["missed", [{ do: "tell", what: "gave-up" }]]);
  });

  test("asked for on Friday evening: nothing is said of other calls while the desk is closed, and it holds till Wednesday", () => {
    const friday = "2026-11-27T17:00:00Z";
    const closed = (now: string) => around(now, officeHours);
    let asked = promise({ wantedAt: null, picked: false }, closed(friday));
    expect(local(asked.until)).toBe("2026-12-02T09:00");
    const told: unknown[] = [];
    for (let now = at(friday); now < at("2026-11-30T08:00:00Z"); now += minute) {
      const stepped = step(asked, { type: "clock" }, { ...closed(friday), now });
      told.push(...stepped.effects);
      asked = stepped.callback;
    }
    expect(told).toEqual([]);
    // At eight on Saturday nobody is there to call: it is for Monday.
    expect([asked.state, local(asked.dueAt)]).toEqual(["scheduled", "2026-11-30T09:00"]);
    asked = step(asked, { type: "clock" }, closed("2026-11-30T08:00:00Z")).callback;
    expect(step(asked, { type: "clock" }, closed("2026-11-30T08:02:00Z")).effects).toEqual([]);
    expect(step(asked, { type: "clock" }, closed("2026-11-30T08:03:00Z")).effects).toEqual([
      { do: "tell", what: "late" },
    ]);
  });

  test("an agent who stays longer may take it at once, and a further attempt waits until somebody can call", () => {
    const evening = around("2026-11-27T17:00:00Z", officeHours);
    const asked = step(promise({ wantedAt: null, picked: false }, evening), { type: "clock" }, evening).callback;
    const dialled = step(asked, { type: "dial" }, evening);
    expect(dialled.effects).toEqual([{ do: "dial", round: 1 }]);
    const rung = step(dialled.callback, { type: "rings", round: 1 }, evening).callback;
    const again = step(rung, { type: "unanswered", round: 1 }, evening);
    expect([again.effects, local(again.callback.dueAt)]).toEqual([[{ do: "tell", what: "retry" }], "2026-11-30T09:00"]);
  });

  test("hours of the customer and of the desk that never meet leave those of the customer", () => {
    const fiji = {
      now: at("2026-11-25T12:00:00Z"),
      hours: callingHours(["Pacific/Honolulu"]),
      desk: officeHours,
      policy,
    };
    const asked = promise({ wantedAt: null, picked: false }, fiji);
    const later = step(asked, { type: "clock" }, { ...fiji, now: fiji.now + hour }).callback;
    expect(localTimeOf(new Date(later.dueAt), "Pacific/Honolulu")).toBe("2026-11-25T08:00");
  });

  test("an attempt that would come at night waits for the morning", () => {
    const first = tryOnce(
      promise({ wantedAt: null, picked: true }, around("2026-11-25T18:55:00Z")),
      "2026-11-25T18:55:00Z",
    );
    expect(local(first.callback.dueAt)).toBe("2026-11-26T08:00");
  });

  test("asked for now at night: rung at once for half an hour, then from eight", () => {
    const asked = promise({ wantedAt: null, picked: true }, around("2026-11-25T22:00:00Z"));
    expect(mayRing(asked, at("2026-11-25T22:29:00Z"), { hours, policy })).toBe(true);
    const later = step(asked, { type: "clock" }, around("2026-11-25T22:31:00Z")).callback;
    expect([later.state, local(later.dueAt)]).toEqual(["scheduled", "2026-11-26T08:00"]);
  });

  test("nobody free: the customer is told once, keeps the place, and is told when it is over", () => {
    const promised = promise({ wantedAt: at("2026-11-25T09:00:00Z"), picked: false }, around("2026-11-24T09:00:00Z"));
    const due = step(promised, { type: "clock" }, around("2026-11-25T09:00:00Z")).callback;
    const late = step(due, { type: "clock" }, around("2026-11-25T09:03:00Z"));
    expect(late.effects).toEqual([{ do: "tell", what: "late" }]);
    expect(local(late.callback.until)).toBe("2026-11-25T20:00");
    expect(step(late.callback, { type: "clock" }, around("2026-11-25T09:30:00Z")).accepted).toBe(false);
    const ended = step(late.callback, { type: "clock" }, around("2026-11-25T19:00:01Z"));
    expect([ended.callback.state, ended.effects]).toEqual(["expired", [{ do: "tell", what: "expired" }]]);
  });

  test("asked again while late or in line: the place, the time and the attempts stay, and nothing ends sooner", () => {
    const booked = promise({ wantedAt: at("2026-11-25T09:00:00Z"), picked: false }, around("2026-11-24T09:00:00Z"));
    const due = step(booked, { type: "clock" }, around("2026-11-25T09:00:00Z")).callback;
    const late = step(due, { type: "clock" }, around("2026-11-25T09:03:00Z")).callback;
    const soon = { type: "move", wantedAt: null, picked: false } as const;
    for (const event of [{ type: "ask-again" } as const, soon]) {
      const again = step(late, event, around("2026-11-25T09:40:00Z"));
      expect([again.accepted, again.callback]).toEqual([true, late]);
      expect(step(again.callback, { type: "clock" }, around("2026-11-25T09:40:01Z")).callback.state).toBe("due");
    }
    const inLine = promise({ wantedAt: null, picked: false }, around("2026-11-25T09:00:00Z"));
    expect(step(inLine, soon, around("2026-11-25T09:30:00Z")).callback).toEqual(inLine);
  });

  test("asked for now between two attempts: rung at once, and not more often for asking; asked for again: in a minute", () => {
    const first = tryOnce(
      promise({ wantedAt: null, picked: false }, around("2026-11-25T09:00:00Z")),
      "2026-11-25T09:00:00Z",
    ).callback;
    const soon = { type: "move", wantedAt: null, picked: false } as const;
    const now = step(first, soon, around("2026-11-25T09:02:00Z")).callback;
    expect([local(now.dueAt), now.attempts]).toEqual(["2026-11-25T10:02", 1]);
    const again = step(first, { type: "ask-again" }, around("2026-11-25T09:02:00Z")).callback;
    expect([local(again.dueAt), again.attempts]).toEqual(["2026-11-25T10:03", 1]);
  });

  test("now takes the place of a booked time, at night too; asking again leaves it", () => {
    const booked = promise({ wantedAt: at("2026-11-27T09:00:00Z"), picked: true }, around("2026-11-25T09:00:00Z"));
    expect(step(booked, { type: "ask-again" }, around("2026-11-25T22:00:00Z")).callback).toEqual(booked);
    const now = step(booked, { type: "move", wantedAt: null, picked: false }, around("2026-11-25T22:00:00Z")).callback;
    expect([now.state, now.wantedAt]).toEqual(["requested", null]);
    expect(mayRing(now, at("2026-11-25T22:10:00Z"), { hours, policy })).toBe(true);
    // Nobody saw its time go by: whoever asks then is called as soon as may be.
    const missed = step(booked, { type: "ask-again" }, around("2026-11-27T11:00:00Z")).callback;
    expect([missed.state, missed.wantedAt, local(missed.dueAt)]).toEqual(["requested", null, "2026-11-27T12:00"]);
  });

  test("hours that suit every zone: none at once in Fiji and London, eleven to twenty across the United States", () => {
    const across = callingHours(["America/New_York", "America/Los_Angeles"]);
    expect(across.opens(at("2026-11-25T12:00:00Z"))).toBe(at("2026-11-25T16:00:00Z"));
    expect(across.closes(at("2026-11-25T17:00:00Z"))).toBe(at("2026-11-26T01:00:00Z"));
    expect(callingHours(["Pacific/Fiji", "Europe/London"]).opens(at("2026-11-25T12:00:00Z"))).toBeNull();
  });
});
