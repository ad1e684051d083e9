import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { parse, stringify } from "node:querystring";
import type { RawRequest } from "../channel.ts";

/**
 * Is this request really Twilio's? HMAC-SHA1 over the public URL and, for forms, every parameter in order of its name; a
 * JSON body is covered by its hash in the URL. Twilio's signer is inconsistent about standard ports and about how a
 * query is escaped, so each form that its own SDK accepts is tried. Constant time.
 */
export function isFromTwilio(options: {
  readonly authToken: string;
  readonly publicUrl: string;
  readonly request: RawRequest;
  readonly form: URLSearchParams;
}): boolean {
  const { authToken, publicUrl, request, form } = options;
  const given = request.headers["x-twilio-signature"];
  if (typeof given !== "string") return false;
  const url = publicUrl + request.url;
  const bodyHash = new URLSearchParams(request.url.split("?")[1] ?? "").get("bodySHA256");
  if (bodyHash !== null && !equal(bodyHash, createHash("sha256").update(request.body).digest("hex"))) return false;
  const parameters = request.method === "POST" && bodyHash === null ? signedWords(form) : "";
  const signed = (candidate: string): boolean => equal(given, sign(authToken, candidate + parameters));
  return portVariants(url).some(signed) || reEncoded(url).some(signed);
}

/** The signature Twilio would send; used by the simulator and the tests as well. */
export function signTwilio(authToken: string, url: string, form: URLSearchParams): string {
  return sign(authToken, url + signedWords(form));
}

function sign(authToken: string, data: string): string {
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}

/** Names in byte order; a repeated name's distinct values sorted, each with its name. */
export function signedWords(form: URLSearchParams): string {
  const fields = [...form].sort(([name, value], [other, another]) => order(name, other) || order(value, another));
  let words = "";
  fields.forEach(([name, value], index) => {
    const [nameBefore, valueBefore] = fields[index - 1] ?? [];
    if (name !== nameBefore || value !== valueBefore) words += name + value;
  });
  return words;
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** As given first, because that is nearly always what was signed. */
function portVariants(url: string): string[] {
  const [, scheme = "", user = "", host = "", rest = ""] =
    /^((?:http|ws)s?:\/\/)([^/?#]*@)?([^/?#@]+)([\s\S]*)$/.exec(url) ?? [];
  const bare = host.replace(/:\d+$/, "");
  const standard = scheme.endsWith("s://") ? "443" : "80";
  const other = host === bare ? `${bare}:${standard}` : bare;
  return [host, other].map((one) => scheme + user + one + rest);
}

/** Some of Twilio's services sign the URL with its query escaped anew. */
function reEncoded(url: string): string[] {
  if (!URL.canParse(url)) return [];
  return portVariants(new URL(url).toString()).flatMap((one) => {
    const [path = "", query] = one.split("?");
    return query === undefined ? [one] : [one, `${path}?${stringify(parse(query))}`];
  });
}

function equal(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
