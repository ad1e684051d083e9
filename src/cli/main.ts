import { Readable } from "node:stream";
import { createAgent } from "../agents/sessions.ts";
import { ConfigError, readConfig } from "../config.ts";
import { createDb, type Db } from "../db/client.ts";
import { startEmbeddedPostgres } from "../db/embedded.ts";
import { EngineError } from "../db/errors.ts";
import { migrate } from "../db/migrate.ts";
import { createLog } from "../lib/log.ts";
import { articlesCommand } from "./articles.ts";
import { eraseCommand, exportCommand } from "./customers.ts";
import { runDoctor } from "./doctor.ts";
import { answerLines, openOwnBrain, understandLines } from "./understand.ts";

const usage = `Usage: npm run everline -- <command>
  migrate                        bring the database to this version
  doctor                         say what works and what does not
  admin <email> <password>       add an administrator
  account-secret                 print the secret of the tokens for ACCOUNT_MCP_URL
  export <who> [folder]          write everything that is stored of a customer to a folder
  erase <who> [--yes]            erase a customer for good; who: a number, another address, or an id
  articles export <folder>       write the published articles as Markdown
  articles import <folder>       take Markdown in and publish it; with --draft only save it
  understand [question…]         what the assistant makes of them; without any, reads {"text","locale"?} lines`;

/** The exit code of a command that lacks something. */
const notUnderstood = 2;

async function main([command, ...args]: readonly string[]): Promise<number> {
  const log = createLog({ level: "error" });
  switch (command) {
    case "understand":
      return understand(args);
    case "doctor":
      return (await runDoctor(readConfig(process.env, { keepKey: false }), log, say)) ? 0 : 1;
    case "migrate":
      return withDatabase(async (url) => {
        const state = await migrate(url, log);
        say(`The database is at migration ${state.applied} of ${state.known}.`);
        return 0;
      });
    case "articles":
      return articles(args);
    case "export":
      return withDb(({ db, company, zone }) => exportCommand(db, args, { company, zone, say }));
    case "erase":
      return withDb(({ db }) => eraseCommand(db, args, { say }));
    case "admin":
      return addAdmin(args);
    case "account-secret":
      say(readConfig(process.env).account?.secret ?? "ACCOUNT_MCP_URL is not set: nobody is asked about accounts.");
      return 0;
    default:
      say(usage);
      return command === undefined ? 0 : notUnderstood;
  }
}

async function understand(args: readonly string[]): Promise<number> {
  const own = await openOwnBrain(process.env, createLog({ level: "silent" })).catch((error) => {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${why}\nThese are the articles that come with Everline.\n`);
    return null;
  });
  try {
    if (own !== null) await answerLines(own.brain, questions(args), process.stdout);
    else await understandLines(process.env.COMPANY_NAME ?? "Paylark", questions(args), process.stdout);
  } finally {
    await own?.close();
  }
  return 0;
}

function questions(args: readonly string[]): Readable {
  if (args.length > 0) return Readable.from(args.map((text) => `${JSON.stringify({ text })}\n`));
  if (process.stdin.isTTY) process.stderr.write('Write one {"text": "…"} a line; Ctrl+D ends.\n');
  return process.stdin;
}

async function articles(args: readonly string[]): Promise<number> {
  return withDb(async ({ db }) => {
    const lines = await articlesCommand(db, args);
    for (const line of lines ?? []) say(line);
    return lines === null ? notUnderstood : lines.length > 1 ? 1 : 0;
  });
}

async function addAdmin([email, password]: readonly string[]): Promise<number> {
  if (email === undefined || password === undefined || password.length < 10) {
    say("Give an e-mail address and a password of at least 10 characters.");
    return notUnderstood;
  }
  return withDb(async ({ db }) => {
    const agent = await createAgent(db, { email, name: "Administrator", role: "admin", password });
    say(agent === null ? "There is an agent with this address already." : `${email} can sign in at /inbox now.`);
    return agent === null ? 1 : 0;
  });
}

/** With the database brought to this version; a command that was not understood is told how it is written. */
async function withDb(
  work: (place: { readonly db: Db; readonly company: string; readonly zone: string }) => Promise<number>,
): Promise<number> {
  const { company, timeZone: zone } = readConfig(process.env);
  const code = await withDatabase(async (url) => {
    const log = createLog({ level: "error" });
    await migrate(url, log);
    const db = createDb({ url, log });
    try {
      return await work({ db, company, zone });
    } finally {
      await db.close();
    }
  });
  if (code === notUnderstood) say(usage);
  return code;
}

async function withDatabase(work: (url: string) => Promise<number>): Promise<number> {
  const config = readConfig(process.env);
  const log = createLog({ level: "error" });
  const embedded = config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null;
  try {
    return await work(config.databaseUrl ?? embedded?.url ?? "");
  } finally {
    await embedded?.stop();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ConfigError || error instanceof EngineError;
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
