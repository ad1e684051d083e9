import { afterAll, beforeAll, expect, test } from "vitest";
import type { Channel, FetchedMedia, FetchesMedia } from "../channels/channel.ts";
import { createMediaFetcher } from "../src/attachments/fetch-media.ts";
import { fileMaxBytes, inspectFile } from "../src/attachments/inspect.ts";
import { fileForAgent, fileForContact, removeUnplaced, storeUpload } from "../src/attachments/store.ts";
import { timelineForAgent } from "../src/conversations/for-agent.ts";
import { timelineForContact } from "../src/conversations/timeline.ts";
import { createDb, type Db } from "../src/db/client.ts";
import { createAccept } from "../src/intake/accept.ts";
import { cleanFileName, fileHeaders } from "../src/lib/attachment.ts";
import { newId } from "../src/lib/ids.ts";
import { freshDatabase, quiet } from "./support/database.ts";
import { docx, gif, jpeg, mp4, pdf, png, svg, webm, webp, zip } from "./support/files.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Db;
beforeAll(async () => {
  database = await freshDatabase();
  db = createDb({ url: database.url, log: quiet });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

test.each([
  ["a picture", png(640, 480), "photo.png", "image/png"],
  ["a picture under a wrong name", jpeg(640, 480), "photo.png", "image/jpeg"],
  ["an animation", gif(64, 64), "a.gif", "image/gif"],
  ["a web picture", webp(64, 64), "a.webp", "image/webp"],
  ["a document", pdf, "contract.pdf", "application/pdf"],
  ["a text", Buffer.from("Grüße, 5 < 6, Ann <ann@example.com>\r\n"), "note.txt", "text/plain"],
  ["a text in an old code", Buffer.from([71, 114, 0xfc, 0xdf, 101]), "note.txt", "text/plain"],
  ["a table", Buffer.from("a;b\n1;2\n"), "Table.CSV", "text/csv"],
  ["a voice message of Safari", mp4("soun"), "voice.mp4", "audio/mp4"],
  ["a film", mp4("vide", "soun"), "film.mp4", "video/mp4"],
  ["a voice message of Chromium", webm("A_OPUS"), "voice.webm", "audio/webm"],
  ["a film of a browser", webm("V_VP9", "A_OPUS"), "film.webm", "video/webm"],
  [
    "an Office document that claims to unpack to 4 GB",
    docx(0xffff_fff0),
    "bomb.docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ],
])("X3 %s is kept as what its bytes are", async (_, bytes, name, mime) => {
  expect(await inspectFile(bytes, name)).toEqual({ state: "ready", mime });
});

test.each([
  ["an SVG with a script under a picture's name", svg, "cat.png", "kind-not-allowed"],
  ["a page as text", Buffer.from("hello <html ><script>alert(1)</script>"), "note.txt", "kind-not-allowed"],
  ["a page behind a byte order mark", Buffer.from("\ufeff  <p>hi"), "note.txt", "kind-not-allowed"],
  ["a page in UTF-16", Buffer.from("\ufeff<html>", "utf16le"), "note.txt", "kind-not-allowed"],
  ["a shell script", Buffer.from("#!/bin/sh\nrm -rf /\n"), "note.txt", "kind-not-allowed"],
  ["a text that a double click runs", Buffer.from("WScript.Echo(1)"), "note.txt.vbs", "kind-not-allowed"],
  ["a plain archive", zip(["a.txt"]), "a.docx", "kind-not-allowed"],
  [
    "a document with macros",
    zip(["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]),
    "a.docx",
    "kind-not-allowed",
  ],
  ["a cut-off archive", docx().subarray(0, 40), "a.docx", "damaged"],
  ["a program", Buffer.from("MZ\x90\0\x03\0\0\0".padEnd(200, "\0"), "latin1"), "photo.jpg", "kind-not-allowed"],
  ["a compressed file", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), "a.csv", "kind-not-allowed"],
  ["a picture of 50 million pixels", png(10_000, 5_000), "big.png", "too-many-pixels"],
  ["a JPEG of 50 million pixels", jpeg(10_000, 5_000), "big.jpg", "too-many-pixels"],
  ["a WebP of 50 million pixels", webp(10_000, 5_000), "big.webp", "too-many-pixels"],
  ["a picture without a size", png(0, 0), "zero.png", "damaged"],
  ["a picture that ends in its header", jpeg(1, 1).subarray(0, 21), "a.jpg", "damaged"],
  ["an empty file", Buffer.alloc(0), "a.txt", "empty"],
  ["bytes of no kind", Buffer.from([1, 2, 3, 0, 255]), "a.txt", "kind-not-allowed"],
  ["more than ten megabytes", Buffer.alloc(fileMaxBytes + 1, 97), "a.txt", "too-big"],
])("X3 %s is blocked with the reason", async (_, bytes, name, reason) => {
  expect(await inspectFile(bytes, name)).toEqual({ state: "blocked", reason });
});

test.each([
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\ann\\photo.png", "photo.png"],
  ["invoice\u202Egnp.exe", "invoicegnp.exe"],
  ["a\u0000b\u200B\r\nc.txt", "abc.txt"],
  ["..", "file"],
  ["", "file"],
  [`${"é".repeat(300)}.pdf`, `${"é".repeat(115)}….pdf`],
])("X4 the file name %j is shown as %j", (name, shown) => {
  expect(cleanFileName(name)).toBe(shown);
});

test("X3 a file is handed out to be saved under a name of ours, and nothing in it runs", () => {
  const headers = fileHeaders({ id: "01a2", mime: "image/png", bytes: png(1, 1) }, "same-origin");
  expect(headers).toMatchObject({
    "content-disposition": 'attachment; filename="01a2.png"',
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
  });
});

/** How long a busy machine may take; a condition that comes true ends the wait. */
const soon = { timeout: 10_000 };

let people = 0;

/** A customer's message with one file that the provider still holds, and a channel that answers as told. */
async function pendingFile(answers: (() => Promise<FetchedMedia>)[], name = "photo.png") {
  people += 1;
  const calls: number[] = [];
  const channel: Channel & FetchesMedia = {
    name: "sms",
    account: "default",
    limits: { textMaxChars: 1600, replyWindowMs: null, burstWaitMs: 0, pulled: false, wording: "short" },
    render: () => ({ items: [], degraded: [] }),
    fetchMedia: () => {
      calls.push(Date.now());
      return (answers[calls.length - 1] ?? answers.at(-1) ?? never)();
    },
  };
  const accept = createAccept({
    db,
    bell: { ring: () => undefined, ringTurn: () => undefined },
    publish: () => undefined,
  });
  const { conversationId } = await accept(
    {
      kind: "message",
      key: `media-${people}`,
      from: { channel: "sms", kind: "e164", value: `+4670174${String(people).padStart(4, "0")}` },
      externalId: `media-${people}`,
      parts: [
        {
          t: "media",
          kind: "image",
          mime: "image/png",
          name,
          state: "pending",
          source: { channel: "sms", account: "default", reference: "https://provider.example/media/1" },
        },
      ],
      wantsAnswer: true,
    },
    channel,
  );
  const published: string[] = [];
  const fetcher = () =>
    createMediaFetcher({ db, channelFor: () => channel, publish: (id) => published.push(id), log: quiet });
  return { conversationId, calls, published, fetcher };
}

const never = (): Promise<FetchedMedia> => Promise.reject(new Error("Not expected."));
const fetched = (bytes: Buffer) => async (): Promise<FetchedMedia> => ({
  outcome: "fetched",
  bytes,
  declaredMime: "image/png",
});
const later = async (): Promise<FetchedMedia> => ({ outcome: "later", reason: "busy" });

/** Looks once and waits until everything that was claimed is settled or put off. */
async function lookOnce(of: Awaited<ReturnType<typeof pendingFile>>): Promise<void> {
  const before = of.calls.length;
  const one = of.fetcher();
  one.look([of.conversationId]);
  await expect.poll(() => of.calls.length, soon).toBeGreaterThan(before);
  await expect
    .poll(async () => {
      const [row] = await db.run(
        (
          sql,
        ) => sql`select state, attempts, due_at not between now() + interval '80 seconds' and now() + interval '90 seconds' as put_off
          from attachments where conversation_id = ${of.conversationId}`,
      );
      return row?.state !== "pending" || row.put_off;
    }, soon)
    .toBe(true);
  await one.stop();
}

const makeDue = (conversationId: string) =>
  db.run((sql) => sql`update attachments set due_at = now() where conversation_id = ${conversationId}`);

test("R6 media at a provider is fetched once by two workers, and the timeline says that it is there", async () => {
  const file = await pendingFile([fetched(png(8, 8))], "a/../b\u202Ephoto.png");
  const [one, two] = [file.fetcher(), file.fetcher()];
  one.look([file.conversationId]);
  two.look([file.conversationId]);
  await expect.poll(() => file.published.length, soon).toBe(1);
  await Promise.all([one.stop(), two.stop()]);
  expect(file.calls).toHaveLength(1);
  const [message, changed] = (await timelineForAgent(db, file.conversationId, { after: 0 })) as unknown as {
    type: string;
    parts: { assetId: string }[] | null;
    data: unknown;
  }[];
  const id = message?.parts?.[0]?.assetId ?? "";
  expect(message?.parts).toMatchObject([{ t: "media", state: "ready", mime: "image/png", name: "bphoto.png" }]);
  expect(changed).toMatchObject({ type: "attachment", data: { attachmentId: id, of: 1, state: "ready" } });
  expect((await timelineForContact(db, file.conversationId, 0))[0]?.parts).toMatchObject([{ state: "ready" }]);
  expect((await fileForAgent(db, id))?.bytes).toEqual(png(8, 8));
});

test("R6 media that the provider cannot hand over now is tried again with pauses, then it has failed in words", async () => {
  const file = await pendingFile([later, never, later]);
  for (let round = 0; round < 9; round++) {
    await makeDue(file.conversationId);
    await lookOnce(file);
  }
  expect(file.calls).toHaveLength(9);
  const timeline = await timelineForAgent(db, file.conversationId, { after: 0 });
  expect(timeline[0]).toMatchObject({
    parts: [{ state: "failed", reason: "unreachable", why: expect.stringMatching(/again/) }],
  });
  expect(timeline[1]).toMatchObject({ type: "attachment", data: { state: "failed", reason: "unreachable" } });
});

test("X3 media that is not what its provider says is blocked and its bytes are not kept", async () => {
  const file = await pendingFile([fetched(svg)]);
  await lookOnce(file);
  const [message] = await timelineForAgent(db, file.conversationId, { after: 0 });
  expect(message?.parts).toMatchObject([{ state: "blocked", reason: "kind-not-allowed" }]);
  const [row] = await db.run(
    (sql) => sql`select count(*)::int as kept from attachment_contents c join attachments a on a.id = c.attachment_id
      where a.conversation_id = ${file.conversationId}`,
  );
  expect(row?.kept).toBe(0);
});

test("R1 a worker that stops in the middle of a fetch gives the file back", async () => {
  const file = await pendingFile([
    () => new Promise<FetchedMedia>((done) => setTimeout(() => done(later()), 50)),
    fetched(pdf),
  ]);
  const one = file.fetcher();
  one.look([file.conversationId]);
  await expect.poll(() => file.calls.length, soon).toBe(1);
  await one.stop();
  await lookOnce(file);
  expect((await timelineForAgent(db, file.conversationId, { after: 0 }))[0]?.parts).toMatchObject([
    { state: "ready", mime: "application/pdf", kind: "document" },
  ]);
});

const upload = (bytes: Buffer) => ({
  id: newId(),
  name: "a.png",
  declaredMime: null,
  bytes,
  verdict: { state: "ready", mime: "image/png" } as const,
});

test("R8 a file is handed to its own conversation alone", async () => {
  const [mine, other] = [await pendingFile([later]), await pendingFile([later])];
  const file = upload(png(2, 2));
  expect(await storeUpload(db, mine.conversationId, [file])).toBe("stored");
  expect((await fileForContact(db, mine.conversationId, file.id))?.bytes).toEqual(png(2, 2));
  expect(await fileForContact(db, other.conversationId, file.id)).toBeNull();
  expect(await fileForContact(db, mine.conversationId, newId())).toBeNull();
});

test("a conversation without room for a file keeps nothing of the upload, also when two come at once", async () => {
  const { conversationId } = await pendingFile([later]);
  await db.run(
    (sql) =>
      sql`insert into attachments (conversation_id, state, size) values (${conversationId}, 'ready', ${100 * 1024 * 1024 - 100})`,
  );
  const outcomes = await Promise.all(
    [upload(png(2, 2)), upload(png(3, 3))].map((file) => storeUpload(db, conversationId, [file])),
  );
  expect(outcomes.sort()).toEqual(["quota", "stored"]);
});

test("files of an upload whose message never came are removed, those of a message stay", async () => {
  const of = await pendingFile([fetched(png(8, 8))]);
  await lookOnce(of);
  const lost = upload(png(2, 2));
  await storeUpload(db, of.conversationId, [lost]);
  await db.run(
    (sql) =>
      sql`update attachments set created_at = now() - interval '2 hours', seq = null where conversation_id = ${of.conversationId}`,
  );
  expect(await removeUnplaced(db)).toBe(1);
  expect(await fileForAgent(db, lost.id)).toBeNull();
  expect((await timelineForAgent(db, of.conversationId, { after: 0 }))[0]?.parts).toMatchObject([{ state: "ready" }]);
});
