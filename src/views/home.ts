import type { HomeView, InputBlock, KnownBlock } from "@slack/types";

import type { RequestText } from "../actions/describe.ts";
import type { Rules } from "../approvals/rules.ts";
import { compact, type Maybe } from "../compact.ts";
import { capitalize, plural } from "../pluralize.ts";
import type { Pause } from "../requests/pause.ts";
import type { Request } from "../requests/request.ts";
import { describeSlackTrouble } from "../slack-trouble.ts";
import { actions, button, context, divider, header, plain, section } from "./blocks.ts";
import { approveButton, codeNeeded, denyButton, detailsButton } from "./card/approvals.ts";
import { breakGlassWords, reviewButton } from "./card/break-glass.ts";
import { stateWords } from "./card/card.ts";
import { pausedLine } from "./request/pause.ts";
import { signOf } from "./request/requests.ts";
import { code, duration, escape, mention, principals, when } from "./text.ts";

/** What the App Home does by itself; its other buttons are those of the cards. */
export const HOME_ACTIONS = {
  search: "home_search",
  launcher: "home_launcher",
  help: "home_help",
} as const;

export interface HomeRow {
  request: Request;
  words: RequestText;
  /** To its card; null where there is none. */
  link: string | null;
  /** Who may approve it and how many have to, as the policy is now. */
  rules: Rules;
}

export type HomeProps =
  /** A guest, a bot, or from another organization. */
  | { kind: "stranger" }
  /** The policy names them nowhere; `ask`: whom it does, as Slack ids. */
  | { kind: "no-role"; ask: readonly string[] }
  | MemberHome;

interface MemberHome {
  kind: "member";
  /** Requests that the reader may approve. */
  toDecide: readonly HomeRow[];
  /** Break-glass that the reader may review. */
  toReview: readonly HomeRow[];
  /** What the reader requested, open requests first. */
  mine: readonly HomeRow[];
  /** What is not shown of these. */
  left: { toDecide: number; toReview: number; mine: boolean };
  /** Not all pending requests were looked through. */
  isCut: boolean;
  mayAsk: boolean;
  pause: Pause | null;
  trouble: {
    /** Slack does not take messages: its code, and since when. */
    slack: { code: string; since: number } | null;
    /** Approved requests that wait, and why the first does. */
    held: { count: number; why: string } | null;
    /** Requests to which Cloudflare gave no clear answer. */
    unclear: number;
    /** What is wrong with the record, in words. */
    record: readonly string[];
  };
  now: number;
}

/** One person's App Home: what is wrong, what needs them, a search box, and what became of their requests. */
export function homeView(props: HomeProps): HomeView {
  switch (props.kind) {
    case "stranger":
      return home(section("zt-bot is for full members of its own workspace. Ask one of them to help you."));
    case "no-role":
      return home(
        section(
          "🔒 *You can't use zt-bot yet.*",
          `Ask ${principals(props.ask.slice(0, 10), 10)} to help you, or the people who run zt-bot to add you.`,
        ),
      );
    case "member":
      return memberHome(props);
  }
}

/** What is unknown is not shown as none. */
export function unreadHome(): HomeView {
  return home(
    section(
      "⚪ *Can't load what needs you.*",
      "Open this tab again in a minute. `/zt user` still looks people up.",
    ),
  );
}

function memberHome(props: MemberHome): HomeView {
  const { toDecide, toReview, mine, left, now } = props;
  const needs = toDecide.length + toReview.length + left.toDecide + left.toReview;
  return home(
    troubleLines(props).map((line) => section(line)),
    needs === 0 ? section(nothingText(props)) : header(`Needs you · ${needs}`),
    toReview.map((row) => reviewBlocks(row, now)),
    toDecide.flatMap((row) => decideBlocks(row, now)),
    moreText(props),
    searchBox(now),
    actions(
      "home_actions",
      button(props.mayAsk ? "New request…" : "Look up…", HOME_ACTIONS.launcher, "home", "Choose what to do"),
      button("Help", HOME_ACTIONS.help, "home", "What you can do with zt-bot"),
    ),
    divider(),
    mine.length === 0
      ? context(props.mayAsk ? "You have requested nothing yet." : "Only operators can make requests.")
      : header("Your requests"),
    mine.map((row) => section(...rowLines(row, now))),
    left.mine && context(`${code("/zt requests mine")} shows all of them.`),
    context(`Updated ${when(now, "time")}`),
  );
}

