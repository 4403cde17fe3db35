import { z } from "zod";

import { appendAudit } from "../../audit/append.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { announce } from "../../slack/announce.ts";
import { editMessage, openDirect, post } from "../../slack/messages.ts";
import {
  askConfirmation,
  confirmationOver,
  effectiveNotice,
  replacedNews,
} from "../../views/authenticator.ts";
import type { Message } from "../../views/blocks.ts";
import { auditContextOf } from "../audit-context.ts";
import { refuse, type Refusal } from "../eligibility.ts";
import {
  addWaiting,
  confirmWaiting,
  declineWaiting,
  keepMessage,
  readAuthenticator,
  readEnrolled,
  readOwn,
  replaceOwn,
  type Authenticator,
} from "./authenticators.ts";
import { doingOf, stepUpKeyOf, useCode } from "./code.ts";
import { seal, unseal } from "./seal.ts";
import { newSecret, otpauthUri, stepOfCode } from "./totp.ts";
import { declineRefusal, takesCode, vouchRefusal, type VouchFacts } from "./vouch.ts";
import { actsAsMember } from "../../slack/membership.ts";

/** What it is called in the record. */
const CONFIRM = "confirm authenticator";

/** How long the form that shows a secret can be sent. */
const FORM_MS = 3_600_000;

/** A secret that is shown and not kept yet. */
export interface Offer {
  secret: string;
  uri: string;
  /** The same for the form to carry: someone who sees it in Slack can't read it. */
  sealed: string;
  /** They have one that counts: its code confirms this one. */
  hasEffective: boolean;
}

const Sealed = z.object({ secret: z.string(), at: z.number() });

/** A new secret for this person. Nothing is written: it travels, sealed, with the form that shows it. */
export function offerSecret(deps: Deps, asker: Asker): Promise<Offer> {
  const text = JSON.stringify({ secret: newSecret(), at: deps.now() });
  return readOffer(deps, asker, seal(stepUpKeyOf(deps), text, purposeOf(asker.userId)));
}

/** The offer that a form carried, to draw it once more. @throws UserError when it is not this person's, or too old. */
export async function readOffer(deps: Deps, { userId }: Asker, sealed: string): Promise<Offer> {
  const key = stepUpKeyOf(deps);
  const now = deps.now();
  const text = unseal(key, sealed, purposeOf(userId));
  const read = text === null ? null : Sealed.parse(JSON.parse(text));
  if (read === null || now - read.at > FORM_MS) {
    throw new UserError({
      what: "This form is too old, or someone else opened it.",
      next: "Type /zt authenticator to start again.",
    });
  }
  const [person, own] = await Promise.all([
    deps.directory.person(userId),
    readOwn(deps.db, key, userId, now),
  ]);
  const { secret } = read;
  const uri = otpauthUri(secret, person?.email ?? userId);
  return { secret, uri, sealed, hasEffective: own.effective !== null };
}

function purposeOf(userId: string): string {
  return `offer to ${userId}`;
}

/**
 * Keeps what was set up, once a code proves that it works. With a code of the one before it counts at once; otherwise
 * another approver has to confirm it, as someone who has taken over a Slack account could else set up one of their own.
 * @throws UserError with what is wrong; nothing is changed then.
 */
export async function finishSetUp(
  deps: Deps,
  asker: Asker,
  { sealed, code, currentCode }: { sealed: string; code: string; currentCode: string },
): Promise<{ authenticator: Authenticator; isTold: boolean }> {
  const key = stepUpKeyOf(deps);
  const { secret, hasEffective } = await readOffer(deps, asker, sealed);
  const step = stepOfCode(secret, code, deps.now());
  if (step === null) {
    throw new UserError({
      what: "This is not the new entry's code.",
      next: "Type the six digits that it shows now. If they are right, set your phone's clock to automatic.",
    });
  }
  const made = { secret, step };
  if (hasEffective && currentCode !== "") {
    const given = await useCode(deps, asker, currentCode, { what: "authenticator", requestId: null });
    const authenticator = await replaceOwn(deps.db, key, made, given.authenticator, doingOf(deps, asker));
    if (authenticator === null)
      throw new UserError({ what: "Your authenticator was just replaced.", next: "Start again." });
    const [place] = await Promise.all([
      announce(deps, replacedNews(asker.userId)),
      tell(deps, asker.userId, effectiveNotice(authenticator)),
    ]);
    deps.log.info({ userId: asker.userId }, "authenticator replaced");
    return { authenticator, isTold: place !== null };
  }
  const authenticator = await addWaiting(deps.db, key, made, doingOf(deps, asker));
  const place = await announce(deps, askConfirmation(authenticator, { isReplacement: hasEffective }));
  if (place !== null) await keepMessage(deps.db, authenticator.id, place);
  deps.log.info({ userId: asker.userId, isTold: place !== null }, "authenticator waits for confirmation");
  return { authenticator, isTold: place !== null };
}

