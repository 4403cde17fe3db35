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
  summary: "what Cloudflare recorded of zt-bot's changes",
  details:
    "The last 24 hours of Cloudflare's audit log for zt-bot's API token, newest first, with result and ray id. A change that no request in Slack explains means that someone else has the token: revoke it in Cloudflare.",
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
  const hint = " With an API token (CLOUDFLARE_API_TOKEN), zt-bot can show them here.";
  throw new UserError({
    what: "zt-bot's changes can't be told apart from other people's.",
    why: isKey
      ? "It signs in to Cloudflare with a person's email address and key, and the audit log shows both as that person."
      : "Cloudflare did not say which id its API token has.",
    next: `In the Cloudflare dashboard, see Manage Account › Audit Log.${isKey ? hint : ""}`,
  });
}
