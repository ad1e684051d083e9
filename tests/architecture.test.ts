import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Which folder may import which, besides itself (docs/architecture.md). Composition roots see everything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "src/lib": [],
  "src/protocol": [],
  "channels/channel.ts": ["src/lib"],
  "channels/twilio": ["channels/channel.ts", "src/lib"],
  "channels/sms": ["channels/channel.ts", "channels/twilio", "src/lib"],
  "channels/whatsapp": ["channels/channel.ts", "channels/twilio", "src/lib"],
  "channels/voice": ["channels/channel.ts", "channels/twilio", "src/lib"],
  "channels/web-chat": ["channels/channel.ts", "src/lib", "src/protocol"],
  "channels/registry.ts": ["channels"],
  "src/config.ts": ["src/lib"],
  "src/db": ["src/lib"],
  "src/queues": ["src/db", "src/lib"],
  "src/conversations": ["src/db", "src/lib", "src/live"],
  "src/attachments": ["src/db", "src/lib", "channels/channel.ts"],
  "src/agents": ["src/db", "src/lib"],
  "src/contacts": ["src/db", "src/lib"],
  "src/settings": ["src/db", "src/lib"],
  "src/help-centre": ["src/settings", "src/db", "src/lib"],
  "src/demo": ["src/assistant/tools/account-contract.ts", "src/db", "src/help-centre", "src/http", "src/lib"],
  "src/live": ["src/db", "src/lib", "src/protocol"],
  "src/intake": ["src/conversations", "src/contacts", "src/turns", "src/db", "src/lib", "channels/channel.ts"],
  "src/turns": ["src/conversations", "src/queues", "src/db", "src/lib", "channels/channel.ts"],
  "src/outbox": ["src/conversations", "src/queues", "src/db", "src/lib", "channels/channel.ts"],
  "src/escalations": ["src/conversations", "src/agents", "src/queues", "src/db", "src/lib"],
  "src/callbacks": [
    "src/conversations",
    "src/contacts",
    "src/agents",
    "src/queues",
    "src/settings",
    "src/help-centre",
    "src/db",
    "src/lib",
    "channels/channel.ts",
  ],
  "src/calls": ["src/callbacks", "src/conversations", "src/agents", "src/db", "src/lib", "channels/channel.ts"],
  "src/reach": [
    "src/settings",
    "src/help-centre",
    "src/conversations",
    "src/contacts",
    "src/callbacks",
    "src/queues",
    "src/db",
    "src/lib",
    "channels/channel.ts",
  ],
  "src/assistant": [
    "src/conversations",
    "src/contacts",
    "src/help-centre",
    "src/escalations",
    "src/callbacks",
    "src/turns",
    "src/outbox",
    "src/db",
    "src/lib",
  ],
  "src/inbox": [
    "src/conversations",
    "src/contacts",
    "src/agents",
    "src/escalations",
    "src/callbacks",
    "src/calls",
    "src/outbox",
    "src/live",
    "src/protocol",
    "src/help-centre",
    "src/settings",
    "src/db",
    "src/lib",
    "channels/channel.ts",
  ],
  "src/http": ["src/config.ts", "src/lib"],
  "src/simulator": ["src/lib", "channels/twilio", "channels/channel.ts"],
  "src/engines.ts": ["src/config.ts", "src/db", "src/lib", "src/live", "src/queues"],
};
const roots = new Set(["src/main.ts", "src/service.ts", "src/web.ts", "src/worker.ts", "src/cli"]);

const files = ["src", "channels"].flatMap((folder) => sourceFiles(join(root, folder)));

test("every import goes where the map allows", () => {
  const faults = files.flatMap((file) => {
    const from = roomOf(relative(root, file));
    if (roots.has(from)) return [];
    const rules = allowed[from];
    if (rules === undefined) return [`${from} is not on the map`];
    return importsOf(file)
      .map((target) => relative(root, target))
      .filter(
        (target) => roomOf(target) !== from && !rules.some((rule) => target === rule || target.startsWith(`${rule}/`)),
      )
      .map((target) => `${relative(root, file)} imports ${target}`);
  });
  expect(files.length).toBeGreaterThan(40);
  expect(faults).toEqual([]);
});

test("the test sees imports at all", () => {
  expect(importsOf(join(root, "src/worker.ts")).map((file) => relative(root, file))).toContain("src/outbox/outbox.ts");
});

test("the core never names a channel", () => {
  const core = files.filter((file) =>
    /src\/(intake|conversations|turns|outbox|assistant|escalations|inbox)\//.test(file),
  );
  const faults = core.filter((file) => /["'](sms|whatsapp|web-chat|voice)["']/.test(readFileSync(file, "utf8")));
  expect(core.length).toBeGreaterThan(8);
  expect(faults.map((file) => relative(root, file))).toEqual([]);
});

test("the environment is read in the configuration and at the entry points alone", () => {
  const readers = files.filter((file) => readFileSync(file, "utf8").includes("process.env"));
  expect(readers.map((file) => relative(root, file)).sort()).toEqual(["src/cli/main.ts", "src/main.ts"]);
});

test("N1 what others may choose is fetched in one place; the other HTTP clients ask the operator's own addresses", () => {
  const clients = files.filter((file) => /from "undici"/.test(readFileSync(file, "utf8")));
  expect(clients.map((file) => relative(root, file)).sort()).toEqual([
    "channels/twilio/request-client.ts",
    "channels/whatsapp/cloud/client.ts",
    "src/cli/doctor.ts",
    "src/lib/fetch-public.ts",
    "src/simulator/service-post.ts",
  ]);
});

function roomOf(path: string): string {
  const [top = "", room = ""] = path.split("/");
  return `${top}/${room}`;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    resolve(dirname(file), match[1] ?? ""),
  );
}
