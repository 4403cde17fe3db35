import type { AuditEvent } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { MAX_CHANGES, type Changes } from "../../lookup/changes.ts";
import { number, plural } from "../../pluralize.ts";
import { actions, context, type Message } from "../blocks.ts";
import { codeCell, dateCell, table, textCell, type Cell } from "../cells.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { code, escape, named, utc } from "../text.ts";

const PAGE_SIZE = 15;

interface ChangesProps extends Changes {
  /** Whose changes these are. */
  tokenId: string;
  now: number;
  page?: number;
}

/** `/zt changes`: what Cloudflare itself recorded of the bot's token in the last 24 hours, newest first. */
export function changesMessage({ items, complete, tokenId, now, page: asked = 1 }: ChangesProps): Message {
  const source = context(`From Cloudflare's audit log, of zt-bot's API token ${code(tokenId)}`);
  if (items.length === 0) {
    const next =
      "→ What was asked for is in the approvals channel. A change made just now may not be in the log yet: try again in a few minutes.";
    const head = "Cloudflare recorded no change by zt-bot";
    return emptyMessage(head, " in the last 24 h", now, source, context(next));
  }
  const page = pageOf(items, asked, PAGE_SIZE);
  const failed = items.filter((one) => one.succeeded === false).length;
  const title = `${plural(items.length, "change")} in the last 24 h, ${failed === 0 ? "none failed" : `❌ ${number(failed)} failed`}`;
  const notes = compact(
    !complete &&
      `Cloudflare has more: these are the newest ${number(MAX_CHANGES)}. The dashboard shows the rest.`,
  );
  return listMessage(
    { head: "By zt-bot", title, now, page, lineOf, notes },
    [table(["When", "What", "Result", "Ray"], page.items.map(rowOf), { wrapped: 1 })],
    source,
    actions("paging", pagingButtons("changes", {}, page)),
  );
}

function rowOf(event: AuditEvent): Cell[] {
  return [
    dateCell(event.at),
    textCell(whatText(event), 200),
    textCell(resultText(event), 40),
    codeCell(event.rayId, 40),
  ];
}

/** `delete · Remove user · access users f174e90a-…`: the action, Cloudflare's words for it, and on what. */
function whatText({ action, description, method, resource }: AuditEvent): string {
  const type = [resource.product, resource.type].filter((word) => word !== null && word !== description);
  const on = [...type, resource.id].filter((word) => word !== null).join(" ");
  const parts = [named(action ?? method, "change", 30), named(description, "", 80), named(on, "", 120)];
  return parts.filter((part) => part !== "").join(" · ");
}

function resultText({ succeeded, status }: AuditEvent): string {
  const code = status === null ? "" : ` (HTTP ${status})`;
  if (succeeded === null) return `not said${code}`;
  return succeeded ? "✅ success" : `❌ failure${code}`;
}

function lineOf(event: AuditEvent): string {
  return compact(
    event.at === null ? "time not said" : utc(event.at),
    escape(whatText(event), 200),
    resultText(event),
    event.rayId !== null && `ray ${escape(event.rayId, 40)}`,
  ).join(", ");
}
