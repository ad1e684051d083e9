import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { createLog } from "../src/lib/log.ts";

const DATA_DIR = mkdtempSync(join(tmpdir(), "everline-config-"));

test("every fault is reported at once, by name and never by value", () => {
  const faulty = {
    DATA_DIR,
    PORT: "99999",
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TIME_ZONE: "Mars/Base",
    SECRET_KEY: "tooshort-secret",
  };
  expect(() => readConfig(faulty)).toThrow(
    /TWILIO_AUTH_TOKEN, PUBLIC_URL: missing[\s\S]*PORT[\s\S]*SECRET_KEY[\s\S]*TIME_ZONE/,
  );
  expect(() => readConfig(faulty)).not.toThrow(/tooshort-secret|Mars/);
});

test("nothing configured means the demo company, the simulator and a kept key", () => {
  const config = readConfig({ DATA_DIR });
  expect(config).toMatchObject({ demo: true, simulator: true, role: "all", port: 3000 });
  expect(readConfig({ DATA_DIR }).secretKey).toEqual(config.secretKey);
});

test("a setting that this version does nothing with is named, and stops nothing", () => {
  const bot = { BOT_APP_ID: "an-app", BOT_APP_PASSWORD: "a-password" };
  expect(readConfig({ DATA_DIR, WHATSAPP_WEB: "true", ...bot }).withoutEffect).toEqual(["WHATSAPP_WEB", "BOT_APP_ID"]);
  expect(readConfig({ DATA_DIR }).withoutEffect).toEqual([]);
});

test("a language model needs its key, or the address of its provider", () => {
  const faultOf = (settings: Record<string, string>) => () => readConfig({ DATA_DIR, ...settings });
  expect(faultOf({ ASSISTANT_MODEL: "openai:some-model" })).toThrow("ASSISTANT_API_KEY: missing");
  expect(faultOf({ ASSISTANT_MODEL: "other:some-model" })).toThrow("ASSISTANT_BASE_URL: missing");
  expect(faultOf({ ASSISTANT_MODEL: "openai:some-model", ASSISTANT_API_KEY: "key" })).not.toThrow();
  expect(faultOf({ ASSISTANT_MODEL: "other:some-model", ASSISTANT_BASE_URL: "http://localhost:1" })).not.toThrow();
});

test("proxies are trusted by number or by address, and never all of them", () => {
  const trusted = (TRUST_PROXY: string) => readConfig({ DATA_DIR, TRUST_PROXY }).trustProxy;
  expect(readConfig({ DATA_DIR }).trustProxy).toBeNull();
  expect(trusted("2")).toBe(2);
  expect(trusted("10.0.0.0/8, loopback,2001:db8::/32,192.0.2.1")).toEqual([
    "10.0.0.0/8",
    "loopback",
    "2001:db8::/32",
    "192.0.2.1",
  ]);
  for (const wrong of ["true", "0", "11", "10.0.0.0/33", "10.0.0.0/8/8", "everybody", "10.0.0", ","])
    expect(() => trusted(wrong), wrong).toThrow("TRUST_PROXY: must be a number of proxies");
});

test("P2 a log line keeps only the fields on the list", () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line: string) => void lines.push(line) } });
  const fields = { conversationId: "c1", text: "my secret", phone: "+4670" };
  log.info(fields, "happened");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"conversationId":"c1"');
  expect(lines[0]).not.toMatch(/secret|4670/);
});
