import type { KeyObject } from "node:crypto";

import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { announce } from "../../slack/announce.ts";
import { lockedNews } from "../../views/authenticator.ts";
import { duration } from "../../views/text.ts";
import { auditContextOf } from "../audit-context.ts";
import type { GivenCode } from "../decide.ts";
import { readOwn, takeCode, type Doing } from "./authenticators.ts";

/** @throws UserError when there is no STEP_UP_KEY. */
export function stepUpKeyOf({ stepUpKey }: Pick<Deps, "stepUpKey">): KeyObject {
  if (stepUpKey !== null) return stepUpKey;
  throw new UserError({
    what: "Authenticators are turned off.",
    why: "zt-bot has no STEP_UP_KEY to keep their secrets.",
    next: "The README says how to turn them on.",
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
  what: "This needs a code from your authenticator, and you have none.",
  next: "Type /zt authenticator to set one up, or ask another approver.",
};

/**
 * Takes the code that someone typed, once. `what`: for the record, what it is given for.
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
        what: "Wrong code.",
        why: `After ${taken.left} more wrong ${taken.left === 1 ? "code" : "codes"} you are locked out for 15 minutes.`,
        next: "Type the six digits that it shows now. If they are right, set your phone's clock to automatic.",
      });
    case "used":
      throw new UserError({
        what: "This code is already used.",
        next: "Use the next one, in at most 30 seconds.",
      });
    case "locked":
      if (taken.isNew) await announce(deps, lockedNews(asker.userId, taken.until));
      throw new UserError({
        what: "Too many wrong codes: you are locked out.",
        why: `That ends in ${duration(taken.until - deps.now())}.`,
        next: "If you didn't type them, tell another approver: someone may be using your Slack account.",
      });
  }
}
