import { createDb, type Db } from "../../src/db/client.ts";
import { quiet } from "./database.ts";

const patience = { deadlineMs: 20_000 };

/** The database for a test's own hands. A busy machine may take its time: only the service's calls end early (R9). */
export function openPatientDb(url: string): Db {
  const db = createDb({ url, log: quiet });
  return {
    ...db,
    run: (work, options = patience) => db.run(work, options),
    transaction: (work, options = patience) => db.transaction(work, options),
    orm: (work, options = patience) => db.orm(work, options),
  };
}
