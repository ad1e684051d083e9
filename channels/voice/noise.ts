/** Sounds that speech recognition writes down for a cough or a room: no word of any of our languages asks anything so. */
const sounds = new Set(
  "ah äh aha eh ehm em er erm hm hmm hmmm huh mhm mm mmm oh öh ooh öhm uff uh uhm um umm eeh este".split(" "),
);

/** Is there nothing in it that could be answered? Pure. */
export function isNoise(said: string): boolean {
  const words = said.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  if (words.every((word) => sounds.has(word))) return true;
  // One letter alone is a crackle; a digit may be an answer.
  return words.join("").length < 2 && !/\p{N}/u.test(said);
}
