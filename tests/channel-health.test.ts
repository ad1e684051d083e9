import { expect, test } from "vitest";
import type { Channel, ReportsHealth } from "../channels/channel.ts";
import { watchChannelHealth } from "../src/inbox/channel-health.ts";
import { openDesk } from "./support/desk.ts";

function account(name: string, health?: ReportsHealth["health"]): Channel {
  return {
    name,
    account: "default",
    limits: { textMaxChars: 1, replyWindowMs: null, burstWaitMs: 0, pulled: false, wording: "short" },
    render: () => ({ items: [], degraded: [] }),
    ...(health === undefined ? {} : { health }),
  };
}

test("agents and whoever watches see how each channel account stands with its provider", async () => {
  // The credentials are those of nobody, and the provider is the service itself, which knows no such address.
  const desk = await openDesk({
    PUBLIC_URL: "https://line.example",
    TWILIO_ACCOUNT_SID: `AC${"1".repeat(32)}`,
    TWILIO_AUTH_TOKEN: "not the right one",
    TWILIO_SMS_NUMBER: "+12025550100",
    TWILIO_API_URL: "http://127.0.0.1:9",
  });
  try {
    const ada = await desk.agent("Ada");
    const read = async () => (await ada.call("GET", "/channels")).body.channels;
    await expect.poll(async () => (await read())[0].checkedAt, { timeout: 15_000 }).not.toBeNull();
    const sms = (await read()).find((one: { name: string }) => one.name === "sms");
    expect(sms).toMatchObject({ account: "default", state: "down" });
    expect(sms.detail).toMatch(/\.$/);
  } finally {
    await desk.close();
  }
});

test("a provider is asked once a minute, one that breaks is down, and the others are unaffected", async () => {
  let now = 0;
  let asked = 0;
  const read = watchChannelHealth(
    [
      account("sms", async () => {
        asked += 1;
        return { state: "needs-action", detail: "Set a new token." };
      }),
      account("whatsapp", () => Promise.reject(new Error("broken"))),
      account("web-chat"),
    ],
    () => now,
  );
  await Promise.all([read(), read()]);
  expect((await read()).map(({ state }) => state)).toEqual(["needs-action", "down", "ok"]);
  expect(asked).toBe(1);
  now = 61_000;
  await read();
  expect(asked).toBe(2);
});
