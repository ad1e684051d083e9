import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Channel, can, type FetchesMedia, type OutboundMessage, type Sends } from "../../channels/channel.ts";
import { wellBehaved } from "../../src/simulator/behaviour.ts";
import { type DoubleOptions, type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";
import { pickedChoice } from "../../src/turns/picked-choice.ts";
import { quiet } from "../support/database.ts";
import { type Agent, type Everline, startEverline } from "../support/everline.ts";
import { startMediaHost } from "../support/media-host.ts";

export const publicUrl = "https://everline.example";
export const account = {
  accountSid: `AC${"0".repeat(32)}`,
  authToken: "token-for-tests",
  cloud: { appSecret: "app-secret", phoneNumberId: "100000000000001", token: "bearer-token" },
} satisfies Partial<DoubleOptions>;
export const ourNumber = "+12025550100";

/** As long as Twilio tries again with the settings that README.md asks for. */
const patienceMs = 8_000;

/** One HTTP request, as the provider would make it. */
export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface Line {
  readonly everline: Everline;
  readonly double: ProviderDouble;
  post(request: Post): Promise<number>;
}

/** What the suite has to know about a channel; what a channel cannot do is left out. */
export interface Subject {
  readonly name: string;
  /** The environment that switches the channel on. */
  settings(double: ProviderDouble): Readonly<Record<string, string>>;
  /** A genuine request with this text. The same person and id make the same request. */
  text(line: Line, person: string, id: string, text: string): Post | Promise<Post>;
  /** Other genuine ways to write a request, and forged ones, each made from a genuine one. */
  readonly genuine?: Readonly<Record<string, (post: Post) => Post>>;
  readonly forged: Readonly<Record<string, (post: Post) => Post>>;
  /** Genuine requests of kinds and with fields that nobody has heard of; each is stored. */
  unknown?(person: string, id: string): Readonly<Record<string, Post>>;
  /** Payloads as providers send them; each is taken, and a second time changes nothing. */
  recorded?(): Readonly<Record<string, Post>>;
  /** Replies go out through a provider. */
  readonly sends?: {
    /** The channel by itself, aimed at a provider; `token` are wrong credentials. */
    channel(
      apiUrl: string,
      token?: string,
    ): { readonly channel: Channel & Sends & FetchesMedia; close(): Promise<void> };
    /** A status report about a delivery of ours. */
    status(person: string, deliveryId: string, externalId: string, state: string): Post;
    /** In their order; whatever order they come in, the last one stays. */
    readonly states: readonly string[];
    /** Our state for the last of them. */
    readonly final: string;
    /** What the customer's telephone does with an offered choice. */
    tap(person: string, id: string, option: { readonly id: string; readonly title: string }): Post;
  };
  /** `stop` is a word that nobody but us acts on; `atProvider` tells the double of one that Twilio keeps itself. */
  readonly consent?: {
    readonly stop: string;
    readonly atProvider?: (line: Line, person: string, word: string) => void;
  };
  /** A genuine request with something that nobody here can read. */
  unreadable?(person: string, id: string): Post;
  readonly replyWindow?: boolean;
  /** The path below the API at which a medium is asked for, by the name that a message would give it. */
  readonly media?: { reference(apiUrl: string): string };
}

let people = 0;
let ids = 0;
const nextPerson = (): string => `+1202555${String(2_000 + people++).padStart(4, "0")}`;
const nextId = (): string => String(++ids).padStart(8, "0");

/** What every channel promises (docs of each folder say how). One suite; one file per channel says what it is about. */
export function channelContract(subject: Subject): void {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(subject);
  });
  afterAll(async () => {
    await line.everline.stop();
    await line.double.close();
  });
  beforeEach(() => line.double.behave({ ...wellBehaved, statuses: false }));

  describe("receiving", () => receiving(subject, () => line));
  if (subject.sends !== undefined) describe("sending", () => sending(subject, () => line));
  if (subject.media !== undefined) describe("media", () => media(subject));
}

