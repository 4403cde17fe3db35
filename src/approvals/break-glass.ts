import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { duration } from "../views/text.ts";
import { auditContextOf } from "./audit-context.ts";
import { checkClick, decisionPost, refuseClick, untilWritten } from "./click.ts";
import type { Standing } from "./facts.ts";
import { stepUpOf, type ClickFacts, type GivenCode } from "./decide.ts";
import { readPause } from "../requests/pause.ts";
import type { NewPost } from "../requests/posts.ts";
import type { Request, Review } from "../requests/request.ts";
import { rulesFor } from "./rules.ts";
import { knownOf, refuse, uncheckedOf } from "./eligibility.ts";
import { moveRequest, reviewRequest } from "../requests/transition.ts";
import { isMember } from "../slack/membership.ts";

/** Who could review is reminded first after this; then ever less often (reminders/schedule.ts). */
export const REVIEW_REMINDER_MS = 3_600_000;

export interface BreakGlassCheck {
  facts: ClickFacts;
  /** Who is told at once, as Slack user ids. */
  told: string[];
  standing: Standing;
}

/**
 * May this person use break-glass in this request now, and who is told of it? Asked when the form opens, and again when
 * it is sent.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkBreakGlass(
  deps: Deps,
  requestId: string,
  asker: Asker,
  { code, isTaken = false }: { code?: ClickFacts["code"]; isTaken?: boolean } = {},
): Promise<BreakGlassCheck> {
  const { facts, standing } = await checkClick(deps, "break-glass", requestId, asker, { code, isTaken });
  const [told, pause] = await Promise.all([whoIsTold(deps, asker), readPause(deps.db)]);
  if (pause !== null) {
    throw new UserError({
      what: "zt-bot is paused.",
      by: pause.by,
      why: `Paused for ${duration(deps.now() - pause.at)}: ${pause.reason}`,
      next: "An approver types /zt resume. Then press the button again.",
    });
  }
  if (told.length === 0) return refuseClick(deps, "break-glass", facts.request, NOBODY_TOLD, asker);
  return { facts, told, standing };
}

const NOBODY_TOLD = refuse(
  "no-break-glass",
  "No one but you would be told: break_glass.notify in policy.yml names no one else who is active.",
  "Ask an approver. The people who run zt-bot need to fix policy.yml.",
);

/** Who is to be told, as the policy and Slack have them now: all but who acts, who can't read it and who may not. */
async function whoIsTold({ policy, directory, homeTeamId }: Deps, { userId }: Asker): Promise<string[]> {
  const members = await directory.members(policy.current().breakGlass?.notify ?? []);
  const others = [...members].filter((id) => id !== userId);
  const people = await Promise.all(
    others.map(async (id) => {
      const person = await directory.person(id);
      const isTold =
        person !== null && !person.isBot && !person.isDeactivated && isMember(person, homeTeamId);
      return isTold ? [id] : [];
    }),
  );
  return people.flat();
}

/**
 * One person does what was asked for without anyone's approval: authorised again, written with who, why and that it
 * has to be reviewed, told to everyone who is to know, and carried out at once by the same way as what is approved.
 * @returns the request as it is then.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function useBreakGlass(
  deps: Deps,
  requestId: string,
  asker: Asker,
  reason: string,
  code?: GivenCode,
): Promise<Request> {
  const { userId } = asker;
  // Someone may be first, or this person may do another one alone meanwhile.
  const { written, standing } = await untilWritten(async () => {
    const { facts, told, standing } = await checkBreakGlass(deps, requestId, asker, { code, isTaken: true });
    const at = facts.now;
    const noted = { via: facts.breakGlass?.get(userId) ?? userId, ...uncheckedOf(knownOf(facts, userId)) };
    const { stepUp } = stepUpOf(facts);
    const moved = await moveRequest(deps.db, requestId, {
      to: "approved",
      actor: userId,
      at,
      reason,
      reviewReminderAt: at + REVIEW_REMINDER_MS,
      breakGlass: { by: userId, at, reason, ...noted, ...stepUpOf(facts) },
      data: {
        break_glass: true,
        told,
        ...noted,
        ...(stepUp === undefined ? {} : { step_up: stepUp }),
        ...auditContextOf(deps, asker),
      },
      posts: [decisionPost(at), ...breakGlassPosts(facts.request, userId, told)],
    });
    if (moved !== null) deps.log.warn({ requestId, userId, told: told.length }, "break-glass used");
    return moved === null ? null : { written: moved, standing };
  });
  deps.engine.execute(written, standing);
  return written;
}

/** The requester is told as well, where someone else acts on it. */
function breakGlassPosts({ requesterId }: Request, by: string, told: readonly string[]): NewPost[] {
  const everybody = new Set(requesterId === by ? told : [...told, requesterId]);
  return [...everybody].map((to) => ({ key: `alone-${to}`, surface: "dm", data: { kind: "alone", to } }));
}

/**
 * What someone else says of it afterwards. It changes nothing of what was done, and is said once.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function review(
  deps: Deps,
  requestId: string,
  asker: Asker,
  { verdict, note }: Pick<Review, "verdict" | "note">,
): Promise<Request> {
  const reviewed = await untilWritten(async () => {
    const { facts } = await checkClick(deps, "review", requestId, asker);
    const to = facts.request.breakGlass?.by ?? "";
    return reviewRequest(deps.db, requestId, {
      review: { by: asker.userId, at: facts.now, verdict, note },
      data: auditContextOf(deps, asker),
      posts: [
        { key: "reviewed", surface: "thread", data: { kind: "reviewed" } },
        { key: "alone-reviewed", surface: "dm", data: { kind: "alone-reviewed", to } },
      ],
    });
  });
  deps.log.info({ requestId, userId: asker.userId, verdict }, "reviewed");
  deps.engine.publish(reviewed);
  return reviewed;
}

/** Is this person among those who may do alone what they asked for? For an offer only: a click asks again. */
export async function mayUseBreakGlass(
  { policy, directory, log }: Deps,
  request: Request,
  { userId }: Asker,
): Promise<boolean> {
  const { alone } = rulesFor(policy.current(), request);
  if (alone === null || request.status !== "pending") return false;
  try {
    return (await directory.members(alone)).has(userId);
  } catch (error) {
    log.warn({ err: error, requestId: request.id }, "unknown who may use break-glass");
    return false;
  }
}
