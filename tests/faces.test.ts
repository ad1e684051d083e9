import { afterAll, beforeAll, expect, test } from "vitest";
import { createLineStates } from "../src/conversations/line-state.ts";
import { type Desk, openDesk, type SignedIn } from "./support/desk.ts";

/** One red pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

let desk: Desk;
let ada: SignedIn;
beforeAll(async () => {
  desk = await openDesk();
  ada = await desk.agent("Ada");
});
afterAll(() => desk.close());

async function put(bytes: Buffer, type = "image/png") {
  const response = await fetch(`${desk.url}/api/v1/session/face`, {
    method: "PUT",
    headers: { authorization: `Bearer ${ada.token}`, "content-type": type },
    body: new Uint8Array(bytes),
  });
  const body = (await response.json()) as { face?: string; error?: { code: string } };
  return { status: response.status, ...body };
}

test("X3 customers see the picture of the agent they talk with, at an address that ends with it", async () => {
  const { conversationId } = await desk.says("+12025550181", "a person please", "queue");
  await ada.call("POST", `/conversations/${conversationId}/claim`);
  const faceShown = async () => (await createLineStates(desk.db)(conversationId))?.agent?.face;
  expect(await faceShown()).toBeNull();
  const first = await put(png);
  expect(await faceShown()).toBe(first.face);
  const picture = await fetch(`${desk.url}${first.face}`);
  expect(picture.headers.get("content-type")).toBe("image/png");
  expect(picture.headers.get("content-security-policy")).toContain("sandbox");
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(png);

  const second = await put(png);
  expect(second.face).not.toBe(first.face);
  expect((await fetch(`${desk.url}${first.face}`)).status).toBe(404);
  await desk.db.run((sql) => sql`update agents set disabled_at = now() where id = ${ada.id}`);
  expect((await fetch(`${desk.url}${second.face}`)).status).toBe(404);
  await desk.db.run((sql) => sql`update agents set disabled_at = null where id = ${ada.id}`);
  expect((await ada.call("DELETE", "/session/face")).status).toBe(204);
  expect(await faceShown()).toBeNull();
  expect((await ada.call("GET", "/session/face")).body).toEqual({ face: null });
});

test("X3 a file that is no picture is refused, whatever it says that it is", async () => {
  const script = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>");
  expect(await put(script)).toMatchObject({ status: 400, error: { code: "NotAPicture" } });
  expect(await put(script, "image/svg+xml")).toMatchObject({ status: 400, error: { code: "NotAPicture" } });
  expect((await put(Buffer.alloc(300 * 1024))).status).toBe(413);
  expect((await fetch(`${desk.url}/faces/nobody`)).status).toBe(404);
});
