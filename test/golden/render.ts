import type { HomeView, ModalView } from "@slack/types";

import { formatSlackDate } from "../../sandbox/web/page/text/slack-date.ts";
import type { Message } from "../../src/views/blocks.ts";
import { NAMES, NOW } from "./story.ts";

/** A reader an hour ahead of UTC: a time that is not in the reader's zone shows. */
const READER = { timeZone: "Europe/Berlin", now: NOW };

/** A block, an element or an object of Block Kit: what is read of it depends on its type. */
type Part = Readonly<Record<string, unknown>>;

/** What the bot shows as text, from top to bottom: see README.md beside this for the signs. Ends with a line end. */
export function render(shown: Message | ModalView | HomeView): string {
  const blocks = shown.blocks.map((block) => blockLines(block as unknown as Part).join("\n"));
  if (!("type" in shown)) return `${[...blocks, `notification: ${mrkdwn(shown.text)}`].join("\n\n")}\n`;
  if (shown.type === "home") return `${blocks.join("\n\n")}\n`;
  const submit = shown.submit === undefined ? "" : `[${shown.submit.text}] (primary) `;
  const ends = `${submit}[${shown.close?.text ?? "Close"}]`;
  return `${[`== ${shown.title.text} ==`, ...blocks, ends].join("\n\n")}\n`;
}

function blockLines(block: Part): string[] {
  switch (block["type"]) {
    case "header":
      return [`# ${textOf(block["text"])}`];
    case "divider":
      return ["---"];
    case "section":
      return [...lines(textOf(block["text"])), ...elementLines(partsOf([block["accessory"]]))];
    case "context":
      return lines(partsOf(block["elements"]).map(textOf).join("\n")).map((line) => `  ${line}`);
    case "alert":
      return lines(textOf(block["text"])).map((line) => `!! ${line}`);
    case "actions":
      return elementLines(partsOf(block["elements"]));
    case "input":
      return inputLines(block);
    case "rich_text":
      return lines(partsOf(block["elements"]).flatMap(richTexts).join(""));
    case "image":
      return ["(picture)", `  read out: ${String(block["alt_text"])}`];
    case "table":
      return tableLines(block["rows"] as unknown[][]);
    case "container":
      return containerLines(block);
    default:
      throw new Error(`No one has said how a ${String(block["type"])} is read.`);
  }
}

/** Crossed out words stand between tildes. */
function richTexts(part: Part): string[] {
  return partsOf(part["elements"]).map((one) => {
    const text = one["type"] === "user" ? mrkdwn(`<@${String(one["user_id"])}>`) : String(one["text"]);
    return (one["style"] as Part | undefined)?.["strike"] === true ? `~${text}~` : text;
  });
}

function containerLines(block: Part): string[] {
  const subtitle = block["subtitle"] === undefined ? "" : ` — ${textOf(block["subtitle"])}`;
  const children = partsOf(block["child_blocks"]).flatMap(blockLines);
  return [`▸ ${textOf(block["title"])}${subtitle}`, ...children.map((line) => `    ${line}`)];
}

function inputLines(block: Part): string[] {
  const optional = block["optional"] === true ? " (optional)" : "";
  const hint = block["hint"] === undefined ? [] : [`  ${textOf(block["hint"])}`];
  const fields = elementLines(partsOf([block["element"]])).map((line) => `  ${line}`);
  return [`${textOf(block["label"])}${optional}:`, ...fields, ...hint];
}

/** Buttons stand in one row; what a button asks before it counts is below it. */
function elementLines(elements: readonly Part[]): string[] {
  const row = elements.filter(({ type }) => type === "button" || type === "overflow").map(buttonText);
  const others = elements.filter(({ type }) => type !== "button" && type !== "overflow").flatMap(fieldLines);
  const asked = elements.flatMap((element) => confirmLines(element["confirm"] as Part | undefined));
  return [...(row.length === 0 ? [] : [row.join(" ")]), ...asked, ...others];
}

function buttonText(element: Part): string {
  if (element["type"] === "overflow")
    return `[•••: ${partsOf(element["options"])
      .map((option) => textOf(option["text"]))
      .join(" | ")}]`;
  const looks = { danger: " (red)", primary: " (primary)" }[String(element["style"])] ?? "";
  return `[${textOf(element["text"])}]${looks}`;
}

function confirmLines(confirm: Part | undefined): string[] {
  if (confirm === undefined) return [];
  const looks = confirm["style"] === "danger" ? " (red)" : "";
  const buttons = `[${textOf(confirm["confirm"])}]${looks} [${textOf(confirm["deny"])}]`;
  return [`  asks: ${textOf(confirm["title"])} ${textOf(confirm["text"])} ${buttons}`];
}

