import type { Db } from "../db/client.ts";

export interface Logo {
  readonly mime: string;
  readonly bytes: Buffer;
}

/** Keeps a picture that was found to be one; the brand's setting names it by the id. */
export async function storeLogo(db: Db, by: string, { mime, bytes }: Logo): Promise<string> {
  return db.transaction(async (sql) => {
    const [row] = await sql<{ id: string }[]>`insert into logos (mime, bytes, uploaded_by)
      values (${mime}, ${bytes}, ${by}) returning id`;
    if (row === undefined) throw new Error("The database stored a logo and gave no id.");
    await sql`insert into audit_log (agent_id, action, subject) values (${by}, 'logo-uploaded', ${row.id})`;
    return row.id;
  });
}

export async function readLogo(db: Db, id: string): Promise<Logo | null> {
  const [row] = await db.run((sql) => sql<Logo[]>`select mime, bytes from logos where id = ${id}`);
  return row ?? null;
}

export function logoPath(id: string | null): string | null {
  return id === null ? null : `/help/logo/${id}`;
}
