import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { WebSocket } from "ws";
import type { Part } from "./parts.ts";

const folder = join(import.meta.dirname, "../peers");

export const stockDirectLine: Part = {
  missing: existsSync(join(folder, "node_modules/botframework-directlinejs")) ? null : "needs `npm run peers`",
};

/** What these tests use of botframework-directlinejs. */
export interface StockClient {
  readonly activity$: Observable<StockActivity>;
  readonly connectionStatus$: Observable<number>;
  postActivity(activity: object): Observable<string>;
  end(): void;
}

export interface StockActivity {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  readonly from: { readonly role: string };
  readonly channelData: { readonly clientActivityID?: string; readonly everline: { readonly author: string } };
}

interface Observable<Value> {
  subscribe(next: (value: Value) => void, fail?: (error: unknown) => void): { unsubscribe(): void };
}

/** The parts of the client's own options that its documentation names for Node.js and for tests. */
interface StockOptions {
  readonly domain: string;
  readonly token: string;
  readonly timeout?: number;
  readonly random?: () => number;
  readonly WebSocket?: typeof WebSocket;
}

/** Loads the published Direct Line client and gives it the two globals that it expects of a browser. */
export function loadDirectLine(): new (options: StockOptions) => StockClient {
  const require = createRequire(join(folder, "package.json"));
  Object.assign(globalThis, { XMLHttpRequest: require("xhr2"), WebSocket });
  return (require("botframework-directlinejs") as { DirectLine: new (options: StockOptions) => StockClient })
    .DirectLine;
}
