/** Boxes and track headers stand near the ends of a file; sound and pictures lie between. */
const soundHandler = "soun";
const pictureHandler = "vide";
const headBytes = 64 * 1024;

/**
 * Whether a video container holds sound alone, as the recorders of browsers and telephones make them: the same bytes begin
 * a film and a voice message. Reads the declared tracks, decodes nothing.
 */
export function isSoundOnly(bytes: Buffer, mime: string): boolean {
  if (mime === "video/mp4") {
    const handlers = mp4Handlers(bytes);
    return handlers.has(soundHandler) && !handlers.has(pictureHandler);
  }
  if (mime !== "video/webm") return false;
  const codecs = bytes.subarray(0, headBytes).toString("latin1");
  return /A_(?:OPUS|VORBIS)/.test(codecs) && !/V_(?:VP8|VP9|AV1|MPEG)/.test(codecs);
}

/** The kinds of an MP4's tracks: the handler stands eight bytes behind the name of its box. */
function mp4Handlers(bytes: Buffer): Set<string> {
  const found = new Set<string>();
  for (let at = bytes.indexOf("hdlr"); at >= 0; at = bytes.indexOf("hdlr", at + 4))
    found.add(bytes.toString("latin1", at + 12, at + 16));
  return found;
}
