import { checkboxes, defineForm } from "../../views/forms/spec.ts";
import type { RevokeWish } from "./options.ts";

export const form = defineForm<RevokeWish>({
  title: "Revoke sessions",
  intro: "Requests approval to end all Access sessions of one or more users.",
  caution: "They can sign in again in about a minute. To keep them out, disable the account in your IdP.",
  about: "user",
  takesSeveral: true,
  material: "none",
  fields: (_material, prefill) => [
    checkboxes("options", "Also", [
      {
        value: "devices",
        text: "Also revoke their devices",
        description: "All registrations; a new sign-in registers the device again",
        isTicked: prefill.devices === true,
      },
      {
        value: "warpReauth",
        text: "Also make WARP re-authenticate",
        description: "Where Gateway policies enforce a client session",
        isTicked: prefill.warpReauth === true,
      },
      // Not every account has a block list: it is offered where it was typed.
      ...(prefill.block === true
        ? [
            {
              value: "block",
              text: "Also block them",
              description: "Puts them on the block list; undone by /zt unblock",
              isTicked: true,
            },
          ]
        : []),
    ]),
  ],
  read(values) {
    const ticked = new Set(values.ticked("options"));
    return {
      ok: true,
      wish: {
        action: "revoke",
        devices: ticked.has("devices"),
        warpReauth: ticked.has("warpReauth"),
        ...(ticked.has("block") ? { block: true } : {}),
      },
    };
  },
});
