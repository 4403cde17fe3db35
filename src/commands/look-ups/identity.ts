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
  summary: "someone's identity when last seen, and how current sessions differ",
  details:
    "The identity last seen in full: IdP, groups, location, device, posture, certificate, service token, WARP. Then how the newest eight open sessions differ from it.",
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

/** What Cloudflare answers for a user it never saw is not documented: not found, null, or an empty identity. */
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
