import type { RawRequest, Received, Webhook } from "../channel.ts";
import { isFromTwilio } from "./verify.ts";

/**
 * Behind an address that we give to Twilio: it asks three times again. By default it gives up on a 5xx at once, so a
 * report would be lost for good and an answered call would drop. No signature covers this part.
 */
export const retries = "#rc=3&rp=all";

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
