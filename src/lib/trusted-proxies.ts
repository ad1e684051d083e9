import { isIP } from "node:net";
import { z } from "zod";

/** Enough for a load balancer behind a content network behind another; more is a mistake. */
const hopsMax = 10;
/** Names of address ranges that Fastify knows (proxy-addr). */
const ranges = ["loopback", "linklocal", "uniquelocal"];

/**
 * The proxies whose X-Forwarded-For is believed: a number of hops, or addresses. "Everybody" is not offered: any visitor
 * could then choose the address that limits count.
 */
export type TrustedProxies = number | readonly string[];

export const trustedProxies = z
  .string()
  .transform((value): TrustedProxies => {
    if (/^\d+$/.test(value.trim())) return Number(value);
    return value
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean);
  })
  .refine(
    (value) =>
      typeof value === "number" ? value >= 1 && value <= hopsMax : value.length > 0 && value.every(isAddressOrRange),
    `must be a number of proxies (1 to ${hopsMax}) or their addresses like 10.0.0.0/8,loopback`,
  );

function isAddressOrRange(value: string): boolean {
  if (ranges.includes(value)) return true;
  const [address = "", prefix, ...rest] = value.split("/");
  const bits = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
