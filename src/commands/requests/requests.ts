import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { describeRequest } from "../../actions/describe.ts";
import { readPause } from "../../requests/pause.ts";
import { listRequests } from "../../requests/list.ts";
import type { Request } from "../../requests/request.ts";
import { rulesFor } from "../../approvals/rules.ts";
import { findUnreviewedRequests } from "../../requests/queries.ts";
import { permalink } from "../../slack/messages.ts";
import type { Message } from "../../views/blocks.ts";
import {
  REQUESTS_PAGE_SIZE,
  requestsMessage,
  UNREVIEWED_SHOWN,
  type RequestRow,
  type RequestsShown,
} from "../../views/request/requests.ts";
import { mayUse } from "../authorise.ts";
import { defineCommand } from "../define.ts";

/** Far past what anybody turns to; a forged page number must not become an odd one in the database. */
const MAX_PAGE = 10_000;

export const requests = defineCommand({
  name: "requests",
  group: "Respond",
  summary: "what was asked for and how it stands, open requests first",
  details:
    "Those that are open, unless told otherwise: mine for what you asked, all for everything. Each with who asked, when it expires and a link to its card, and with what keeps its messages from the approvals channel. First comes what somebody did alone and nobody has reviewed yet. Ten a page.",
  examples: ["requests", "requests mine", "requests all --page 2"],
  role: "viewer",
  calls: [],
  args: {
    "open|mine|all": { kind: "word", required: false, summary: "open, mine or all" },
    page: { kind: "text", takes: "N", summary: "which page, from 1" },
  },
  async run({ deps, asker }, { "open|mine|all": typed = "open", page = "1" }) {
    const shown = readShown(typed.toLowerCase(), asker.userId);
    if (shown === null) {
      throw new UserError({
        what: `“${typed}” is none of open, mine and all.`,
        next: "Usage: /zt requests [open|mine|all] [--page N]",
      });
    }
    const from = readPage(page);
    if (from === null) {
      throw new UserError({
        what: `“${page}” is no page.`,
        next: "Give a number from 1, such as --page 2, or press Next.",
      });
    }
    return show({ deps, asker }, shown, from);
  },
  screen: (deps, { show: kind = "open", by = "", page = "1" }, asker) =>
    show({ deps, asker }, readShown(kind, by) ?? { kind: "open" }, readPage(page) ?? 1),
});

function readShown(kind: string, userId: string): RequestsShown | null {
  if (kind === "mine") return { kind, userId };
  return kind === "open" || kind === "all" ? { kind } : null;
}

function readPage(typed: string): number | null {
  return /^[1-9]\d{0,5}$/.test(typed) ? Math.min(Number(typed), MAX_PAGE) : null;
}

async function show(
  context: { deps: Deps; asker: Asker },
  shown: RequestsShown,
  page: number,
): Promise<Message> {
  const { deps } = context;
  const isFirst = page === 1 && shown.kind !== "mine";
  const alone = isFirst ? await findUnreviewedRequests(deps.db) : [];
  const found = await listRequests(deps.db, {
    isOpenOnly: shown.kind === "open",
    ...(shown.kind === "mine" ? { requesterId: shown.userId } : {}),
    offset: (page - 1) * REQUESTS_PAGE_SIZE,
    // One more than is shown tells whether there is another page.
    limit: REQUESTS_PAGE_SIZE + 1,
  });
  const unreviewed = alone.slice(0, UNREVIEWED_SHOWN);
  const [mayAsk, mayAudit, pause] = await Promise.all([
    mayUse(context, "operator"),
    mayUse(context, "auditor"),
    readPause(deps.db),
  ]);
  return requestsMessage({
    unreviewed: await Promise.all(unreviewed.map((request) => withLink(deps, request))),
    unreviewedTotal: alone.length,
    rows: await Promise.all(found.map((request) => withLink(deps, request))),
    shown,
    mayAsk,
    mayAudit,
    pause,
    page,
    params: { show: shown.kind, ...(shown.kind === "mine" ? { by: shown.userId } : {}) },
    now: deps.now(),
  });
}

async function withLink({ slack, policy }: Deps, request: Request): Promise<RequestRow> {
  const { channel, ts } = request.card;
  return {
    request,
    words: describeRequest(request),
    quorum: rulesFor(policy.current(), request).quorum,
    link: ts === null ? null : await permalink(slack.interactive, { channel, ts }),
  };
}
