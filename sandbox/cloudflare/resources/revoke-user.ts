/** `POST …/access/organizations/revoke_user` of an account or a zone. */
import { accessInvalid, accessNotFound } from "../envelope.ts";
import { revokeUser } from "../effects.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { Unknowns } from "../settings.ts";
import type { User, World } from "../world.ts";
import { findLiveSessions } from "../world.ts";
import { readBody, readQuery } from "../wire.ts";

/** As documented, without `errors` and `messages`. */
function bare(result: boolean): Answer {
  return { kind: "json", status: 200, body: { success: true, result } };
}

function answerRevoke(call: Call, { world, settings, now }: Backend): Answer {
  const { email, user_uid: uid, devices, warp_session_reauth: warpReauth } = readBody(call);
  if (typeof email !== "string" || email === "") return accessInvalid("email is required", "/email");
  if (uid !== undefined && typeof uid !== "string")
    return accessInvalid("user_uid is not a string", "/user_uid");
  const users = findRevoked(world, email, uid);
  if (users.length === 0) return UNKNOWN_USER_ANSWERS[settings.unknowns.revokeUnknownUser];
  const at = now();
  const hasSessions = users.some((user) => findLiveSessions(world, user.id, at).length > 0);
  if (!hasSessions && settings.unknowns.repeatedRevoke === "invalid-request") {
    return accessInvalid("the user has no session");
  }
  for (const user of users) {
    revokeUser(world, user, at, {
      devices: devices === true || readQuery(call, "devices") === "true",
      warpReauth: warpReauth === true,
      noLoginMs: settings.noLoginMs,
    });
  }
  return bare(true);
}

/** The email as it is written wins over the same one in another case: two accounts may differ by nothing else. */
function findRevoked(world: World, email: string, uid: string | undefined): User[] {
  const exact = world.users.filter((user) => user.email === email);
  const folded = world.users.filter((user) => user.email.toLowerCase() === email.toLowerCase());
  if (uid === undefined) return exact.length > 0 ? exact : folded;
  // The documented example of `user_uid` has no dashes.
  const plain = (id: string): string => id.replaceAll("-", "").toLowerCase();
  return folded.filter((user) =>
    [user.id, user.userUuid, user.uid ?? ""].some((id) => plain(id) === plain(uid)),
  );
}

const UNKNOWN_USER_ANSWERS: Record<Unknowns["revokeUnknownUser"], Answer> = {
  "not-found": accessNotFound("user"),
  ok: bare(true),
  "result-false": bare(false),
};

const rest = {
  name: "revoke-user",
  method: "post",
  permissions: [
    "Access: Organizations, Identity Providers, and Groups Write",
    "Access: Organizations Revoke",
  ],
  answer: answerRevoke,
} as const;

export const revokeUserRoutes: readonly Route[] = [
  { ...rest, path: "/accounts/:account/access/organizations/revoke_user" },
  { ...rest, path: "/zones/:zone/access/organizations/revoke_user" },
];
