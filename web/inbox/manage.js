import { call } from "./api.js";
import { $ } from "./dom.js";

/** Shows the page to administrators; to everybody else it says what to do. Resolves to whether it was shown. */
export async function enterAsAdministrator() {
  const { ok, data, status, words } = await call("GET", "/session");
  const admin = ok && data.agent.role === "admin";
  $("manage").hidden = !admin;
  $("refused").hidden = admin;
  if (!admin) {
    const link = document.createElement("a");
    link.href = "/inbox";
    link.textContent = "Open the inbox";
    const why = ok
      ? "Only administrators can change this. Ask one of them, or sign in as one."
      : status === 401
        ? "Sign in first."
        : words;
    $("refused").replaceChildren(`${why} `, link);
  }
  return admin;
}
