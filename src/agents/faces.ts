import { randomUUID } from "node:crypto";
import type { Db } from "../db/client.ts";
import { facePath } from "../lib/face-path.ts";

export interface Face {
  readonly mime: string;
  readonly bytes: Buffer;
}

/** Keeps an agent's picture, which was found to be one, in the place of the one before; gives its address. */
export async function storeFace(db: Db, agentId: string, { mime, bytes }: Face): Promise<string> {
  const id = randomUUID();
  await db.run(
    (sql) => sql`update agents set face_id = ${id}, face_mime = ${mime}, face = ${bytes} where id = ${agentId}`,
  );
  return facePath(id);
}

export async function dropFace(db: Db, agentId: string): Promise<void> {
  await db.run((sql) => sql`update agents set face_id = null, face_mime = null, face = null where id = ${agentId}`);
}

/** The picture behind an address; null when it was replaced, taken away, or its agent is one no more. */
export async function readFace(db: Db, id: string): Promise<Face | null> {
  const [row] = await db.run(
    (sql) =>
      sql<Face[]>`select face_mime as mime, face as bytes from agents where face_id = ${id} and disabled_at is null`,
  );
  return row ?? null;
}

/** The address of an agent's own picture; null: they have none. */
export async function faceOf(db: Db, agentId: string): Promise<string | null> {
  const [row] = await db.run(
    (sql) => sql<{ id: string | null }[]>`select face_id as id from agents where id = ${agentId}`,
  );
  return row?.id == null ? null : facePath(row.id);
}
