import { isId } from "./ids.ts";

/** Where a page of a list ended: the text of the sort column, with its microseconds, and the id beside it. */
export interface Position {
  readonly at: string;
  readonly id: string;
}

/** Ahead of the first row of a list in rising order, so that the first page is the same statement as every other. */
export const beforeAll: Position = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" };
/** The same for a list in falling order. */
export const afterAll: Position = { at: "infinity", id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };

/** A cursor belongs to one list: it names it, and another list refuses it. */
export function encodeCursor(list: string, { at, id }: Position): string {
  return Buffer.from(JSON.stringify([list, at, id])).toString("base64url");
}

/** PostgreSQL's own text of a timestamptz; anything else is no cursor of ours. */
const timestamp = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/;

/** Null for anything that `encodeCursor` did not make for this list. */
export function decodeCursor(cursor: string, list: string): Position | null {
  try {
    const [of, at, id] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    const isTime = typeof at === "string" && timestamp.test(at) && Number.isFinite(Date.parse(at));
    return of === list && isTime && isId(id) ? { at, id } : null;
  } catch {
    return null;
  }
}
