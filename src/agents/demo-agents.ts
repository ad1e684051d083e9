import type { Db } from "../db/client.ts";

/** The demo company's people, so that there is somebody to assign to. None has a password: an administrator gives one. */
const demoAgents = [
  { email: "maja@paylark.example", name: "Maja Lind" },
  { email: "tom@paylark.example", name: "Tom Becker" },
  { email: "ines@paylark.example", name: "Inés Ruiz" },
] as const;

/** Makes the demo company's agents known; safe to repeat, and leaves those alone whom somebody changed. */
export async function seedDemoAgents(db: Db): Promise<void> {
  for (const { email, name } of demoAgents) {
    await db.run(
      (sql) => sql`insert into agents (email, name, role) values (${email}, ${name}, 'agent')
        on conflict (lower(email)) do nothing`,
    );
  }
}
