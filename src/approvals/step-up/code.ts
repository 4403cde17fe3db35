import type { KeyObject } from "node:crypto";

import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { announce } from "../../slack/announce.ts";
import { lockedNews } from "../../views/authenticator.ts";
import { utc } from "../../views/text.ts";
import { auditContextOf } from "../audit-context.ts";
import type { GivenCode } from "../decide.ts";
import { readOwn, takeCode, type Doing } from "./authenticators.ts";

/** @throws UserError when there is no STEP_UP_KEY. */
export function stepUpKeyOf({ stepUpKey }: Pick<Deps, "stepUpKey">): KeyObject {
  if (stepUpKey !== null) return stepUpKey;
  throw new UserError({
    what: "Authenticators are not used here.",
    why: "zt-bot has no STEP_UP_KEY, under which it would keep their secrets.",
    next: "If approvals are to take codes: the README says how to turn that on.",
  });
}

export function doingOf(deps: Deps, asker: Asker): Doing {
  const { userId: by, teamId } = asker;
  return { by, teamId, at: deps.now(), auditContext: auditContextOf(deps, asker) };
}

/** @throws UserError when this person has no authenticator that counts: asked before a form opens for its code. */
export async function checkEnrolled(deps: Deps, { userId }: Asker): Promise<void> {
  const { effective } = await readOwn(deps.db, stepUpKeyOf(deps), userId, deps.now());
  if (effective === null) throw new UserError(NO_AUTHENTICATOR);
}

const NO_AUTHENTICATOR = {
  what: "This takes a code from your authenticator, and you have none.",
  next: "Type /zt authenticator to set one up. Until somebody has confirmed it, another approver has to decide.",
};

/**
 * Takes the code that somebody typed, once. `what`: for the record, what it is given for.
 * @throws UserError when it does not count; that is recorded, and five wrong ones lock for 15 minutes.
 */
export async function useCode(
  deps: Deps,
  asker: Asker,
  code: string,
  { what, requestId }: { what: string; requestId: string | null },
): Promise<GivenCode> {
  const doing = doingOf(deps, asker);
  const taken = await takeCode(deps.db, stepUpKeyOf(deps), code, { ...doing, what, requestId });
  if (taken.kind === "taken") return { authenticator: taken.authenticator };
  deps.log.warn({ userId: asker.userId, what, requestId, outcome: taken.kind }, "code not taken");
  switch (taken.kind) {
    case "none":
      throw new UserError(NO_AUTHENTICATOR);
    case "wrong":
      throw new UserError({
        what: "This is not the code that your authenticator shows now.",
        why: `After ${taken.left} more wrong ${taken.left === 1 ? "code" : "codes"} no code is taken for 15 minutes.`,
        next: "Type the six digits that stand there now. If they are right, set the phone's clock to automatic.",
      });
    case "used":
      throw new UserError({
        what: "This code was used already: each is taken once.",
        next: "Wait until your authenticator shows the next one: 30 seconds at most.",
      });
    case "locked":
      if (taken.isNew) await announce(deps, lockedNews(asker.userId, taken.until));
      throw new UserError({
        what: "Too many wrong codes: none of yours is taken now, not even a right one.",
        why: `That ends at ${utc(taken.until)}.`,
        next: "If it was not you who typed them, tell another approver: somebody may be using your Slack account.",
      });
  }
}
