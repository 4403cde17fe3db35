import type { ActionsBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import { compact, type Maybe } from "../../compact.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { judge } from "../../lookup/verdict.ts";
import { number, plural } from "../../pluralize.ts";
import type { OthersSeen, PostData } from "../../requests/posts.ts";
import { othersOf } from "../../requests/plan.ts";
import { newestVotes, type Held, type Request, type Vote } from "../../requests/request.ts";
import { actions, context, linked, message, section, sections, type Message } from "../blocks.ts";
import { formButton } from "../form-button.ts";
import { summaryParts, summaryText } from "../look-ups/user-summary.ts";
import { verdictText } from "../look-ups/verdict.ts";
import { code, cutMarkup, duration, escape, mention, utcTime, when } from "../text.ts";
import { approversText } from "./approver-message.ts";
import { breakGlassDecisionText, reviewedText } from "./break-glass.ts";
import { againButtons, failuresText } from "./bulk.ts";
import { noteLines, seenText, stateLine, stateWords } from "./card.ts";
import { behindText, type Behind } from "./direct.ts";
import { UNPROVEN_NEXT, unprovenText } from "./unproven.ts";
import { escalatedText, inVain, reminderText, reviewReminderText } from "./waiting.ts";

/** A message in the thread under a card. Whatever is told here has been recorded before. */
export function threadMessage(request: Request, words: RequestText, data: PostData): Message {
  switch (data.kind) {
    case "evidence":
      if (request.evidence === null) return say("🔎 Nothing is known of them yet.");
      return evidenceMessage(request.evidence, data.others);
    case "vote": {
      const left = data.quorum - data.counting;
      return say(
        `👍 ${mention(data.by)} approved${withCode(data)} (${data.counting} of ${data.quorum}): ${plural(left, "more approver")} ${left === 1 ? "has" : "have"} to agree`,
      );
    }
    case "held":
      return say(
        `⏸️ Not carried out yet (${utcTime(data.at)}): ${escape(data.why, 800)}`,
        `→ ${heldNext(data.code)}`,
      );
    case "voided":
      return say(
        `🚫 Void, nothing was done: ${escape(request.result.failure?.why ?? "", 1500)}`,
        `Next: ${nextStep(request, words)}`,
      );
    case "reminder":
      return say(reminderText(data));
    case "escalated":
      return say(escalatedText(data));
    case "approvers":
      return say(approversText(data.asked));
    case "decision":
      return say(decisionText(request));
    case "call-started":
      return say(`▶️ Calling Cloudflare: ${escape(data.call)} (${utcTime(data.at)})`);
    case "call-waiting":
      return say(
        data.isUnknown
          ? `❔ No clear answer: ${escape(data.why)}. It may be done already: looking again in ${duration(data.retryAt - data.at)} before anything is sent again.`
          : `⏸️ ${escape(data.why)}. Trying again in ${duration(data.retryAt - data.at)} (${utcTime(data.retryAt)}).`,
      );
    case "call-cut":
      return say(
        `❔ ${unrecordedText(data)}. It may be done already: Cloudflare is looked at before anything is sent again (${utcTime(data.at)}).`,
      );
    case "call-accepted":
      return say(acceptedText(data));
    case "verification": {
      const { verification } = data;
      const sign = verification.confirmed ? "✅ Verified" : "⚠️ Not confirmed";
      return say(`${sign}: ${seenText(verification)}`, noteLines(verification));
    }
    case "first-verified": {
      const { verification, others } = data;
      return say(
        `✅ The first user is verified: ${seenText(verification)}. Going on with the other ${number(others)}; the card shows how far it is.`,
        noteLines(verification),
      );
    }
    case "unproven":
      return say(unprovenText(data.findings), `→ ${UNPROVEN_NEXT}`);
    case "stopped":
      return say(
        `⏹️ Stopped by ${mention(data.by)} (${utcTime(data.at)}). Whoever is being called for is finished, the others are not touched.`,
      );
    case "failures": {
      const lines = data.failures.map(({ email, why }) => `• ${code(email, 254)}: ${escape(why, 250)}`);
      const text = `${plural(data.total, "user")} failed: ${data.failures.map(({ email }) => escape(email)).join(", ")}`;
      return { text: cutMarkup(text, 3000), blocks: sections(failuresText(data, lines)) };
    }
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
      return closingMessage(request, words);
  }
}

/** How the target stood before: of several users the first, and of the others only what their list tells. */
function evidenceMessage(seen: UserSummary, others: OthersSeen | undefined): Message {
  const { gatheredAt } = seen;
  const whose = others === undefined ? "" : " of the first user";
  return message(
    `Before: ${summaryText(seen, gatheredAt)}`,
    section(`🔎 *Evidence before*${whose}, read ${when(gatheredAt, "time")}`),
    others !== undefined && section(othersText(others)),
    section(verdictText(judge(seen, gatheredAt), seen)),
    summaryParts(seen, gatheredAt),
  );
}

/** The direct message that tells the requester how it ended. */
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
    context(`${linked(request, link)} · ${nextStep(request, words)}`),
  );
}

/** The answer to `/zt cancel`: how the request stands now. */
export function cancelledMessage(request: Request, words: RequestText, link: string | null): Message {
  const nothing = request.status === "cancelled" ? ". Nothing was done." : "";
  return message(
    `${escape(words.headline)}: ${stateWords(request)}`,
    section(`*${escape(words.headline)}*`, `${stateLine(request)}${nothing}`),
    context(`${linked(request, link)} · ${nextStep(request, words)}`),
  );
}

