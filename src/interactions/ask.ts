import { authorise } from "../commands/authorise.ts";
import { explain } from "../errors.ts";
import { askFor } from "../asking/ask.ts";
import { UnknownUsersError } from "../asking/unknown-users.ts";
import { askModal, parseAskForm } from "../views/request/ask-modal.ts";
import { askedModal } from "../views/request/asked.ts";
import { unknownUsersBlocks } from "../views/request/unknown-users.ts";
import { defineForm } from "./form.ts";
import { buildForm } from "./open-form.ts";

/** The form behind every subcommand that changes something, and the buttons that lead there. */
export const askForm = defineForm(parseAskForm, async ({ deps, asker, progress }, form) => {
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
    // Nothing that was written is lost: the form comes back as it was, with what is wrong above it.
    const problem = explain(deps.log, error, "form could not be taken");
    if (wish.action === "revoke" && wish.several !== undefined) {
      const unknown = error instanceof UnknownUsersError ? error : null;
      const known = unknown?.found.map(({ email }) => ({ kind: "email", email }) as const);
      // Those who were named stay in the field for a list, also who was picked in the search.
      const several = known ?? [...(who === null ? [] : [who]), ...wish.several];
      const blocks = unknown === null ? undefined : unknownUsersBlocks(unknown);
      const prefill = { ...wish, several };
      return await buildForm(deps, place, { action, who: null, prefill, reason }, problem, blocks);
    }
    try {
      return await buildForm(deps, place, { action, who, prefill: wish, reason }, problem);
    } catch {
      // What it shows can't be read now either; the words and the reason still stand.
      const policy = deps.policy.current();
      const { requireReason } = policy.action(action);
      const empty = { facts: [], material: { kind: "none" } } as const;
      return askModal({ ...form, ...empty, prefill: wish, requireReason, reasons: policy.reasons, problem });
    }
  }
});
