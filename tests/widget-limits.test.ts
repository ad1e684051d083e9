import { gunzipSync } from "node:zlib";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Everline, startEverline } from "./support/everline.ts";

/** The budget of the chat: everything that is fetched, compressed with gzip. */
const loaderMaxBytes = 2_000;
const appMaxBytes = 15_000;

let everline: Everline;
beforeAll(async () => {
  everline = await startEverline({ CHAT_ORIGINS: "https://shop.example" });
});
afterAll(() => everline.stop());

test("the loader has at most 2 kB, and all that the first opening fetches at most 15 kB, in every language", async () => {
  const loader = await fetchGzip("/widget.js");
  expect(loader.bytes).toBeLessThanOrEqual(loaderMaxBytes);
  const sizes: Record<string, number> = {};
  for (const locale of ["en", "sv", "de", "es", "ar"]) {
    const page = await fetchGzip(`/widget/frame?locale=${locale}`);
    expect(page.text).toContain(`<html lang="${locale}" dir="${locale === "ar" ? "rtl" : "ltr"}">`);
    const files = [...page.text.matchAll(/(?:src|href)="(\/widget\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(3);
    const rest = await Promise.all(files.map(fetchGzip));
    for (const { headers } of rest) expect(headers["cache-control"]).toContain("immutable");
    sizes[locale] = rest.reduce((sum, { bytes }) => sum + bytes, page.bytes);
    expect(sizes[locale]).toBeLessThanOrEqual(appMaxBytes);
  }
  process.stdout.write(`widget, gzip: loader ${loader.bytes} B, first opening ${JSON.stringify(sizes)} B\n`);
});

test("X6 the frame runs nothing but our own files, and only the operator's sites may embed it", async () => {
  const { headers } = await fetchGzip("/widget/frame");
  const policy = `${headers["content-security-policy"]}`;
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(policy).toContain("frame-ancestors 'self' https://shop.example");
  expect(headers["x-frame-options"]).toBeUndefined();
  const again = await request(`${everline.url}/widget.js`, {
    headers: { "if-none-match": `${(await fetchGzip("/widget.js")).headers.etag}` },
  });
  expect(again.statusCode).toBe(304);
});

/** As a browser that knows gzip alone. */
async function fetchGzip(path: string) {
  const { statusCode, headers, body } = await request(everline.url + path, { headers: { "accept-encoding": "gzip" } });
  expect(statusCode).toBe(200);
  expect(headers["content-encoding"]).toBe("gzip");
  const bytes = Buffer.from(await body.arrayBuffer());
  return { bytes: bytes.length, text: gunzipSync(bytes).toString("utf8"), headers };
}
