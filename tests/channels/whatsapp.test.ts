import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { InboundEvent, OutboundMessage, Outgoing, Part, Sends } from "../../channels/channel.ts";
import { createTwilioClient, type TwilioClient } from "../../channels/twilio/client.ts";
import { twilioMessages } from "../../channels/twilio/messages.ts";
import { toResult } from "../../channels/whatsapp/cloud/client.ts";
import { createCloudWhatsapp } from "../../channels/whatsapp/cloud/index.ts";
import { parseCloud } from "../../channels/whatsapp/cloud/parse.ts";
import { renderCloud, renderCloudTemplate } from "../../channels/whatsapp/cloud/render.ts";
import { challengeIn, isFromMeta, signMeta } from "../../channels/whatsapp/cloud/verify.ts";
import { toWhatsapp } from "../../channels/whatsapp/dialect.ts";
import { type Choices, createContents } from "../../channels/whatsapp/twilio/contents.ts";
import { createTwilioWhatsapp } from "../../channels/whatsapp/twilio/index.ts";
import { parseTwilio } from "../../channels/whatsapp/twilio/parse.ts";
import { renderTwilio, renderTwilioTemplate } from "../../channels/whatsapp/twilio/render.ts";
import { withChoices } from "../../channels/whatsapp/twilio/send.ts";
import { checkCloud } from "../../src/simulator/cloud-api.ts";

const samples = new URL("../../channels/whatsapp/samples/", import.meta.url);
const fixtures = new URL("../../../shared/fixtures/whatsapp-cloud", import.meta.url).pathname;
const account = { account: "default", phoneNumberId: "100000000000001" };

function sample(name: string): InboundEvent[] {
  return parseCloud(JSON.parse(readFileSync(new URL(`${name}.json`, samples), "utf8")), account);
}

function cloud(message: Record<string, unknown>, contact: Record<string, unknown> = {}): InboundEvent[] {
  const metadata = { display_phone_number: "12025550100", phone_number_id: account.phoneNumberId };
  const contacts = [{ profile: { name: "Ann" }, wa_id: "12025550131", ...contact }];
  const messages = [{ from: "12025550131", id: "wamid.A", timestamp: "1763900000", ...message }];
  const value = { messaging_product: "whatsapp", metadata, contacts, messages };
  return parseCloud({ entry: [{ changes: [{ field: "messages", value }] }] }, account);
}

function outbound(...parts: Part[]): OutboundMessage {
  return { parts, meta: null, to: { channel: "whatsapp", kind: "e164", value: "+12025550131" }, locale: "sv" };
}

test("each kind of Cloud API message becomes the part it is", () => {
  const parts = (event: InboundEvent | undefined) => (event?.kind === "message" ? event.parts : event);
  expect(parts(cloud({ type: "text", text: { body: "Hej 😀" } })[0])).toEqual([
    { t: "text", text: "Hej 😀", format: "plain" },
  ]);
  expect(parts(cloud({ type: "audio", audio: { id: "77", mime_type: "audio/ogg", voice: true } })[0])).toEqual([
    {
      t: "media",
      kind: "voice",
      mime: "audio/ogg",
      state: "pending",
      source: { channel: "whatsapp", account: "default", reference: "77" },
    },
  ]);
  expect(parts(cloud({ type: "location", location: { latitude: 1.5, longitude: -2, name: "Pier" } })[0])).toEqual([
    { t: "location", lat: 1.5, lng: -2, name: "Pier" },
  ]);
  const listReply = { type: "list_reply", list_reply: { id: "article:late-fee", title: "Late fee", description: "x" } };
  expect(parts(cloud({ type: "interactive", interactive: listReply })[0])).toEqual([
    { t: "choice", optionId: "article:late-fee", title: "Late fee" },
  ]);
  expect(parts(cloud({ type: "button", button: { payload: "callback", text: "Call me" } })[0])).toEqual([
    { t: "choice", optionId: "callback", title: "Call me" },
  ]);
});

test("an unknown type, and a known one in an unknown form, are kept as unsupported with their payload", () => {
  for (const message of [
    { type: "hologram", hologram: { depth: 3 } },
    { type: "location", location: { latitude: "north" } },
    { type: "interactive" },
  ]) {
    const [event] = cloud(message);
    expect(event).toMatchObject({
      kind: "message",
      wantsAnswer: true,
      parts: [{ t: "unsupported", what: message.type }],
      raw: message,
    });
  }
});

