import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eraseCommand, exportCommand } from "../src/cli/customers.ts";
import { eraseCustomer, findCustomer, impersonalTables, personalTables } from "../src/contacts/personal-data.ts";
import { forgetOldCustomers } from "../src/contacts/retention.ts";
import { createAccept } from "../src/intake/accept.ts";
import { newId } from "../src/lib/ids.ts";
import { quiet } from "./support/database.ts";
import { type Desk, openDesk } from "./support/desk.ts";

let desk: Desk;
const folders: string[] = [];
beforeAll(async () => {
  desk = await openDesk({ CALL_COUNTRIES: "SE" });
}, 60_000);
afterAll(async () => {
  await desk.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly needed: boolean;
}

/** What outlives a customer on purpose, and what goes by itself in days. */
const outlives = new Set(["provider_keys", "never_call", "audit_log", "allowances", "reach_counts"]);

/** Somebody of whom every table that can hold something of a customer holds something. */
async function customer(number: string, secret: string) {
  const { conversationId } = await desk.says(number, `My word is ${secret}`);
  await desk.db.run(async (sql) => {
    const [{ contactId = "", addressId = "" } = {}] = await sql<{ contactId: string; addressId: string }[]>`
      select c.contact_id as "contactId", a.id as "addressId" from conversations c
      join contact_addresses a on a.contact_id = c.contact_id where c.id = ${conversationId}`;
    const owner = { contact_id: contactId, conversation_id: conversationId, address_id: addressId };
    const columns = await sql<Column[]>`select table_name as "table", column_name as name, udt_name as type,
        is_nullable = 'NO' and column_default is null as needed
      from information_schema.columns where table_schema = 'public' and is_generated = 'NEVER'`;
    const checks = await sql<{ table: string; rule: string }[]>`
      select conrelid::regclass::text as "table", pg_get_constraintdef(oid) as rule from pg_constraint where contype = 'c'`;
    for (const { table, owner: by } of personalTables) {
      if (["contacts", "contact_addresses", "conversations"].includes(table)) continue;
      const allowed = (name: string) =>
        checks.find((one) => one.table === table && one.rule.includes(`((${name} = `))?.rule.match(/'([^']*)'/)?.[1];
      const row: Record<string, unknown> = {};
      for (const { name, type, needed } of columns.filter((one) => one.table === table)) {
        if (name in owner) row[name] = owner[name as keyof typeof owner];
        else if (/_conversation_id$/.test(name)) row[name] = conversationId;
        else if (type === "text") row[name] = allowed(name) ?? `${secret} ${newId()}`;
        else if (name === "parts") row[name] = [{ t: "text", format: "plain", text: secret }];
        else if (type === "jsonb" && needed) row[name] = { word: secret };
        else if (name === "seq" || name === "id" || (needed && type === "uuid")) row[name] = sample(type);
        else if (needed) row[name] = sample(type);
      }
      // Nobody shall dial it.
      if (table === "callbacks") row.state = "done";
      if (table === "conversation_reads") row.agent_id = (await sql`select id from agents limit 1`)[0]?.id;
      if (by === "contact" || !("conversation_id" in row) || table !== "turns")
        await sql`insert into ${sql(table)} ${sql(row)} on conflict do nothing`.catch((error: Error) => {
          throw new Error(`${table}: ${error.message}`);
        });
    }
    await sql`insert into turns (conversation_id, first_seq, last_seq, due_at) values (${conversationId}, 1, 1, now() + interval '1 day')
      on conflict do nothing`;
    const [file] = await sql<{ id: string }[]>`select id from attachments where conversation_id = ${conversationId}`;
    await sql`insert into attachment_contents (attachment_id, bytes) values (${file?.id ?? ""}, ${Buffer.from(secret)})`;
    // Their call is over.
    await sql`update calls set ended_at = now() where conversation_id = ${conversationId}`;
  });
  return { number, secret, conversationId };
}

function sample(type: string): unknown {
  const values: Record<string, unknown> = {
    uuid: newId(),
    bytea: Buffer.from(newId()),
    int2: 1,
    int4: 1,
    int8: 70_000 + Math.floor(Math.random() * 1_000_000),
    bool: false,
    date: "2026-11-01",
    timestamptz: new Date(),
    _text: [],
    _uuid: [],
  };
  if (!(type in values)) throw new Error(`A column of type ${type} is new: give it a value.`);
  return values[type];
}

/** Tables in which these words stand anywhere, in any column. */
async function tablesWith(...words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of [...personalTables.map((one) => one.table), ...impersonalTables]) {
    const rows = await desk.db.run(
      (sql) => sql`select 1 from ${sql(table)} t where ${[...words]}::text[] && array(
        select word from unnest(${[...words]}::text[]) word where strpos(to_jsonb(t)::text, word) > 0
          or strpos(to_jsonb(t)::text, encode(convert_to(word, 'UTF8'), 'hex')) > 0) limit 1`,
    );
    if (rows.length > 0) found.push(table);
  }
  return found.sort();
}

