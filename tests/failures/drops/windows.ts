import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type CDPSession, chromium, type Frame } from "playwright-core";
import { issueIdentity } from "../../../src/demo/identity.ts";
import { newId } from "../../../src/lib/ids.ts";
import { toPlain } from "../../../src/lib/markdown.ts";
import { type FaultyNetwork, startProxy } from "../../support/proxy.ts";

/** As many devices of one customer, each with the chat open in a browser profile and on a network of its own. */
const devices = 4;
const awayMaxMs = 400;
const betweenDropsMaxMs = 400;
/** Far below the web chat's limit of 60 posts a minute and session. */
const betweenPostsMs = 2_500;
const betweenRepliesMs = 900;
/** Longer than the promise, so that a late window is late and not missing. */
const giveUpMs = 20_000;
/** R7. */
const equalWithinMs = 2_000;
const customer = { id: "paylark-1001", name: "Ann Parker" };

export interface WindowsDeps {
  readonly url: string;
  readonly chromium: string;
  readonly identitySecret: string;
  readonly agent: <Answer>(method: "GET" | "POST", path: string, body?: object) => Promise<Answer>;
}

export interface WindowsReport {
  readonly drops: number;
  /** Those that were offline or asleep. */
  readonly sleeps: number;
  /** Those that the browser was not told of. */
  readonly silences: number;
  readonly messages: number;
  readonly missing: number;
  readonly twice: number;
  readonly outOfOrder: number;
  /** From the moment when nothing stood in the way any more until the screen showed all that the database then held. */
  readonly equalMs: { readonly p50: number; readonly p95: number; readonly max: number };
  /** How many drops took longer than the two seconds of R7. */
  readonly late: number;
}

/**
 * R7 with the widget itself in Chromium: four devices of one customer lose their network in every way a network is lost
 * while five write (the devices, an agent) and the assistant answers. Every screen is read from its page.
 */
