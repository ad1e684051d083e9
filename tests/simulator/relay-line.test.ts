import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { openRelayLine } from "../../src/simulator/relay-line.ts";

/** The provider's side of a session, with the service's side in the test's hands. */
let server: WebSocketServer;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
});
afterEach(() => void server.close());

async function openLine(attributes: Readonly<Record<string, string>>) {
  const { port } = server.address() as AddressInfo;
  const spoken: [string, string][] = [];
  const caller = { accountSid: "AC1", callSid: "CA1", from: "+46701740600", to: "+46100000000", direction: "inbound" };
  const connected = once(server, "connection");
  const line = openRelayLine({
    ...{ twiml: { attributes, parameters: {}, action: null }, caller, signature: "", charsPerSecond: Infinity },
    address: `ws://127.0.0.1:${port}`,
    onSpoken: (text, language) => spoken.push([text, language]),
  });
  const [service] = (await connected) as [WebSocket];
  const received: unknown[] = [];
  service.on("message", (data) => received.push(JSON.parse(String(data))));
  /** Everything that was sent before has arrived, each way. */
  const settled = async () => {
    service.ping();
    await once(service, "pong");
  };
  const send = async (frame: object) => {
    service.send(JSON.stringify(frame));
    await settled();
  };
  const hears = async (words: string) => {
    line.say(words);
    await settled();
    return received.at(-1);
  };
  return { line, spoken, received, send, hears };
}

test("what is spoken and what is understood have a language each, from the start and by message", async () => {
  const { line, spoken, send, hears } = await openLine({ language: "sv-SE", transcriptionLanguage: "en-US" });
  await send({ type: "text", token: "Hej", last: true });
  expect(await hears("hello")).toMatchObject({ type: "prompt", lang: "en-US" });
  await send({ type: "language", transcriptionLanguage: "de-DE" });
  await send({ type: "text", token: "Hej igen", last: true });
  expect(await hears("hallo")).toMatchObject({ type: "prompt", lang: "de-DE" });
  await send({ type: "language", ttsLanguage: "es-ES" });
  await send({ type: "text", token: "Hola", last: true });
  expect(await hears("hallo")).toMatchObject({ type: "prompt", lang: "de-DE" });
  expect(spoken).toEqual([
    ["Hej", "sv-SE"],
    ["Hej igen", "sv-SE"],
    ["Hola", "es-ES"],
  ]);
  expect(line.faults).toEqual([]);
  line.hangUp();
});

test("a message of languages with another field, or with what is no language, is answered with an error and changes nothing", async () => {
  const { line, received, send, hears } = await openLine({ language: "sv-SE" });
  await send({ type: "language", transcriptionLanguage: "en-US", lang: "en-US" });
  await send({ type: "language", transcriptionLanguage: "English" });
  expect(received.slice(-2)).toEqual([
    { type: "error", description: expect.stringContaining("64107") },
    { type: "error", description: expect.stringContaining("64107") },
  ]);
  expect(line.faults).toHaveLength(2);
  expect(await hears("hej")).toMatchObject({ type: "prompt", lang: "sv-SE" });
  line.hangUp();
});
