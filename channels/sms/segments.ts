const basic =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const escaped = "^{}\\[]~|€\f";
const septets = new Map([
  ...[...basic].map((one) => [one, 1] as const),
  ...[...escaped].map((one) => [one, 2] as const),
]);

/** How many SMS segments a text takes: GSM-7 160/153, otherwise UCS-2 70/67; pairs are never split. */
export function countSegments(text: string): number {
  const characters = [...text];
  const gsm = characters.every((one) => septets.has(one));
  const costs = characters.map((one) => (gsm ? (septets.get(one) ?? 1) : one.length));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const [single, each] = gsm ? [160, 153] : [70, 67];
  if (total <= single) return Math.max(1, text === "" ? 0 : 1);
  let segments = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > each) {
      segments += 1;
      used = 0;
    }
    used += cost;
  }
  return segments;
}
