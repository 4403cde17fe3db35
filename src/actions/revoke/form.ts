import { checkboxes, defineForm } from "../../views/forms/spec.ts";
import type { RevokeWish } from "./options.ts";

export const form = defineForm<RevokeWish>({
  title: "Revoke sessions",
  intro: "Asks the approvers to end all Access sessions of a user, or of several in one request.",
  caution: "Not a ban: the user can log in again after about a minute if your policies allow it.",
  about: "user",
  takesSeveral: true,
  material: "none",
  fields: (_material, prefill) => [
    checkboxes("options", "Also", [
      {
        value: "devices",
        text: "Also revoke their devices",
        description: "Every device registration; a new sign-in registers again",
        isTicked: prefill.devices === true,
      },
      {
        value: "warpReauth",
        text: "Also make WARP re-authenticate",
        description: "Where Gateway policies enforce a client session",
        isTicked: prefill.warpReauth === true,
      },
    ]),
  ],
  read(values) {
    const ticked = new Set(values.ticked("options"));
    return {
      ok: true,
      wish: { action: "revoke", devices: ticked.has("devices"), warpReauth: ticked.has("warpReauth") },
    };
  },
});