const isKnown = async (named: string) => (await findCustomer(desk.db, named)).outcome === "found";

test("P3 of every table it is decided whether it holds something of customers", async () => {
  const tables = await desk.db.run(
    (sql) => sql<{ name: string }[]>`select table_name as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like '\\_\\_%'`,
  );
  const decided = [...personalTables.map(({ table }) => table), ...impersonalTables];
  expect(decided.toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
});

test("P3 one customer is exported and erased everywhere, and nothing of another is touched", async () => {
  const [one, other] = [await customer("+46701990001", "zyxomma"), await customer("+46701990002", "quagga")];
  const all = (await tablesWith(one.secret, one.number, one.conversationId)).filter((name) => !outlives.has(name));
  const held = [...personalTables.map(({ table }) => table), "attachment_contents"].filter(
    (table) => table !== "contacts",
  );
  expect(all, "there is something to erase everywhere").toEqual(expect.arrayContaining(held));
  const ofOther = await tablesWith(other.secret, other.number, other.conversationId);

  const folder = join(mkdtempSync(join(tmpdir(), "everline-export-")), "customer");
  folders.push(join(folder, ".."));
  const said: string[] = [];
  const place = { company: "Paylark", zone: "UTC", say: (line: string) => void said.push(line) };
  expect(await exportCommand(desk.db, [one.number, folder], place)).toBe(0);
  const written = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(written.map((name) => name.replace(".json", ""))).toEqual(
    expect.arrayContaining(personalTables.map(({ table }) => table)),
  );
  const exported = written.map((name) => readFileSync(join(folder, name), "utf8")).join();
  expect(exported).toContain(`My word is ${one.secret}`);
  expect(exported).not.toContain(other.secret);
  for (const name of written) expect(Array.isArray(JSON.parse(readFileSync(join(folder, name), "utf8")))).toBe(true);
  expect(exported).not.toMatch(/token_hash|code_hash|p256dh|lease_token/);
  expect(readFileSync(join(folder, "conversation-1.txt"), "utf8")).toContain(one.secret);
  const [file] = readdirSync(join(folder, "files"));
  expect(readFileSync(join(folder, "files", file ?? ""), "utf8")).toBe(one.secret);
  expect(await exportCommand(desk.db, [one.number, folder], place)).toBe(1);
  expect(said.at(-1)).toContain("There are files in");

  const asked: (string | null)[] = [null, "no"];
  const ask = async () => asked.shift() ?? null;
  for (let times = 0; times < 2; times++)
    expect(await eraseCommand(desk.db, [one.number], { say: place.say, ask })).toBe(1);
  expect(said.at(-1)).toBe("Nothing was erased.");
  expect(await tablesWith(one.secret)).not.toEqual([]);
  expect(await eraseCommand(desk.db, [one.number, "--yes"], place)).toBe(0);
  expect((await tablesWith(one.secret, one.number)).filter((name) => !outlives.has(name))).toEqual([]);
  expect((await tablesWith(one.conversationId)).filter((name) => !outlives.has(name))).toEqual([]);
  expect(await tablesWith(other.secret, other.number, other.conversationId)).toEqual(ofOther);
  expect(await eraseCommand(desk.db, [one.number, "--yes"], place)).toBe(1);
  expect(said.at(-1)).toContain("Nobody is known by");
});

test("P3 R1 a delivery that is repeated brings nobody back, and whoever writes anew is a new customer", async () => {
  const number = "+46701990003";
  const accept = createAccept({
    db: desk.db,
    bell: { ring: () => undefined, ringTurn: () => undefined },
    publish: () => undefined,
  });
  const writes = (key: string) =>
    accept(
      {
        kind: "message",
        key,
        from: { channel: "sms", kind: "e164", value: number },
        externalId: key,
        parts: [{ t: "text", text: "hello there", format: "plain" }],
        wantsAnswer: true,
      },
      { name: "sms", account: "default", limits: { burstWaitMs: 0 } },
    );
  const first = await writes("erased:1");
  const who = await findCustomer(desk.db, number);
  if (who.outcome !== "found") throw new Error("They were not found.");
  expect(who.customer.conversationIds).toEqual([first.conversationId]);
  expect(await eraseCustomer(desk.db, who.customer, null)).toMatchObject({ outcome: "erased", messages: 1 });
  // Beside the message of somebody new, as when several wait.
  const [again] = await Promise.all([writes("erased:1"), desk.says("+46701990008", "hello")]);
  expect(again).toMatchObject({ outcome: "duplicate", conversationId: first.conversationId });
  expect(await isKnown(number)).toBe(false);
  const anew = await writes("erased:2");
  expect(anew).toMatchObject({ outcome: "stored", seq: 1 });
  expect(anew.conversationId).not.toBe(first.conversationId);
});

test("P3 R5 whoever opted out is not called after they were erased, and who is on the telephone is not erased", async () => {
  const number = "+46701990004";
  const { conversationId } = await desk.says(number, "hello");
  const erase = () => eraseCommand(desk.db, [number, "--yes"], { say: () => undefined });
  await desk.db.run(
    (sql) =>
      sql`insert into calls (conversation_id, direction, leg, state) values (${conversationId}, 'inbound', 'customer', 'in-progress')`,
  );
  expect(await erase()).toBe(1);
  await desk.db.run((sql) => sql`update calls set ended_at = now() where conversation_id = ${conversationId}`);
  await desk.db.run((sql) => sql`update contact_addresses set opted_out_at = now() where value = ${number}`);
  expect(await erase()).toBe(0);
  expect(await desk.db.run((sql) => sql`select 1 from never_call where phone = ${number}`)).toHaveLength(1);
});

test("P3 who was silent for longer than the operator keeps customers is erased, others are not", async () => {
  const [old, recent, awaiting] = ["+46701990005", "+46701990006", "+46701990007"] as const;
  for (const number of [old, recent, awaiting]) await desk.says(number, "hello");
  await desk.db.run(
    (sql) => sql`update conversations c set last_activity_at = now() - interval '31 days' from contact_addresses a
      where a.contact_id = c.contact_id and a.value in (${old}, ${awaiting})`,
  );
  await desk.db.run(
    (sql) => sql`insert into callbacks (contact_id, conversation_id, phone, state, source)
      select c.contact_id, c.id, ${awaiting}, 'scheduled', 'test' from conversations c
      join contact_addresses a on a.contact_id = c.contact_id where a.value = ${awaiting}`,
  );
  await forgetOldCustomers(desk.db, null, quiet);
  expect(await isKnown(old)).toBe(true);
  await forgetOldCustomers(desk.db, 30, quiet);
  expect(await isKnown(old)).toBe(false);
  expect(await isKnown(recent)).toBe(true);
  expect(await isKnown(awaiting)).toBe(true);
});

test("P3 R8 whoever became one with another is found whole by either, and of two with one address none is taken for the other", async () => {
  const [into, from] = [await desk.says("+46701990010", "hello"), await desk.says("+46701990011", "hello")];
  const contactOf = async (conversationId: string) =>
    (
      await desk.db.run(
        (sql) => sql<{ id: string }[]>`select contact_id as id from conversations where id = ${conversationId}`,
      )
    )[0]?.id ?? "";
  const [root, merged] = [await contactOf(into.conversationId), await contactOf(from.conversationId)];
  await desk.db.run((sql) => sql`update contacts set merged_into = ${root} where id = ${merged}`);
  for (const named of ["+46701990011", merged, from.conversationId, root]) {
    const found = await findCustomer(desk.db, named);
    expect(found.outcome === "found" && found.customer.conversationIds.toSorted()).toEqual(
      [into.conversationId, from.conversationId].sort(),
    );
  }
  // Silent themselves, but heard of under the other's name: nobody is forgotten by halves.
  await desk.db.run(
    (sql) =>
      sql`update conversations set last_activity_at = now() - interval '31 days' where id = ${into.conversationId}`,
  );
  await forgetOldCustomers(desk.db, 30, quiet);
  expect(await isKnown(root)).toBe(true);

  await desk.says("+46701990012", "hello");
  await desk.db.run(
    (sql) => sql`with other as (insert into contacts default values returning id)
    insert into contact_addresses (contact_id, channel, kind, value) select id, 'voice', 'e164', '+46701990012' from other`,
  );
  const said: string[] = [];
  expect(await eraseCommand(desk.db, ["+46701990012", "--yes"], { say: (line) => void said.push(line) })).toBe(1);
  expect(said.at(-1)).toMatch(
    /^Several customers have \+46701990012\. .*name one by an id: [0-9a-f-]{36}, [0-9a-f-]{36}\.$/,
  );
});

test("a folder is only made for somebody who is known", async () => {
  const folder = join(tmpdir(), `everline-export-${newId()}`);
  const said: string[] = [];
  const place = { company: "Paylark", zone: "UTC", say: (line: string) => void said.push(line) };
  expect(await exportCommand(desk.db, ["+46709999999", folder], place)).toBe(1);
  expect([existsSync(folder), said.length]).toEqual([false, 1]);
});