function heldNext(held: Held["code"] | undefined): string {
  return held === "paused"
    ? `an approver types \`/zt resume\`; until then it can be denied or cancelled on the card`
    : "nothing, it goes on by itself; until then it can be denied or cancelled on the card";
}

function closingMessage(request: Request, words: RequestText): Message {
  const { requesterId, createdAt, startedAt, finishedAt } = request;
  const took =
    startedAt === null || finishedAt === null ? "" : ` · carried out in ${duration(finishedAt - startedAt)}`;
  return message(
    `${escape(words.headline)}: ${stateWords(request)}`,
    section(`🏁 *${escape(words.headline)}*`, stateLine(request)),
    context(`asked by ${mention(requesterId)} ${when(createdAt)}${took}`),
    context(`Next: ${nextStep(request, words)}`),
    undoButtons(request),
    againButtons(request),
  );
}

function othersText({ count, recent, devices }: OthersSeen): string {
  const registered = devices === null ? "" : ` · ${plural(devices, "registered device")}`;
  return `*The other ${plural(count, "user")}*, counted only · ${number(recent)} logged in within 24 hours${registered}`;
}

/** Where the API can take back what was done, the result offers it: as a request of its own. */
function undoButtons({ id, plan, status }: Request): ActionsBlock[] {
  if (status !== "succeeded") return [];
  const isUndo = plan.action === "revoke-devices";
  // Ended sessions stay ended. The form is about one user: of several, each is asked for by the command.
  const isPart = plan.action === "revoke" && plan.options.devices && othersOf(plan).length === 0;
  if (!isUndo && !isPart) return [];
  const text = isUndo ? "Undo…" : "Restore devices…";
  const label = `Ask to restore the devices of ${plan.target.email}`;
  const params = { user: plan.target.id, request: id };
  return actions("undo", formButton(text, "restore-devices", "undo", params, label));
}

/** Each answer ends with the next step. Plain words and our own markup only. */
export function nextStep(request: Request, { access }: Pick<RequestText, "access">): string {
  const { email } = request.plan.target;
  const look = code(`/zt user ${email}`, 300);
  if (request.status === "succeeded" && othersOf(request.plan).length > 0)
    return "disable them at the identity provider if they must stay out: they can log in again";
  switch (request.status) {
    case "succeeded":
      if (request.result.verification?.confirmed !== true)
        return `look at ${look} and ask again if it is not so`;
      // Nothing that takes access away is a ban.
      return access === "takes"
        ? `disable ${code(email, 254)} at the identity provider if they must stay out; ${look} shows whether they come back`
        : `${look} shows what happens from here`;
    case "failed":
      return escape(request.result.failure?.next ?? "look at the user and ask again", 500);
    case "denied":
      return "talk to the approver, or ask again with what was missing";
    case "expired":
      return "ask again if it is still needed, and tell an approver";
    case "voided":
      return escape(request.result.failure?.next ?? "ask again if it is still needed", 500);
    case "cancelled":
      return "ask again if it is needed after all";
    case "pending":
    case "approved":
    case "executing":
    case "unknown":
      return "the card shows what happens";
  }
}

function unrecordedText({ call, isUnrecorded }: Extract<PostData, { kind: "call-cut" }>): string {
  return isUnrecorded === true
    ? `The answer to ${escape(call)} could not be recorded: the database did not take it`
    : `No clear answer: zt-bot was stopped or lost its database after ${escape(call)} was sent`;
}

function acceptedText(data: Extract<PostData, { kind: "call-accepted" }>): string {
  const at = utcTime(data.at);
  if (data.reconciled) return `☑️ An earlier call had already taken effect: nothing was sent again (${at})`;
  if (data.wasSo === true)
    return `☑️ It was so already: nothing was left to do (${at}). Checking that it is really so…`;
  const again = data.isAgain === true ? "The call before had not taken effect, so it was sent again. " : "";
  const ray = data.cfRay === null ? "" : `, ray ${code(data.cfRay)}`;
  return `☑️ ${again}Cloudflare accepted it (${at}${ray}). Checking that it is really so…`;
}

function decisionText(request: Request): string {
  if (request.breakGlass !== null) return breakGlassDecisionText(request.breakGlass);
  const by = request.decidedBy === null ? "" : ` by ${mention(request.decidedBy)}`;
  const at = request.decidedAt === null ? "" : ` ${when(request.decidedAt)}`;
  if (request.status === "denied")
    return `⛔ Denied${by}${at}: ${escape(request.decisionReason ?? "", 1500)}`;
  if (request.status === "cancelled") return `⚪ Cancelled${by}${at}. Nothing was done.`;
  if (request.status === "expired")
    return `⚪ Expired at ${when(request.expiresAt)}: ${inVain(request)}. Nothing was done.`;
  const votes = newestVotes(request.votes);
  const last = votes.find((vote) => vote.by === request.decidedBy);
  const others = votes.filter(({ by }) => by !== request.decidedBy).map(({ by }) => mention(by));
  return `👍 Approved${by}${withCode(last)}${at}${others.length === 0 ? "" : `, after ${others.join(", ")}`}`;
}

function withCode(vote: Pick<Vote, "stepUp"> | undefined): string {
  return vote?.stepUp === undefined ? "" : " 🔐 with a code";
}

function say(...lines: readonly Maybe<string>[]): Message {
  const text = compact(...lines).join("\n");
  return message(text, section(text));
}
