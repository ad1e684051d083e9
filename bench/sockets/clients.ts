import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { createHttpReader } from "../generator/http-reader.ts";

/** A visitor's window: the token it has, and what it has seen. */
export interface VisitorClient {
  readonly conversationId: string;
  readonly token: string;
  watermark: number;
  socket: Socket | null;
  onFrame: ((text: string) => void) | null;
}

const openWithinMs = 30_000;

/**
 * Opens a visitor's stream as our widget does: asks for its address with the last watermark, upgrades, asks for the state
 * of the conversation and says that nobody looks at it. The frames are made by hand, so that ten thousand clients fit
 * beside the service on one machine.
 */
export async function openWindow(port: number, client: VisitorClient, onClose: () => void): Promise<void> {
  const path = `/v3/directline/conversations/${client.conversationId}?watermark=${client.watermark}`;
  const { streamUrl } = JSON.parse(await get(port, path, client.token)) as { streamUrl: string };
  const { pathname, search } = new URL(streamUrl);
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.setTimeout(openWithinMs, () => socket.destroy());
  const key = randomBytes(16).toString("base64");
  socket.write(
    `GET ${pathname}${search}&state=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const rest = await upgraded(socket, key);
  socket.setTimeout(0);
  socket.write(frame('{"visible":false}'));
  readFrames(socket, rest, client);
  socket.on("error", () => undefined);
  socket.on("close", () => {
    client.socket = null;
    onClose();
  });
  client.socket = socket;
}

/** By hand as well: Node's own client takes longer for a request than the service does. */
async function get(port: number, path: string, token: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.setTimeout(openWithinMs, () => socket.destroy(new Error("no answer")));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  );
  const answer = (await buffer(socket)).toString("utf8");
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0 || !answer.startsWith("HTTP/1.1 200 ")) throw new Error(`answered with ${answer.slice(0, 40)}`);
  return answer.slice(end + 4);
}

export interface Poster {
  /** Resolves with the status when the answer is here. */
  post(path: string, token: string, body: object): Promise<number>;
}

/** One connection that is kept, for requests one after the other. */
export function openPoster(port: number): Poster {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answered: ((status: number) => void) | null = null;
  const read = createHttpReader((head) => answered?.(Number(head.slice(9, 12))));
  socket.on("data", read);
  socket.on("error", () => undefined);
  socket.on("close", () => answered?.(0));
  return {
    post(path, token, body) {
      const text = JSON.stringify(body);
      return new Promise((done) => {
        answered = done;
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
        );
      });
    },
  };
}

function upgraded(socket: Socket, key: string): Promise<Buffer> {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const fail = (): void => reject(new Error("the socket was closed before it was open"));
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read).off("close", fail).off("error", reject);
      if (head.includes(`101 Switching Protocols`) && head.includes(accept)) resolve(head.subarray(end + 4));
      else reject(new Error(head.toString("latin1", 0, 60)));
    };
    socket.on("data", read).on("close", fail).on("error", reject);
  });
}

/** A short text frame as clients send them: masked, here with zeros. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | Buffer.byteLength(text), 0, 0, 0, 0]), Buffer.from(text)]);
}

/** Unmasked text frames of a server; a close frame ends the socket. */
function readFrames(socket: Socket, first: Buffer, client: VisitorClient): void {
  let buffer = first;
  const take = (): void => {
    for (;;) {
      if (buffer.length < 2) return;
      const short = buffer.readUInt8(1) & 0x7f;
      const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (buffer.length < headBytes) return;
      const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
      if (buffer.length < headBytes + length) return;
      const opcode = buffer.readUInt8(0) & 0x0f;
      const text = buffer.toString("utf8", headBytes, headBytes + length);
      buffer = buffer.length === headBytes + length ? Buffer.alloc(0) : buffer.subarray(headBytes + length);
      if (opcode === 8) socket.destroy();
      else if (opcode === 1 && length > 0) {
        const { watermark } = JSON.parse(text) as { watermark?: string };
        if (watermark !== undefined) client.watermark = Number(watermark);
        client.onFrame?.(text);
      }
    }
  };
  socket.on("data", (chunk) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    take();
  });
  take();
}
