import { authorise } from "../commands/authorise.ts";
import { createReference, toUserMessage, UserError } from "../errors.ts";
import { askFor } from "../requests/ask.ts";
import type { Who } from "../lookup/who.ts";
import type { Wish } from "../requests/plan.ts";
import { UnknownUsersError } from "../requests/unknown-users.ts";
import { askModal, parseAskForm } from "../views/ask-modal.ts";
import { askedModal } from "../views/asked.ts";
import { unknownUsersBlocks } from "../views/unknown-users.ts";
import type { FormHandler } from "./form.ts";
import { buildForm } from "./open-form.ts";

/** The form behind every subcommand that changes something, and the buttons that lead there. */
export const askForm: FormHandler = {
  read(view) {
    const { errors } = parseAskForm(view);
    return Object.keys(errors).length === 0 ? {} : { errors };
  },

  async run({ deps, asker, view, progress }) {
    const form = parseAskForm(view);
    const { action, originChannel, reason, userId, wish } = form;
    const who = userId === null ? null : ({ kind: "id", id: userId } as const);
    const place = { asker, originChannel };
    // The role may have gone since the form was opened.
    await authorise({ deps, asker }, { name: action, role: "operator" });
    if (wish === null) return buildForm(deps, place, { action, who, prefill: {}, reason });
    try {
      const onProgress = (done: number, total: number) => progress(`Looking up ${done} of ${total}…`);
      return askedModal(await askFor(deps, { wish, who, reason, asker, originChannel, onProgress }));
    } catch (error) {
      const reference = createReference();
      if (!(error instanceof UserError)) deps.log.error({ err: error, reference }, "form could not be taken");
      // Nothing that was written is lost: the form comes back as it was, with what is wrong above it.
      const problem = toUserMessage(error, reference);
      if (isAboutSeveral(wish)) {
        const prefill = {
          ...wish,
          several: error instanceof UnknownUsersError ? knownOf(error) : named(wish, who),
        };
        const blocks = error instanceof UnknownUsersError ? unknownUsersBlocks(error) : undefined;
        return await buildForm(deps, place, { action, who: null, prefill, reason }, problem, blocks);
      }
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

/** Several users: those who were named stay in the field for a list, also who was picked in the search. */
function isAboutSeveral(wish: Wish): wish is Extract<Wish, { action: "revoke" }> {
  return wish.action === "revoke" && wish.several !== undefined;
}

function named(wish: Extract<Wish, { action: "revoke" }>, who: Who | null): Who[] {
  return [...(who === null ? [] : [who]), ...(wish.several ?? [])];
}

function knownOf({ found }: UnknownUsersError): Who[] {
  return found.map(({ email }) => ({ kind: "email", email }));
}
