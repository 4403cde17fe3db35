import type { RichTextBlock } from "@slack/types";
import { z } from "zod";

/** What people paste into a rich text field, as plain text; and plain text as its first content. */

const Inline = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  url: z.string().optional(),
  user_id: z.string().optional(),
  elements: z.array(z.unknown()).optional(),
});

/** All words of a rich text value, a line for each of its parts; mentions as `<@U…>`, linked addresses as addresses. */
export function readRichText(value: unknown): string {
  const parsed = Inline.safeParse(value);
  if (!parsed.success) return "";
  const { type, text = "", url = "", user_id: userId, elements } = parsed.data;
  if (elements !== undefined) {
    // The parts of a section are one line; its lines, and lists, are lines of their own.
    const between = type === "rich_text_section" || type === "rich_text_quote" ? "" : "\n";
    return elements.map((element) => readRichText(element)).join(between);
  }
  if (type === "user" && userId !== undefined) return `<@${userId}>`;
  if (type === "link") return url.toLowerCase().startsWith("mailto:") ? decode(url.slice(7)) : text;
  return text;
}

function decode(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    // A stray "%" is no escape: the address is taken as it was typed.
    return address;
  }
}

/** Lines as rich text. */
export function toRichText(lines: readonly string[]): RichTextBlock {
  return {
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [{ type: "text", text: lines.join("\n").toWellFormed() || " " }],
      },
    ],
  };
}
