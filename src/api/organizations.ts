import { writeCall } from "./call.ts";
import type { Cloudflare, WriteReceipt } from "./cloudflare.ts";
import { receiptOf, type Answer } from "./envelope.ts";
import { RejectedError, UnexpectedShapeError } from "./errors.ts";
import type { Http } from "./http.ts";

export const organizationCalls = {
  // "Access: Organizations Revoke", since 2026-01-22, may do as well; whether it does on a given account is to be tried.
  revokeUser: writeCall(
    "revoke user",
    "POST /accounts/{account_id}/access/organizations/revoke_user",
    "Access: Organizations, Identity Providers, and Groups Write",
  ),
};

export function createOrganizations(http: Http): Cloudflare["organizations"] {
  return {
    revokeUser: async ({ email, userUid, devices, warpSessionReauth }, call) => {
      if (email.trim() === "") throw new TypeError("email must not be empty");
      // `devices` is read from the query; in the body it is ignored.
      const query = { devices: devices === true ? true : undefined };
      const body = { email, user_uid: userUid, warp_session_reauth: warpSessionReauth };
      return readRevocation(await http.send(organizationCalls.revokeUser, { query, body }, call));
    },
  };
}

/** Done means `success: true` and `result: true`; the one without the other is not. */
function readRevocation(answer: Answer): WriteReceipt {
  const { facts, result } = answer;
  if (result === true) return receiptOf(answer);
  if (result === false) {
    throw new RejectedError({ ...facts, applied: "no", codes: [], messages: ["the result is false"] });
  }
  throw new UnexpectedShapeError({ ...facts, problem: "result is neither true nor false" });
}
