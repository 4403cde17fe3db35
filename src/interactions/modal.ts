import type { ModalView } from "@slack/types";

import type { Deps } from "../deps.ts";
import { explain } from "../errors.ts";
import { slackErrorCode } from "../slack/clients.ts";
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
  /** From a button in a modal: on top of that one, which is there again when this is closed. */
  { isOnTop = false } = {},
): Promise<void> {
  const { views } = deps.slack.interactive;
  const loading = { trigger_id: triggerId, view: loadingModal(title, what) };
  // Both at once: where the answers come quickly, they are there when the modal is.
  const [opened, view] = await Promise.all([
    isOnTop ? views.push(loading) : views.open(loading),
    buildOrExplain(deps, title, build),
  ]);
  const viewId = opened.view?.id;
  if (viewId !== undefined) await fillModal(deps, viewId, view);
}

/**
 * Puts a view in the place of a loading one. Someone who closed it has stopped waiting; a view that Slack does not
 * take must not leave a spinner behind, so the modal says that something went wrong.
 */
export async function fillModal(deps: Deps, viewId: string, view: ModalView): Promise<void> {
  const { views } = deps.slack.interactive;
  try {
    await views.update({ view_id: viewId, view });
  } catch (error) {
    if (slackErrorCode(error) === "not_found") return;
    const notice = noticeModal(view.title.text, explain(deps.log, error, "modal could not be filled"));
    await views.update({ view_id: viewId, view: notice });
  }
}

/** Edits of one view are kept this far apart, so that many open forms stay within what Slack takes. */
const PROGRESS_MS = 1500;

/** Says in a loading view how far the work is. An edit that fails is not worth more than the next one. */
export function showProgress(deps: Deps, viewId: string, title: string) {
  let running: Promise<unknown> = Promise.resolve();
  // The loading view has just been shown.
  let shownAt = deps.now();
  return {
    say(what: string): void {
      if (deps.now() - shownAt < PROGRESS_MS) return;
      shownAt = deps.now();
      const view = loadingModal(title, what);
      // The next edit says as much, and the last one is not this one.
      running = deps.slack.interactive.views.update({ view_id: viewId, view }).catch(() => {});
    },
    /** Resolves once no edit is on its way: the next one is the last. */
    async stop(): Promise<void> {
      await running;
    },
  };
}

/** The view, or the error as a view. */
export async function buildOrExplain<View extends ModalView | null>(
  deps: Deps,
  title: string,
  build: () => Promise<View>,
): Promise<View | ModalView> {
  try {
    return await build();
  } catch (error) {
    return noticeModal(title, explain(deps.log, error, "modal could not be filled"));
  }
}
