/**
 * Text that a person typed, fit to be stored and put into any channel's markup (X4): without NUL, other control
 * characters that XML forbids, and halves of surrogate pairs. Line breaks and tabs stay.
 */
export function cleanText(text: string): string {
  return (
    text
      .replace(/\r\n?/g, "\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, "")
      .replace(/\p{Surrogate}/gu, "\ufffd")
  );
}
