import { createServer, type Socket } from "node:net";
import { parse } from "node:querystring";
import { account } from "../lib/orders.ts";
import { createHttpReader } from "./http-reader.ts";

export interface Sink {
  readonly url: string;
  /** Calls that Twilio would have refused, since the last look. */
  takeBadSends(): number;
}

const messagesPath = `/2010-04-01/Accounts/${account.sid}/Messages.json`;
const authorization = `Basic ${Buffer.from(`${account.sid}:${account.token}`).toString("base64")}`;

/** What was sent to each customer is listed for a service that lost an answer; it asks about the last minutes. */
const listedMax = 8;

/**
 * Plays POST and GET /Messages.json on bare sockets: checks the credentials and the fields, answers 201 as Twilio does,
 * and lists what it took for one address.
 */
export async function startSink(onMessage: (to: string, body: string) => void): Promise<Sink> {
  let badSends = 0;
  let sent = 0;
  const taken = new Map<string, object[]>();

  function take(head: string, body: string): string {
    const authorized = head.includes(authorization);
    if (authorized && head.startsWith(`GET ${messagesPath}?`)) return list(head.slice(head.indexOf("?") + 1));
    const form = parse(body);
    const { To: to, From: from, Body: text } = form;
    const known = head.startsWith(`POST ${messagesPath} `);
    if (!authorized || !known || typeof to !== "string" || typeof text !== "string" || from !== account.number) {
      badSends += 1;
      return respond(authorized ? "400 Bad Request" : "401 Unauthorized", { code: authorized ? 21604 : 20003 });
    }
    sent += 1;
    onMessage(to, text);
    const made = resource(`SM${sent.toString(16).padStart(32, "f")}`, to, text);
    taken.set(to, [made, ...(taken.get(to) ?? [])].slice(0, listedMax));
    return respond("201 Created", made);
  }

  function list(query: string): string {
    const { To: to } = parse(query.slice(0, query.indexOf(" ")));
    const messages = typeof to === "string" ? (taken.get(to) ?? []) : [];
    return respond("200 OK", { messages, page: 0, page_size: messages.length, next_page_uri: null });
  }

  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true);
    const read = createHttpReader((head, body) => socket.write(take(head, body)));
    socket.on("data", read);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    takeBadSends() {
      const count = badSends;
      badSends = 0;
      return count;
    },
  };
}

function respond(status: string, body: object): string {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function resource(sid: string, to: string, body: string): object {
  return {
    sid,
    account_sid: account.sid,
    api_version: "2010-04-01",
    body,
    date_created: new Date().toUTCString().replace("GMT", "+0000"),
    date_sent: null,
    direction: "outbound-api",
    error_code: null,
    error_message: null,
    from: account.number,
    num_media: "0",
    num_segments: "1",
    status: "queued",
    to,
    uri: `${messagesPath.replace(".json", "")}/${sid}.json`,
  };
}
