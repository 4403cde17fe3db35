import { setTimeout as delay } from "node:timers/promises";

import type { AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { gatherSummary, readSummary, type UserSummary } from "../../lookup/summary.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { userSummary } from "../../views/look-ups/user-summary.ts";
import { WHO } from "../args.ts";
import { defineCommand, type ShowEarly } from "../define.ts";

export const user = defineCommand({
  name: "user",
  aliases: ["whois", "who"],
  group: "Look up",
  summary: "who someone is and what they have open",
  details:
    "A verdict on what Cloudflare knows and the step it recommends, then the open sessions; risk, sign-ins, identity and devices are folded. Only you see it until you share it.",
  examples: ["user alice@example.com", "user @alice", "user f174e90a-fafe-4643-bbbc-4a0ed4fc8415"],
  role: "viewer",
  calls: [
    "list users",
    "get user",
    "get last seen identity",
    "list active sessions",
    "get active session",
    "list access requests",
    "list failed logins",
    "get risk score",
    "get risk summary",
    "list registrations",
  ],
  args: { who: WHO },
  run: async ({ deps, showEarly }, { who }) =>
    answerSoon(deps, findUser(deps.cloudflare, deps.directory, who), showEarly),
  screen: async (deps, { user: id = "" }, _asker, showEarly) =>
    answerSoon(deps, getUser(deps.cloudflare, id), showEarly),
});

/** A reader who waits longer than this thinks that it does not work. */
const EARLY_MS = 1500;

/** A part that is shown later may take this long: the reader has the others meanwhile. */
const LATE_TIMEOUT_MS = 10_000;

/** What was read within EARLY_MS of asking, and later the whole; the whole alone where it is quick. */
async function answerSoon(
  deps: Deps,
  asked: Promise<AccessUser>,
  showEarly: ShowEarly | undefined,
): Promise<Message> {
  if (showEarly === undefined) return showUser(deps, await asked);
  const patience = delay(EARLY_MS, null, { ref: false });
  const found = await asked;
  const { soFar, whole } = readSummary(deps.cloudflare, found, {
    now: deps.now(),
    timeoutMs: LATE_TIMEOUT_MS,
  });
  const early = (await Promise.race([whole, patience])) === null ? soFar() : null;
  // One after the other: the whole answer must not be overtaken by the early one.
  if (early !== null) await showEarly(draw(deps, early));
  return draw(deps, await whole);
}

/** How a user stands now, all of it; `sharedBy`: the Slack user who puts that in the channel. */
export async function showUser(deps: Deps, found: AccessUser, sharedBy?: string): Promise<Message> {
  return draw(deps, await gatherSummary(deps.cloudflare, found, deps.now()), sharedBy);
}

function draw(deps: Deps, summary: UserSummary, sharedBy?: string): Message {
  const { accountId } = deps.cloudflare;
  const canBlock = deps.policy.current().block !== null;
  return userSummary({
    summary,
    accountId,
    now: deps.now(),
    canBlock,
    ...(sharedBy !== undefined && { sharedBy }),
  });
}
