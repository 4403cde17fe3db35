import type { Button, KnownBlock } from "@slack/types";

import type { AccessUser, RiskScore } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { countDevices, recentFailures, undatedText } from "../../lookup/facts.ts";
import type { Part, UserSummary } from "../../lookup/summary.ts";
import { judge, whyNothing, type Verdict } from "../../lookup/verdict.ts";
import { plural } from "../../pluralize.ts";
import { actions, button, context, header, linkButton, message, section, type Message } from "../blocks.ts";
import { FORM_PREFIX, formButton } from "../forms/button.ts";
import { MENU_PREFIX, menuOf } from "../menu.ts";
import { INCIDENT_ACTIONS } from "../incident/actions.ts";
import { packParams, SCREEN_PREFIX, screenButton } from "../screen-button.ts";
import { code, escape, mention, named, when } from "../text.ts";
import {
  foldedParts,
  idpText,
  lastSignIn,
  MAX_TITLE,
  seats,
  sessionBlocks,
  type FoldedPart,
} from "./summary-parts.ts";
import { headlineText, stepText, verdictText } from "./verdict.ts";

/** The buttons under a summary. Values are the Access user's id and nothing else. */
export const SUMMARY_ACTIONS = {
  revoke: `${FORM_PREFIX}revoke:summary`,
  refresh: `${SCREEN_PREFIX}user:next`,
  /** The menu; the options below are chosen in it. */
  more: `${MENU_PREFIX}summary`,
  sessions: `${SCREEN_PREFIX}sessions:open`,
  resetRisk: `${FORM_PREFIX}reset-risk:summary`,
  share: "summary_share",
  dashboard: "summary_dashboard",
} as const;

interface SummaryProps {
  summary: UserSummary;
  accountId: string;
  /** Epoch milliseconds. */
  now: number;
  /** The policy names a block list. */
  canBlock?: boolean;
  /** Slack user id of the person who put it in the channel; absent while only one person sees it. */
  sharedBy?: string;
}

/**
 * `/zt user`: a verdict with the step it recommends, the sessions and the buttons on one screen of a phone; the rest
 * is folded.
 */
export function userSummary({ summary, accountId, now, canBlock = false, sharedBy }: SummaryProps): Message {
  const { id, name, email } = summary.user;
  const verdict = judge(summary, now);
  const refresh = screenButton("Refresh", "user", { user: id }, `Read the summary of ${email} again`, "next");
  const nothing = nothingText(summary);
  const more = menuOf(
    "summary",
    screenButton("All sessions", "sessions", { user: id }, `All active sessions of ${email}`),
    email !== "" && screenButton("Sign-ins", "sign-ins", { user: id }, `Sign-ins of ${email}`),
    button(
      "Open incident…",
      INCIDENT_ACTIONS.open,
      packParams({ user: id }),
      `Open an incident about ${named(email, id)}`,
    ),
    sharedBy === undefined &&
      button("Share in the channel", SUMMARY_ACTIONS.share, id, "Put this summary in the channel"),
    linkButton("Open in the dashboard", SUMMARY_ACTIONS.dashboard, dashboardUrl(accountId, id)),
  );
  return message(
    summaryText(summary, now),
    header(named(name, named(email, id, MAX_TITLE), MAX_TITLE)),
    section(nothing ?? verdictText(verdict, summary), nothing === null && stepText(verdict, canBlock)),
    nothing === null
      ? actions(
          "summary_actions",
          canBlock && verdict.step === "disable" && blockButton(summary),
          revokeButton(summary, verdict),
          refresh,
          more,
        )
      : actions("summary_actions", refresh, revokeButton(summary, verdict), more),
    summaryParts(summary, now, (part) =>
      compact(readButton(part, summary.user), part === "risk" && resetButton(summary, verdict)),
    ),
    context(
      compact(
        named(name, "") !== "" && email !== "" && code(email, 100),
        code(id),
        `read ${when(summary.gatheredAt, "time")}`,
        sharedBy !== undefined && `shared by ${mention(sharedBy)}`,
      ).join(" · "),
    ),
  );
}

/** One sentence where nothing at all could be read; else null. */
function nothingText(summary: UserSummary): string | null {
  const reason = whyNothing(summary);
  return reason === null ? null : `⚪ *Nothing could be read:* ${escape(reason, 300)}.`;
}

