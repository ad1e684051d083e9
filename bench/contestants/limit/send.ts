import { Pool } from "undici";
import { account } from "../../lib/orders.ts";
import { keepBusy, readSettings, serveWork } from "./program.ts";

/** The least a reply costs: one POST to the provider over an undici pool, its answer read and parsed. */
const { port, sinkUrl, sideBySide } = readSettings();
const pool = new Pool(sinkUrl, { connections: 64, pipelining: 1 });
const path = `/2010-04-01/Accounts/${account.sid}/Messages.json`;
const authorization = `Basic ${Buffer.from(`${account.sid}:${account.token}`).toString("base64")}`;
const body = new URLSearchParams({
  // Nobody's number: the generator counts replies to its customers only.
  To: "+46709999999",
  From: account.number,
  Body: "No, there is no annual fee and no monthly fee for your account, and the card has no annual fee either.",
}).toString();

serveWork(port, (until) =>
  keepBusy(sideBySide, until, async () => {
    const response = await pool.request({
      method: "POST",
      path,
      headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
      body,
    });
    const answer = (await response.body.json()) as { sid?: string };
    if (response.statusCode !== 201 || answer.sid === undefined) throw new Error("The sink refused a message.");
    return 1;
  }),
);
