/** `…/failed_logins`, newest first. */
import { accessNotFound, ok, pageInfo } from "../envelope.ts";
import type { Backend, Call, Route } from "../exchange.ts";
import { toIso } from "../wire.ts";
import { findCalledUser } from "./access-users.ts";

function listFailedLogins(call: Call, { world }: Backend) {
  const user = findCalledUser(call, world);
  if (!user) return accessNotFound("user");
  const shown = world.failedLogins
    .filter((failed) => failed.userId === user.id)
    .sort((a, b) => b.at - a.at)
    .map((failed) => ({
      expiration: 0,
      metadata: {
        app_name: failed.appName,
        aud: failed.aud,
        datetime: toIso(failed.at),
        ray_id: failed.rayId,
        user_email: user.email,
        user_uuid: user.userUuid,
        ...failed.odd,
      },
    }));
  return ok(shown, { resultInfo: pageInfo(shown.length, 1, 1000, shown.length) });
}

export const failedLoginRoutes: readonly Route[] = [
  {
    name: "failed-logins",
    method: "get",
    path: "/accounts/:account/access/users/:user/failed_logins",
    permissions: ["Access: Audit Logs Read"],
    answer: listFailedLogins,
  },
];
