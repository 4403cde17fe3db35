import { NotFoundError } from "../../api/errors.ts";
import type { AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findByDigest } from "../../lookup/session-ref.ts";
import { readWithUser } from "../../lookup/with-user.ts";
import { findUser } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { sessionMessage } from "../../views/look-ups/session.ts";
import { sessionsMessage } from "../../views/look-ups/sessions.ts";
import { WHO } from "../args.ts";
import { defineCommand, type ScreenParams } from "../define.ts";

export const sessions = defineCommand({
  name: "sessions",
  group: "Look up",
  summary: "every active session of someone, or one in full",
  details:
    "All sessions with their applications, start and time left, and a menu to see one in full: IdP, IP, country, device, posture, certificate, and whether it is still active.",
  examples: ["sessions alice@example.com", "sessions alice@example.com X1aXj1lFVcqqyoXF"],
  role: "viewer",
  calls: ["list users", "get user", "list active sessions", "get active session"],
  args: {
    who: WHO,
    nonce: { kind: "word", required: false, summary: "a session's nonce, to see that one in full" },
  },
  async run({ deps }, { who, nonce }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    if (nonce !== undefined) return showOne(deps, user, nonce);
    const active = await deps.cloudflare.accessUsers.activeSessions(user.id);
    return sessionsMessage(user, active, { now: deps.now() });
  },
  screen: show,
});

async function show(
  deps: Deps,
  { user: id = "", page = "1", nonce, session: digest }: ScreenParams,
): Promise<Message> {
  const [user, active] = await readWithUser(deps.cloudflare, id, deps.cloudflare.accessUsers.activeSessions);
  if (nonce !== undefined) return showOne(deps, user, nonce);
  if (digest === undefined) return sessionsMessage(user, active, { now: deps.now(), page: Number(page) });
  const chosen = findByDigest(active, digest)?.nonce;
  if (!chosen) throw noSession(user);
  return showOne(deps, user, chosen);
}

async function showOne(deps: Deps, user: AccessUser, nonce: string): Promise<Message> {
  try {
    const [identity, active] = await Promise.all([
      deps.cloudflare.accessUsers.activeSession(user.id, nonce),
      deps.cloudflare.accessUsers.activeSessions(user.id),
    ]);
    const listed = active.find((session) => session.nonce === nonce);
    return sessionMessage({ user, nonce, identity, listed, now: deps.now() });
  } catch (error) {
    if (error instanceof NotFoundError) throw noSession(user);
    throw error;
  }
}

function noSession(user: AccessUser): UserError {
  const who = user.email || user.id;
  return new UserError({
    what: `${who} has no such session.`,
    why: "It has ended, or the nonce is not theirs.",
    next: `/zt sessions ${who} lists those that are open.`,
  });
}
