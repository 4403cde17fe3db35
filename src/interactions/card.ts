import { readRequestAudit } from "../audit/append.ts";
import { readTargets } from "../requests/targets.ts";
import { checkClick, checkDetails, stop, takeDecision } from "../approvals/click.ts";
import { describeRequest } from "../actions/describe.ts";
import { CARD_ACTIONS } from "../views/request/card.ts";
import { denyModal, parseDenyForm } from "../views/request/deny-modal.ts";
import { detailsModal } from "../views/request/details-modal.ts";
import { noticeModal } from "../views/notice.ts";
import type { ClickHandler } from "./click.ts";
import { openWithLoading } from "./modal.ts";
import { defineForm } from "./form.ts";

/** The buttons of an approval card. The card itself tells what came of a click; only refusals are answered. */
export const decisionClicks: Record<string, ClickHandler> = {
  async [CARD_ACTIONS.approve]({ deps, asker, value }) {
    await takeDecision(deps, "approve", value, asker);
  },

  async [CARD_ACTIONS.cancel]({ deps, asker, value }) {
    await takeDecision(deps, "cancel", value, asker);
  },

  async [CARD_ACTIONS.stop]({ deps, asker, value }) {
    await stop(deps, value, asker);
  },
};

export const cardClicks: Record<string, ClickHandler> = {
  async [CARD_ACTIONS.deny]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Deny the request", "Checking…", async () => {
      const { request } = (await checkClick(deps, "deny", value, asker)).facts;
      return denyModal(request, describeRequest(request).headline);
    });
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

export const denyForm = defineForm(parseDenyForm, async ({ deps, asker }, { requestId, reason }) => {
  await takeDecision(deps, "deny", requestId, asker, reason);
  const next = "Its card and thread show it, and who asked is told.";
  return noticeModal("Denied", { what: "The request is denied.", next }, "☑️");
});