test("reactions, edits and deletions are changes of a message, not messages", () => {
  expect(cloud({ type: "reaction", reaction: { message_id: "wamid.B", emoji: "👍" } })[0]).toMatchObject({
    kind: "change",
    change: "reaction",
    targetExternalId: "wamid.B",
    data: { emoji: "👍" },
  });
  expect(cloud({ type: "reaction", reaction: { message_id: "wamid.B" } })[0]).toMatchObject({ data: { emoji: null } });
  const edited = { original_message_id: "wamid.B", message: { type: "text", text: { body: "Better" } } };
  expect(cloud({ type: "edit", edit: edited })[0]).toMatchObject({
    change: "edit",
    data: { parts: [{ t: "text", text: "Better" }] },
  });
  expect(cloud({ type: "revoke", revoke: { original_message_id: "wamid.B" } })[0]).toMatchObject({ change: "revoke" });
});

test("a person with a user name is found by the business-scoped id when the number is hidden", () => {
  const ids = { user_id: "US.13491208655302741918", parent_user_id: "US.ENT.11815799212886844830" };
  const text = { type: "text", text: { body: "Hi" } };
  expect(cloud({ ...text, from_user_id: ids.user_id }, ids)[0]).toMatchObject({
    from: { kind: "e164", value: "+12025550131" },
    aliases: [
      { kind: "wa-bsuid", value: ids.user_id },
      { kind: "wa-parent-bsuid", value: ids.parent_user_id },
    ],
  });
  const hidden = cloud({ ...text, from: undefined, from_user_id: ids.user_id }, { wa_id: undefined, ...ids });
  expect(hidden[0]).toMatchObject({
    from: { kind: "wa-bsuid", value: ids.user_id },
    aliases: [{ kind: "wa-parent-bsuid" }],
  });
});

test("a changed number or scoped id links the new address to the person", () => {
  expect(sample("number-changed")[0]).toMatchObject({
    kind: "change",
    change: "identity",
    from: { value: "+12025550131" },
    aliases: [{ value: "+12025550132" }],
  });
  const [updated, again] = [...sample("user-id-update"), ...sample("user-id-update")];
  expect(updated).toMatchObject({ change: "identity", aliases: [{ value: "US.111" }, { value: "US.222" }] });
  expect(again).toEqual(updated);
});

test("webhooks about other numbers and other matters are left alone", () => {
  const other = parseCloud(JSON.parse(readFileSync(new URL("text.json", samples), "utf8")), {
    ...account,
    phoneNumberId: "5",
  });
  expect(other).toEqual([{ kind: "ignored", why: "another-number" }]);
  const template = {
    entry: [{ changes: [{ field: "message_template_status_update", value: { event: "APPROVED" } }] }],
  };
  expect(parseCloud(template, account)).toEqual([{ kind: "ignored", why: "field-message_template_status_update" }]);
  for (const odd of [null, 1, "x", [], {}, { entry: [{ changes: [{ field: "messages", value: 3 }] }] }]) {
    expect(parseCloud(odd, account)).toMatchObject([{ kind: "ignored" }]);
  }
});

test("Twilio's form of a message is the same message", () => {
  const form = new URLSearchParams({
    MessageSid: "SM1",
    AccountSid: "AC1",
    From: "whatsapp:+12025550131",
    ProfileName: "Ann",
    WaId: "12025550131",
    ExternalUserId: "whatsapp:US.1349",
    Body: "Call me",
    ButtonPayload: "callback",
    ButtonText: "Call me",
    MessageType: "button",
  });
  expect(parseTwilio(form, "default")).toMatchObject([
    {
      key: "twilio:in:SM1",
      from: { channel: "whatsapp", kind: "e164", value: "+12025550131" },
      aliases: [{ kind: "wa-bsuid", value: "US.1349" }],
      profileName: "Ann",
      parts: [{ t: "choice", optionId: "callback", title: "Call me" }],
      wantsAnswer: true,
    },
  ]);
});

