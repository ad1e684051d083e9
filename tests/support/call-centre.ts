import type { Db } from "../../src/db/client.ts";
import { hoursSetting } from "../../src/settings/hours.ts";
import { writeSetting } from "../../src/settings/settings.ts";
import { type ProviderDouble, startProviderDouble } from "../../src/simulator/provider-double.ts";
import { alwaysOpenHours } from "./always-open.ts";
import { quiet } from "./database.ts";
import { type Desk, openDesk } from "./desk.ts";

const accountSid = `AC${"a".repeat(32)}`;
const authToken = "token-for-tests";
export const ourNumber = "+46800000000";

export interface CallCentre {
  readonly desk: Desk;
  readonly double: ProviderDouble;
  /** Waits until this holds; throws when it does not in time. */
  until<Value>(what: string, look: () => Promise<Value | null | false | undefined>, withinMs?: number): Promise<Value>;
  close(): Promise<void>;
}

/** The whole service at a provider's double that rings telephones. */
export async function openCallCentre(environment: Readonly<Record<string, string>> = {}): Promise<CallCentre> {
  const publicUrl = "https://help.example";
  let origin = "";
  const double = await startProviderDouble({
    port: 0,
    seed: 5,
    log: quiet,
    accountSid,
    authToken,
    service: { publicUrl: () => publicUrl, origin: () => origin },
    behaviour: { statusDelayMs: 5 },
  });
  const desk = await openDesk({
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_URL: double.url,
    TWILIO_SMS_NUMBER: ourNumber,
    TWILIO_VOICE_NUMBER: ourNumber,
    PUBLIC_URL: publicUrl,
    CALL_COUNTRIES: "SE,US,GB,DE,ES,AE",
    TIME_ZONE: "Europe/Stockholm",
    ...environment,
  });
  origin = desk.url;
  await writeSetting(desk.db, hoursSetting.key, alwaysOpenHours, null);
  return {
    desk,
    double,
    async until(what, look, withinMs = 25_000) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const found = await look();
        if (found !== null && found !== false && found !== undefined) return found;
        if (Date.now() > deadline) throw new Error(`It did not come to pass: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await desk.close();
      await double.close();
    },
  };
}

/** Nobody is on a line or has a call to wrap up. One row after the other: reports of earlier calls still come in. */
export async function clearLines(db: Db): Promise<void> {
  const left = await db.run(
    (sql) => sql<{ id: string }[]>`select id from calls where ended_at is null or wrapped_at is null`,
  );
  for (const { id } of left)
    await db.run(
      (sql) => sql`update calls set ended_at = coalesce(ended_at, now()), wrapped_at = coalesce(wrapped_at, now())
        where id = ${id}`,
    );
}
