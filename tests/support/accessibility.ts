import { source } from "axe-core";
import type { Frame, Page } from "playwright-core";

/** Axe leaves the rule of WCAG 2.2 out unless it is asked for: targets have 24 pixels, or room around them. */
const runOptions = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };

/** What axe finds wrong on a page, or a part of it, by WCAG 2.2 AA and its best practices: one line for each element. */
export async function accessibilityFaults(page: Page | Frame, part = "html"): Promise<string[]> {
  // Evaluated by the debugger, which the page's content policy does not bind.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(source);
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(${JSON.stringify(part)}, ${JSON.stringify(runOptions)})`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

export interface Look {
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

/** Two languages, one of each direction, each in two looks: together every state by day and night, wide and narrow. */
export const looksOf = {
  ltr: [
    { colorScheme: "light", width: 1_280 },
    { colorScheme: "dark", width: 320 },
  ],
  rtl: [
    { colorScheme: "dark", width: 1_280 },
    { colorScheme: "light", width: 320 },
  ],
} as const satisfies Record<string, readonly Look[]>;

/** What axe objects to, and what does not fit, in each look of a page or a frame in it, as it stands now. */
export async function faultsInLooks(page: Page, looks: readonly Look[], frame: Page | Frame = page): Promise<string[]> {
  const faults: string[] = [];
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 760 });
    const found = await accessibilityFaults(frame);
    if (!(await frame.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"))) found.push("overflows");
    faults.push(...found.map((fault) => `${colorScheme}, ${width} px: ${fault}`));
  }
  return faults;
}
