import {
  checkVouch,
  confirm,
  decline,
  finishSetUp,
  offerSecret,
  readOffer,
} from "../approvals/step-up/set-up.ts";
import { authorise } from "../commands/authorise.ts";
import { explain } from "../errors.ts";
import {
  AUTHENTICATOR_ACTIONS,
  confirmModal,
  parseConfirmForm,
  parseSetUpForm,
  setUpDoneModal,
  setUpModal,
} from "../views/authenticator.ts";
import { noticeModal } from "../views/notice.ts";
import type { ClickHandler } from "./click.ts";
import { defineForm } from "./form.ts";
import { openWithLoading } from "./modal.ts";

const COMMAND = { name: "authenticator", role: "decider" } as const;

/** Setting up an authenticator, and confirming another person's. */
export const authenticatorClicks: Record<string, ClickHandler> = {
  async [AUTHENTICATOR_ACTIONS.setUp]({ deps, asker, triggerId, isInModal }) {
    const build = async () => {
      await authorise({ deps, asker }, COMMAND);
      return setUpModal(await offerSecret(deps, asker));
    };
    await openWithLoading(deps, triggerId, "Set up authenticator", "Checking…", build, {
      isOnTop: isInModal,
    });
  },

  async [AUTHENTICATOR_ACTIONS.confirm]({ deps, asker, value, triggerId }) {
    await openWithLoading(deps, triggerId, "Confirm authenticator", "Checking…", async () =>
      confirmModal(await checkVouch(deps, value, asker)),
    );
  },
};

export const authenticatorDecisions: Record<string, ClickHandler> = {
  async [AUTHENTICATOR_ACTIONS.decline]({ deps, asker, value }) {
    await decline(deps, value, asker);
  },
};

export const setUpForm = defineForm(parseSetUpForm, async ({ deps, asker }, form) => {
  await authorise({ deps, asker }, COMMAND);
  try {
    const { authenticator, isTold } = await finishSetUp(deps, asker, form);
    return setUpDoneModal(authenticator, { isTold });
  } catch (error) {
    const problem = explain(deps.log, error, "form could not be taken");
    // The same secret once more: the app has it already.
    return setUpModal(await readOffer(deps, asker, form.sealed), problem);
  }
});

export const confirmForm = defineForm(parseConfirmForm, async ({ deps, asker }, form) => {
  try {
    await confirm(deps, form.id, asker, form);
    const what = "Confirmed: it works now.";
    return noticeModal("Confirm authenticator", { what, next: "They get a message." }, "☑️");
  } catch (error) {
    const problem = explain(deps.log, error, "form could not be taken");
    return confirmModal({ ...(await checkVouch(deps, form.id, asker)), problem });
  }
});