export async function runWindowDrops(deps: WindowsDeps, drops: number): Promise<WindowsReport> {
  const browser = await chromium.launch({ executablePath: deps.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const windows: Window[] = [];
  try {
    for (let index = 0; index < devices; index += 1) windows.push(await openWindow(browser, deps));
    const [{ conversationId } = { conversationId: "" }] = windows;
    const truth = readTruth(deps, conversationId);
    await windows[0]?.say("Hello, can I pay later?");
    // Nobody answers a customer who has not written.
    while ((await truth()).length === 0) await sleep(20);
    let writing = true;
    const goesOn = () => writing;
    const writers = [
      ...windows.map((window, index) =>
        whileTrue(goesOn, betweenPostsMs, (turn) => window.say(`window ${index} says ${turn}`)),
      ),
      whileTrue(goesOn, betweenRepliesMs, async (turn) => {
        await reply(deps, conversationId, `a person says ${turn}`);
        // What the customer writes then, the assistant answers.
        if (turn % 4 === 3) await deps.agent("POST", `/conversations/${conversationId}/release`, { to: "assistant" });
      }),
    ];
    const took: number[] = [];
    let [sleeps, silences] = [0, 0];
    await Promise.all(
      windows.map(async (window, index) => {
        for (let mine = index; mine < drops; mine += devices) {
          await sleep(Math.random() * betweenDropsMaxMs);
          const way = ways[Math.floor(mine / devices) % ways.length] ?? "cut";
          if (way === "sleep" || way === "offline") sleeps += 1;
          if (way === "silence") silences += 1;
          // So that there is something to be missed.
          await window.lose(way, Math.random() * awayMaxMs, () => reply(deps, conversationId, `while ${mine} is away`));
          const began = performance.now();
          const upTo = (await truth()).length;
          while (performance.now() - began < giveUpMs) {
            if (String(await window.shown(upTo)) === String((await truth()).slice(0, upTo))) break;
            await sleep(10);
          }
          took.push(performance.now() - began);
        }
      }),
    );
    writing = false;
    await Promise.all(writers);
    const expected = await settled(truth, windows);
    const shown = await Promise.all(windows.map((window) => window.shown()));
    took.sort((one, other) => one - other);
    const at = (share: number) => Math.round(took[Math.ceil(took.length * share) - 1] ?? 0);
    return {
      drops: took.length,
      sleeps,
      silences,
      messages: expected.length,
      ...compare(expected, shown),
      equalMs: { p50: at(0.5), p95: at(0.95), max: at(1) },
      late: took.filter((ms) => ms > equalWithinMs).length,
    };
  } finally {
    await browser.close();
    await Promise.all(windows.map(({ network }) => network.stop()));
  }
}

/**
 * How a window loses its line: its connections are cut in the middle of whatever they do; the page sleeps as on a
 * closed laptop and its connections die meanwhile; the browser itself is offline; the network forgets the line without a
 * word, which shows when the customer writes.
 */
const ways = ["cut", "sleep", "offline", "silence"] as const;
type Way = (typeof ways)[number];

interface Window {
  readonly conversationId: string;
  readonly network: FaultyNetwork;
  /** Types into the chat and presses Enter, whatever the line is like. */
  say(text: string): Promise<void>;
  /** `meanwhile` happens when the line is gone, and before it may come back. */
  lose(way: Way, awayMs: number, meanwhile: () => Promise<void>): Promise<void>;

  /** What stands on the screen, in its order, as far as the service has confirmed it. */
  shown(count?: number): Promise<readonly string[]>;
}

async function openWindow(browser: Browser, deps: WindowsDeps): Promise<Window> {
  const { hostname, port } = new URL(deps.url);
  const network = await startProxy({ host: hostname, port: Number(port) });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(network.url(`${deps.url}/help/en`));
  const token = await issueIdentity(deps.identitySecret, customer, Date.now());
  await page.evaluate(`Everline.open(); Everline.identify(${JSON.stringify(token)})`);
  const chat = page.frameLocator("iframe");
  await chat.getByText(`Signed in: ${customer.name}`).waitFor();
  const frame = page.frames().find((one) => one.url().includes("/widget/frame")) as Frame;
  const stored = (await page.evaluate("localStorage['everline:s']")) as string;
  const devtools: CDPSession = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  const offline = (is: boolean) =>
    devtools.send("Network.emulateNetworkConditions", {
      offline: is,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  /** While a dialog stands open no code of the page runs and none of its timers. */
  async function fallAsleep(): Promise<() => Promise<void>> {
    const [dialog] = await Promise.all([page.waitForEvent("dialog"), frame.evaluate("setTimeout(alert)")]);
    return () => dialog.dismiss();
  }

  let saying = Promise.resolve();
  /** One after the other: there is one field. */
  function say(text: string): Promise<void> {
    saying = saying.then(async () => {
      await chat.locator("textarea").fill(text);
      await chat.locator("textarea").press("Enter");
    });
    return saying;
  }

  return {
    conversationId: (JSON.parse(stored) as { conversationId: string }).conversationId,
    network,
    say,
    async lose(way, awayMs, meanwhile) {
      if (way === "silence") {
        network.silenceStreams();
        await meanwhile();
        return say(`window of ${customer.name} says after ${newId()}`);
      }
      if (way === "offline") await offline(true);
      const wake = way === "sleep" ? await fallAsleep() : null;
      network.cut();
      await meanwhile();
      if (way === "cut") return;
      await sleep(awayMs);
      if (way === "offline") await offline(false);
      await wake?.();
    },
    async shown(count) {
      const found = (await frame.evaluate(onScreen)) as readonly (readonly [string, string])[];
      return found.slice(0, count).map(([who, text]) => line(who, text));
    },
  };
}

/** Who and what of each message but the greeting, and what still waits to be confirmed. */
const onScreen = `[...document.querySelectorAll("#thread > ol > li:not(:first-child)")]
  .filter((li) => ["mine", "agent", "assistant", "system"].includes(li.className) && li.querySelector(".bubble"))
  .map((li) => {
    const bubble = li.querySelector(".bubble").cloneNode(true);
    for (const source of bubble.querySelectorAll(".source")) source.remove();
    return [li.className === "mine" ? "contact" : li.className, bubble.textContent];
  })`;

/** Letters and digits alone: marks of lists and links are drawn, not written. */
function line(who: string, text: string): string {
  return `${who}: ${text.replace(/[^\p{L}\p{N}]/gu, "")}`;
}

/** The public messages of the timeline, read on from where the last look ended. */
function readTruth({ agent }: WindowsDeps, conversationId: string): () => Promise<readonly string[]> {
  const known: string[] = [];
  let after = 0;
  let reading = Promise.resolve();
  const read = async (): Promise<void> => {
    for (;;) {
      const { events } = await agent<{ events: readonly Event[] }>(
        "GET",
        `/conversations/${conversationId}/events?after=${after}`,
      );
      const last = events.at(-1)?.seq;
      if (last === undefined) return;
      for (const { type, visibility, actor, parts } of events)
        if (type === "message" && visibility === "public")
          known.push(line(actor, toPlain(parts?.find(({ t }) => t === "text")?.text ?? "")));
      after = last;
    }
  };
  return async () => {
    reading = reading.then(read);
    await reading;
    return known;
  };
}

interface Event {
  readonly seq: number;
  readonly type: string;
  readonly visibility: string | null;
  readonly actor: string;
  readonly parts?: readonly { readonly t: string; readonly text?: string }[] | null;
}

/** When nothing waits to be sent any more and the assistant has said its last word; or after the time for it. */
async function settled(truth: () => Promise<readonly string[]>, windows: readonly Window[]) {
  const began = performance.now();
  for (;;) {
    const before = (await truth()).length;
    await sleep(500);
    const now = await truth();
    const shown = await Promise.all(windows.map((window) => window.shown()));
    const equal = shown.every((one) => String(one) === String(now));
    if ((equal && now.length === before) || performance.now() - began > giveUpMs) return now;
  }
}

function compare(expected: readonly string[], shown: readonly (readonly string[])[]) {
  const count = (all: readonly string[], one: string) => all.filter((other) => other === one).length;
  const distinct = [...new Set(expected)];
  let [missing, twice, outOfOrder] = [0, 0, 0];
  for (const screen of shown) {
    for (const one of distinct) missing += Math.max(0, count(expected, one) - count(screen, one));
    for (const one of new Set(screen)) twice += Math.max(0, count(screen, one) - count(expected, one));
    if (screen.length === expected.length) outOfOrder += screen.filter((one, at) => one !== expected[at]).length;
  }
  // A message of a window's that was stored twice would be on every screen twice.
  const said = expected.filter((one) => one.startsWith("contact: window"));
  return { missing, twice: twice + said.length - new Set(said).size, outOfOrder };
}

async function whileTrue(goesOn: () => boolean, everyMs: number, work: (turn: number) => Promise<unknown>) {
  for (let turn = 0; goesOn(); turn += 1) {
    await work(turn);
    for (const until = Date.now() + everyMs; goesOn() && Date.now() < until; ) await sleep(20);
  }
}

/** An agent's words; the first ones take the conversation over. */
async function reply({ agent }: WindowsDeps, conversationId: string, text: string): Promise<void> {
  await agent("POST", `/conversations/${conversationId}/messages`, { clientId: text, kind: "reply", text });
}
