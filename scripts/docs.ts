import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { renderCommandTable } from "./command-table.ts";

/** `npm run docs`: writes the parts of README.md that are made from the code. */
const README = join(import.meta.dirname, "..", "README.md");
writeFileSync(README, replaceGenerated(readFileSync(README, "utf8"), "commands", renderCommandTable()));

function replaceGenerated(text: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`README.md has no place for ${name}: ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}