test("an opt-out word stops and START lifts; a yes or a cancel is an answer", () => {
  const consent = (body: string) => cloud({ type: "text", text: { body } })[0];
  const said = (name: string) => ({ wantsAnswer: true, parts: [{ t: "text" }, { t: "event", name }] });
  expect(consent(" stop ")).toMatchObject({ consent: "stop", ...said("opted-out") });
  expect(consent("START")).toMatchObject({ consent: "start", ...said("opted-in") });
  const form = { MessageSid: "SM1", From: "whatsapp:+12025550131", Body: "Stop", OptOutType: "STOP" };
  expect(parseTwilio(new URLSearchParams(form), "default")).toMatchObject([{ consent: "stop", wantsAnswer: false }]);
  for (const word of ["yes", "cancel", "help"]) {
    expect(consent(word)).toMatchObject({ wantsAnswer: true });
    expect(consent(word)).not.toHaveProperty("consent");
  }
});

test("Markdown becomes WhatsApp's own marks", () => {
  expect(
    toWhatsapp("# Fees\n\n**Late** fees are *rare*, ~~never~~ `free`.\n- [Terms](https://a.example/t)\n* two"),
  ).toBe("*Fees*\n\n*Late* fees are _rare_, ~never~ `free`.\n• Terms (https://a.example/t)\n• two");
  expect(toWhatsapp("2 * 3 * 4 and snake_case_name")).toBe("2 * 3 * 4 and snake_case_name");
  expect(toWhatsapp("```\n**kept**\n```")).toBe("```\n**kept**\n```");
});

const option = (n: number, title = `Option ${n}`) => ({ id: `o${n}`, title });

test.each([
  [3, "button"],
  [4, "list"],
  [10, "list"],
  [11, "text"],
])("%i choices are legal as Meta reads them: %s", (count, shape) => {
  const options = Array.from({ length: count }, (_, n) => option(n + 1));
  const rendered = renderCloud(outbound({ t: "choices", style: "buttons", prompt: "Which?", options }));
  expect(rendered.items).toHaveLength(1);
  const body = rendered.items[0]?.body ?? {};
  const interactive = body.interactive as { type: string } | undefined;
  expect(interactive?.type ?? body.type).toBe(shape);
  const sent = JSON.stringify({ messaging_product: "whatsapp", to: "12025550131", ...body });
  const checked = checkCloud(sent);
  expect(checked.ok && checked.value !== "mark" && checked.value.options.map(({ id }) => id)).toEqual(
    shape === "text" ? [] : options.map(({ id }) => id),
  );
  expect(rendered.numbered?.map((one) => one.optionId)).toEqual(options.map(({ id }) => id));
});

test("titles too long for a button stand whole in a list; too long for that, they are numbered", () => {
  const title = "How do I report a return that I sent back?";
  const listed = renderCloud(outbound({ t: "choices", style: "list", options: [option(1, title)] })).items[0]?.body;
  expect(JSON.stringify(listed)).toContain(`"description":"${title}"`);
  const long = renderCloud(outbound({ t: "choices", style: "list", options: [option(1, title.repeat(2))] }));
  expect(long.items[0]?.body).toMatchObject({ type: "text", text: { body: `1. ${title.repeat(2)}` } });
});

test("a long text goes before its buttons, whole and in order", () => {
  const text = Array.from({ length: 200 }, (_, n) => `Sentence number ${n} ends here.`).join(" ");
  const { items } = renderCloud(
    outbound({ t: "text", text, format: "plain" }, { t: "choices", style: "buttons", options: [option(1)] }),
  );
  const bodies = items.map(
    ({ body }) =>
      (body.text as { body: string } | undefined)?.body ?? (body.interactive as { body: { text: string } }).body.text,
  );
  expect(items.at(-1)?.body.type).toBe("interactive");
  expect(bodies.at(-1)?.length).toBeLessThanOrEqual(1_024);
  expect(bodies.join(" ")).toBe(text);
});

