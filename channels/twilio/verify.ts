import { createHmac, timingSafeEqual } from "node:crypto";
import type { RawRequest } from "../channel.ts";

/**
 * Is this request really Twilio's? HMAC-SHA1 over the public URL and, for forms, every parameter in order of its name.
 * Twilio's signer is inconsistent about standard ports, so the URL is tried with and without them. Constant time.
 */
export function isFromTwilio(options: {
  readonly authToken: string;
  readonly publicUrl: string;
  readonly request: RawRequest;
  readonly form: URLSearchParams;
}): boolean {
  const given = options.request.headers["x-twilio-signature"];
  if (typeof given !== "string") return false;
  const parameters = options.request.method === "POST" ? flatten(options.form) : "";
  const url = options.publicUrl + options.request.url;
  return portVariants(url).some((candidate) => equal(given, sign(options.authToken, candidate + parameters)));
}

/** The signature Twilio would send; used by the simulator and the tests as well. */
export function signTwilio(authToken: string, url: string, form: URLSearchParams): string {
  return sign(authToken, url + flatten(form));
}

function sign(authToken: string, data: string): string {
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}

/** Names in byte order; a repeated name's distinct values sorted, each with its name. */
function flatten(form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  return names
    .map((name) =>
      [...new Set(form.getAll(name))]
        .sort()
        .map((value) => name + value)
        .join(""),
    )
    .join("");
}

function portVariants(url: string): string[] {
  const match = /^(https?):\/\/([^/?#]+)(.*)$/.exec(url);
  const [, scheme = "", host = "", rest = ""] = match ?? [];
  const bare = host.replace(/:\d+$/, "");
  const standard = scheme === "https" ? "443" : "80";
  return [
    ...new Set([
      url,
      `${scheme}://${bare}${rest}`,
      `${scheme}://${host === bare ? `${bare}:${standard}` : host}${rest}`,
    ]),
  ];
}

function equal(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
