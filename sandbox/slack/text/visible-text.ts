import type { Shown } from "../types.ts";
import type { Workspace } from "../workspace.ts";

type SweepWork = Record<string, unknown>;

/** Fields of blocks and elements whose texts a reader sees, in the order in which they are shown. */
const shownFields = [
  "title",
  "subtitle",
  "label",
  "text",
  "body",
  "fields",
  "elements",
  "element",
  "accessory",
  "rows",
  "actions",
  "options",
  "placeholder",
  "description",
  "hint",
  "child_blocks",
];

/** `*bold*`, `_italic_`, `~struck~` and code: a mark at both edges of the words it styles. */
const styled = /(?<![\w*_~`])(\*|_|~|`{1,3})(?=\S)([^*_~`\n]+)(?<=\S)\1(?![\w*_~`])/g;

/**
 * All the words a person sees: the blocks where there are any, else the text, with mentions, links and dates as shown.
 * A view's title comes first, the words on its buttons last.
 */
export function visibleText(workspace: Workspace, shown: Shown): string {
  if (shown.blocks.length === 0 && shown.title === undefined)
    return renderMrkdwn(workspace, shown.text ?? "");
  const buttons = [shown.close?.text ?? "", shown.submit?.text ?? ""];
  const lines = [shown.title?.text ?? "", ...textsOf(workspace, shown.blocks), ...buttons];
  return lines.filter((line) => line !== "").join("\n");
}

function textsOf(workspace: Workspace, node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((each) => textsOf(workspace, each));
  if (typeof node !== "object" || node === null) return [];
  const it = node as SweepWork;
  switch (it["type"]) {
    case "mrkdwn":
    case "markdown":
      return [renderMrkdwn(workspace, String(it["text"]))];
    case "plain_text":
    case "raw_text":
    case "raw_number":
      return [String(it["text"])];
    case "rich_text_section":
    case "rich_text_quote":
    case "rich_text_preformatted":
      return [inlineText(workspace, it["elements"])];
    case "static_select":
    case "multi_static_select":
    case "overflow":
      // Their options show only once they are opened.
      return textsOf(workspace, [it["placeholder"], chosenText(it)]);
    default:
      return [...shownFields.flatMap((field) => textsOf(workspace, it[field])), ...entered(it)];
  }
}

function chosenText(element: SweepWork): unknown {
  const chosen = element["initial_option"] ?? element["initial_options"];
  return Array.isArray(chosen)
    ? chosen.map((option: SweepWork) => option["text"])
    : (chosen as SweepWork | undefined)?.["text"];
}

function entered(element: SweepWork): string[] {
  return typeof element["initial_value"] === "string" ? [element["initial_value"]] : [];
}

function inlineText(workspace: Workspace, elements: unknown): string {
  if (!Array.isArray(elements)) return "";
  return (elements as SweepWork[])
    .map((element) => {
      switch (element["type"]) {
        case "text":
          return String(element["text"]);
        case "link":
          return String(element["text"] ?? element["url"]);
        case "user":
          return personName(workspace, String(element["user_id"]));
        case "channel":
          return channelName(workspace, String(element["channel_id"]));
        case "usergroup":
          return groupName(workspace, String(element["usergroup_id"]));
        case "emoji":
          return `:${String(element["name"])}:`;
        case "date":
          return String(element["fallback"] ?? element["timestamp"]);
        case "broadcast":
          return `@${String(element["range"])}`;
        default:
          return "";
      }
    })
    .join("");
}

/** `<@U…>`, `<#C…>`, `<!date^…|…>`, `<https://…|label>` and the three entities as a reader sees them. */
function renderMrkdwn(workspace: Workspace, text: string): string {
  return text
    .replace(/<([^<>\n]+)>/g, (_whole, inner: string) => renderReference(workspace, inner))
    .replace(styled, "$2")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function renderReference(workspace: Workspace, inner: string): string {
  const [target = "", label] = inner.split("|", 2);
  if (target.startsWith("@")) return personName(workspace, target.slice(1));
  if (target.startsWith("#")) return channelName(workspace, target.slice(1));
  if (target.startsWith("!subteam^")) return groupName(workspace, target.slice("!subteam^".length));
  if (target.startsWith("!date^")) return label ?? "";
  if (target.startsWith("!")) return `@${label ?? target.slice(1)}`;
  return label ?? target.replace(/^mailto:/, "");
}

function personName(workspace: Workspace, id: string): string {
  if (id === workspace.options.bot.userId) return `@${workspace.options.bot.name}`;
  return `@${workspace.people.find((person) => person.id === id)?.name ?? id}`;
}

function channelName(workspace: Workspace, id: string): string {
  return `#${workspace.channels.find((channel) => channel.id === id)?.name ?? id}`;
}

function groupName(workspace: Workspace, id: string): string {
  return `@${workspace.options.userGroups.find((group) => group.id === id)?.handle ?? id}`;
}
