import { createHmac, randomBytes } from "node:crypto";
import { account, type RunOrder } from "../lib/orders.ts";

const runPrefix = randomBytes(8).toString("hex");
let messages = 0;

/** The whole HTTP request of one incoming SMS, with the fields Twilio sends and its signature over them. */
export function buildWebhook(target: RunOrder["target"], from: string, text: string): Buffer {
  messages += 1;
  const sid = `SM${runPrefix}${messages.toString(16).padStart(16, "0")}`;
  // In the order of their names: so the signature is one pass over them.
  const fields = [
    ["AccountSid", account.sid],
    ["ApiVersion", "2010-04-01"],
    ["Body", text],
    ["From", from],
    ["FromCountry", "SE"],
    ["MessageSid", sid],
    ["NumMedia", "0"],
    ["NumSegments", "1"],
    ["SmsMessageSid", sid],
    ["SmsSid", sid],
    ["SmsStatus", "received"],
    ["To", account.number],
    ["ToCountry", "SE"],
  ] as const;
  let signed = target.publicUrl + target.path;
  let body = "";
  for (const [name, value] of fields) {
    signed += name + value;
    body += `${body === "" ? "" : "&"}${name}=${encodeURIComponent(value)}`;
  }
  const signature = createHmac("sha1", account.token).update(signed, "utf8").digest("base64");
  return Buffer.from(
    `POST ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\nuser-agent: TwilioProxy/1.1\r\n` +
      `content-type: application/x-www-form-urlencoded; charset=UTF-8\r\nx-twilio-signature: ${signature}\r\n` +
      `i-twilio-idempotency-token: ${sid}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    "latin1",
  );
}
