import type { Telling } from "./player.ts";

/** Tells a scenario to those who watch the terminal. @param say writes one line, or several */
export function createTelling(say: (text: string) => void): Telling {
  return {
    began: ({ title, why }, index, of) => say(`\n  ${index + 1}/${of}  ${title}\n${wrap(why)}`),
    done: ({ look }) => say(wrap(`✓ ${look}`)),
    trouble: (what) => say(wrap(`! ${what}`)),
  };
}

const INDENT = "        ";
const WIDTH = 90;

function wrap(text: string): string {
  const lines = [INDENT];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const longer = line === INDENT ? line + word : `${line} ${word}`;
    if (longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(INDENT + word);
  }
  return lines.join("\n");
}
