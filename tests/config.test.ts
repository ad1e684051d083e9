import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { createLog } from "../src/lib/log.ts";

const DATA_DIR = mkdtempSync(join(tmpdir(), "everline-config-"));
const twilio = {
  TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
  TWILIO_AUTH_TOKEN: "token-for-tests",
  PUBLIC_URL: "https://help.example",
};

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

test("the simulator belongs to the demo: a company's own customers are never its telephones", () => {
  const DATABASE_URL = "postgres://localhost/everline";
  expect(readConfig({ DATA_DIR, DATABASE_URL })).toMatchObject({ demo: false, simulator: false });
  expect(readConfig({ DATA_DIR, DATABASE_URL, DEMO: "true" })).toMatchObject({ demo: true, simulator: true });
  expect(readConfig({ DATA_DIR, ...twilio, DEMO: "true" })).toMatchObject({ demo: true, simulator: false });
});

test("M1 with a provider only the configured countries are called, if only by our own numbers", () => {
  const countries = (settings: Record<string, string>) =>
    readConfig({ DATA_DIR, ...twilio, ...settings }).callCountries;
  expect(countries({})).toEqual([]);
  expect(countries({ TWILIO_VOICE_NUMBER: "+46701740605", TWILIO_SMS_NUMBER: "+12025550100" })).toEqual(["SE", "US"]);
  // Twilio's number for tests is in no area code.
  expect(countries({ TWILIO_SMS_NUMBER: "+15005550006" })).toEqual(["US"]);
  expect(countries({ TWILIO_SMS_NUMBER: "+12025550100", COUNTRY: "DE" })).toEqual(["DE"]);
  expect(countries({ COUNTRY: "DE", CALL_COUNTRIES: "fr, ES" })).toEqual(["FR", "ES"]);
});

test("the company's account server needs its address alone; the secret is made of ours, and stays the same", () => {
  const settings = { DATA_DIR, ACCOUNT_MCP_URL: "https://accounts.example/mcp" };
  const { account } = readConfig(settings);
  expect(account?.url).toBe(settings.ACCOUNT_MCP_URL);
  expect(account?.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(readConfig(settings).account).toEqual(account);
  expect(() => readConfig({ DATA_DIR, ACCOUNT_MCP_SECRET: "x".repeat(32) })).toThrow("ACCOUNT_MCP_URL: missing");
});

test("a data directory that takes no key is explained, and who only looks leaves nothing there", () => {
  const file = join(DATA_DIR, "a-file");
  writeFileSync(file, "");
  expect(() => readConfig({ DATA_DIR: join(file, "data") })).toThrow(
    /^The data directory .* cannot be written\. Set DATA_DIR .* unless SECRET_KEY is set\.$/,
  );
  const fresh = join(DATA_DIR, "fresh");
  readConfig({ DATA_DIR: fresh }, { keepKey: false });
  expect(existsSync(fresh)).toBe(false);
});

test("a worker listens where it was told, else at any port: beside a web process there is no other", () => {
  expect(readConfig({ DATA_DIR, ROLE: "worker" }).port).toBe(0);
  expect(readConfig({ DATA_DIR, ROLE: "worker", PORT: "3001" }).port).toBe(3001);
  expect(readConfig({ DATA_DIR, ROLE: "web" }).port).toBe(3000);
});

test("a setting that this version does nothing with is named, and stops nothing", () => {
  const bot = { BOT_APP_ID: "an-app", BOT_APP_PASSWORD: "a-password" };
  expect(readConfig({ DATA_DIR, WHATSAPP_WEB: "true", ...bot }).withoutEffect).toEqual(["WHATSAPP_WEB", "BOT_APP_ID"]);
  expect(readConfig({ DATA_DIR }).withoutEffect).toEqual([]);
  const model = { ASSISTANT_API_KEY: "key", ASSISTANT_BASE_URL: "http://localhost:1" };
  expect(readConfig({ DATA_DIR, ...model }).withoutEffect).toEqual(["ASSISTANT_API_KEY", "ASSISTANT_BASE_URL"]);
  expect(readConfig({ DATA_DIR, ...model, ASSISTANT_MODEL: "other:some-model" }).withoutEffect).toEqual([]);
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
