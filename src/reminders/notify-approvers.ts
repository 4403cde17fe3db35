import { approverKey, type NewPost } from "../requests/posts.ts";
import { isSlackFailure } from "../slack/clients.ts";
import {
  AT_ONCE,
  findUnanswered,
  keepAble,
  MAX_LOOKED_AT,
  mayStillAnswer,
  type Asked,
  type UnansweredDeps,
} from "./unanswered.ts";

/**
 * The messages that tell approvers of a request beside its card, as the policy wants it: written with the request, or with
 * its escalation. `dm`: direct messages to people who could decide, 20 at most; where there are more, or Slack can't say
 * who they are, `principals` are mentioned in the thread as the policy names them. `mention`: in the thread only.
 * @param key names the mention within the request: the same one is written once.
 */
export async function postsForApprovers(
  deps: UnansweredDeps,
  request: Asked,
  principals: readonly string[],
  key: string,
): Promise<NewPost[]> {
  const way = deps.policy.current().action(request.plan.action).notifyApprovers;
  if (way === "none") return [];
  if (way === "mention") return mentioned(key, await findUnanswered(deps, request, principals));
  const isAsked = mayStillAnswer(deps, request);
  const named = principals.filter(isAsked);
  try {
    const members = [...(await deps.directory.members(named))].filter(isAsked);
    const ids = members.slice(0, MAX_LOOKED_AT);
    const able: string[] = [];
    while (ids.length > 0) able.push(...(await keepAble(deps, request, ids.splice(0, AT_ONCE))));
    const direct = able.map((to): NewPost => ({
      key: approverKey(to),
      surface: "dm",
      data: { kind: "approver", to },
    }));
    return [...direct, ...(members.length > MAX_LOOKED_AT ? mentioned(key, named) : [])];
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    deps.log.warn(
      { err: error, requestId: request.id },
      "Slack does not say who could decide: approvers are mentioned",
    );
    return mentioned(key, named);
  }
}

/** Whom the posts tell directly, for the record. */
export function toldDirectly(posts: readonly NewPost[]): string[] {
  return posts.flatMap(({ data }) => (data.kind === "approver" ? [data.to] : []));
}

function mentioned(key: string, asked: readonly string[]): NewPost[] {
  return asked.length === 0 ? [] : [{ key, surface: "thread", data: { kind: "approvers", asked } }];
}
