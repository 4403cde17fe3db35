import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isMap, parseDocument } from "yaml";

import { findWritten, renderMarkdown, write } from "../bench/report.ts";
import { ROWS } from "../bench/rows/index.ts";
import { renderCommandTable } from "./command-table.ts";

/**
 * `npm run docs`: writes the parts of README.md that are made from the code, manifest.http.yml from manifest.yml, and a
 * place in docs/performance.md for each row of the bench that has none.
 */
const ROOT = join(import.meta.dirname, "..");
const README = join(ROOT, "README.md");
writeFileSync(README, replaceGenerated(readFileSync(README, "utf8"), "commands", renderCommandTable()));
writeFileSync(join(ROOT, "manifest.http.yml"), toHttp(readFileSync(join(ROOT, "manifest.yml"), "utf8")));

const PERFORMANCE = join(ROOT, "docs", "performance.md");
const performance = readFileSync(PERFORMANCE, "utf8");
const unwritten = ROWS.filter((row) => findWritten(performance, row.name) === null);
writeFileSync(
  PERFORMANCE,
  unwritten.reduce((text, row) => write(text, row, renderMarkdown(row, null)), performance),
);

/** The same app over HTTP: without Socket Mode, and with the bot's address wherever Slack asks for one. */
function toHttp(text: string): string {
  const url = "https://zt-bot.example.com/slack/events";
  // Its first line is about the other file.
  const manifest = parseDocument(text.replace(/^#.*\n/, ""));
  const command = manifest.getIn(["features", "slash_commands", 0]);
  if (!isMap(command)) throw new Error("manifest.yml has no slash command");
  command.set("url", url);
  const { contents } = manifest;
  if (contents !== null)
    contents.commentBefore = ` The Slack app for HTTP, complete, made from manifest.yml by npm run docs. Replace zt-bot.example.com by the name that
 leads to the bot, four times, then api.slack.com/apps › Create New App › From a manifest. Slack checks the address: start
 the bot before you save it, or press Retry there.`;
  manifest.setIn(["settings", "interactivity", "request_url"], url);
  manifest.setIn(["settings", "interactivity", "message_menu_options_url"], url);
  manifest.setIn(["settings", "event_subscriptions", "request_url"], url);
  manifest.setIn(["settings", "socket_mode_enabled"], false);
  return manifest.toString({ lineWidth: 0 });
}

function replaceGenerated(text: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`README.md has no place for ${name}: ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}
