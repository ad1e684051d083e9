import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { finished } from "node:stream/promises";
import { type Customer, eraseCustomer, findCustomer, readCustomer, readFiles } from "../contacts/personal-data.ts";
import { transcriptForContact } from "../conversations/transcript.ts";
import type { Db } from "../db/client.ts";

interface Place {
  readonly company: string;
  readonly zone: string;
  readonly say: (line: string) => void;
}

/** The exit code of a command that lacks something. */
const notUnderstood = 2;

const unknown = (named: string) =>
  `Nobody is known by ${named}. Give a telephone number with its country (+46701740605), another address, or the id of a contact or conversation.`;

/** The one customer of this name; says why there is none. */
async function known(db: Db, named: string, say: Place["say"]): Promise<Customer | null> {
  const found = await findCustomer(db, named);
  if (found.outcome === "found") return found.customer;
  say(
    found.outcome === "unknown"
      ? unknown(named)
      : `Several customers have ${named}. Look at them in the inbox and name one by an id: ${found.contactIds.join(", ")}.`,
  );
  return null;
}

/** `export <who> [folder]`: everything that is stored of one customer, as files. The exit code. */
export async function exportCommand(
  db: Db,
  [named, folder]: readonly string[],
  { company, zone, say }: Place,
): Promise<number> {
  if (named === undefined) return notUnderstood;
  const customer = await known(db, named, say);
  if (customer === null) return 1;
  const target = folder ?? `export-${customer.contactIds[0]}`;
  await mkdir(join(target, "files"), { recursive: true, mode: 0o700 });
  if ((await readdir(target)).some((name) => name !== "files")) {
    say(`There are files in ${target} already. Give an empty folder, so that nothing of anybody else gets among them.`);
    return 1;
  }
  const rows = await writeTables(db, customer, target);
  for (const [index, id] of customer.conversationIds.entries()) {
    const text = await transcriptForContact(db, id, { company, locale: null, zone });
    await writeFile(join(target, `conversation-${index + 1}.txt`), text, { mode: 0o600 });
  }
  let files = 0;
  for await (const { id, name, bytes } of readFiles(db, customer)) {
    await writeFile(join(target, "files", `${id}-${safeName(name)}`), bytes, { mode: 0o600 });
    files += 1;
  }
  say(`Wrote ${rows} rows, ${customer.conversationIds.length} conversations as text and ${files} files to ${target}.`);
  return 0;
}

/** One file for each table that holds something: an array, a row on each line. */
async function writeTables(db: Db, customer: Customer, target: string): Promise<number> {
  let count = 0;
  let table = "";
  let stream: WriteStream | null = null;
  for await (const page of readCustomer(db, customer)) {
    if (page.table !== table) {
      await closeArray(stream);
      table = page.table;
      stream = createWriteStream(join(target, `${table}.json`), { mode: 0o600 });
      stream.write("[");
    }
    const text = page.rows.map((row) => JSON.stringify(row)).join(",\n");
    stream?.write(stream.bytesWritten + stream.writableLength > 1 ? `,\n${text}` : `\n${text}`);
    count += page.rows.length;
  }
  await closeArray(stream);
  return count;
}

async function closeArray(stream: WriteStream | null): Promise<void> {
  if (stream === null) return;
  stream.end("\n]\n");
  await finished(stream);
}

/** `erase <who> [--yes]`: the customer is gone for good. Without --yes somebody has to agree. The exit code. */
export async function eraseCommand(
  db: Db,
  args: readonly string[],
  { say, ask = askAtTerminal }: Pick<Place, "say"> & { readonly ask?: (question: string) => Promise<string | null> },
): Promise<number> {
  const named = args.find((arg) => arg !== "--yes");
  if (named === undefined) return notUnderstood;
  const customer = await known(db, named, say);
  if (customer === null) return 1;
  if (!args.includes("--yes")) {
    const answer = await ask(
      `This erases ${named} with ${customer.conversationIds.length} conversations, all messages, files and calls, for good. Write "erase" to do it: `,
    );
    if (answer === null) say("Nothing was erased: nobody is at this terminal to agree. Add --yes.");
    else if (answer.trim() !== "erase") say("Nothing was erased.");
    if (answer?.trim() !== "erase") return 1;
  }
  const erased = await eraseCustomer(db, customer, null);
  if (erased.outcome === "on-the-telephone") {
    say("Nothing was erased: this customer is on the telephone with us. Try again when the call is over.");
    return 1;
  }
  say(`Erased: ${erased.messages} messages and ${erased.files} files, with everything that belonged to them.`);
  return 0;
}

/** A name that was given by a customer names no place outside the folder. */
function safeName(name: string | null): string {
  return (
    (name ?? "file")
      .replaceAll(/[^\p{L}\p{N}._-]+/gu, "_")
      .replace(/^\.+/, "")
      .slice(-80) || "file"
  );
}

async function askAtTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
