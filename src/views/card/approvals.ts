import type { Button, ContextBlock } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import type { Rules } from "../../approvals/rules.ts";
import { compact } from "../../compact.ts";
import { plural } from "../../pluralize.ts";
import { newestVotes, type Request, type Vote } from "../../requests/request.ts";
import { button, context } from "../blocks.ts";
import { STOP_ACTION } from "./bulk.ts";
import { uncheckedLine } from "./break-glass.ts";
import { clean, code, mention, principals, when } from "../text.ts";

/** The card's buttons. Values are the request's id and nothing else. */
export const CARD_ACTIONS = {
  approve: "request_approve",
  deny: "request_deny",
  cancel: "request_cancel",
  details: "request_details",
  stop: STOP_ACTION,
} as const;

/** Past this a card would be a list of names. */
const MAX_NAMED = 20;

/**
 * `🟡 *Needs 2 approvals* from @leads`; with votes, who gave them. There can be enough of them while it waits: an
 * approver was removed since, or fewer are needed now. Which of the two it is, a click finds out.
 */
export function needsLine({ votes: all }: Request, { approvers, quorum }: Rules): string {
  const votes = newestVotes(all);
  const from = `from ${principals(approvers, MAX_NAMED)}`;
  if (votes.length === 0) return `🟡 *Needs ${plural(quorum, "approval")}* ${from}`;
  const given = `approved by ${votes.map(({ by, at }) => `${mention(by)} ${when(at, "minute")}`).join(", ")}`;
  if (votes.length >= quorum) return `🟡 *Needs one more click* ${from} to go ahead · ${given}`;
  return `🟡 *Needs ${plural(quorum - votes.length, "more approval")}* ${from} · ${given}`;
}

/** Beside who approved: how, and what was unknown of them. Small. */
export function voteNotes(request: Request, { stepUp }: Rules): ContextBlock[] {
  const votes = newestVotes(request.votes);
  const isPending = request.status === "pending";
  return compact(
    request.isProtected && isPending && "🛡️ Protected by the policy: needs more approvers",
    ...votes.map(({ by, unchecked }) => uncheckedLine(by, unchecked)),
    ...codeLines(votes, isPending && stepUp.votes),
  ).map((line) => context(line));
}

/** Whose approval came with a code, and whose has to be given again with one. */
function codeLines(votes: readonly Vote[], isAsked: boolean): string[] {
  const named = (some: readonly Vote[]) => some.map(({ by }) => mention(by)).join(", ");
  const withCode = votes.filter(({ stepUp }) => stepUp !== undefined);
  const without = votes.filter(({ stepUp }) => stepUp === undefined);
  return compact(
    withCode.length > 0 && `🔐 With an authenticator code: ${named(withCode)}`,
    isAsked &&
      without.length > 0 &&
      `⚠️ Without the code that the policy asks for now: ${named(without)}. It counts once they approve again.`,
  );
}

/** Above the buttons where an approval needs a code. */
export function codeNeeded({ stepUp }: Rules): string | null {
  return stepUp.votes
    ? `🔐 Needs a code from your authenticator. ${code("/zt authenticator")} sets one up.`
    : null;
}

/** Red only where it cannot be undone. */
export function approveButton(request: Request, words: RequestText, quorum: number): Button {
  const confirm = {
    title: `${words.label}?`,
    text: questionText(words.question, newestVotes(request.votes).length, quorum),
    confirm: "Approve",
  };
  const style = words.isIrreversible ? "danger" : "primary";
  const looks = { style, confirm } as const;
  return button("Approve", CARD_ACTIONS.approve, request.id, `Approve: ${words.headline}`, looks);
}

/** A confirmation's room, in characters. */
const MAX_QUESTION = 300;

/** What the approve button asks; where more have to agree after this one, that comes whole and the rest is cut. */
function questionText(question: string, votes: number, quorum: number): string {
  const own = votes + 1;
  if (own >= quorum) return question;
  const note = `Yours is approval ${own} of ${quorum}.`;
  return `${clean(question, MAX_QUESTION - note.length - 1)} ${note}`;
}

export function denyButton({ id }: Request): Button {
  return button("Deny…", CARD_ACTIONS.deny, id, `Deny ${id}, with a reason`);
}

export function cancelButton({ id }: Request): Button {
  return button("Cancel", CARD_ACTIONS.cancel, id, `Cancel ${id}: only for the requester`);
}

export function detailsButton({ id }: Request): Button {
  return button("Details", CARD_ACTIONS.details, id, `Details of ${id}`);
}
