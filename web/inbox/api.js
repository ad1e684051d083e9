import { changed } from "./state.js";

/** One call to the agents' API. Never throws: a lost connection is an answer like any other. */
export async function call(method, path, body) {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": body instanceof Blob ? body.type : "application/json" },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    });
    // Who asks whether they are signed in, or tries to, hears it in the answer.
    if (response.status === 401 && path !== "/session") changed("signed-out");
    const data = response.status === 204 ? null : await response.json().catch(() => null);
    return { ok: response.ok, status: response.status, data, words: data?.error?.message ?? "That did not work." };
  } catch {
    return { ok: false, status: 0, data: null, words: "No connection. Nothing was lost; try again." };
  }
}
