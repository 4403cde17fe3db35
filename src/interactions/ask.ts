import { authorise } from "../commands/authorise.ts";
import { createReference, toUserMessage, UserError } from "../errors.ts";
import { askFor } from "../requests/ask.ts";
import { askModal, parseAskForm } from "../views/ask-modal.ts";
import { askedModal } from "../views/asked.ts";
import type { FormHandler } from "./form.ts";
import { buildForm } from "./open-form.ts";

/** The form behind every subcommand that changes something, and the buttons that lead there. */
export const askForm: FormHandler = {
  read(view) {
    const { errors } = parseAskForm(view);
    return Object.keys(errors).length === 0 ? {} : { errors };
  },

  async run({ deps, asker, view }) {
    const form = parseAskForm(view);
    const { action, originChannel, reason, userId, wish } = form;
    const who = userId === null ? null : ({ kind: "id", id: userId } as const);
    const place = { asker, originChannel };
    // The role may have gone since the form was opened.
    await authorise({ deps, asker }, { name: action, role: "operator" });
    if (wish === null) return buildForm(deps, place, { action, who, prefill: {}, reason });
    try {
      return askedModal(await askFor(deps, { wish, who, reason, asker, originChannel }));
    } catch (error) {
      const reference = createReference();
      if (!(error instanceof UserError)) deps.log.error({ err: error, reference }, "form could not be taken");
      // Nothing that was written is lost: the form comes back as it was, with what is wrong above it.
      const problem = toUserMessage(error, reference);
      try {
        return await buildForm(deps, place, { action, who, prefill: wish, reason }, problem);
      } catch {
        // What it shows can't be read now either; the words and the reason still stand.
        const requireReason = deps.policy.current().action(action).requireReason;
        return askModal({
          action,
          chosen: form.chosen,
          facts: [],
          material: { kind: "none" },
          prefill: wish,
          reason,
          requireReason,
          originChannel,
          problem,
        });
      }
    }
  },
};
