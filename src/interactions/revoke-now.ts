import type { ModalView } from "@slack/types";

import { describeRequest } from "../actions/describe.ts";
import { countsAsProtected, readProtection } from "../approvals/protected-targets.ts";
import { rulesFor } from "../approvals/rules.ts";
import { checkEnrolled } from "../approvals/step-up/code.ts";
import { askFor, makePlan } from "../asking/ask.ts";
import { authorise } from "../commands/authorise.ts";
import type { Asker, Deps } from "../deps.ts";
import { explain, UserError, type UserMessage } from "../errors.ts";
import { othersOf, targetsOf, type WishFor } from "../requests/plan.ts";
import { findOpenAmong } from "../requests/queries.ts";
import { readRequest } from "../requests/repository.ts";
import { noticeModal } from "../views/notice.ts";
import { parseRevokeNowForm, revokeNowModal, type RevokeNow } from "../views/request/break-glass-modal.ts";
import { WATCH_ACTIONS } from "../views/watch.ts";
import { readEvent, readWatch, type Watch } from "../watch/watch.ts";
import { buildBreakGlassForm, takeBreakGlass } from "./break-glass.ts";
import type { ClickHandler } from "./click.ts";
import { defineForm } from "./form.ts";
import { openWithLoading } from "./modal.ts";

/** Break-glass for someone who was seen to come back: requested and carried out by one form. */
export const revokeNowClicks: Record<string, ClickHandler> = {
  async [WATCH_ACTIONS.revokeNow]({ deps, asker, value: eventId, triggerId, channelId }) {
    await openWithLoading(deps, triggerId, "Break-glass", "Reading from Cloudflare…", async () => {
      const watch = await watchOf(deps, eventId);
      const waiting = await findWaiting(deps, watch);
      return waiting === null
        ? buildForm(deps, asker, watch, { eventId, channelId })
        : buildBreakGlassForm(deps, asker, waiting);
    });
  },
};

export const revokeNowForm = defineForm(parseRevokeNowForm, async ({ deps, asker }, form) => {
  const { of, reason, code } = form;
  let requestId: string;
  try {
    // The role may have gone since the form was opened.
    await authorise({ deps, asker }, { name: "revoke", role: "operator" });
    const watch = await watchOf(deps, of.eventId);
    const { id } = watch.who;
    const asked = await askFor(deps, {
      wish: await wishOf(deps, watch),
      who: { kind: "id", id },
      reason,
      asker,
      originChannel: of.channelId,
    });
    requestId = asked.request.id;
  } catch (error) {
    const problem = explain(deps.log, error, "form could not be taken");
    try {
      return await buildForm(deps, asker, await watchOf(deps, of.eventId), of, { reason, problem });
    } catch (failure) {
      explain(deps.log, failure, "form could not be drawn again");
      return noticeModal("Break-glass", { ...problem, why: `You typed: ${reason}` });
    }
  }
  return takeBreakGlass(deps, asker, { requestId, reason, code });
});

async function watchOf({ db }: Deps, eventId: string): Promise<Watch> {
  const told = await readEvent(db, eventId);
  const watch = told === null ? null : await readWatch(db, told.watchId);
  if (watch === null) throw new UserError({ what: "That is no longer there." });
  return watch;
}

/** A revocation of this one person that someone has requested by now: its id. */
async function findWaiting({ db }: Deps, { who }: Watch): Promise<string | null> {
  const open = await findOpenAmong(db, [who.id]);
  const waiting = open.find(
    ({ status, plan }) => status === "pending" && plan.action === "revoke" && othersOf(plan).length === 0,
  );
  return waiting?.id ?? null;
}

/** As they were revoked before: with their devices, or without. */
async function wishOf({ db }: Deps, { requestId }: Watch): Promise<WishFor<"revoke">> {
  const before = requestId === null ? null : await readRequest(db, requestId);
  const options = before?.plan.action === "revoke" ? before.plan.options : null;
  return {
    action: "revoke",
    devices: options?.devices ?? false,
    warpReauth: options?.warpReauth ?? false,
  };
}

/** What would be done, before anything is written. @throws UserError where this person may not do it. */
async function buildForm(
  deps: Deps,
  asker: Asker,
  watch: Watch,
  of: RevokeNow,
  back: { reason?: string; problem?: UserMessage } = {},
): Promise<ModalView> {
  await authorise({ deps, asker }, { name: "revoke", role: "operator" });
  const { who } = watch;
  const { plan, evidence } = await makePlan(deps, {
    wish: await wishOf(deps, watch),
    who: { kind: "id", id: who.id },
  });
  const policy = deps.policy.current();
  const targets = targetsOf(plan);
  const isProtected = countsAsProtected(await readProtection(policy, deps.directory, targets), targets, true);
  const { alone, stepUp } = rulesFor(policy, { plan, evidence, isProtected, escalatedAt: null });
  if (alone === null || !(await deps.directory.members(alone)).has(asker.userId)) {
    throw new UserError({
      what: alone === null ? "Break-glass is not available for this person." : "You can't use break-glass.",
      next: "Use Revoke again…, and ask an approver.",
    });
  }
  if (stepUp.alone) await checkEnrolled(deps, asker);
  const words = describeRequest({ plan, evidence });
  return revokeNowModal({ of, words, takesCode: stepUp.alone, ...back });
}
