/** One HTTP/1.1 message: its first line with all header lines, and its body. */
export type OnMessage = (head: string, body: string) => void;

const headEnd = "\r\n\r\n";

/**
 * Cuts a connection's bytes into HTTP/1.1 messages, in whatever pieces they come. Knows `Content-Length` and nothing
 * else, because the generator shares two cores with what it measures; throws when a message uses chunks instead.
 */
export function createHttpReader(onMessage: OnMessage): (chunk: Buffer) => void {
  let rest: Buffer | null = null;
  return (chunk) => {
    let data = rest === null ? chunk : Buffer.concat([rest, chunk]);
    rest = null;
    while (data.length > 0) {
      const end = data.indexOf(headEnd);
      if (end < 0) break;
      const head = data.toString("latin1", 0, end);
      const total = end + headEnd.length + bodyBytes(head);
      if (data.length < total) break;
      onMessage(head, data.toString("utf8", end + headEnd.length, total));
      data = data.subarray(total);
    }
    if (data.length > 0) rest = data;
  };
}

function bodyBytes(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error("The generator reads bodies with a Content-Length only.");
  return 0;
}
