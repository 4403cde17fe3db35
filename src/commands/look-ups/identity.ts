import type { AccessUser, Identity } from "../../api/cloudflare.ts";
import { orNull, UnexpectedShapeError } from "../../api/errors.ts";
import type { Deps } from "../../deps.ts";
import { compare, readOpenIdentities } from "../../lookup/open-identities.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { identityMessage } from "../../views/look-ups/identity.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const identity = defineCommand({
  name: "identity",
  group: "Look up",
  summary: "who someone was when last seen, and what their open sessions have otherwise",
  details:
    "The identity last seen in full: identity provider, groups, location, device, posture, certificate, service token, WARP. Then what is different in the sessions open now, compared with the newest eight.",
  examples: ["identity alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "get last seen identity", "list active sessions", "get active session"],
  args: { who: WHO },
  run: async ({ deps }, { who }) => show(deps, await findUser(deps.cloudflare, deps.directory, who)),
  screen: async (deps, { user: id = "" }) => show(deps, await getUser(deps.cloudflare, id)),
});

async function show(deps: Deps, user: AccessUser): Promise<Message> {
  const [seen, open] = await Promise.all([
    lastSeen(deps, user),
    readOpenIdentities(deps.cloudflare, user.id),
  ]);
  const comparison = seen === null ? { ...open, compared: [] } : compare(seen, open);
  return identityMessage({ user, identity: seen, comparison, now: deps.now() });
}

/** What Cloudflare answers for somebody never seen is not documented: not found, null, an identity without a word. */
async function lastSeen(deps: Deps, user: AccessUser): Promise<Identity | null> {
  try {
    const seen = await orNull(deps.cloudflare.accessUsers.lastSeenIdentity(user.id));
    if (seen === null) return null;
    const isBlank = [seen.id, seen.email, seen.userUuid, seen.issuedAt, seen.idp, seen.ip].every(
      (value) => value === null,
    );
    return isBlank ? null : seen;
  } catch (error) {
    if (error instanceof UnexpectedShapeError && user.lastLoginAt === null) return null;
    throw error;
  }
}
