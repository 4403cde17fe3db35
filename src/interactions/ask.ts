import { authorise } from "../commands/authorise.ts";
import { createReference, toUserMessage, UserError } from "../errors.ts";
import { parseWho } from "../lookup/who.ts";
import { askFor } from "../requests/ask.ts";
import { askModal, parseAskForm } from "../views/ask-modal.ts";
import { askedModal } from "../views/asked.ts";
import type { FormHandler } from "./form.ts";

/** The form behind `/zt revoke`, `/zt reset-risk` and the buttons under a summary. */
export const askForm: FormHandler = {
  read(view) {
    const form = parseAskForm(view);
    if (form.chosen !== null || parseWho(form.who) !== null) return {};
    return {
      errors: {
        who: form.who.includes("@")
          ? `“${form.who.slice(0, 100)}” is not a valid e-mail address.`
          : "Give an e-mail address or an Access user's id.",
      },
    };
  },

  async run({ deps, asker, view }) {
    const form = parseAskForm(view);
    const { action, originChannel, options, reason, chosen } = form;
    try {
      // The role may have gone since the form was opened.
      await authorise({ deps, asker }, { name: action, role: "operator" });
      const who = chosen === null ? parseWho(form.who) : ({ kind: "id", id: chosen.userId } as const);
      if (who === null)
        throw new UserError({
          what: "That names nobody.",
          next: "Give an e-mail address or an Access user's id.",
        });
      return askedModal(await askFor(deps, { action, who, options, reason, asker, originChannel }));
    } catch (error) {
      const reference = createReference();
      if (!(error instanceof UserError)) deps.log.error({ err: error, reference }, "form could not be taken");
      // Nothing that was written is lost: the form comes back as it was, with what is wrong above it.
      return askModal({
        action,
        subject:
          chosen === null ? { kind: "typed", text: form.who } : { kind: "chosen", ...chosen, facts: [] },
        options,
        reason,
        requireReason: deps.policy.current().action(action).requireReason,
        originChannel,
        problem: toUserMessage(error, reference),
      });
    }
  },
};
