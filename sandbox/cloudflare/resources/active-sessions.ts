/** `…/active_sessions`: the list (which lags a revocation) and one session by nonce (which does not). */
import { accessNotFound, ok, pageInfo } from "../envelope.ts";
import type { Backend, Call, Route } from "../exchange.ts";
import type { Session } from "../world.ts";
import { toSeconds } from "../wire.ts";
import { findCalledUser } from "./access-users.ts";

function toWireSession(session: Session): Record<string, unknown> {
  const expires = toSeconds(session.expiresAt);
  const iat = toSeconds(session.issuedAt);
  const apps = session.apps.map(({ uid, name, hostname, type, aud }) => [aud, { uid, name, hostname, type }]);
  return {
    name: `${session.userId}.${session.nonce}`,
    expiration: expires,
    metadata: {
      nonce: session.nonce,
      iat,
      expires,
      ttl: expires - iat,
      apps: Object.fromEntries(apps),
      ...session.odd,
    },
  };
}

function listSessions(call: Call, { world, settings, now }: Backend) {
  const user = findCalledUser(call, world);
  if (!user) return accessNotFound("user");
  const at = now();
  const shown = world.sessions.filter(
    (session) =>
      session.userId === user.id &&
      session.expiresAt > at &&
      (session.revokedAt === null || at < session.revokedAt + settings.sessionListLagMs),
  );
  return ok(shown.map(toWireSession), { resultInfo: pageInfo(shown.length, 1, 1000, shown.length) });
}

function getSession(call: Call, { world, now }: Backend) {
  const session = world.sessions.find(
    (session) => session.userId === call.params.user && session.nonce === call.params.nonce,
  );
  if (!session) return accessNotFound("session");
  return ok({ ...session.identity, isActive: session.revokedAt === null && session.expiresAt > now() });
}

const list = "/accounts/:account/access/users/:user/active_sessions";

export const activeSessionRoutes: readonly Route[] = [
  {
    name: "sessions.list",
    method: "get",
    path: list,
    permissions: ["Access: Audit Logs Read"],
    answer: listSessions,
  },
  {
    name: "sessions.get",
    method: "get",
    path: `${list}/:nonce`,
    permissions: ["Access: Audit Logs Read"],
    answer: getSession,
  },
];
