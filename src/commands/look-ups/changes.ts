import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { readChanges } from "../../lookup/changes.ts";
import type { Message } from "../../views/blocks.ts";
import { changesMessage } from "../../views/look-ups/changes.ts";
import { defineCommand } from "../define.ts";

const SPAN_MS = hoursToMilliseconds(24);

export const changes = defineCommand({
  name: "changes",
  group: "Look up",
  summary: "what Cloudflare recorded of this bot's own changes",
  details:
    "The last 24 hours of Cloudflare's audit log for the API token zt-bot uses, newest first: what was changed, with which result, and the ray id, which also stands in the thread of the request. A change here that nobody asked for in Slack means that somebody else has the token.",
  examples: ["changes"],
  role: "viewer",
  calls: ["verify account token", "verify user token", "list audit log"],
  args: {},
  run: ({ deps }) => show(deps, 1),
  screen: (deps, { page = "1" }) => show(deps, Number(page)),
});

async function show(deps: Deps, page: number): Promise<Message> {
  const tokenId = await readTokenId(deps);
  const now = deps.now();
  // Their clock may be a little ahead of ours.
  const span = { since: now - SPAN_MS, before: now + hoursToMilliseconds(1) };
  const found = await readChanges(deps.cloudflare, { tokenId, ...span });
  return changesMessage({ ...found, tokenId, now, page });
}

/** The id by which the audit log knows the bot. @throws UserError when it has none. */
async function readTokenId({ cloudflare }: Deps): Promise<string> {
  const isKey = cloudflare.authKind === "key";
  const id = isKey ? null : (await cloudflare.tokens.verify()).id;
  if (id !== null) return id;
  const hint = " With an API token (CLOUDFLARE_API_TOKEN) they can be shown here.";
  throw new UserError({
    what: "zt-bot's own changes can't be told apart.",
    why: isKey
      ? "It signs in to Cloudflare with an e-mail address and a key, as a person does: the audit log has its changes together with theirs."
      : "Cloudflare does not say which id its API token has.",
    next: `Look at Manage Account › Audit Log in the Cloudflare dashboard.${isKey ? hint : ""}`,
  });
}
