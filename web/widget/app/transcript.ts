import { call } from "./call.ts";
import { config, say } from "./words.ts";

/** The conversation as a text file, in the customer's language and with the times of their clock. */
export async function saveTranscript(): Promise<void> {
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const text = (await call("GET", `/conversations/*/transcript?locale=${config.locale}&zone=${zone}`)) as string;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = `${say("chat")}-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
