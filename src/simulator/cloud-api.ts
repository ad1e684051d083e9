import { z } from "zod";
import { parseJson } from "../lib/parse-json.ts";
import { approvedTemplates, fillTemplate } from "./templates.ts";
import type { Answer, Checked } from "./twilio-api.ts";

export interface CloudMessage {
  readonly to: string;
  readonly body: string;
  readonly options: readonly { readonly id: string; readonly title: string }[];
  readonly deliveryId: string | null;
}

const reply = z.object({ type: z.literal("reply"), reply: z.object({ id: text(256), title: text(20) }) });
const row = z.object({ id: text(200), title: text(24), description: z.string().max(72).optional() });
const decoration = {
  header: z.object({ type: z.string(), text: z.string().max(60).optional() }).optional(),
  body: z.object({ text: text(1_024) }),
  footer: z.object({ text: text(60) }).optional(),
};
const interactive = z.discriminatedUnion("type", [
  z.object({ type: z.literal("button"), ...decoration, action: z.object({ buttons: z.array(reply).min(1).max(3) }) }),
  z.object({
    type: z.literal("list"),
    ...decoration,
    action: z.object({
      button: text(20),
      sections: z
        .array(z.object({ title: z.string().max(24).optional(), rows: z.array(row).min(1) }))
        .min(1)
        .max(10),
    }),
  }),
  z.object({
    type: z.literal("cta_url"),
    ...decoration,
    action: z.object({ name: z.literal("cta_url"), parameters: z.object({ display_text: text(20), url: z.url() }) }),
  }),
]);
const link = z.object({ id: z.string().optional(), link: z.url({ protocol: /^https?$/ }).optional() });
const captioned = link.extend({ caption: z.string().max(1_024).optional() });
const template = z.object({
  name: text(512),
  language: z.object({ code: z.string().regex(/^[a-z]{2,3}(_[A-Z]{2})?$/) }),
  components: z
    .array(
      z.object({
        type: z.literal("body"),
        parameters: z.array(z.object({ type: z.literal("text"), text: text(1_024) })),
      }),
    )
    .max(1)
    .default([]),
});
const common = { messaging_product: z.literal("whatsapp"), biz_opaque_callback_data: z.string().max(512).optional() };
const recipient = {
  to: z
    .string()
    .regex(/^\+?\d{6,15}$/)
    .optional(),
  recipient: z.string().max(140).optional(),
};
const isThere = (one: z.output<typeof link>): boolean => one.id !== undefined || one.link !== undefined;
const medium = captioned.refine(isThere);
/** Nothing may stand below these. */
const bareMedium = link.strict().refine(isThere);
const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), ...common, ...recipient, text: z.object({ body: text(4_096) }) }),
  z.object({ type: z.literal("interactive"), ...common, ...recipient, interactive }),
  z.object({ type: z.literal("template"), ...common, ...recipient, template }),
  z.object({
    type: z.literal("reaction"),
    ...common,
    ...recipient,
    reaction: z.object({ message_id: text(256), emoji: z.string() }),
  }),
  z.object({
    type: z.literal("location"),
    ...common,
    ...recipient,
    location: z.object({ latitude: z.coerce.number(), longitude: z.coerce.number(), name: z.string().optional() }),
  }),
  z.object({ type: z.literal("image"), ...common, ...recipient, image: medium }),
  z.object({ type: z.literal("video"), ...common, ...recipient, video: medium }),
  z.object({ type: z.literal("audio"), ...common, ...recipient, audio: bareMedium }),
  z.object({ type: z.literal("sticker"), ...common, ...recipient, sticker: bareMedium }),
  z.object({ type: z.literal("document"), ...common, ...recipient, document: medium }),
]);
const readMark = z.object({
  messaging_product: z.literal("whatsapp"),
  status: z.literal("read"),
  message_id: text(256),
});

function text(max: number) {
  return z.string().min(1).max(max);
}