test("Meta's signature covers the bytes as they came; its challenge is answered to our token alone", () => {
  const body = Buffer.from('{"text":"J\\u2019ai mang\\u00e9"}');
  const request = (signature: string | undefined) => ({
    method: "POST" as const,
    url: "/channels/whatsapp/default/webhook",
    headers: { "x-hub-signature-256": signature },
    body,
  });
  expect(isFromMeta("secret", request(signMeta("secret", body)))).toBe(true);
  expect(isFromMeta("secret", request(signMeta("other", body)))).toBe(false);
  expect(isFromMeta("secret", request(signMeta("secret", JSON.stringify(JSON.parse(body.toString())))))).toBe(false);
  expect(isFromMeta("secret", request(undefined))).toBe(false);
  const asked = (query: string) => challengeIn("verify-me", `/x?${query}`);
  expect(asked("hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1158201444")).toBe("1158201444");
  expect(asked("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1158201444")).toBeNull();
  expect(asked("hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=<script>")).toBeNull();
});

test.each([
  [200, { messages: [{ id: "wamid.Z" }] }, "accepted", null],
  [200, {}, "unknown", "retry"],
  [400, { error: { code: 131047 } }, "rejected", "window"],
  [400, { error: { code: 130429 } }, "retry", "retry"],
  [400, { error: { code: 131056 } }, "retry", "retry"],
  [429, {}, "retry", "retry"],
  [401, { error: { code: 190 } }, "rejected", "auth"],
  [403, { error: { code: 219 } }, "rejected", "auth"],
  [400, { error: { code: 131026 } }, "rejected", "permanent"],
  [400, { error: { code: 133010 } }, "rejected", "config"],
  [400, { error: { code: 131053 } }, "rejected", "content"],
  [500, { error: { code: 131000 } }, "unknown", "retry"],
  [503, null, "unknown", "retry"],
])("Meta's answer %i %j means %s, class %s", (status, json, outcome, kind) => {
  const result = toResult({ status, json, retryAfter: null });
  expect(result.outcome).toBe(outcome);
  expect(result.outcome === "accepted" ? null : result.error.class).toBe(kind);
});

test.skipIf(!existsSync(fixtures))("every recorded Cloud API payload parses, twice to the same keys", () => {
  const files = ["pywa", "vercel-chat"].flatMap((folder) =>
    readdirSync(`${fixtures}/${folder}`).map((name) => `${fixtures}/${folder}/${name}`),
  );
  expect(files.length).toBeGreaterThan(35);
  for (const file of files) {
    const json = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    const bodies = "entry" in json ? [json] : Object.values(json).filter((one) => typeof one === "object");
    for (const body of bodies) {
      const phoneNumberId = /"phone_number_id":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? "";
      const events = parseCloud(body, { account: "default", phoneNumberId });
      expect(events.length, file).toBeGreaterThan(0);
      expect(parseCloud(body, { account: "default", phoneNumberId }), file).toEqual(events);
      const unread = events.filter((one) => one.kind === "ignored" && /unreadable|envelope|another/.test(one.why));
      expect(unread, file).toEqual([]);
    }
  }
});

test("choices that Twilio will not show as buttons are sent as numbers, once", async () => {
  const sent: Outgoing[] = [];
  const refused: boolean[] = [];
  const refusesContents: Sends = {
    async send(outgoing) {
      sent.push(outgoing);
      if (!("contentSid" in outgoing.item.body)) return { outcome: "accepted", externalId: "SM1" };
      return { outcome: "rejected", error: { class: "content", code: "63021", text: "" } };
    },
    lookUp: async () => ({ found: [] }),
  };
  const contents = { sidFor: async () => "HX1", refused: (_: unknown, gone: boolean) => void refused.push(gone) };
  const { send, lookUp } = withChoices(refusesContents, contents);
  const options = [option(1), option(2)];
  const { items, to } = {
    ...renderTwilio(outbound({ t: "choices", style: "buttons", prompt: "Which?", options })),
    to: outbound().to,
  };
  const outgoing = { deliveryId: "x.1", to, item: items[0] ?? { body: {} } };
  expect(await send(outgoing, AbortSignal.timeout(1_000))).toMatchObject({ outcome: "accepted" });
  expect(sent.map((one) => one.item.body.contentSid ?? one.item.body.body)).toEqual([
    "HX1",
    "Which?\n1. Option 1\n2. Option 2",
  ]);
  expect(refused).toEqual([false]);
  expect(await lookUp(outgoing, new Date(), AbortSignal.timeout(1_000))).toBe("cannot-tell");
});

