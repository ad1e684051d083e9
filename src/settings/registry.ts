import { brandSetting } from "./brand.ts";
import { hoursSetting } from "./hours.ts";
import { languagesSetting } from "./languages.ts";
import { reachSetting } from "./reach.ts";
import { retentionSetting } from "./retention.ts";
import type { Setting } from "./settings.ts";
import { templatesSetting } from "./templates.ts";
import { topicsSetting } from "./topics.ts";

/** Every setting of the API; a new one is a file beside this and a line here. */
const registered: readonly Setting[] = [
  brandSetting,
  hoursSetting,
  languagesSetting,
  topicsSetting,
  reachSetting,
  templatesSetting,
  retentionSetting,
];

const byKey: ReadonlyMap<string, Setting> = new Map(registered.map((setting) => [setting.key, setting]));

/** Null for a key that nobody registered. */
export function settingByKey(key: string): Setting | null {
  return byKey.get(key) ?? null;
}