function fieldLines(element: Part): string[] {
  const placeholder = element["placeholder"] === undefined ? "" : textOf(element["placeholder"]);
  const options = [
    ...partsOf(element["options"]),
    ...partsOf(element["option_groups"]).flatMap((group) => [
      { text: { type: "plain_text", text: `— ${textOf(group["label"])} —` } },
      ...partsOf(group["options"]),
    ]),
  ];
  const initial = new Set(
    partsOf([element["initial_option"], ...partsOf(element["initial_options"])]).map(({ value }) => value),
  );
  const optionLines = (on: string, off: string) =>
    options.map((option: Part) => {
      const description = option["description"] === undefined ? "" : ` — ${textOf(option["description"])}`;
      const isOn = option["value"] !== undefined && initial.has(option["value"]);
      return `${isOn ? on : off} ${textOf(option["text"])}${description}`;
    });
  switch (element["type"]) {
    case "plain_text_input":
      return [
        `[ ${typeof element["initial_value"] === "string" ? element["initial_value"] : placeholder || "…"} ]`,
      ];
    case "rich_text_input": {
      const typed = element["initial_value"];
      return typed === undefined ? ["[ … ]"] : lines(richText(typed as Part)).map((line) => `[ ${line} ]`);
    }
    case "static_select":
      return [`(${placeholder} ▾)`, ...optionLines("  ●", "  ○")];
    case "external_select":
      return [`(${placeholder} 🔍)`];
    case "checkboxes":
      return optionLines("[x]", "[ ]");
    case "radio_buttons":
      return optionLines("(●)", "( )");
    default:
      throw new Error(`No one has said how a ${String(element["type"])} is read.`);
  }
}

/** Columns with two blanks between them, the titles underlined; a cell may have several lines. */
function tableLines(rows: readonly (readonly unknown[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => lines(cellText(cell as Part))));
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => Math.max(0, ...(row[column] ?? []).map((line) => line.length)))),
  );
  const drawn = cells.flatMap((row) =>
    Array.from({ length: Math.max(...row.map((cell) => cell.length)) }, (_, index) =>
      row
        .map((cell, column) => (cell[index] ?? "").padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
  );
  const [titles = "", ...body] = drawn;
  return [titles, widths.map((width) => "-".repeat(width)).join("  "), ...body];
}

function cellText(cell: Part): string {
  return cell["type"] === "raw_text" ? String(cell["text"]) : richText(cell);
}

function richText(node: Part): string {
  switch (node["type"]) {
    case "rich_text":
      return partsOf(node["elements"]).map(richText).join("\n");
    case "rich_text_section":
      return partsOf(node["elements"]).map(richText).join("");
    case "text":
      return (node["style"] as Part | undefined)?.["code"] === true
        ? `\`${String(node["text"])}\``
        : String(node["text"]);
    case "date":
      return dateText(Number(node["timestamp"]), String(node["format"]));
    case "user":
      return nameOf(String(node["user_id"]));
    case "usergroup":
      return nameOf(String(node["usergroup_id"]));
    default:
      throw new Error(`No one has said how a ${String(node["type"])} is read.`);
  }
}

function textOf(text: unknown): string {
  const { type, text: words } = text as { type: string; text: string };
  return type === "mrkdwn" ? mrkdwn(words) : words;
}

/** With names for ids and times for moments; bold words and code keep their marks, and a link its arrow. */
function mrkdwn(text: string): string {
  return text
    .replaceAll(/<!date\^(\d+)\^([^|]+)\|[^>]*>/g, (_all, at: string, format: string) =>
      dateText(Number(at), format),
    )
    .replaceAll(/<!subteam\^(\w+)>|<@(\w+)>/g, (_all, group?: string, user?: string) =>
      nameOf(group ?? user ?? ""),
    )
    .replaceAll(/<(https?:[^|>]+)\|([^>]+)>/g, "$2↗")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** The narrow blanks of newer Intl data are blanks. */
function dateText(seconds: number, format: string): string {
  return formatSlackDate(seconds, format, READER).replaceAll(/[\u202F\u00A0]/g, " ");
}

function nameOf(id: string): string {
  return `@${NAMES[id] ?? id}`;
}

function partsOf(value: unknown): Part[] {
  return Array.isArray(value) ? value.filter((part) => part !== undefined && part !== null) : [];
}

function lines(text: string): string[] {
  return text.split("\n");
}