const choices: Choices = { kind: "buttons", text: "Which?", buttons: [{ id: "o1", title: "Option 1" }] };
const inTime = () => AbortSignal.timeout(1_000);

/** Twilio's Content API as far as it is asked: `list` answers each page, `made` counts what was created. */
function contentsApi(list: (page: string | null) => { status: number; body: unknown }) {
  const api = { made: 0 };
  const client = {
    async contents(method: "get" | "post", data: object) {
      if (method === "get") return list((data as { PageToken?: string }).PageToken ?? null);
      return { status: 201, body: { sid: `HX${++api.made}` } };
    },
  };
  return { api, client };
}

test("contents that are listed on a later page are used again; while none can be listed, none is made", async () => {
  const { api, client } = contentsApi(() => ({ status: 200, body: { contents: [] } }));
  expect(await createContents(client).sidFor(choices, inTime())).toBe("HX1");
  let definition: { friendly_name?: string } = {};
  const watched = {
    async contents(method: "get" | "post", data: object) {
      if (method === "post") definition = data;
      return client.contents(method, data);
    },
  };
  await createContents(watched).sidFor(choices, inTime());
  const { friendly_name } = definition;
  const paged = contentsApi((page) => ({
    status: 200,
    body:
      page === null
        ? { contents: [], meta: { next_page_url: "https://content.twilio.com/v1/Content?PageSize=500&PageToken=next" } }
        : { contents: [{ sid: "HXold", friendly_name }], meta: { next_page_url: null } },
  }));
  expect(await createContents(paged.client).sidFor(choices, inTime())).toBe("HXold");
  let answers = false;
  const away = contentsApi(() =>
    answers ? { status: 200, body: { contents: [{ sid: "HXold", friendly_name }] } } : { status: 500, body: {} },
  );
  const contents = createContents(away.client);
  expect(await contents.sidFor(choices, inTime())).toBeNull();
  answers = true;
  expect(await contents.sidFor(choices, inTime())).toBe("HXold");
  expect([api.made, paged.api.made, away.api.made]).toEqual([2, 0, 0]);
});

test("choices that were refused are left alone for an hour, and their content is kept", async () => {
  let now = 0;
  const { api, client } = contentsApi(() => ({ status: 200, body: { contents: [] } }));
  const contents = createContents(client, () => now);
  expect(await contents.sidFor(choices, inTime())).toBe("HX1");
  contents.refused(choices, false);
  expect(await contents.sidFor(choices, inTime())).toBeNull();
  now = 61 * 60_000;
  expect(await contents.sidFor(choices, inTime())).toBe("HX1");
  contents.refused(choices, true);
  now *= 2.5;
  expect(await contents.sidFor(choices, inTime())).toBe("HX2");
  expect(api.made).toBe(2);
});

test.each(["image", "document"] as const)("a caption too long for a file stands whole behind it: %s", (kind) => {
  const caption = `${"x".repeat(1_023)}😀 and more`;
  const file: Part = { t: "media", kind, mime: "x/y", state: "ready", url: "https://files.example/1", caption };
  expect(renderCloud(outbound(file)).items.map(({ body }) => body)).toEqual([
    { type: kind, [kind]: { link: "https://files.example/1" } },
    { type: "text", text: { body: caption, preview_url: false } },
  ]);
  expect(renderTwilio(outbound(file)).items.map(({ body }) => body)).toEqual([
    { mediaUrl: ["https://files.example/1"] },
    { body: caption },
  ]);
});

test("what is beyond five messages is said to be cut, and what fits in them is not", () => {
  const words = (count: number) => outbound({ t: "text", format: "plain", text: "word ".repeat(count).trim() });
  expect(renderTwilio(words(1_500))).toMatchObject({ isCut: false, degraded: [] });
  expect(renderTwilio(words(1_700))).toMatchObject({
    isCut: true,
    degraded: ["The end of a very long text was left out."],
  });
});

