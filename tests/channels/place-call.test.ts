import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { OutgoingCall } from "../../channels/channel.ts";
import { createTwilioClient, type TwilioClient } from "../../channels/twilio/client.ts";
import { placesCalls } from "../../channels/voice/place-call.ts";
import { wellBehaved } from "../../src/simulator/behaviour.ts";
import { type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";
import { quiet } from "../support/database.ts";

const accountSid = `AC${"0".repeat(32)}`;
const from = "+12025550100";
const call: OutgoingCall = {
  callId: "0199-call",
  to: "+12025550131",
  ringSeconds: 25,
  detectMachine: true,
  script: "<Response><Hangup/></Response>",
};
let double: ProviderDouble;
let client: TwilioClient;
let phone: ReturnType<typeof placesCalls>;

beforeAll(async () => {
  double = await startProviderDouble({
    port: 0,
    seed: 3,
    log: quiet,
    accountSid,
    authToken: "token",
    service: { publicUrl: () => "http://127.0.0.1:9" },
  });
  client = createTwilioClient({ accountSid, authToken: "token", apiKey: null, apiSecret: null, apiUrl: double.url });
  const callbackUrl = () => "https://everline.example/channels/voice/default";
  phone = placesCalls({ client, from, callbackUrl });
  // The SDK is loaded with the first request, which takes seconds on a busy machine.
  await client.health(AbortSignal.timeout(60_000));
}, 60_000);
afterAll(async () => {
  await client.close();
  await double.close();
});
beforeEach(() => double.behave({ ...wellBehaved, statuses: false }));

const soon = () => AbortSignal.timeout(10_000);
const placed = () => double.calls.at(-1);

test("a call carries our id, rings as long as it should and listens for a machine", async () => {
  const answer = await phone.placeCall(call, soon());
  expect(answer).toEqual({ outcome: "accepted", externalId: placed()?.sid });
  expect(placed()).toMatchObject({ to: call.to, from, given: { detectsMachine: true, url: null } });
  expect(placed()?.given.statusCallback).toBe(
    "https://everline.example/channels/voice/default/status?c=0199-call#rc=3&rp=all",
  );
  expect([...(placed()?.given.events ?? [])]).toEqual(["initiated", "ringing", "answered", "completed"]);
  const { script: _none, ...asked } = call;
  await phone.placeCall({ ...asked, to: "client:agent_7" }, soon());
  expect(placed()?.given.url).toBe("https://everline.example/channels/voice/default/answered?c=0199-call#rc=3&rp=all");
});

test("R5 a call whose outcome was unknown is found again by number and time, and no other is", async () => {
  const since = new Date();
  double.behave({ timeoutAfterAccepting: 1 });
  const unsure = { ...call, to: "+12025550139" };
  expect(await phone.placeCall(unsure, AbortSignal.timeout(1_000))).toMatchObject({ outcome: "unknown" });
  double.behave({ timeoutAfterAccepting: 0 });
  const found = await phone.lookUpCall(unsure, since, soon());
  expect(found).toMatchObject({ found: [{ externalId: placed()?.sid }] });
  expect(await phone.lookUpCall({ ...call, to: "+12025550132" }, since, soon())).toEqual({ found: [] });
  const ahead = (ms: number) => phone.lookUpCall(unsure, new Date(Date.now() + ms), soon());
  expect(await ahead(60_000), "our clock is a minute ahead").toMatchObject({ found: [{ externalId: placed()?.sid }] });
  expect(await ahead(60 * 60_000)).toEqual({ found: [] });
  double.behave({ failBefore: 1 });
  expect(await phone.lookUpCall(call, since, soon())).toBe("later");
});

test.each([
  ["a number that is none is final", { to: "nonsense" }, {}, { outcome: "rejected", error: { code: "21211" } }],
  ["429 waits as long as it is told", {}, { tooMany: 1, retryAfterSeconds: 7 }, { outcome: "retry", afterMs: 7_000 }],
  ["500 may have been taken", {}, { failAfter: 1 }, { outcome: "unknown" }],
  ["500 looks the same when it was not taken", {}, { failBefore: 1 }, { outcome: "unknown" }],
])("%s", async (_name, change, behaviour, expected) => {
  double.behave(behaviour);
  expect(await phone.placeCall({ ...call, ...change }, soon())).toMatchObject(expected);
});

test("a call is asked after and hung up; one that is not there is gone", async () => {
  double.answerAs("+12025550133", { ringMs: 60_000 });
  const answer = await phone.placeCall({ ...call, to: "+12025550133" }, soon());
  const sid = answer.outcome === "accepted" ? answer.externalId : "";
  expect(await phone.callStanding(sid, soon())).toMatchObject({ externalId: sid, answeredBy: null });
  expect(await phone.endCall(sid, soon())).toBe(true);
  expect(await phone.callStanding(sid, soon())).toMatchObject({ state: "canceled" });
  expect(await phone.callStanding(`CA${"f".repeat(32)}`, soon())).toBe("gone");
});
