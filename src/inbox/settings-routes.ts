import { z } from "zod";
import { settingByKey } from "../settings/registry.ts";
import { readSetting, writeSetting } from "../settings/settings.ts";
import { administratorsOnly } from "./administrators-only.ts";
import { notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

const params = z.object({ key: z.string().max(64) });
const value = z.record(z.string(), z.unknown());
const answer = z.object({ value });

/** What operators change while the service runs. Every agent may read it, administrators change it. */
export function settingsRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/settings/:key",
    {
      schema: {
        summary: "A setting: brand, languages, …",
        params,
        response: { 200: answer, 401: refusals[401], 404: refusals[404], 503: refusals[503] },
      },
    },
    async (request, reply) => {
      const setting = settingByKey(request.params.key);
      if (setting === null) return notFound(reply, "setting");
      return { value: { ...(await readSetting(deps.db, setting)) } };
    },
  );
  routes.put(
    "/settings/:key",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "Change a setting (administrators); customers see it at once",
        params,
        body: z.object({ value }),
        response: { 200: answer, ...refusals },
      },
    },
    async (request, reply) => {
      const setting = settingByKey(request.params.key);
      if (setting === null) return notFound(reply, "setting");
      const parsed = setting.schema.safeParse(request.body.value);
      if (!parsed.success) return refuse(reply, 400, "BadSetting", faultsOf(parsed.error));
      await writeSetting(deps.db, setting.key, parsed.data, agentIn(request).id);
      await deps.contentChanged();
      return { value: { ...parsed.data } };
    },
  );
}

function faultsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`).join("; ");
}
