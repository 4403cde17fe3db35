import { authorise } from "../commands/authorise.ts";
import { explain } from "../errors.ts";
import { askFor } from "../asking/ask.ts";
import { UnknownUsersError } from "../asking/unknown-users.ts";
import { keepTyped } from "../asking/keep-typed.ts";
import type { Asker, Deps } from "../deps.ts";
import { readDraft } from "../requests/drafts.ts";
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
  const mayLeaveOut = form.isWithout ? await readNotFound(deps, asker, form.draft) : [];
  try {
    const onProgress = (done: number, total: number) => progress(`Looking up ${done} of ${total}…`);
    const asked = wish.action === "revoke" ? { ...wish, mayLeaveOut } : wish;
    return askedModal(await askFor(deps, { wish: asked, who, reason, asker, originChannel, onProgress }));
  } catch (error) {
    // Nothing that was written is lost: the form comes back as it was, with what is wrong above it.
    const problem = explain(deps.log, error, "form could not be taken");
    if (wish.action === "revoke" && wish.several !== undefined) {
      // Who was picked in the search stays in the list as well.
      const several = [...(who === null ? [] : [who]), ...wish.several];
      const prefill = { ...wish, several };
      const back = { action, who: null, prefill, reason };
      if (!(error instanceof UnknownUsersError)) return await buildForm(deps, place, back, problem);
      const draft = await keepTyped(deps, asker, error, { wish: prefill, reason });
      const without = { draft, count: error.notFound.length, isTicked: false };
      const offered = error.found.length === 0 ? back : { ...back, without };
      return await buildForm(deps, place, offered, problem, unknownUsersBlocks(error));
    }
    try {
      return await buildForm(deps, place, { action, who, prefill: wish, reason }, problem);
    } catch (failure) {
      // What it shows can't be read now either; the words and the reason still stand.
      explain(deps.log, failure, "form could not be drawn again");
      const policy = deps.policy.current();
      const { requireReason } = policy.action(action);
      const empty = { facts: [], material: { kind: "none" } } as const;
      const { reasons, block } = policy;
      const offers = { requireReason, reasons, canBlock: block !== null };
      return askModal({ ...form, ...empty, ...offers, prefill: wish, problem });
    }
  }
});

/** The names that this person was shown as not found; none where the list is no longer kept. */
async function readNotFound({ db }: Deps, { userId }: Asker, draft: string | undefined): Promise<string[]> {
  if (draft === undefined) return [];
  return (await readDraft(db, draft, userId))?.notFound ?? [];
}