async function openLine(subject: Subject): Promise<Line> {
  let origin = "";
  const service = { publicUrl: () => publicUrl, origin: () => origin };
  const double = await startProviderDouble({
    port: 0,
    seed: 11,
    log: quiet,
    ...account,
    service,
    senders: [ourNumber],
    behaviour: { statuses: false },
  });
  const everline = await startEverline({ PORT: String(await freePort()), ...subject.settings(double) });
  origin = everline.url;
  return {
    everline,
    double,
    async post({ path, headers, body }) {
      // 503 asks the sender to try again (R9), and providers do.
      for (const deadline = Date.now() + patienceMs; ; await sleep(100)) {
        const response = await fetch(everline.url + path, { method: "POST", headers: { ...headers }, body });
        await response.arrayBuffer();
        if (response.status !== 503 || Date.now() > deadline) return response.status;
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

// ---- receiving -----------------------------------------------------------------------------------------------------

function receiving(subject: Subject, line: () => Line): void {
  const say = async (person: string, text: string, id = nextId()): Promise<number> =>
    line().post(await subject.text(line(), person, id, text));

  test("S every genuine way to write a request is taken", async () => {
    for (const [name, vary] of Object.entries({ "as it is": (post: Post) => post, ...subject.genuine })) {
      const marker = `genuine${nextId()}`;
      const post = vary(await subject.text(line(), nextPerson(), nextId(), marker));
      expect(await line().post(post), name).toBeLessThan(300);
      expect(await stored(line(), marker), name).toHaveLength(1);
    }
  });

  test("S a forged request is refused and stores nothing", async () => {
    for (const [name, forge] of Object.entries(subject.forged)) {
      const marker = `forged${nextId()}`;
      const genuine = await subject.text(line(), nextPerson(), nextId(), marker);
      const status = await line().post(forge(genuine));
      expect([400, 401, 403, 404], name).toContain(status);
      expect(await stored(line(), marker), name).toHaveLength(0);
      expect(await line().post(genuine), name).toBeLessThan(300);
      expect(await stored(line(), marker), name).toHaveLength(1);
    }
  });

  test("R1 the same request again, also at the same time, stores one message", async () => {
    const marker = `again${nextId()}`;
    const post = await subject.text(line(), nextPerson(), nextId(), marker);
    const together = await Promise.all([line().post(post), line().post(post), line().post(post)]);
    expect([...together, await line().post(post)].every((status) => status < 300)).toBe(true);
    expect(await stored(line(), marker)).toHaveLength(1);
  });

  test("R3 two messages of a new person at the same time: one conversation, no gap", async () => {
    const [person, marker] = [nextPerson(), `parallel${nextId()}`];
    const posts = [
      await subject.text(line(), person, nextId(), `${marker} one`),
      await subject.text(line(), person, nextId(), `${marker} two`),
    ];
    expect(await Promise.all(posts.map((post) => line().post(post)))).toEqual([expect.anything(), expect.anything()]);
    const found = await stored(line(), marker);
    expect(found).toHaveLength(2);
    expect(new Set(found.map((one) => one.conversationId)).size).toBe(1);
    const seqs = await line().everline.sql<{ seq: string }[]>`
      select seq from events where conversation_id = ${found[0]?.conversationId ?? null} order by seq`;
    expect(seqs.map(({ seq }) => Number(seq))).toEqual(seqs.map((_, index) => index + 1));
  });

  test("R3 messages one after the other keep their order", async () => {
    const [person, marker] = [nextPerson(), `order${nextId()}`];
    for (const n of [1, 2, 3, 4]) await say(person, `${marker} number ${n}`);
    const texts = (await stored(line(), marker)).map((one) => one.text);
    expect(texts).toEqual([1, 2, 3, 4].map((n) => `${marker} number ${n}`));
  });

  test.each([
    ["NUL", (marker: string) => `${marker} a\u0000b`, / ab$/],
    ["both directions", (marker: string) => `${marker} \u202eשלום\u202c مرحبا`, /\u202eשלום\u202c مرحبا$/],
    ["emoji of many parts", (marker: string) => `${marker} 👩‍👩‍👧‍👦🇸🇪`, /👩‍👩‍👧‍👦🇸🇪$/],
    ["markup", (marker: string) => `${marker} <b>&amp;</b>\u0008`, /<b>&amp;<\/b>$/],
  ])("what people paste is stored as they meant it: %s", async (_name, text, expected) => {
    const marker = `paste${nextId()}`;
    expect(await say(nextPerson(), text(marker))).toBeLessThan(300);
    const [found] = await stored(line(), marker);
    expect(found?.text).toMatch(expected);
  });

  test("ten thousand emoji are stored without half a character", async () => {
    const marker = `many${nextId()}`;
    expect(await say(nextPerson(), `${marker}${"😀".repeat(10_000)}`)).toBeLessThan(300);
    const [found] = await stored(line(), marker);
    expect(found?.text).toMatch(/^many\d+(😀)+$/u);
  });

  test("R9 a body of 1 MB is taken or refused at once, and the service lives", async () => {
    const began = performance.now();
    const status = await say(nextPerson(), "x".repeat(1024 * 1024));
    expect([200, 413]).toContain(status);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await say(nextPerson(), "still there")).toBeLessThan(300);
  });

  test.skipIf(subject.unknown === undefined)(
    "unknown kinds and fields are stored and answered with success",
    async () => {
      for (const [name, post] of Object.entries(subject.unknown?.(nextPerson(), nextId()) ?? {})) {
        const before = await countMessages(line());
        expect(await line().post(post), name).toBeLessThan(300);
        expect(await countMessages(line()), name).toBe(before + 1);
      }
    },
  );

  test.skipIf(subject.recorded === undefined || Object.keys(subject.recorded()).length === 0)(
    "recorded payloads are taken, and a second time change nothing",
    async () => {
      for (const [name, post] of Object.entries(subject.recorded?.() ?? {})) {
        expect(await line().post(post), name).toBeLessThan(300);
        const before = await countEntries(line());
        expect(await line().post(post), name).toBeLessThan(300);
        expect(await countEntries(line()), name).toEqual(before);
      }
    },
  );
}

interface StoredMessage {
  readonly conversationId: string;
  readonly seq: number;
  readonly text: string;
}

async function stored(line: Line, marker: string): Promise<readonly StoredMessage[]> {
  return line.everline.sql<StoredMessage[]>`
    select conversation_id as "conversationId", seq, part ->> 'text' as text
    from messages, jsonb_array_elements(parts) as part
    where author = 'contact' and part ->> 'text' like ${`${marker}%`} order by conversation_id, seq`;
}

async function countMessages(line: Line): Promise<number> {
  const [row] = await line.everline.sql<{ n: number }[]>`
    select count(*)::int as n from messages where author = 'contact'`;
  return row?.n ?? 0;
}

async function countEntries(line: Line) {
  const [row] = await line.everline.sql<{ keys: number; messages: number }[]>`
    select (select count(*)::int from provider_keys) as keys,
      (select count(*)::int from messages where author = 'contact') as messages`;
  return row;
}

// ---- sending -------------------------------------------------------------------------------------------------------

const question = "where can I find my payment plan?";

interface Delivery {
  readonly id: string;
  readonly externalId: string | null;
  readonly state: string;
  readonly errorClass: string | null;
}

function sending(subject: Subject, line: () => Line): void {
  const { sends, consent } = subject;
  if (sends === undefined) return;
  const say = async (person: string, text: string): Promise<number> =>
    line().post(await subject.text(line(), person, nextId(), text));
  const deliveries = (person: string, count: number) => settledDeliveries(line(), subject.name, person, count);
  const seen = (person: string) =>
    line()
      .double.log()
      .filter((one) => one.to === person);

  test("R2 a question is answered once, and the provider knows our delivery id", async () => {
    const person = nextPerson();
    await say(person, question);
    const [delivery] = await deliveries(person, 1);
    expect(delivery).toMatchObject({ state: "sent" });
    expect(seen(person).map((one) => one.deliveryId)).toEqual([delivery?.id]);
  });

  test("what the provider takes and cannot deliver is failed, with the reason that it gives later", async () => {
    const person = nextPerson();
    // It never saw this person write: to WhatsApp the window is closed, to a telephone it just does not come through.
    line().double.behave({ statuses: true, statusDelayMs: 5, undelivered: 1 });
    await say(person, question);
    const errorClass = subject.replyWindow === true ? "window" : "permanent";
    await expect
      .poll(async () => (await deliveries(person, 1))[0], { timeout: 8_000 })
      .toMatchObject({ state: "failed", errorClass });
  });

  test("statuses in every order, and twice, come to the same state", async () => {
    for (const order of permutations(sends.states)) {
      const person = nextPerson();
      await say(person, question);
      const [delivery] = await deliveries(person, 1);
      for (const state of [...order, ...order]) {
        const post = sends.status(person, delivery?.id ?? "", delivery?.externalId ?? "", state);
        expect(await line().post(post)).toBeLessThan(300);
      }
      expect((await deliveries(person, 1))[0]?.state, order.join(", ")).toBe(sends.final);
    }
  });

  test("a status about nothing of ours is taken and changes nothing", async () => {
    const post = sends.status(
      nextPerson(),
      "01a20b68-32c3-7b17-a335-d1f249cadc2c.1",
      "SMnobody",
      sends.states[0] ?? "",
    );
    expect(await line().post(post)).toBeLessThan(300);
  });

  test.skipIf(consent === undefined)("a stop is said back once; then only direct answers go out", async () => {
    const person = nextPerson();
    await say(person, consent?.stop ?? "");
    expect((await deliveries(person, 1))[0]).toMatchObject({ state: "sent" });
    expect(seen(person)[0]?.body).toContain("START");
    const conversation = await conversationOf(line(), subject.name, person);
    const agent: Agent = await line().everline.agent();
    const unasked = { clientId: `unasked${person}`, kind: "reply", text: "Hi" };
    await expect(agent("POST", `/conversations/${conversation}/messages`, unasked)).rejects.toThrow("409");
    await say(person, question);
    expect((await deliveries(person, 2))[1]).toMatchObject({ state: "sent" });
  });

  test.skipIf(consent?.atProvider === undefined)("a STOP that the provider keeps holds until START", async () => {
    const person = nextPerson();
    const both = async (word: string): Promise<void> => {
      consent?.atProvider?.(line(), person, word);
      await say(person, word);
    };
    await both("STOP");
    await say(person, question);
    expect((await deliveries(person, 1))[0]).toMatchObject({ state: "failed", errorClass: "optout" });
    expect(seen(person)).toHaveLength(0);
    await both("START");
    await say(person, question);
    expect((await deliveries(person, 2))[1]).toMatchObject({ state: "sent" });
  });

  test.skipIf(subject.unreadable === undefined)(
    "R6 what nobody can read is answered, and shown to people",
    async () => {
      const person = nextPerson();
      expect(await line().post(subject.unreadable?.(person, nextId()) ?? { path: "", headers: {}, body: "" })).toBe(
        200,
      );
      await deliveries(person, 1);
      expect(seen(person)[0]?.body).toContain("in words");
      const [stored] = await line().everline.sql<{ parts: unknown }[]>`select parts from messages
      where conversation_id = ${await conversationOf(line(), subject.name, person)} and author = 'contact'`;
      expect(stored?.parts).toMatchObject([{ t: "unsupported" }]);
    },
  );

  test.skipIf(subject.replyWindow !== true)("an agent's reply after the window is refused in words", async () => {
    const person = nextPerson();
    await say(person, question);
    await deliveries(person, 1);
    const { sql } = line().everline;
    const [row] = await sql<{ id: string }[]>`
      update conversations set last_inbound_at = now() - interval '25 hours'
      where address_id = (select id from contact_addresses where channel = ${subject.name} and value = ${person})
      returning id`;
    const agent: Agent = await line().everline.agent();
    const reply = agent("POST", `/conversations/${row?.id}/messages`, { clientId: "late", kind: "reply", text: "Hi" });
    await expect(reply).rejects.toThrow("409");
    expect(seen(person)).toHaveLength(1);
  });

  describe("by itself", () => {
    const message = (person: string, ...parts: OutboundMessage["parts"]): OutboundMessage => ({
      parts,
      meta: null,
      to: { channel: subject.name, kind: "e164", value: person },
      locale: "en",
    });

    test.each([
      ["taken", {}, 5_000, "accepted"],
      ["too many", { tooMany: 1 }, 5_000, "retry"],
      ["failed before it was taken", { failBefore: 1 }, 5_000, "unknown"],
      ["failed after it was taken", { failAfter: 1 }, 5_000, "unknown"],
      ["no answer", { hang: 1 }, 200, "unknown"],
      ["taken, no answer", { timeoutAfterAccepting: 1 }, 200, "unknown"],
    ])("the provider's answer has its class: %s", async (_name, behaviour, limitMs, outcome) => {
      line().double.behave(behaviour);
      const { channel, close } = sends.channel(line().double.url);
      const { items, to } = rendered(channel, message(nextPerson(), { t: "text", text: "Hello", format: "plain" }));
      const result = await channel.send({ deliveryId: "x.1", to, item: items[0] }, AbortSignal.timeout(limitMs));
      expect(result.outcome).toBe(outcome);
      await close();
    });

    test("revoked credentials are told apart, and health asks for an action", async () => {
      const { channel, close } = sends.channel(line().double.url, "revoked");
      const { items, to } = rendered(channel, message(nextPerson(), { t: "text", text: "Hello", format: "plain" }));
      const result = await channel.send({ deliveryId: "x.1", to, item: items[0] }, AbortSignal.timeout(5_000));
      expect(result).toMatchObject({ outcome: "rejected", error: { class: "auth" } });
      expect(can(channel, "health") && (await channel.health(AbortSignal.timeout(5_000)))).toMatchObject({
        state: "needs-action",
      });
      await close();
      const right = sends.channel(line().double.url);
      expect(can(right.channel, "health") && (await right.channel.health(AbortSignal.timeout(5_000)))).toMatchObject({
        state: "ok",
      });
      await right.close();
    });

    test.each([3, 4, 11])(
      "%i choices are taken by the provider, and the second comes back as itself",
      async (count) => {
        const person = nextPerson();
        const options = Array.from({ length: count }, (_, n) => ({ id: `option:${n + 1}`, title: `Choice ${n + 1}` }));
        const { channel, close } = sends.channel(line().double.url);
        const { items, numbered, to } = rendered(
          channel,
          message(person, { t: "choices", style: "buttons", prompt: "Which?", options }),
        );
        for (const item of items) {
          const sent = await channel.send({ deliveryId: "x.1", to, item }, AbortSignal.timeout(5_000));
          expect(sent).toMatchObject({ outcome: "accepted" });
        }
        const offered = line()
          .double.journal.of(subject.name, person)
          .flatMap((entry) => entry.options);
        const [, second] = offered;
        if (second === undefined) {
          expect(pickedChoice("2", numbered)).toMatchObject({ optionId: "option:2" });
        } else {
          expect(offered.map(({ id }) => id)).toEqual(options.map(({ id }) => id));
          const id = nextId();
          expect(await line().post(sends.tap(person, id, second))).toBeLessThan(300);
          const [row] = await line().everline.sql<{ parts: unknown }[]>`
          select m.parts from messages m join contact_addresses a on a.id = m.address_id
          where a.channel = ${subject.name} and a.value = ${person} and m.author = 'contact'`;
          expect(row?.parts).toMatchObject([{ t: "choice", optionId: "option:2" }]);
        }
        await close();
      },
    );

    test("a long text is split within what the provider takes, and nothing is lost", async () => {
      const person = nextPerson();
      const text = Array.from({ length: 40 }, (_, n) => `Sentence number ${n} of it ends here.`).join(" ");
      const { channel, close } = sends.channel(line().double.url);
      const { items, to } = rendered(channel, message(person, { t: "text", text, format: "plain" }));
      for (const item of items) {
        const sent = await channel.send({ deliveryId: "x.1", to, item }, AbortSignal.timeout(5_000));
        expect(sent).toMatchObject({ outcome: "accepted" });
      }
      const bodies = line()
        .double.log()
        .filter((one) => one.to === person);
      const whole = bodies.map((one) => one.body.replace(/^\(\d\/\d\) /, "")).join(" ");
      expect(whole).toBe(text);
      await close();
    });
  });
}

function rendered(channel: Channel, message: OutboundMessage) {
  const { items, numbered = [] } = channel.render(message);
  const [first, ...rest] = items;
  if (first === undefined) throw new Error("nothing was rendered");
  return { items: [first, ...rest] as const, numbered, to: message.to };
}

async function conversationOf(line: Line, channel: string, person: string): Promise<string> {
  const [row] = await line.everline.sql<{ id: string }[]>`select c.id from conversations c
    join contact_addresses a on a.contact_id = c.contact_id where a.channel = ${channel} and a.value = ${person}`;
  if (row === undefined) throw new Error("nobody wrote from there");
  return row.id;
}

/** A person's deliveries once there are so many and none is under way. */
async function settledDeliveries(
  line: Line,
  channel: string,
  person: string,
  count: number,
): Promise<readonly Delivery[]> {
  return expect
    .poll(
      async () => {
        const rows = await line.everline.sql<Delivery[]>`
          select d.message_id || '.' || d.piece as id, d.external_id as "externalId", d.state,
            d.error ->> 'class' as "errorClass"
          from deliveries d where d.channel = ${channel} and d.address ->> 'value' = ${person} order by d.seq, d.piece`;
        return rows.filter((row) => !["ready", "sending"].includes(row.state));
      },
      { timeout: 8_000, interval: 50 },
    )
    .toHaveLength(count)
    .then(() => deliveriesOf(line, channel, person));
}

function deliveriesOf(line: Line, channel: string, person: string): Promise<readonly Delivery[]> {
  return line.everline.sql<Delivery[]>`
    select d.message_id || '.' || d.piece as id, d.external_id as "externalId", d.state, d.error ->> 'class' as "errorClass"
    from deliveries d where d.channel = ${channel} and d.address ->> 'value' = ${person} order by d.seq, d.piece`;
}

function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, index) =>
    permutations(values.filter((_, other) => other !== index)).map((rest) => [value, ...rest]),
  );
}

