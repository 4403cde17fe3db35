import type { ModalView } from "@slack/types";

import type { Deps } from "../deps.ts";
import { createReference, toUserMessage, UserError } from "../errors.ts";
import { loadingModal, noticeModal } from "../views/notice.ts";

/**
 * Opens a modal at once, as Slack's trigger lasts three seconds, and fills it when `build` has its answers. What
 * goes wrong is said in the modal, where the person is looking.
 */
export async function openWithLoading(
  deps: Deps,
  triggerId: string,
  title: string,
  what: string,
  build: () => Promise<ModalView>,
): Promise<void> {
  // Both at once: where the answers come quickly, they are there when the modal is.
  const [opened, view] = await Promise.all([
    deps.slack.interactive.views.open({ trigger_id: triggerId, view: loadingModal(title, what) }),
    buildOrExplain(deps, title, build),
  ]);
  const viewId = opened.view?.id;
  if (viewId !== undefined) await deps.slack.interactive.views.update({ view_id: viewId, view });
}

/** The view, or the error as a view. */
export async function buildOrExplain(
  deps: Deps,
  title: string,
  build: () => Promise<ModalView>,
): Promise<ModalView> {
  try {
    return await build();
  } catch (error) {
    const reference = createReference();
    if (!(error instanceof UserError)) deps.log.error({ err: error, reference }, "modal could not be filled");
    return noticeModal(title, toUserMessage(error, reference));
  }
}
