/** Small files with true contents, and hostile ones, as a customer or an attacker could send them. */

export function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(25);
  header.writeUInt32BE(13, 0);
  header.write("IHDR", 4, "latin1");
  header.writeUInt32BE(width, 8);
  header.writeUInt32BE(height, 12);
  header.set([8, 6, 0, 0, 0], 16);
  const data = Buffer.from([0, 0, 0, 0, ...Buffer.from("IDAT"), 0, 0, 0, 0]);
  const end = Buffer.from([0, 0, 0, 0, ...Buffer.from("IEND"), 0xae, 0x42, 0x60, 0x82]);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), header, data, end]);
}

export function gif(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.write("GIF89a", "latin1");
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  bytes[13] = 0x3b;
  return bytes;
}

export function jpeg(width: number, height: number): Buffer {
  const start = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, ...Buffer.from("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const frame = Buffer.from([0xff, 0xc2, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([start, frame, Buffer.from([0xff, 0xd9])]);
}

export function webp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(30);
  bytes.write("RIFF", "latin1");
  bytes.writeUInt32LE(22, 4);
  bytes.write("WEBPVP8X", 8, "latin1");
  bytes.writeUInt32LE(10, 16);
  bytes.writeUIntLE(width - 1, 24, 3);
  bytes.writeUIntLE(height - 1, 27, 3);
  return bytes;
}

/** An archive with these entries; each claims to unpack to `unpacked` bytes, as a zip bomb does. */
export function zip(names: readonly string[], unpacked = 10): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const name of names) {
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(2, 18);
    head.writeUInt32LE(unpacked, 22);
    head.writeUInt16LE(name.length, 26);
    local.push(head, Buffer.from(name), Buffer.from([3, 0]));
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(2, 20);
    entry.writeUInt32LE(unpacked, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    at += 32 + name.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, entries, end]);
}

export const docx = (unpacked?: number): Buffer => zip(["[Content_Types].xml", "word/document.xml"], unpacked);
export const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
export const pdf = Buffer.from("%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n");

/** A film or a voice message, as far as its tracks tell. */
export function mp4(...handlers: readonly ("soun" | "vide")[]): Buffer {
  const box = (type: string, ...inside: readonly Buffer[]): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(inside.reduce((sum, { length }) => sum + length, 8));
    head.write(type, 4, "latin1");
    return Buffer.concat([head, ...inside]);
  };
  const tracks = handlers.map((kind) => box("hdlr", Buffer.alloc(8), Buffer.from(kind), Buffer.alloc(13)));
  return Buffer.concat([box("ftyp", Buffer.from("iso5\0\0\0\0iso5")), box("moov", ...tracks)]);
}

/** The same in the other container that browsers record into. */
export function webm(...codecs: readonly string[]): Buffer {
  const names = codecs.map((codec) => Buffer.from([0x86, 0x80 + codec.length, ...Buffer.from(codec)]));
  const type = [0x42, 0x82, 0x84, ...Buffer.from("webm")];
  return Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x80 + type.length, ...type]), ...names]);
}