// ---- media ---------------------------------------------------------------------------------------------------------

function media(subject: Subject): void {
  test.each([
    ["the bytes", "/plain", { outcome: "fetched" }],
    ["through a redirect, without our credentials", "/redirect", { outcome: "fetched" }],
    ["a redirect to a private address", "/to-private", { outcome: "refused" }],
    ["a redirect to another host", "/to-stranger", { outcome: "refused" }],
    ["a redirect for ever", "/for-ever", { outcome: "refused" }],
    ["more than the limit, as declared", "/declared-big", { outcome: "too-big" }],
    ["more than the limit, undeclared", "/undeclared-big", { outcome: "too-big" }],
    ["gone", "/gone", { outcome: "gone" }],
    ["broken", "/broken", { outcome: "later" }],
  ])("N1 N2 fetching: %s", async (_name, path, expected) => {
    const host = await startMediaHost(path);
    const opened = subject.sends?.channel(host.url);
    if (opened === undefined || subject.media === undefined) throw new Error("the channel does not send");
    const { channel } = opened;
    const reference = { channel: subject.name, account: "default", reference: subject.media.reference(host.url) };
    const fetched = await channel.fetchMedia(reference, host.limitBytes, AbortSignal.timeout(5_000));
    expect(fetched).toMatchObject(expected);
    if (fetched.outcome === "fetched") expect(fetched.bytes).toEqual(host.bytes);
    expect(host.strangersAsked).toBe(0);
    expect(host.credentialsAfterRedirect).toBe(0);
    await opened.close();
    await host.close();
  });

  test("R6 a file is not given up because our credentials ran out", async () => {
    const host = await startMediaHost("/credentials");
    const opened = subject.sends?.channel(host.url);
    if (opened === undefined || subject.media === undefined) throw new Error("the channel does not send");
    const reference = { channel: subject.name, account: "default", reference: subject.media.reference(host.url) };
    const fetched = await opened.channel.fetchMedia(reference, host.limitBytes, AbortSignal.timeout(5_000));
    expect(fetched).toMatchObject({ outcome: "later" });
    await opened.close();
    await host.close();
  });

  test("N2 an address that is not the provider's is never asked", async () => {
    const opened = subject.sends?.channel("http://127.0.0.1:9");
    if (opened === undefined) throw new Error("the channel does not send");
    const { channel } = opened;
    for (const reference of ["http://169.254.169.254/latest", "https://evil.example/x", "file:///etc/passwd", ""]) {
      const asked = { channel: subject.name, account: "default", reference };
      expect(await channel.fetchMedia(asked, 1_000, AbortSignal.timeout(2_000)), reference).toMatchObject({
        outcome: "refused",
      });
    }
    await opened.close();
  });
}
