import { z } from "zod";
import { parseJson } from "../lib/parse-json.ts";
import { fillTemplate } from "./templates.ts";
import { type Answer, type Checked, refuse } from "./twilio-api.ts";

export interface Content {
  readonly sid: string;
  readonly friendlyName: string | null;
  readonly body: string;
  readonly options: readonly { readonly id: string; readonly title: string }[];
}

const id = z.string().min(1).max(200);
const definition = z.object({
  friendly_name: z.string().max(64).optional(),
  language: z.string().min(2),
  variables: z.record(z.string(), z.string()).optional(),
  types: z
    .object({
      // In a session three buttons need no approval.
      "twilio/quick-reply": z.object({
        body: z.string().max(1_024),
        actions: z
          .array(z.object({ type: z.literal("QUICK_REPLY"), id, title: z.string().min(1).max(20) }))
          .min(1)
          .max(3),
      }),
      "twilio/list-picker": z.object({
        body: z.string().max(1_024),
        button: z.string().min(1).max(20),
        items: z
          .array(z.object({ id, item: z.string().min(1).max(24), description: z.string().max(72).optional() }))
          .min(1)
          .max(10),
      }),
    })
    .partial()
    .strict(),
});

/** The rules of POST /v1/Content for what shows choices. */
export function checkContent(body: string, sid: string): Checked<Content> {
  const parsed = definition.safeParse(parseJson(body));
  if (!parsed.success) return refuse(400, 20001, `Invalid content: ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
  const { types, friendly_name: friendlyName = null } = parsed.data;
  const reply = types["twilio/quick-reply"];
  if (reply !== undefined) return { ok: true, value: { sid, friendlyName, body: reply.body, options: reply.actions } };
  const list = types["twilio/list-picker"];
  if (list === undefined) return refuse(400, 20001, "Invalid content: types");
  const options = list.items.map((one) => ({ id: one.id, title: one.item }));
  return { ok: true, value: { sid, friendlyName, body: list.body, options } };
}

/** The content's words with its variables filled in; null: the variables are not exactly those it has. */
export function fillContent(content: Content, variables: string | null): string | null {
  const parsed = z.record(z.string(), z.string()).safeParse(parseJson(variables ?? "{}"));
  return parsed.success ? fillTemplate(content.body, parsed.data) : null;
}

export function listContents(contents: Iterable<Content>): Answer {
  const resources = [...contents].map(({ sid, friendlyName }) => ({ sid, friendly_name: friendlyName }));
  return { status: 200, body: { contents: resources, meta: { key: "contents", next_page_url: null } } };
}
