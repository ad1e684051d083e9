/** Why a data directory took nothing, in a sentence that says what to do. */
export function cannotWrite(folder: string, cause: unknown): string {
  return /ENOSPC/.test(String(cause))
    ? `The disk that holds ${folder} is full. Free some space or set DATA_DIR to another disk.`
    : `The data directory ${folder} cannot be written. Set DATA_DIR to a writable folder, or DATABASE_URL to a PostgreSQL.`;
}