/** Red where the verdict recommends it, and then filled in: with the devices, and what it rests on as the reason. */
function revokeButton({ user }: UserSummary, { step }: Verdict): Button {
  const params = { user: user.id };
  const label = `Request to revoke all sessions of ${user.email}`;
  return step === "revoke"
    ? formButton("Revoke all…", "revoke", "summary", { ...params, advice: "yes" }, label, "danger")
    : formButton("Revoke…", "revoke", "summary", params, label);
}

/** Where nothing is left to revoke. */
function blockButton({ user: { id, email } }: UserSummary): Button {
  return formButton("Block…", "block", "summary", { user: id }, `Request to block ${email}`);
}

/** With the events that it clears; a risk score is not reset while the account is likely taken over. */
function resetButton({ user: { id, email } }: UserSummary, { headline }: Verdict): Button | null {
  return headline === "likely-takeover"
    ? null
    : formButton("Reset risk…", "reset-risk", "summary", { user: id }, `Reset the risk score of ${email}`);
}

/** Where a folded part is shown in full: a button's text, the screen it opens, and the start of its label. */
const READS: Record<FoldedPart, readonly [text: string, screen: string, label: string]> = {
  risk: ["All risk events", "risk", "Risk events"],
  signIns: ["All failed sign-ins", "failed-sign-ins", "Failed sign-ins"],
  identity: ["Identity in full", "identity", "Identity last seen"],
  devices: ["All devices", "devices", "Devices"],
};

function readButton(part: FoldedPart, { id, email }: AccessUser): Button {
  const [text, screen, label] = READS[part];
  return screenButton(text, screen, { user: id }, `${label} of ${email}`);
}

/** The sessions, then the folded parts, each with its buttons where it has some: also the evidence in a thread. */
export function summaryParts(
  summary: UserSummary,
  now: number,
  buttonsOf: (part: FoldedPart) => Button[] = () => [],
): KnownBlock[] {
  const idp = idpText(summary.idp);
  return compact(
    ...sessionBlocks(summary, now),
    idp !== null && context(idp),
    ...foldedParts(summary, now, buttonsOf),
  );
}

/** `🔴 High risk · Access and Gateway seats · last sign-in yesterday 14:02` */
export function statusLine(summary: UserSummary, now: number): string {
  const { user } = summary;
  const failures = summary.failedLogins.ok ? recentFailures(summary.failedLogins.value, now).length : 0;
  return compact(
    riskBadge(summary.risk),
    seats(user),
    lastSignIn(summary),
    failures >= 5 && `⚠️ *${plural(failures, "failed sign-in")} in 24 h*`,
  ).join(" · ");
}

/** The whole summary in one sentence, for notifications and screen readers. */
export function summaryText(summary: UserSummary, now: number): string {
  const { user, risk, sessions, failedLogins, registrations } = summary;
  const who = named(user.name, "") === "" ? user.email : `${user.name} (${user.email})`;
  const reason = whyNothing(summary);
  if (reason !== null) return escape(`Nothing could be read of ${who}: ${reason}`, 1000);
  const parts = compact(
    who,
    risk.ok ? `risk ${risk.value.level ?? risk.value.rawLevel ?? "unknown"}` : "risk unknown",
    sessions.ok ? plural(sessions.value.length, "active session") : "sessions unknown",
    failedLogins.ok &&
      `${plural(recentFailures(failedLogins.value, now).length, "failed sign-in")} in 24 hours${undatedText(failedLogins.value)}`,
    registrations.ok && countDevices(registrations),
  );
  return escape(`${headlineText(judge(summary, now))}: ${parts.join(", ")}`, 1000);
}

/** Where Cloudflare's own dashboard shows the user. */
export function dashboardUrl(accountId: string, userId: string): string {
  return `https://one.dash.cloudflare.com/${encodeURIComponent(accountId)}/team/users/${encodeURIComponent(userId)}`;
}

const BADGES = { high: "🔴 *High risk*", medium: "🟠 *Medium risk*", low: "🟢 Low risk" };

function riskBadge(risk: Part<RiskScore>): string {
  if (!risk.ok) return "risk unknown";
  const { level, rawLevel } = risk.value;
  if (level !== null) return BADGES[level];
  return rawLevel === null ? "no risk level" : `risk ${escape(rawLevel, 30)}`;
}
