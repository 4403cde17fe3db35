import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { describeRequest } from "../../actions/describe.ts";
import { readPause } from "../../requests/pause.ts";
import { listRequests } from "../../requests/list.ts";
import { isFinal, isHeldBack, type Request } from "../../requests/request.ts";
import { findOffered } from "../../approvals/offered.ts";
import { rulesFor } from "../../approvals/rules.ts";
import { findUnreviewedRequests } from "../../requests/queries.ts";
import { permalink } from "../../slack/messages.ts";
import type { Message } from "../../views/blocks.ts";
import { MAX_PAGE } from "../../views/list.ts";
import {
  REQUESTS_PAGE_SIZE,
  requestsMessage,
  UNREVIEWED_SHOWN,
  type RequestRow,
  type RequestsProps,
  type RequestsShown,
} from "../../views/request/requests.ts";
import { mayUse } from "../authorise.ts";
import { defineCommand, type ScreenParams } from "../define.ts";

export const requests = defineCommand({
  name: "requests",
  group: "Respond",
  summary: "open requests, with buttons to approve, deny or cancel them",
  details:
    "Shows open requests, yours (mine) or everything (all), five a page. Break-glass requests without a review come first.",
  examples: ["requests", "requests mine", "requests all --page 2"],
  role: "viewer",
  calls: [],
  args: {
    "open|mine|all": { kind: "word", required: false, summary: "open, mine or all" },
    page: { kind: "text", takes: "N", summary: "which page, from 1" },
  },
  async run({ deps, asker }, { "open|mine|all": typed = "open", page = "1" }) {
    const shown = readShown(typed.toLowerCase(), asker.userId);
    if (shown === null || shown.kind === "cancellable") {
      throw new UserError({
        what: `Can't show "${typed}".`,
        next: "Use open, mine or all: /zt requests [open|mine|all] [--page N]",
      });
    }
    const from = readPage(page);
    if (from === null) {
      throw new UserError({
        what: `Can't read "${page}" as a page.`,
        next: "Use a number from 1, such as --page 2, or press Next.",
      });
    }
    return showRequests({ deps, asker }, shown, from);
  },
  screen: (deps, params, asker) => showAgain({ deps, asker }, params),
});

/** The list that these parameters lead to. `decided`: said first, as it has just been decided from the list. */
export function showAgain(
  context: { deps: Deps; asker: Asker },
  { show: kind = "open", page = "1" }: ScreenParams,
  decided: Request | null = null,
): Promise<Message> {
  const shown = readShown(kind, context.asker.userId) ?? { kind: "open" };
  const said = decided === null ? undefined : { decided, words: describeRequest(decided) };
  return showRequests(context, shown, readPage(page) ?? 1, said);
}

function readShown(kind: string, userId: string): RequestsShown | null {
  if (kind === "mine" || kind === "cancellable") return { kind, userId };
  return kind === "open" || kind === "all" ? { kind } : null;
}

function readPage(typed: string): number | null {
  return /^[1-9]\d{0,5}$/.test(typed) ? Math.min(Number(typed), MAX_PAGE) : null;
}

/** A page of requests with what the reader may do about each. `said`: what comes first. */
export async function showRequests(
  context: { deps: Deps; asker: Asker },
  shown: RequestsShown,
  page: number,
  said?: RequestsProps["said"],
): Promise<Message> {
  const { deps, asker } = context;
  const isFirst = page === 1 && (shown.kind === "open" || shown.kind === "all");
  const [alone, found, mayAsk, mayAudit, pause] = await Promise.all([
    isFirst ? findUnreviewedRequests(deps.db) : [],
    findPage(deps, shown, (page - 1) * REQUESTS_PAGE_SIZE),
    mayUse(context, "operator"),
    mayUse(context, "auditor"),
    readPause(deps.db),
  ]);
  const toRows = (requests: readonly Request[]) =>
    Promise.all(requests.map((request) => toRow(deps, request, asker.userId)));
  const [unreviewed, rows] = await Promise.all([toRows(alone.slice(0, UNREVIEWED_SHOWN)), toRows(found)]);
  return requestsMessage({
    unreviewed,
    unreviewedTotal: alone.length,
    rows,
    shown,
    mayAsk,
    mayAudit,
    pause,
    shortUntil: shortUntil(deps),
    page,
    params: { show: shown.kind },
    ...(said !== undefined && { said }),
    now: deps.now(),
  });
}

/** So many calls are what work on many people takes at once. */
const BULK_CALLS = 40;

/** Until when there are too few Cloudflare calls left for work on many people; null: there are enough. */
function shortUntil({ cloudflare, now }: Deps): number | null {
  const ms = cloudflare.budget.msUntilRoom(BULK_CALLS);
  return ms > 0 ? now() + ms : null;
}

/** One more than is shown tells whether there is another page. */
const LIMIT = REQUESTS_PAGE_SIZE + 1;
/** Open requests of one person that are looked through for those they can cancel. */
const MAX_OPEN = 200;

async function findPage({ db }: Deps, shown: RequestsShown, offset: number): Promise<Request[]> {
  if (shown.kind === "cancellable") {
    const query = { isOpenOnly: true, requesterId: shown.userId, offset: 0, limit: MAX_OPEN };
    const open = await listRequests(db, query);
    const waiting = open.filter((request) => request.status === "pending" || isHeldBack(request));
    return waiting.slice(offset, offset + LIMIT);
  }
  return listRequests(db, {
    isOpenOnly: shown.kind === "open",
    ...(shown.kind === "mine" ? { requesterId: shown.userId } : {}),
    offset,
    limit: LIMIT,
  });
}

async function toRow(deps: Deps, request: Request, readerId: string): Promise<RequestRow> {
  const { channel, ts } = request.card;
  const [link, offered] = await Promise.all([
    ts === null ? null : permalink(deps.slack.interactive, { channel, ts }),
    isFinal(request.status) ? [] : findOffered(deps, request, readerId),
  ]);
  return {
    request,
    words: describeRequest(request),
    quorum: rulesFor(deps.policy.current(), request).quorum,
    link,
    offered,
  };
}
