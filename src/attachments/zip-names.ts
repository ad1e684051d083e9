const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
/** The end record has 22 bytes and a comment of at most 65,535. */
const endMaxBytes = 22 + 65_535;
/** More than any document has. */
const entriesMax = 10_000;

/** The names in an archive's directory; null when it has none that can be read. Nothing is unpacked (X3). Pure. */
export function zipNames(bytes: Buffer): readonly string[] | null {
  const end = findEnd(bytes);
  if (end === null) return null;
  const count = bytes.readUInt16LE(end + 10);
  if (count > entriesMax) return null;
  const names: string[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== entrySignature) return null;
    const nameBytes = bytes.readUInt16LE(at + 28);
    names.push(bytes.toString("utf8", at + 46, at + 46 + nameBytes));
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return names;
}

function findEnd(bytes: Buffer): number | null {
  const from = bytes.length - 22;
  for (let at = from; at >= 0 && at > from - endMaxBytes; at--) {
    if (bytes.readUInt32LE(at) === endSignature) return at;
  }
  return null;
}
