import { cutText } from "../../src/lib/clean-text.ts";
import type { ContactAddress } from "../channel.ts";

const idMaxChars = 200;
/** A business-scoped id: a country, then a token; "ENT" marks the parent id that linked portfolios share. */
const businessScoped = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/;

/** What the provider calls a person ("+1415…", "1415…", "US.1349…") as an address of ours. Anything else is opaque. */
export function addressOf(given: string): ContactAddress {
  const value = cutText(given, idMaxChars).replace(/^whatsapp:/, "");
  if (/^\+?\d{6,15}$/.test(value)) return { channel: "whatsapp", kind: "e164", value: `+${value.replace("+", "")}` };
  const scoped = businessScoped.exec(value);
  if (scoped === null) return { channel: "whatsapp", kind: "opaque", value };
  return { channel: "whatsapp", kind: scoped[1] === undefined ? "wa-bsuid" : "wa-parent-bsuid", value };
}

/** The person's addresses among what a payload names: the first is who wrote, the rest are the same person's. */
export function addressesOf(given: readonly (string | null | undefined)[]): readonly ContactAddress[] {
  const named = given.filter((one): one is string => typeof one === "string" && one !== "").map(addressOf);
  return named.filter((one, index) => named.findIndex((other) => other.value === one.value) === index);
}