test("a sound has no caption, so its words come behind it; a short caption stays with a picture", () => {
  const file = { t: "media", mime: "x/y", state: "ready", url: "https://files.example/1", caption: "Hello" } as const;
  expect(renderCloud(outbound({ ...file, kind: "voice" })).items.map(({ body }) => body)).toEqual([
    { type: "audio", audio: { link: "https://files.example/1" } },
    { type: "text", text: { body: "Hello", preview_url: false } },
  ]);
  expect(renderCloud(outbound({ ...file, kind: "image" })).items.map(({ body }) => body)).toEqual([
    { type: "image", image: { link: "https://files.example/1", caption: "Hello" } },
  ]);
});

test("an approved template is sent as each provider takes it, refused for what is wrong in it, and never looked up", async () => {
  const template = { name: "everline_new_message", language: "sv", contentSid: `HX${"0".repeat(31)}2` };
  const asCloud = (values: readonly string[], over: object = {}) => {
    const item = renderCloudTemplate({ ...template, ...over }, values);
    expect(item?.isTemplate).toBe(true);
    return checkCloud(JSON.stringify({ messaging_product: "whatsapp", to: "46701740605", ...item?.body }));
  };
  expect(asCloud(["Paylark", "https://x.example/1"])).toMatchObject({
    ok: true,
    value: { body: expect.stringMatching(/^Du har ett nytt meddelande från Paylark\. .*https:\/\/x\.example\/1 /) },
  });
  const refused = (checked: ReturnType<typeof asCloud>) => {
    if (checked.ok) throw new Error("It was taken.");
    return toResult({ status: checked.answer.status, json: checked.answer.body, retryAfter: null });
  };
  expect(refused(asCloud(["Paylark"]))).toMatchObject({ outcome: "rejected", error: { class: "content" } });
  for (const wrong of [{ language: "fi" }, { name: "nobody_approved_this" }])
    expect(refused(asCloud(["Paylark", "x"], wrong))).toMatchObject({
      outcome: "rejected",
      error: { class: "config" },
    });

  const item = renderTwilioTemplate(template, ["Paylark", "https://x.example/1"]);
  expect(item).toEqual({
    isTemplate: true,
    body: { contentSid: template.contentSid, contentVariables: '{"1":"Paylark","2":"https://x.example/1"}' },
  });
  expect([renderCloudTemplate({ language: "en" }, []), renderTwilioTemplate({ language: "en" }, [])]).toEqual([
    null,
    null,
  ]);
  const client = { findMessages: async () => ({ found: [] }) } as unknown as TwilioClient;
  const { lookUp } = twilioMessages({
    callbackUrl: () => "",
    client,
    prefix: "whatsapp:",
    from: "+1",
    messagingServiceSid: null,
  });
  const outgoing = { deliveryId: "x.1", to: outbound().to, item: item ?? { body: {} } };
  expect(await lookUp(outgoing, new Date(), AbortSignal.timeout(1_000))).toBe("cannot-tell");
});

test("someone who writes back is shown that we write, under the message they wrote", async () => {
  const asked: { path: string; body: string }[] = [];
  const provider = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      asked.push({ path: request.url ?? "", body });
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  });
  await new Promise<void>((done) => provider.listen(0, "127.0.0.1", done));
  const apiUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const shared = { account: "default", publicUrl: () => "https://everline.example", burstWaitMs: 0 };
  const settings = { token: "t", appSecret: "s", verifyToken: "v", phoneNumberId: "5", apiUrl };
  const overCloud = createCloudWhatsapp({ ...shared, settings });
  await overCloud.showTyping(outbound().to, "wamid.A");
  await overCloud.showTyping(outbound().to, null);
  const twilio = { accountSid: `AC${"0".repeat(32)}`, authToken: "t", apiKey: null, apiSecret: null, apiUrl };
  const client = createTwilioClient(twilio);
  await createTwilioWhatsapp({ ...shared, authToken: "t", from: "+12025550100", client }).showTyping(
    outbound().to,
    "SM1",
  );
  expect(asked).toHaveLength(2);
  expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({
    status: "read",
    message_id: "wamid.A",
    typing_indicator: { type: "text" },
  });
  expect(asked[1]?.path).toBe("/v2/Indicators/Typing.json");
  expect(Object.fromEntries(new URLSearchParams(asked[1]?.body))).toEqual({ channel: "whatsapp", messageId: "SM1" });
  await Promise.all([overCloud.close(), client.close()]);
  await new Promise((done) => provider.close(done));
});