function nothingText({ isCut, pause }: MemberHome): string {
  if (isCut) return "⚪ *Nothing among the oldest requests needs you.* `/zt requests` shows the others.";
  return `${pause === null ? "🟢" : "⚪"} *Nothing needs you.* Requests that you can approve show up here.`;
}

function moreText({ left, isCut, toDecide }: MemberHome): Maybe<KnownBlock> {
  const more = left.toDecide + left.toReview;
  if (more > 0) return context(`And ${more} more: ${code("/zt requests")} shows all of them.`);
  return (
    isCut && toDecide.length > 0 && context(`There may be more: ${code("/zt requests")} shows all of them.`)
  );
}

/** What keeps requests from going on, the worst first. */
function troubleLines({ pause, trouble, now }: MemberHome): string[] {
  const { slack, held, unclear, record } = trouble;
  return compact(
    record.map((line) => `🔴 ${escape(capitalize(line), 500)}.`),
    pause !== null && pausedLine(pause, now),
    slack !== null && slackLine(slack),
    held !== null &&
      pause === null &&
      `⏸️ *${plural(held.count, "approved request")} on hold*: ${escape(held.why, 300)}.`,
    unclear > 0 && `⚪ *No clear answer from Cloudflare* to ${plural(unclear, "request")}: still checking.`,
  );
}

function slackLine({ code: trouble, since }: { code: string; since: number }): string {
  const { why, next } = describeSlackTrouble(trouble);
  const step = next === null ? "" : ` → ${escape(capitalize(next), 300)}.`;
  return `🟠 *Messages are late* since ${when(since, "time")}: ${escape(why, 300)}.${step}`;
}

function decideBlocks(row: HomeRow, now: number): KnownBlock[] {
  const { request, words, rules } = row;
  const { id, requesterId, reason, createdAt, expiresAt } = request;
  return [
    section(
      `🟡 ${titleOf(row)}`,
      `${mention(requesterId)}: ${escape(reason, 300)}`,
      compact(
        code(id),
        `requested ${duration(now - createdAt)} ago`,
        expiresAt > now ? `expires in ${duration(expiresAt - now)}` : "expires now",
        rules.quorum > 1 && stateWords(request, rules.quorum),
      ).join(" · "),
      codeNeeded(rules),
    ),
    ...actions(
      `home_decide:${id}`,
      approveButton(request, words, rules.quorum),
      denyButton(request),
      detailsButton(request),
    ),
  ];
}

function reviewBlocks(row: HomeRow, now: number): KnownBlock {
  const { request } = row;
  const since = request.breakGlass === null ? "" : ` · ${duration(now - request.breakGlass.at)} ago`;
  const lines = [
    `🚨 ${titleOf(row)}`,
    `${capitalize(breakGlassWords(request))}: ${escape(request.breakGlass?.reason ?? "", 300)}`,
    `${code(request.id)} · ${stateWords(request)}${since}`,
  ];
  return { ...section(...lines), accessory: reviewButton(request) };
}

function rowLines(row: HomeRow, now: number): string[] {
  const { request, rules } = row;
  return [
    `${signOf(request)} ${titleOf(row)}`,
    `${capitalize(stateWords(request, rules.quorum))} · ${code(request.id)} · ${duration(now - request.createdAt)} ago`,
  ];
}

function titleOf({ words, link }: HomeRow): string {
  const headline = escape(words.headline, 200);
  return link === null ? `*${headline}*` : `*<${link}|${headline}>*`;
}

/** Answers when Enter is pressed. Its block's id is new each time, so that Slack empties it. */
function searchBox(now: number): InputBlock {
  return {
    type: "input",
    block_id: `${HOME_ACTIONS.search}:${now}`,
    dispatch_action: true,
    label: plain("Look up a person"),
    hint: plain("Email address or name, then Enter"),
    element: {
      type: "plain_text_input",
      action_id: HOME_ACTIONS.search,
      placeholder: plain("alice@example.com"),
      max_length: 254,
      dispatch_action_config: { trigger_actions_on: ["on_enter_pressed"] },
    },
  };
}

function home(...blocks: readonly Maybe<KnownBlock>[]): HomeView {
  return { type: "home", blocks: compact(...blocks) };
}
