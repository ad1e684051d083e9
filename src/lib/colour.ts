import { z } from "zod";

/** "#rgb" or "#rrggbb", given back as the long form in small letters. */
export const hexColour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, "must be a colour such as #0b57d0")
  .transform((colour) => {
    const digits = colour.slice(1).toLowerCase();
    return digits.length === 6 ? `#${digits}` : `#${[...digits].map((digit) => digit + digit).join("")}`;
  });

/** WCAG 2.2, 1.4.3: text needs this contrast at least. */
export const textContrastMin = 4.5;
/** Steps of moving a colour towards black or white; fifty are finer than the eye. */
const steps = 50;

/** Black or white: the text that reads better on a colour; one of the two always has 4.5 to 1. */
export function textOn(colour: string): "#ffffff" | "#000000" {
  return contrast(colour, "#ffffff") >= contrast(colour, "#000000") ? "#ffffff" : "#000000";
}

/** The colour itself where it reads on the background, else the nearest of its shades that does. */
export function readableOn(background: string, colour: string): string {
  const towards = textOn(background);
  for (let step = 0; step <= steps; step++) {
    const shade = mix(colour, towards, step / steps);
    if (contrast(background, shade) >= textContrastMin) return shade;
  }
  return towards;
}

/** From 1 (the same) to 21 (black on white), as WCAG defines it. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(colour: string, other: string, share: number): string {
  const towards = channels(other);
  const mixed = channels(colour).map((channel, at) => Math.round(channel + ((towards[at] ?? 0) - channel) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
