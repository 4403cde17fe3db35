import { defineCalls } from "./call.ts";
import type { Call } from "./call.ts";
import type { Cloudflare, WriteReceipt } from "./cloudflare.ts";
import type { Answer } from "./envelope.ts";
import { RejectedError, UnexpectedShapeError } from "./errors.ts";
import type { Http } from "./http.ts";

const revokeUser = {
  method: "POST",
  permission: "Access: Organizations, Identity Providers, and Groups Write",
  /** Since 2026-01-22; whether it is enough on a given account is to be tried. */
  narrowerPermission: "Access: Organizations Revoke",
  mode: "write",
} satisfies Partial<Call>;

export const organizationCalls = defineCalls({
  revokeUser: {
    ...revokeUser,
    name: "revoke user",
    path: "/accounts/{account_id}/access/organizations/revoke_user",
  },
  revokeUserInZone: {
    ...revokeUser,
    name: "revoke user in zone",
    path: "/zones/{zone_id}/access/organizations/revoke_user",
  },
});

export function createOrganizations(http: Http): Cloudflare["organizations"] {
  return {
    revokeUser: async ({ email, userUid, devices, warpSessionReauth, zoneId }, call) => {
      if (email.trim() === "") throw new TypeError("email must not be empty");
      const answer = await http.send(
        zoneId === undefined ? organizationCalls.revokeUser : organizationCalls.revokeUserInZone,
        {
          ...(zoneId === undefined ? {} : { ids: { zone_id: zoneId } }),
          // `devices` is read from the query; in the body it is ignored.
          query: { devices: devices === true ? true : undefined },
          body: { email, user_uid: userUid, warp_session_reauth: warpSessionReauth },
        },
        call,
      );
      return readRevocation(answer);
    },
  };
}

/** Done means `success: true` and `result: true`; the one without the other is not. */
function readRevocation({ facts, result }: Answer): WriteReceipt {
  if (result === true) return { cfRay: facts.cfRay, status: facts.status };
  if (result === false) {
    throw new RejectedError({ ...facts, applied: "no", codes: [], messages: ["the result is false"] });
  }
  throw new UnexpectedShapeError({ ...facts, problem: "result is neither true nor false" });
}
