import { call } from "./call.ts";
import { say } from "./words.ts";

/** The conversation as a text file. */
export async function saveTranscript(): Promise<void> {
  const text = (await call("GET", "/conversations/*/transcript")) as string;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = `${say("chat")}-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
