import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import { twilioSignature } from "../../src/simulator/sign.ts";
import { readTwiml } from "../../src/simulator/twiml.ts";

export const account = { sid: `AC${"b".repeat(32)}`, token: "token-of-the-bench", number: "+12025550100" } as const;

export interface Caller {
  readonly open: boolean;
  /** Says something and gives the milliseconds until the first frame of the answer. */
  ask(words: string): Promise<number>;
  hangUp(): void;
}

/** Calls as Twilio does: the signed webhook, then the signed socket with the token that the TwiML gave. */
export async function call(publicUrl: string, index: number): Promise<Caller> {
  const callSid = `CA${randomBytes(16).toString("hex")}`;
  const from = `+1202555${String(1_000 + index).padStart(4, "0")}`;
  const form = new Map(
    Object.entries({
      CallSid: callSid,
      AccountSid: account.sid,
      From: from,
      To: account.number,
      CallStatus: "ringing",
    }),
  );
  const url = `${publicUrl}/channels/voice/default/incoming`;
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": twilioSignature(account.token, url, form),
    },
    body: new URLSearchParams([...form]),
  });
  const { relay } = readTwiml(await answer.text());
  const address = relay?.attributes.url;
  if (relay === null || address === undefined) throw new Error(`The call was answered with ${answer.status}.`);
  const socket = new WebSocket(address, {
    headers: { "x-twilio-signature": twilioSignature(account.token, address, null) },
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  send({ type: "setup", sessionId: `VX${callSid}`, callSid, customParameters: relay.parameters });

  let answered: ((at: number) => void) | null = null;
  socket.on("message", (data) => {
    const at = performance.now();
    const frame = JSON.parse(String(data)) as { type: string; preemptible?: boolean };
    // "One moment" is no answer.
    if (frame.type === "text" && frame.preemptible !== true) answered?.(at);
  });
  return {
    get open() {
      return socket.readyState === socket.OPEN;
    },
    async ask(words) {
      const first = new Promise<number>((resolve) => {
        answered = resolve;
      });
      const began = performance.now();
      send({ type: "prompt", voicePrompt: words, lang: "en-US", last: true });
      const at = await first;
      answered = null;
      return at - began;
    },
    hangUp: () => socket.terminate(),
  };
}
