import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { circumstancesOf } from "./circumstances.ts";
import {
  addressRefusal,
  hygieneRefusal,
  personRefusal,
  refuse,
  type Hygiene,
  type Refusal,
} from "./standing.ts";
import { findOpenAbout } from "./find.ts";

const FINE: Hygiene = { kind: "fine" };

/**
 * May this approver stop everything, or let everything go on? Guarded as a decision is: whoever could be an attacker
 * with an approver's account would else stop what is done about them, or end the pause that was made because of them.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkSwitch(deps: Deps, what: "pause" | "resume", asker: Asker): Promise<void> {
  const person = await deps.directory.person(asker.userId);
  const email = person?.email ?? null;
  const [hygiene, about] = await Promise.all([
    email !== null && deps.policy.current().approverHygiene ? deps.hygiene(email) : FINE,
    email === null ? null : findOpenAbout(deps.db, email),
  ]);
  const known = { person, hygiene };
  const refusal =
    personRefusal(known, deps) ??
    addressRefusal(known) ??
    (about === null ? null : conflict(what, about)) ??
    hygieneRefusal(known, "contains");
  if (refusal === null) return;
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "command.refused",
    data: { command: what, code: refusal.code, ...circumstancesOf(deps, asker) },
  });
  throw new UserError({ what: refusal.why, next: refusal.next });
}

function conflict(what: string, requestId: string): Refusal {
  return refuse(
    "target",
    `An open request is about you (${requestId}): you can't ${what} zt-bot now.`,
    "Another approver has to.",
  );
}
