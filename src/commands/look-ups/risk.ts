import type { AccessUser } from "../../api/cloudflare.ts";
import { orNull } from "../../api/errors.ts";
import type { Deps } from "../../deps.ts";
import { readScored, riskiestFirst } from "../../lookup/risk/risk.ts";
import { findRisk } from "../../lookup/summary.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { riskiestMessage, riskMessage } from "../../views/look-ups/risk.ts";
import { OPTIONAL_WHO } from "../args.ts";
import { defineCommand, type ScreenParams } from "../define.ts";

export const risk = defineCommand({
  name: "risk",
  group: "Look up",
  summary: "the riskiest users, or someone's risk events",
  details:
    "Without <who> the users with risk events, the highest level first. With <who> their level, their events since the last reset, and when that was. Needs a Zero Trust Enterprise plan.",
  examples: ["risk", "risk alice@example.com"],
  role: "viewer",
  calls: ["get risk summary", "list users", "get user", "get risk score"],
  args: { who: OPTIONAL_WHO },
  run: async ({ deps }, { who }) =>
    who === undefined
      ? showRiskiest(deps, 1)
      : showUser(deps, await findUser(deps.cloudflare, deps.directory, who), 1),
  screen: show,
});

/** `user` is an Access user's id, `scored` the risk API's own; with neither it is all users. */
async function show(deps: Deps, { user, scored, page = "1" }: ScreenParams): Promise<Message> {
  if (user !== undefined) return showUser(deps, await getUser(deps.cloudflare, user), Number(page));
  if (scored === undefined) return showRiskiest(deps, Number(page));
  const found = await readScored(deps.cloudflare, scored);
  return riskMessage({ ...found, riskUserId: scored, now: deps.now(), page: Number(page) });
}

async function showRiskiest(deps: Deps, page: number): Promise<Message> {
  const users = riskiestFirst(await deps.cloudflare.riskScoring.summary());
  return riskiestMessage(users, { now: deps.now(), page });
}

async function showUser(deps: Deps, user: AccessUser, page: number): Promise<Message> {
  const found = await orNull(findRisk(deps.cloudflare, user));
  return riskMessage({ user, riskUserId: found?.userId ?? user.id, risk: found, now: deps.now(), page });
}
