import { existsSync, readdirSync, readFileSync } from "node:fs";
import { metaJson, metaSignature, twilioSignature } from "../../src/simulator/sign.ts";
import { account, type Post, publicUrl } from "../channels/contract.ts";

export type Form = Readonly<Record<string, string>>;

/** A form of Twilio's with its signature. */
export function twilioPost(path: string, form: Form): Post {
  const signature = twilioSignature(account.authToken, publicUrl + path, new Map(Object.entries(form)));
  return { path, headers: twilioHeaders(signature), body: new URLSearchParams(form).toString() };
}

function twilioHeaders(signature: string): Record<string, string> {
  return { "content-type": "application/x-www-form-urlencoded; charset=UTF-8", "x-twilio-signature": signature };
}

/** The same request, signed for another spelling of its address. */
function signedFor(url: (path: string) => string) {
  return (post: Post): Post => {
    const form = new Map(new URLSearchParams(post.body.toString()));
    return { ...post, headers: twilioHeaders(twilioSignature(account.authToken, url(post.path), form)) };
  };
}

/** How Twilio also signs: with the standard port, or with its query escaped otherwise. */
export const twilioGenuine = {
  "signed with the port": signedFor((path) => `${publicUrl}:443${path}`),
  "encoded otherwise": (post: Post): Post => ({ ...post, body: post.body.toString().replaceAll("+", "%20") }),
  "parameters in another order": (post: Post): Post => ({
    ...post,
    body: post.body.toString().split("&").reverse().join("&"),
  }),
};

export const twilioForged = {
  "without a signature": ({ headers, ...post }: Post): Post => {
    const { "x-twilio-signature": _gone, ...rest } = headers;
    return { ...post, headers: rest };
  },
  "with a wrong signature": (post: Post): Post => ({ ...post, headers: twilioHeaders("bm90IHR3aWxpbyBhdCBhbGwhISE=") }),
  "with an empty signature": (post: Post): Post => ({ ...post, headers: twilioHeaders("") }),
  "with one byte changed": (post: Post): Post => ({ ...post, body: `${post.body.toString()}x` }),
  "with a field added": (post: Post): Post => ({ ...post, body: `${post.body.toString()}&Extra=1` }),
  "signed for another host": signedFor((path) => `https://elsewhere.example${path}`),
  "signed for another path": signedFor(() => `${publicUrl}/channels/other/default/webhook`),
};

/** A webhook of Meta's with its signature, escaped as Meta escapes. */
export function metaPost(value: unknown): Post {
  return metaPostOf(metaJson(value));
}

function metaPostOf(body: string): Post {
  const headers = {
    "content-type": "application/json",
    "x-hub-signature-256": metaSignature(account.cloud.appSecret, body),
  };
  return { path: "/channels/whatsapp/default/webhook", headers, body };
}

export const metaGenuine = {
  "spaced otherwise": (post: Post): Post => metaPostOf(JSON.stringify(JSON.parse(post.body.toString()), null, 2)),
  "not escaped": (post: Post): Post => metaPostOf(JSON.stringify(JSON.parse(post.body.toString()))),
};

export const metaForged = {
  "without a signature": (post: Post): Post => ({ ...post, headers: { "content-type": "application/json" } }),
  "with a wrong signature": (post: Post): Post => ({
    ...post,
    headers: { ...post.headers, "x-hub-signature-256": metaSignature("another secret", post.body.toString()) },
  }),
  "with the bare digest": (post: Post): Post => ({
    ...post,
    headers: { ...post.headers, "x-hub-signature-256": post.headers["x-hub-signature-256"]?.slice(7) ?? "" },
  }),
  "with one byte changed": (post: Post): Post => ({ ...post, body: `${post.body.toString()} ` }),
};

const fixtures = new URL("../../../shared/fixtures", import.meta.url).pathname;

/** Twilio's forms as others keep them, addressed to our account; none where that folder is not there. */
export function recordedForms(names: RegExp, path: string): Record<string, Post> {
  const file = `${fixtures}/twilio/inbound-forms.json`;
  if (!existsSync(file)) return {};
  const forms = JSON.parse(readFileSync(file, "utf8")) as Record<string, Form>;
  const mine = Object.entries(forms).filter(([name]) => names.test(name));
  return Object.fromEntries(mine.map(([name, form]) => [name, twilioPost(path, { ...form, MessageSid: `SM${name}` })]));
}

/** Meta's webhooks as others recorded them, readdressed to our number; none where that folder is not there. */
export function recordedCloud(): Record<string, Post> {
  const folders = ["pywa", "vercel-chat"].map((name) => `${fixtures}/whatsapp-cloud/${name}`).filter(existsSync);
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  const posts = files.flatMap((file) => {
    const text = readFileSync(file, "utf8").replace(
      /("phone_number_id": *)"[^"]*"/g,
      `$1"${account.cloud.phoneNumberId}"`,
    );
    const json = JSON.parse(text) as Record<string, unknown>;
    const bodies = "entry" in json ? [json] : Object.values(json).filter((one) => typeof one === "object");
    return bodies.map((body, index): [string, Post] => [`${file} ${index}`, metaPost(body)]);
  });
  return Object.fromEntries(posts);
}
