import { setTimeout as sleep } from "node:timers/promises";

import type { AckFn, ViewResponseAction } from "@slack/bolt";
import type { ModalView } from "@slack/types";

import type { Deps } from "../deps.ts";
import { slackErrorCode } from "../slack/clients.ts";
import { loadingModal } from "../views/notice.ts";
import { fillModal, showProgress } from "./modal.ts";

/** A form that was submitted, and how it is acknowledged. */
export interface Submitted {
  ack: AckFn<ViewResponseAction>;
  /** As it was when it was submitted. */
  view: { id: string; hash: string };
  title: string;
  /** What the loading view says where the work takes longer. */
  working: string;
}

/** Slack waits three seconds for an acknowledgement. What is there by then goes with it. */
const WITH_ACK_MS = 2000;
/** Apart from one another. All of them together last past Slack's three seconds: later no acknowledgement counts. */
const LOOK_MS = 300;
const LOOKS = 6;

/**
 * Answers a submitted form with the view that `build` gives, which takes its place. Where that is quick, the view is
 * the acknowledgement. Where it is not, the acknowledgement is a loading view, and the view follows once Slack shows
 * that one: an edit that overtakes it would be overwritten, and the form would load for ever
 * (docs/adr/0025-forms-answered-with-their-acknowledgement.md).
 *
 * `build` never rejects; null: there is nothing to show, as the form was sent before.
 */
export async function answerForm(
  deps: Deps,
  { ack, view, title, working }: Submitted,
  build: (progress: (what: string) => void) => Promise<ModalView | null>,
): Promise<void> {
  let say: (what: string) => void = () => {};
  const building = build((what) => say(what));
  const quick = await Promise.race([
    building.then((built) => ({ built })),
    sleep(WITH_ACK_MS, null, { ref: false }),
  ]);
  if (quick !== null) {
    const { built } = quick;
    if (built === null) return ack();
    try {
      await ack({ response_action: "update", view: built });
    } catch (error) {
      // The connection is gone, and what was done is done: the form is still open, and is told all the same.
      deps.log.warn({ err: error }, "form not acknowledged, its view is updated instead");
      await fillModal(deps, view.id, built);
    }
    return;
  }
  const loading = loadingModal(title, working);
  await ack({ response_action: "update", view: loading });
  const progress = showProgress(deps, view.id, title);
  await untilShown(deps, view, loading);
  say = progress.say;
  const built = await building;
  await progress.stop();
  if (built !== null) await fillModal(deps, view.id, built);
}

/**
 * Resolves when Slack has done what the acknowledgement asks for. An edit that is for the form as it was submitted
 * (its hash) is refused from then on: https://docs.slack.dev/reference/methods/views.update. Until then it shows what
 * the acknowledgement will show.
 */
async function untilShown(deps: Deps, { id, hash }: Submitted["view"], loading: ModalView): Promise<void> {
  let known = hash;
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(LOOK_MS);
    try {
      const { views } = deps.slack.interactive;
      const edited = await views.update({ view_id: id, hash: known, view: loading });
      known = edited.view?.hash ?? known;
    } catch (error) {
      const code = slackErrorCode(error);
      if (code === "hash_conflict" || code === "not_found") return;
      deps.log.warn({ err: error }, "Slack does not say whether it shows an acknowledgement");
    }
  }
}
