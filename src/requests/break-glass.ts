import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { utc } from "../views/text.ts";
import { circumstancesOf } from "./circumstances.ts";
import { checkClick, decisionPost, MAX_TRIES, refuseClick } from "./decide.ts";
import type { ClickFacts } from "./policy.ts";
import { readPause } from "./pause.ts";
import type { NewPost } from "./posts.ts";
import type { Request, Review } from "./request.ts";
import { rulesFor } from "./rules.ts";
import { knownOf, refuse, uncheckedOf } from "./standing.ts";
import { moveRequest, reviewRequest } from "./transition.ts";

export interface MayActAlone {
  facts: ClickFacts;
  /** Who is told at once, as Slack user ids. */
  told: string[];
}

/**
 * May this person act alone in this request now, and who is told of it? Asked when the form opens, and again when
 * it is sent.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkBreakGlass(deps: Deps, requestId: string, asker: Asker): Promise<MayActAlone> {
  const { facts } = await checkClick(deps, "break-glass", requestId, asker);
  const [told, pause] = await Promise.all([whoIsTold(deps, asker), readPause(deps.db)]);
  if (pause !== null) {
    throw new UserError({
      what: "zt-bot is paused: nothing would be carried out now.",
      by: pause.by,
      why: `Paused since ${utc(pause.at)}: ${pause.reason}`,
      next: "An approver ends it with /zt resume. Then press Break glass… again.",
    });
  }
  if (told.length === 0) return refuseClick(deps, "break-glass", facts.request, NOBODY_TOLD, asker);
  return { facts, told };
}

const NOBODY_TOLD = refuse(
  "no-break-glass",
  "Nobody but you would be told: all others under break_glass.notify are deactivated, or there are none.",
  "Approvers have to decide. Somebody who runs zt-bot has to mend policy.yml.",
);

/** Whoever is to be told, as the policy and Slack have them now: all but who acts, and those who can't read it. */
async function whoIsTold({ policy, directory }: Deps, { userId }: Asker): Promise<string[]> {
  const members = await directory.members(policy.current().breakGlass?.notify ?? []);
  const others = [...members].filter((id) => id !== userId);
  const people = await Promise.all(
    others.map(async (id) => {
      const person = await directory.person(id);
      return person === null || person.isBot || person.isDeactivated ? [] : [id];
    }),
  );
  return people.flat();
}

/**
 * One person does what was asked for without anybody's approval: authorised anew, written with who, why and that it
 * has to be reviewed, told to everybody who is to know, and carried out at once by the same way as what is approved.
 * @returns the request as it is then.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function actAlone(
  deps: Deps,
  requestId: string,
  asker: Asker,
  reason: string,
): Promise<Request> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const { facts, told } = await checkBreakGlass(deps, requestId, asker);
    const at = deps.now();
    const unchecked = uncheckedOf(knownOf(facts, asker.userId));
    const written = await moveRequest(deps.db, requestId, {
      to: "approved",
      actor: asker.userId,
      at,
      reason,
      breakGlass: { by: asker.userId, at, reason, ...unchecked },
      data: { break_glass: true, told, ...unchecked, ...circumstancesOf(deps, asker) },
      posts: [decisionPost(at), ...alonePosts(facts.request, asker.userId, told)],
    });
    // Somebody was first, or this person did another one alone meanwhile: the check, made again, says which.
    if (written === null) continue;
    deps.log.warn({ requestId, userId: asker.userId, told: told.length }, "done alone");
    await Promise.all([deps.engine.publish(written), deps.engine.execute(written)]);
    return written;
  }
  throw new UserError({ what: "Others were faster.", next: "The card shows how it stands." });
}

/** Who asked is told as well, where somebody else acts on it. */
function alonePosts({ requesterId }: Request, by: string, told: readonly string[]): NewPost[] {
  const everybody = new Set(requesterId === by ? told : [...told, requesterId]);
  return [...everybody].map((to) => ({ key: `alone-${to}`, surface: "dm", data: { kind: "alone", to } }));
}

/**
 * What somebody else says of it afterwards. It changes nothing of what was done, and is said once.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function review(
  deps: Deps,
  requestId: string,
  asker: Asker,
  { verdict, note }: Pick<Review, "verdict" | "note">,
): Promise<Request> {
  const { facts } = await checkClick(deps, "review", requestId, asker);
  const by = facts.request.breakGlass?.by ?? "";
  const at = deps.now();
  const reviewed = await reviewRequest(deps.db, requestId, {
    review: { by: asker.userId, at, verdict, note },
    data: circumstancesOf(deps, asker),
    posts: [
      { key: "reviewed", surface: "thread", data: { kind: "reviewed" } },
      { key: "alone-reviewed", surface: "dm", data: { kind: "alone-reviewed", to: by } },
    ],
  });
  if (reviewed === null) {
    // Somebody else was first between the check and the write: made again, it says who.
    await checkClick(deps, "review", requestId, asker);
    throw new UserError({ what: "Somebody else was faster.", next: "The card shows how it stands." });
  }
  deps.log.info({ requestId, userId: asker.userId, verdict }, "reviewed");
  await deps.engine.publish(reviewed);
  return reviewed;
}

/** Is this person among those who may do alone what they asked for? For an offer only: a click asks again. */
export async function mayActAlone(
  { policy, directory, log }: Deps,
  request: Request,
  { userId }: Asker,
): Promise<boolean> {
  const { alone } = rulesFor(policy.current(), request);
  if (alone === null || request.status !== "pending") return false;
  try {
    return (await directory.members(alone)).has(userId);
  } catch (error) {
    log.warn({ err: error, requestId: request.id }, "nobody knows who may act alone");
    return false;
  }
}
