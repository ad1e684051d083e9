import type { RawRequest, Received, Webhook } from "../channel.ts";
import { isFromTwilio } from "./verify.ts";

/** A signed form that Twilio posts to us. `read` sees it only after the signature was found right. */
export function twilioWebhook(
  account: { readonly authToken: string; readonly publicUrl: () => string },
  path: string,
  read: (form: URLSearchParams, request: RawRequest) => Received,
): Webhook {
  return {
    method: "POST",
    path,
    receive(request) {
      const form = new URLSearchParams(request.body.toString("utf8"));
      const { authToken, publicUrl } = account;
      if (isFromTwilio({ authToken, publicUrl: publicUrl(), request, form })) return read(form, request);
      const missing = request.headers["x-twilio-signature"] === undefined;
      const reason = missing ? "signature-missing" : "signature-wrong";
      return { kind: "refused", answer: { status: missing ? 400 : 403 }, reason };
    },
  };
}

export function queryOf(request: RawRequest): URLSearchParams {
  return new URLSearchParams(request.url.split("?")[1] ?? "");
}
