import { checkboxes, defineForm } from "../../views/forms/spec.ts";
import { durationInput, readDuration } from "../block/form.ts";
import type { RevokeWish } from "./options.ts";
import { BLOCKED_CAUTION } from "./words.ts";

export const form = defineForm<RevokeWish>({
  title: "Revoke sessions",
  intro: "Requests approval to end all Access sessions of one or more users.",
  caution: ({ canBlock, isBlocked }) =>
    isBlocked
      ? BLOCKED_CAUTION
      : canBlock
        ? "They can sign in again in about a minute. Also block them, or disable the account in your IdP."
        : "They can sign in again in about a minute. To keep them out, disable the account in your IdP.",
  about: "user",
  takesSeveral: true,
  material: "none",
  fields: (_material, prefill, { canBlock }) => [
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
      // Not every installation has a block list; where it was typed, the answer says what is missing.
      ...(canBlock || prefill.block === true
        ? [
            {
              value: "block",
              text: "Also block them",
              description: "One person only: puts them on the block list; undone by /zt unblock",
              isTicked: prefill.block === true,
            },
          ]
        : []),
    ]),
    ...(canBlock || prefill.block === true
      ? [durationInput(prefill.duration, "If blocked, for how long")]
      : []),
  ],
  read(values) {
    const ticked = new Set(values.ticked("options"));
    return {
      ok: true,
      wish: {
        action: "revoke",
        devices: ticked.has("devices"),
        warpReauth: ticked.has("warpReauth"),
        ...(ticked.has("block") ? { block: true, ...readDuration(values) } : {}),
      },
    };
  },
});
