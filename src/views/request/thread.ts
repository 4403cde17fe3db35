import type { ActionsBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { compact, type Maybe } from "../../compact.ts";
import { blockIn } from "../../lookup/facts.ts";
import type { Blocked, UserSummary } from "../../lookup/summary.ts";
import { judge } from "../../lookup/verdict.ts";
import { capitalize, number, plural } from "../../pluralize.ts";
import type { OthersSeen, PostData } from "../../requests/posts.ts";
import { othersOf } from "../../requests/plan.ts";
import { newestVotes, type Held, type Request, type Vote } from "../../requests/request.ts";
import { actions, context, linked, message, section, sections, type Message } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { summaryParts, summaryText } from "../look-ups/user-summary.ts";
import { verdictText } from "../look-ups/verdict.ts";
import { code, cutMarkup, escape, mention, when } from "../text.ts";
import { watchNewsMessage } from "../watch.ts";
import { approversText } from "./approver-message.ts";
import { breakGlassDecisionText, reviewedText } from "../card/break-glass.ts";
import { retryButtons } from "../card/retry.ts";
import { failuresText } from "../card/bulk.ts";
import { noteLines, seenText, stateLine, stateWords } from "../card/card.ts";
import { blockEndMessage } from "./block-end.ts";
import { behindText, type Behind } from "./direct.ts";
import { UNPROVEN_NEXT, unprovenText } from "./unproven.ts";
import { escalatedText, howFar, reminderText, reviewReminderText } from "../card/waiting.ts";

/** A message in the thread under a card. Whatever is told here has been recorded before. */
export function threadMessage(
  request: Request,
  words: RequestText,
  data: PostData,
  { canRevokeNow = false }: { canRevokeNow?: boolean } = {},
): Message {
  switch (data.kind) {
    case "evidence":
      if (request.evidence === null) return say("⚪ Not an Access user yet.");
      return evidenceMessage(request.evidence, data.others);
    case "vote": {
      const left = data.quorum - data.counting;
      return say(
        `🔵 ${mention(data.by)} approved${withCode(data)} (${data.counting} of ${data.quorum}). Needs ${plural(left, "more approval")}.`,
      );
    }
    case "held":
      return say(
        `⏸️ *On hold* since ${when(data.at, "time")}: ${escape(data.why, 800)}`,
        `→ ${heldNext(data.code)}`,
      );
    case "voided":
      return endMessage(request, words, stateLine(request, { max: 1500 }));
    case "reminder":
      return say(reminderText(data));
    case "escalated":
      return say(escalatedText(data));
    case "approvers":
      return say(approversText(data.asked));
    case "decision":
      // Posted late, an approval stands above the end of what it led to.
      return isDecidedAgainst(request)
        ? endMessage(request, words, decisionText(request))
        : say(decisionText(request));
    case "call-started":
      return say(`⏳ Calling Cloudflare: ${escape(data.call)} · ${when(data.at, "time")}`);
    case "call-waiting":
      return say(
        data.isUnknown
          ? `⚪ *No clear answer from Cloudflare*: ${escape(data.why)}. It may be done; checking again at ${when(data.retryAt, "time")}.`
          : `⏳ ${escape(data.why)}. Trying again at ${when(data.retryAt, "time")}.`,
      );
    case "call-cut":
      return say(
        `⚪ *${unrecordedText(data)}* · ${when(data.at, "time")}`,
        "It may be done; checking before anything is sent again.",
      );
    case "call-accepted":
      return say(acceptedText(data));
    case "verification": {
      const { verification } = data;
      return say(
        verification.confirmed
          ? `✅ ${seenText(verification)}`
          : `⚠️ *Not confirmed*: ${seenText(verification)}`,
        noteLines(verification),
      );
    }
    case "first-verified": {
      const { verification, others } = data;
      return say(
        `✅ First user: ${seenText(verification)}. The other ${number(others)} follow.`,
        noteLines(verification),
      );
    }
    case "unproven":
      return say(unprovenText(data.findings), `→ ${UNPROVEN_NEXT}`);
    case "stopped":
      return say(
        `⏹️ *Stopped* by ${mention(data.by)} ${when(data.at, "time")}. Calls in progress will finish; no one else will be revoked.`,
      );
    case "failures": {
      const lines = data.failures.map(({ email, why }) => `• ${code(email, 254)}: ${escape(why, 250)}`);
      const text = `${plural(data.total, "user")} failed: ${data.failures.map(({ email }) => escape(email)).join(", ")}`;
      return { text: cutMarkup(text, 3000), blocks: sections(failuresText(data, lines)) };
    }
    case "block-until":
    case "block-without-end":
    case "block-stays":
    case "block-replaced":
    case "block-end":
    case "block-end-late":
    case "block-end-failed":
      return blockEndMessage(request, data);
    case "returned":
    case "expected":
    case "watch-blind":
    case "watch-sees":
    case "watch-ended":
      return watchNewsMessage(data, { isAgain: true, canRevokeNow });
    case "review-reminder":
      return say(reviewReminderText(data));
    case "reviewed":
      return say(reviewedText(request));
    case "approver":
    case "approver-update":
    case "alone":
    case "alone-reviewed":
    case "summary":
    case "outcome":
    case "card-late":
    case "card-there":
      // Who approved it stands in the thread already.
      return endMessage(request, words, stateLine(request, { isSigned: false }));
  }
}

/** How the target stood before: of several users the first, and counts of the others. */
function evidenceMessage(seen: UserSummary, others: OthersSeen | undefined): Message {
  const { gatheredAt } = seen;
  const whose = others === undefined ? "" : ", first user";
  return message(
    `Before: ${summaryText(seen, gatheredAt)}`,
    section(`🔎 *Before*${whose}, read at ${when(gatheredAt, "time")}`),
    others !== undefined && section(othersText(others)),
    section(verdictText(judge(seen, gatheredAt), seen)),
    summaryParts(seen, gatheredAt),
  );
}

/** The direct message that tells the requester how the request ended. */
export function outcomeMessage(
  request: Request,
  words: RequestText,
  link: string | null,
  behind: Behind | null = null,
): Message {
  return message(
    `${escape(words.headline)}: ${stateWords(request)}`,
    section(`*${escape(words.headline)}*`, stateLine(request)),
    behind !== null && section(behindText(request, behind)),
    section(`Next: ${capitalize(nextStep(request, words))}`),
    retryButtons(request),
    context(linked(request, link)),
  );
}

/** The answer to `/zt cancel`: how the request stands now. */
export function cancelledMessage(request: Request, words: RequestText, link: string | null): Message {
  const nothing = request.status === "cancelled" ? ". Nothing was done." : "";
  return message(
    `${escape(words.headline)}: ${stateWords(request)}`,
    section(`*${escape(words.headline)}*`, `${stateLine(request)}${nothing}`),
    context(`Next: ${capitalize(nextStep(request, words))} · ${linked(request, link)}`),
  );
}

function heldNext(held: Held["code"] | undefined): string {
  return held === "paused"
    ? "an approver types `/zt resume`, or denies it on the card."
    : "it starts by itself. Until then, deny or cancel it on the card.";
}

/** The last message of a thread: how it ended, the next step, and what can be done about it. */
function endMessage(request: Request, words: RequestText, line: string): Message {
  return message(
    `${escape(words.headline)}: ${stateWords(request)}`,
    section(line, `Next: ${capitalize(nextStep(request, words))}`),
    undoButtons(request),
    retryButtons(request),
  );
}

function othersText({ count, recent, devices }: OthersSeen): string {
  const registered = devices === null ? "" : ` · ${plural(devices, "device")}`;
  return `*The other ${plural(count, "user")}* · ${number(recent)} signed in within 24 hours${registered}`;
}

/** Where the API can undo what was done, the result offers it: as a request of its own. */
function undoButtons(request: Request): ActionsBlock[] {
  const { id, plan, status } = request;
  if (status !== "succeeded") return [];
  if (plan.action === "block") {
    const unblock = `Request to unblock ${plan.target.email}`;
    return actions("undo", formButton("Unblock…", "unblock", "undo", { user: plan.target.id }, unblock));
  }
  if (plan.action === "revoke" && othersOf(plan).length === 0) {
    const { block, canBlock, devices } = plan.options;
    const user = plan.target.id;
    return actions(
      "undo",
      canBlock === true &&
        blockOf(request) === null &&
        formButton("Block…", "block", "keep-out", { user }, `Request to block ${plan.target.email}`),
      block !== undefined &&
        formButton("Unblock…", "unblock", "undo", { user }, `Request to unblock ${plan.target.email}`),
      devices &&
        formButton(
          "Restore devices…",
          "restore-devices",
          "undo",
          { user, request: id },
          `Request to restore the devices of ${plan.target.email}`,
        ),
    );
  }
  const isUndo = plan.action === "revoke-devices";
  // Ended sessions stay ended. The form is about one user: of several, each needs the command.
  if (!isUndo) return [];
  const label = `Request to restore the devices of ${plan.target.email}`;
  const params = { user: plan.target.id, request: id };
  return actions("undo", formButton("Undo…", "restore-devices", "undo", params, label));
}

/** The block that someone was found to have when this was requested, and that has not ended since. */
function blockOf({ evidence, finishedAt }: Request): Blocked | null {
  return blockIn(evidence, finishedAt ?? 0);
}

/** Each answer ends with the next step. Plain words and our own markup only. */
export function nextStep(request: Request, { access }: Pick<RequestText, "access">): string {
  const { email } = request.plan.target;
  const look = code(`/zt user ${email}`, 300);
  const { failure, verification } = request.result;
  const isSeveral = othersOf(request.plan).length > 0;
  const block = blockOf(request);
  switch (request.status) {
    case "succeeded":
      if (isSeveral) return "to keep them out, disable the accounts in your IdP.";
      if (verification?.confirmed !== true) return `check ${look}, and request it again if it is not done.`;
      if (
        request.plan.action === "block" &&
        ["nothing", "unknown"].includes(request.plan.options.list.enforcedBy)
      )
        return "to keep them out, disable the account in your IdP: nothing is known to use this list.";
      if (request.plan.action === "block")
        return `${code(`/zt revoke ${email}`, 300)} ends what is still open; ${look} shows if they come back.`;
      if (request.plan.action === "revoke" && request.plan.options.block !== undefined)
        return `disable the account in your IdP as well. ${look} shows if they come back.`;
      if (access === "takes" && block !== null)
        return `they stay blocked${block.until === null ? "" : ` until ${when(block.until)}`}: disable the account in your IdP as well. ${look} shows if they come back.`;
      if (request.plan.action === "revoke" && request.plan.options.canBlock === true)
        return `to keep them out, ${code(`/zt block ${email}`, 300)}. ${look} shows if they come back.`;
      // Nothing else that takes access away is a ban.
      return access === "takes"
        ? `to keep them out, disable the account in your IdP. ${look} shows if they come back.`
        : `${look} shows what happens from here.`;
    case "failed":
      return ended(failure?.next ?? `check ${email}, and request it again.`);
    case "denied":
      return "talk to the approver, or request it again with what was missing.";
    case "expired":
      return "request it again if it is still needed, and tell an approver.";
    case "voided":
      return ended(failure?.next ?? "request it again if it is still needed.");
    case "cancelled":
      return "request it again if it is needed after all.";
    case "pending":
    case "approved":
    case "executing":
    case "unknown":
      return "follow it on the card.";
  }
}

/** As a sentence: some of these were recorded without their end. */
function ended(step: string): string {
  const text = escape(step, 500);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function unrecordedText({ call, isUnrecorded }: Extract<PostData, { kind: "call-cut" }>): string {
  return isUnrecorded === true
    ? `No clear answer: the reply to ${escape(call)} wasn't recorded`
    : `No clear answer: zt-bot stopped after sending ${escape(call)}`;
}

function acceptedText(data: Extract<PostData, { kind: "call-accepted" }>): string {
  const at = when(data.at, "time");
  if (data.reconciled) return `☑️ Already done by the earlier call; nothing was sent again · ${at}`;
  if (data.wasSo === true) return `☑️ It was already done; verifying… · ${at}`;
  const again = data.isAgain === true ? "The earlier call had no effect. Sent again, and " : "";
  const ray = data.cfRay === null ? "" : ` · ray ${code(data.cfRay)}`;
  return `☑️ ${again}Cloudflare accepted it; verifying… · ${at}${ray}`;
}

function decisionText(request: Request): string {
  if (request.breakGlass !== null) return breakGlassDecisionText(request.breakGlass);
  const by = request.decidedBy === null ? "" : ` by ${mention(request.decidedBy)}`;
  const at = request.decidedAt === null ? "" : ` ${when(request.decidedAt)}`;
  if (request.status === "denied")
    return `⛔ Denied${by}${at}: ${escape(request.decisionReason ?? "", 1500)}`;
  if (request.status === "cancelled") return `⚪ Cancelled${by}${at}. Nothing was done.`;
  if (request.status === "expired")
    return `⚪ Expired ${when(request.expiresAt)}: ${howFar(request)}. Nothing was done.`;
  const votes = newestVotes(request.votes);
  const last = votes.find((vote) => vote.by === request.decidedBy);
  const others = votes.filter(({ by }) => by !== request.decidedBy).map(({ by }) => mention(by));
  return `🔵 Approved${by}${withCode(last)}${at}${others.length === 0 ? "" : `, after ${others.join(", ")}`}`;
}

function isDecidedAgainst({ status }: Request): boolean {
  return status === "denied" || status === "cancelled" || status === "expired";
}

function withCode(vote: Pick<Vote, "stepUp"> | undefined): string {
  return vote?.stepUp === undefined ? "" : " with a code";
}

function say(...lines: readonly Maybe<string>[]): Message {
  const text = compact(...lines).join("\n");
  return message(text, section(text));
}