/**
 * May this person confirm it? Asked when the form opens, and again when it is sent.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkVouch(
  deps: Deps,
  id: string,
  asker: Asker,
): Promise<{ authenticator: Authenticator; takesCode: boolean }> {
  const { authenticator, facts } = await gatherVouch(deps, id, asker);
  const refusal = vouchRefusal(facts);
  if (refusal !== null) return refuseVouch(deps, CONFIRM, authenticator, refusal, asker);
  return { authenticator, takesCode: takesCode(facts) };
}

/**
 * Makes another person's authenticator count. `heard`: the number that they were shown and read out, so that who
 * confirms has really spoken with them. `code`: of who confirms, where that is needed.
 * @throws UserError with the reason of a refusal, or what is wrong with the code.
 */
export async function confirm(
  deps: Deps,
  id: string,
  asker: Asker,
  { heard, code }: { heard: string; code: string },
): Promise<Authenticator> {
  const key = stepUpKeyOf(deps);
  const checked = await checkVouch(deps, id, asker);
  if (heard !== checked.authenticator.checkNumber) {
    const refusal = refuse(
      "wrong-number",
      "This number does not match this authenticator: someone else may be using their Slack account.",
      "Ask them again, by phone or in person. If they set nothing up, press Decline.",
    );
    return refuseVouch(deps, CONFIRM, checked.authenticator, refusal, asker);
  }
  // Someone else may have got one since the form was opened: it comes back with the field.
  if (checked.takesCode && code === "")
    throw new UserError({
      what: "This now needs a code from your own authenticator.",
      next: "Type it below.",
    });
  const given = checked.takesCode
    ? await useCode(deps, asker, code, { what: CONFIRM, requestId: null })
    : null;
  const done = await confirmWaiting(deps.db, key, id, given?.authenticator ?? null, doingOf(deps, asker));
  if (done === null) {
    throw new UserError({ what: "Someone else was faster.", next: "See the message." });
  }
  await Promise.all([showOver(deps, done, asker.userId), tell(deps, done.userId, effectiveNotice(done))]);
  deps.log.info({ userId: done.userId, by: asker.userId }, "authenticator confirmed");
  return done;
}

/** @throws UserError with the reason of a refusal; the refusal is recorded. */
export async function decline(deps: Deps, id: string, asker: Asker): Promise<void> {
  const { authenticator, facts } = await gatherVouch(deps, id, asker);
  const refusal = declineRefusal(facts);
  if (refusal !== null) return refuseVouch(deps, "decline authenticator", authenticator, refusal, asker);
  const done = await declineWaiting(deps.db, id, doingOf(deps, asker));
  if (done === null) throw new UserError({ what: "Someone else was faster.", next: "See the message." });
  await showOver(deps, done, asker.userId);
  deps.log.info({ userId: done.userId, by: asker.userId }, "authenticator declined");
}

async function gatherVouch(deps: Deps, id: string, { userId, teamId }: Asker) {
  const key = stepUpKeyOf(deps);
  const authenticator = await readAuthenticator(deps.db, id);
  if (authenticator === null)
    throw new UserError({ what: "This authenticator is unknown.", next: "Set it up again." });
  const policy = deps.policy.current();
  const [person, approvers, enrolled] = await Promise.all([
    deps.directory.person(userId),
    deps.directory.members(policy.allApprovers),
    readEnrolled(deps.db, key),
  ]);
  const asksRisk = policy.checksApproverRisk && approvers.has(userId) && person?.email;
  const facts: VouchFacts = {
    authenticator,
    voucherId: userId,
    voucher: {
      person:
        person === null || actsAsMember(person, deps.homeTeamId, teamId)
          ? person
          : { ...person, isStranger: true },
      approverRisk: asksRisk ? await deps.approverRisk(asksRisk) : { kind: "fine" },
    },
    approvers,
    enrolled,
    homeTeamId: deps.homeTeamId,
    now: deps.now(),
  };
  return { authenticator, facts };
}

async function refuseVouch(
  deps: Deps,
  what: string,
  { id, userId }: Authenticator,
  { code, why, next }: Refusal,
  asker: Asker,
): Promise<never> {
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "click.refused",
    data: { what, code, authenticator: id, user: userId, ...auditContextOf(deps, asker) },
  });
  throw new UserError({ what: why, next });
}

/** The message that asked for the confirmation loses its buttons. It is recorded whether Slack takes that or not. */
async function showOver(deps: Deps, authenticator: Authenticator, by: string): Promise<void> {
  if (authenticator.message === null) return;
  try {
    await editMessage(deps.slack.interactive, authenticator.message, confirmationOver(authenticator, by));
  } catch (error) {
    deps.log.warn({ err: error }, "the message about an authenticator was not edited");
  }
}

/** A direct message; what it tells of is recorded whether Slack takes it or not. */
async function tell({ slack: { interactive }, log }: Deps, userId: string, message: Message): Promise<void> {
  try {
    await post(interactive, (await openDirect(interactive, userId)) ?? userId, message);
  } catch (error) {
    log.warn({ err: error, userId }, "a direct message about an authenticator was not posted");
  }
}
