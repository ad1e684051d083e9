import { source } from "axe-core";
import type { Frame, Page } from "playwright-core";

/** What axe finds wrong on a page, or a part of it, by WCAG 2.2 AA and its best practices: one line for each element. */
export async function accessibilityFaults(page: Page | Frame, part = "html"): Promise<string[]> {
  // Evaluated by the debugger, which the page's content policy does not bind.
  await page.evaluate(source);
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(${JSON.stringify(part)}, { resultTypes: ["violations"] })`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