/** The rules of POST /{phone number id}/messages with Meta's codes; "mark" is a read or typing mark, seen by nobody. */
export function checkCloud(body: string): Checked<CloudMessage | "mark"> {
  const json = parseJson(body);
  if (json === undefined) return refuseCloud(400, 100, "(#100) The body is not JSON.");
  if (readMark.safeParse(json).success) return { ok: true, value: "mark" };
  const withType = typeof json === "object" && json !== null && !("type" in json) ? { ...json, type: "text" } : json;
  const parsed = message.safeParse(withType);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    const code = path.startsWith("interactive") ? 131009 : 100;
    return refuseCloud(400, code, `(#${code}) Parameter value is not valid: ${path}`);
  }
  const to = parsed.data.to ?? parsed.data.recipient;
  if (to === undefined) return refuseCloud(400, 100, "(#100) The parameter to is required.");
  const listed = parsed.data.type === "interactive" ? optionsOf(parsed.data.interactive) : [];
  if (listed.length > 10) return refuseCloud(400, 131009, "(#131009) A list has at most 10 rows.");
  if (
    new Set(listed.map(({ id }) => id)).size < listed.length ||
    new Set(listed.map(({ title }) => title)).size < listed.length
  ) {
    return refuseCloud(400, 131009, "(#131009) Ids and titles must be unique.");
  }
  if (parsed.data.type === "template") {
    const { name, language, components } = parsed.data.template;
    const known = approvedTemplates.find((one) => one.name === name && one.language === language.code);
    if (known === undefined)
      return refuseCloud(404, 132001, "(#132001) Template name does not exist in the translation");
    const values = components.flatMap(({ parameters }) => parameters.map((one) => one.text));
    const body = fillTemplate(known.body, Object.fromEntries(values.map((value, at) => [at + 1, value])));
    if (body === null)
      return refuseCloud(400, 132000, "(#132000) Number of parameters does not match the expected number of params");
    return { ok: true, value: { to: to.replace("+", ""), body, options: [], deliveryId: carriedBy(parsed.data) } };
  }
  return {
    ok: true,
    value: {
      to: to.replace("+", ""),
      body: bodyOf(parsed.data),
      options: listed,
      deliveryId: carriedBy(parsed.data),
    },
  };
}

const carriedBy = (given: z.output<typeof message>): string | null => given.biz_opaque_callback_data ?? null;

export function refuseCloud(
  status: number,
  code: number,
  text: string,
): { readonly ok: false; readonly answer: Answer } {
  const type = code === 190 ? "OAuthException" : "GraphMethodException";
  return {
    ok: false,
    answer: { status, body: { error: { message: text, type, code, fbtrace_id: "AsimulatedTrace" } } },
  };
}

function optionsOf(value: z.output<typeof interactive>): { id: string; title: string }[] {
  switch (value.type) {
    case "button":
      return value.action.buttons.map((button) => button.reply);
    case "list":
      return value.action.sections.flatMap(({ rows }) => rows.map(({ id, title }) => ({ id, title })));
    case "cta_url":
      return [];
  }
}

function bodyOf(value: Exclude<z.output<typeof message>, { type: "template" }>): string {
  switch (value.type) {
    case "text":
      return value.text.body;
    case "interactive":
      return value.interactive.body.text;
    case "reaction":
      return value.reaction.emoji;
    case "location":
      return `${value.location.name ?? ""} ${value.location.latitude}, ${value.location.longitude}`.trim();
    case "image":
      return value.image.caption ?? "[image]";
    case "video":
      return value.video.caption ?? "[video]";
    case "audio":
      return "[audio]";
    case "sticker":
      return "[sticker]";
    case "document":
      return value.document.caption ?? "[document]";
  }
}

/** Approved beforehand: it may also begin a conversation. */
export function isTemplate(body: string): boolean {
  const parsed = message.safeParse(parseJson(body));
  return parsed.success && parsed.data.type === "template";
}
