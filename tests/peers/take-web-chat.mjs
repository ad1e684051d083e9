// Takes Microsoft's Web Chat as one file out of its published package: installed, it would bring 440 others (0.5 GB).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";

const packed = "botframework-webchat@4.18.1";
const integrity = "sha512-7jpEUJ7olT62Xm+8eh7BhhIcXVfU2xD4pZDaeBt8K4XcNy6K/83UGIxE9BFkXmHMZ4hDEVOzs5cre07GWuaXzg==";
const folder = import.meta.dirname;

const file = execFileSync("npm", ["pack", packed, "--silent", "--pack-destination", folder], { encoding: "utf8" });
const path = `${folder}/${file.trim()}`;
const found = `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
if (found !== integrity) throw new Error(`${packed} is not what it was: ${found}. Nothing was taken.`);
execFileSync("tar", ["-xzf", path, "-C", `${folder}/node_modules`, "--strip-components=2", "package/dist/webchat.js"]);
rmSync(path);
