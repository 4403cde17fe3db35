/** `…/last_seen_identity`. */
import { accessNotFound, ok } from "../envelope.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { Unknowns } from "../settings.ts";
import { findCalledUser } from "./access-users.ts";

function getIdentity(call: Call, { world, settings }: Backend): Answer {
  const user = findCalledUser(call, world);
  if (!user) return accessNotFound("user");
  const identity = world.identities[user.id];
  return identity ? ok(identity) : NEVER_SEEN_ANSWERS[settings.unknowns.identityNeverSeen];
}

const NEVER_SEEN_ANSWERS: Record<Unknowns["identityNeverSeen"], Answer> = {
  "not-found": accessNotFound("identity"),
  null: ok(null),
  empty: ok({}),
};

export const identityRoutes: readonly Route[] = [
  {
    name: "identity",
    method: "get",
    path: "/accounts/:account/access/users/:user/last_seen_identity",
    permissions: ["Access: Audit Logs Read"],
    answer: getIdentity,
  },
];
