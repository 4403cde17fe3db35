import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { findOpenAbout } from "../requests/queries.ts";
import { auditContextOf } from "./audit-context.ts";
import { addressRefusal, approverRiskRefusal, personRefusal, refuse } from "./eligibility.ts";

/**
 * May this approver stop everything, or let everything go on? Guarded as a decision is: someone at risk themselves
 * may be an attacker with an approver's account. Resuming is also for no one whom an open request is about: they would
 * end the pause that was made because of them. Pausing is, as asking to revoke each approver would else take the kill
 * switch out of all hands.
 * @returns for the record, an open request about them.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkKillSwitch(
  deps: Deps,
  what: "pause" | "resume",
  asker: Asker,
): Promise<{ open_request?: string }> {
  const person = await deps.directory.person(asker.userId);
  const email = person?.email ?? null;
  const checksRisk = email !== null && deps.policy.current().checksApproverRisk;
  const [approverRisk, about] = await Promise.all([
    checksRisk ? deps.approverRisk(email) : ({ kind: "fine" } as const),
    email === null ? null : findOpenAbout(deps.db, email),
  ]);
  const refusal =
    personRefusal({ person }, deps) ??
    addressRefusal({ person }) ??
    (about === null || what === "pause"
      ? null
      : refuse(
          "target",
          `An open request is about you (${about}): you can't resume zt-bot now.`,
          "Ask another approver.",
        )) ??
    approverRiskRefusal({ approverRisk }, true);
  if (refusal === null) return about === null ? {} : { open_request: about };
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "command.refused",
    data: { command: what, code: refusal.code, ...auditContextOf(deps, asker) },
  });
  throw new UserError({ what: refusal.why, next: refusal.next });
}
