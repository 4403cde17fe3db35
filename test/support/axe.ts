import { readFileSync } from "node:fs";

import type { Page } from "playwright-core";

const axe = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

interface AxeResult {
  violations: {
    id: string;
    impact: string;
    help: string;
    nodes: { html: string; failureSummary: string }[];
  }[];
}

/** What axe-core finds that is serious or critical, in words: all of it in light colours, and the contrast in dark ones. */
export async function findViolations(page: Page): Promise<string[]> {
  // As an expression and not as a script tag: the page's policy allows none.
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe);
  const found: string[] = [];
  for (const [colorScheme, options] of [
    ["dark", { resultTypes: ["violations"], runOnly: ["color-contrast"] }],
    ["light", { resultTypes: ["violations"] }],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    const result = await page.evaluate<AxeResult>(`axe.run(document, ${JSON.stringify(options)})`);
    for (const { id, impact, nodes } of result.violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      found.push(...nodes.map((node) => `${colorScheme}, ${id}: ${node.html}\n${node.failureSummary}`));
    }
  }
  return found;
}
