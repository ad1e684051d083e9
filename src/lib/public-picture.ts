const yearSeconds = 31_536_000;

/** Headers of a picture that anybody may fetch, at an address that is new with every picture: kept for a year, never run (X3). */
export const publicPictureHeaders = {
  "cache-control": `public, max-age=${yearSeconds}, immutable`,
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
} as const;
