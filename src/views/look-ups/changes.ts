import type { AuditEvent } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { MAX_CHANGES, type Changes } from "../../lookup/changes.ts";
import { list, number, plural } from "../../pluralize.ts";
import { actions, context, type Message } from "../blocks.ts";
import { codeCell, dateCell, stack, table, textCell, type Cell } from "../cells.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { code, escape, named, when } from "../text.ts";

const PAGE_SIZE = 15;

interface ChangesProps extends Changes {
  /** Whose changes these are. */
  tokenId: string;
  now: number;
  page?: number;
}

/** `/zt changes`: what Cloudflare itself recorded of the bot's token in the last 24 hours, newest first. */
export function changesMessage({ items, complete, tokenId, now, page: asked = 1 }: ChangesProps): Message {
  const source = context(`From Cloudflare's audit log, for zt-bot's API token ${code(tokenId)}`);
  if (items.length === 0) {
    const next =
      "→ A change made just now may not be there yet: try again in a few minutes. `/zt requests all` shows what was requested.";
    const head = "Cloudflare recorded no change by zt-bot";
    return emptyMessage(head, " in the last 24 h", now, source, context(next));
  }
  const page = pageOf(items, asked, PAGE_SIZE);
  const title = `${plural(items.length, "change")} in the last 24 h, ${resultsText(items)}`;
  const notes = compact(
    !complete && `These are the newest ${number(MAX_CHANGES)}. The Cloudflare dashboard shows the rest.`,
  );
  return listMessage(
    { head: "By zt-bot", title, now, page, lineOf, notes },
    [table(["Result and change", "When and ray"], page.items.map(rowOf), { wrapped: [0, 1] })],
    source,
    actions("paging", pagingButtons("changes", {}, page)),
  );
}

function resultsText(events: readonly AuditEvent[]): string {
  const failed = events.filter((one) => one.succeeded === false).length;
  const unknown = events.filter((one) => one.succeeded === null).length;
  if (failed + unknown === 0) return "none failed";
  return list(
    compact(
      failed > 0 && `${number(failed)} failed`,
      unknown > 0 && `${number(unknown)} with an unknown result`,
    ),
  );
}

function rowOf(event: AuditEvent): Cell[] {
  return [
    stack(textCell(resultText(event), 40), textCell(whatText(event), 200)),
    stack(dateCell(event.at), event.rayId !== null && codeCell(event.rayId, 40)),
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
  if (succeeded === null) return `result unknown${code}`;
  return succeeded ? "succeeded" : `❌ failed${code}`;
}

function lineOf(event: AuditEvent): string {
  return compact(
    event.at === null ? "time unknown" : when(event.at),
    resultText(event),
    escape(whatText(event), 200),
    event.rayId !== null && `ray ${escape(event.rayId, 40)}`,
  ).join(", ");
}
