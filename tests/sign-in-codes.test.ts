import { afterAll, beforeAll, expect, test } from "vitest";
import { codeHash, enterCode, issueCode } from "../src/contacts/sign-in-codes.ts";
import { createDb, type Db } from "../src/db/client.ts";
import { newId } from "../src/lib/ids.ts";
import { freshDatabase, quiet } from "./support/database.ts";

const key = Buffer.alloc(32, 7);
/** So many in an hour that nobody enters, and the block of numbers rests. */
const limit = 10;
const countryLimit = 60;
let db: Db;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
  drop = database.drop;
});
afterAll(async () => {
  await db.close();
  await drop();
});

/** Somebody with an address of their own asks for a code to a number. */
async function asks(destination: string) {
  const [made] = await db.run(
    (sql) => sql<{ conversationId: string; addressId: string }[]>`
      with contact as (insert into contacts default values returning id),
      address as (
        insert into contact_addresses (contact_id, channel, kind, value)
          select id, 'sms', 'opaque', ${newId()}::text from contact returning id, contact_id)
      insert into conversations (contact_id, address_id) select contact_id, id from address
        returning id as "conversationId", address_id as "addressId"`,
  );
  if (made === undefined) throw new Error("No conversation was made.");
  const request = { ...made, turnId: newId(), destination, customer: "paylark-1001" };
  return { ...request, ...(await issueCode({ db, key, countries: ["SE", "US", "DE"] }, request)) };
}

type Asked = Awaited<ReturnType<typeof asks>>;

async function enters(asked: Asked): Promise<string | null> {
  if (asked.outcome !== "issued" || asked.code === null) throw new Error("There is no code to enter.");
  const { conversationId, addressId, destination, code } = asked;
  const [row] = await db.run(
    (sql) => sql<{ id: string }[]>`select id from sign_in_codes where turn_id = ${asked.turnId}`,
  );
  const id = row?.id ?? "";
  const digest = codeHash(key, { id, conversationId, destination }, code).toString("hex");
  return enterCode(db, { id, digest, conversationId, addressId, turnId: newId() });
}

/** Each number of a block once, so that no number's own cap (M2) is what refuses. */
async function askForBlock(prefix: string, digits: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (let one = 0; one < limit; one++) asked.push(await asks(`${prefix}${String(one).padStart(digits, "0")}`));
  expect(asked.map(({ outcome }) => outcome)).toEqual(Array.from({ length: limit }, () => "issued"));
  return asked;
}

test("M4 codes that nobody enters trip the breaker of their block of numbers, and of no other", async () => {
  await askForBlock("+4670174", 4);
  expect((await asks("+46701740099")).outcome).toBe("refused");
  expect((await asks("+46701750099")).outcome).toBe("issued");
  // Until the hour has passed.
  await db.run((sql) => sql`update sign_in_codes set created_at = created_at - interval '61 minutes'`);
  expect((await asks("+46701740099")).outcome).toBe("issued");
});

test("M4 a block of numbers whose codes are entered gets as many as it asks for", async () => {
  const [first, second] = await askForBlock("+1202555", 4);
  expect((await asks("+12025550199")).outcome).toBe("refused");
  for (const one of [first, second]) expect(one && (await enters(one))).toBe("paylark-1001");
  expect((await asks("+12025550199")).outcome).toBe("issued");
});

test("M4 codes that nobody enters, spread thinly over a country, trip the country's breaker, and no other's", async () => {
  for (let one = 0; one < countryLimit; one++) {
    const block = `+49170${10 + (one % 12)}`;
    expect((await asks(`${block}${String(one).padStart(5, "0")}`)).outcome).toBe("issued");
  }
  expect((await asks("+491719900001")).outcome).toBe("refused");
  expect((await asks("+46709990001")).outcome).toBe("issued");
});
