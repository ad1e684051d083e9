import { isIPv6 } from "node:net";

/**
 * What a limit per network address counts: an IPv4 address as it is, of an IPv6 address the first 64 bits. Every line at
 * home has all of the other 64 to itself.
 */
export function limitKey(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // Written in one way, so that no other spelling is another address.
  const plain = new URL(`http://[${ip.replace(/%.*/, "")}]`).hostname.slice(1, -1);
  const [before = [], after = []] = plain.split("::").map((side) => side.split(":").filter(Boolean));
  const groups = [...before, ...Array<string>(groupsOfAll - before.length - after.length).fill("0"), ...after];
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return dotted(groups.slice(6));
  return `${groups.slice(0, 4).join(":")}::/64`;
}

const groupsOfAll = 8;

function dotted(groups: readonly string[]): string {
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}
