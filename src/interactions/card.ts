import { readRequestAudit } from "../audit/append.ts";
import { readTargets } from "../requests/targets.ts";
import { checkClick, checkDetails, stop, takeDecision } from "../approvals/click.ts";
import { rulesFor } from "../approvals/rules.ts";
import { checkEnrolled, useCode } from "../approvals/step-up/code.ts";
import type { Deps } from "../deps.ts";
import { permalink } from "../slack/messages.ts";
import { readRequest } from "../requests/repository.ts";
import { codeModal, parseCodeForm } from "../views/request/code-modal.ts";
import { ASKED_ACTIONS, refreshedMessage } from "../views/request/asked.ts";
import { comeBack } from "./break-glass.ts";
import { describeRequest } from "../actions/describe.ts";
import { CARD_ACTIONS } from "../views/card/approvals.ts";
import { denyModal, parseDenyForm } from "../views/request/deny-modal.ts";
import { detailsModal } from "../views/request/details-modal.ts";
import { noticeModal } from "../views/notice.ts";
import { authorise } from "../commands/authorise.ts";
import { requests, showAgain } from "../commands/requests/requests.ts";
import type { Request } from "../requests/request.ts";
import { parseListBlock } from "../views/request/requests.ts";
import type { Click, ClickHandler } from "./click.ts";
import { openWithLoading } from "./modal.ts";
import { defineForm } from "./form.ts";

/**
 * The buttons of an approval card. The card itself tells what came of a click; only refusals are answered. In a list of
 * requests, the list is drawn again.
 */
export const decisionClicks: Record<string, ClickHandler> = {
  async [CARD_ACTIONS.approve](click) {
    const { deps, asker, value, triggerId } = click;
    if (!(await takesCode(deps, value))) {
      await redrawList(click, await takeDecision(deps, "approve", value, asker));
      return;
    }
    await openWithLoading(deps, triggerId, "Approve", "Checking…", async () => {
      const { facts, outcome } = await checkClick(deps, "approve", value, asker, { code: "later" });
      const { request } = facts;
      if ("vote" in outcome && outcome.vote !== null) {
        await checkEnrolled(deps, asker);
        return codeModal({ request, words: describeRequest(request) });
      }
      // No vote is added: it is void by now, or enough had agreed before.
      await takeDecision(deps, "approve", value, asker);
      return noticeModal("Approve", { what: "No code is needed.", next: "See the card." }, "☑️");
    });
  },

  async [CARD_ACTIONS.cancel](click) {
    await redrawList(click, await takeDecision(click.deps, "cancel", click.value, click.asker));
  },

  async [CARD_ACTIONS.stop](click) {
    await stop(click.deps, click.value, click.asker);
    await redrawList(click, null);
  },
};

/** Where the button stands in a list of requests, shows how they stand now, first the one that was decided. */
async function redrawList({ deps, asker, blockId, reply }: Click, decided: Request | null): Promise<void> {
  const params = parseListBlock(blockId);
  if (params === null) return;
  await authorise({ deps, asker }, requests);
  await reply(await showAgain({ deps, asker }, params, decided), { replaceOriginal: true });
}

export const cardClicks: Record<string, ClickHandler> = {
  async [CARD_ACTIONS.deny]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Deny the request", "Checking…", async () => {
      const { request } = (await checkClick(deps, "deny", value, asker)).facts;
      return denyModal(request, describeRequest(request).headline);
    });
  },

  async [ASKED_ACTIONS.refresh]({ deps, asker, value, reply }) {
    const request = await checkDetails(deps, value, asker);
    const { channel, ts } = request.card;
    const link = ts === null ? null : await permalink(deps.slack.interactive, { channel, ts });
    const rules = rulesFor(deps.policy.current(), request);
    await reply(refreshedMessage(request, describeRequest(request), rules, link), { replaceOriginal: true });
  },

  async [CARD_ACTIONS.details]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Request", "Reading the record…", async () => {
      const request = await checkDetails(deps, value, asker);
      const [trail, targets] = await Promise.all([
        readRequestAudit(deps.db, request.id),
        readTargets(deps.db, request.id),
      ]);
      return detailsModal(request, describeRequest(request), trail, targets);
    });
  },
};

/** A look only, before Slack's trigger runs out: what it takes is decided when the vote is written. */
async function takesCode({ db, policy }: Deps, requestId: string): Promise<boolean> {
  const request = await readRequest(db, requestId);
  return request?.status === "pending" && rulesFor(policy.current(), request).stepUp.votes;
}

export const codeForm = defineForm(parseCodeForm, async ({ deps, asker }, { requestId, code: typed }) => {
  try {
    const code = await useCode(deps, asker, typed, { what: "approve", requestId });
    await takeDecision(deps, "approve", requestId, asker, { code });
  } catch (error) {
    return comeBack(deps, requestId, error, ["Approve", ""], (request, problem) =>
      codeModal({ request, words: describeRequest(request), problem }),
    );
  }
  return noticeModal("Approve", { what: "Approved.", next: "See the card." }, "☑️");
});

export const denyForm = defineForm(parseDenyForm, async ({ deps, asker }, { requestId, reason }) => {
  await takeDecision(deps, "deny", requestId, asker, { reason });
  return noticeModal("Denied", { what: "Denied. The requester gets your reason." }, "☑️");
});
