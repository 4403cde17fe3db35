import { z } from "zod";

import type { Who } from "../../lookup/who.ts";
import { Target } from "../../requests/target.ts";
import { FrozenList } from "../block/options.ts";
import type { PlanWith } from "../define.ts";

export const RevokeOptions = z.strictObject({
  /** Also revoke all of the user's device registrations. */
  devices: z.boolean(),
  /** Also force WARP to re-authenticate where Gateway policies enforce a client session. */
  warpReauth: z.boolean(),
  /** Where several users are meant: all but the plan's `target`, who comes first and alone. */
  others: z.array(Target).optional(),
  /** Also put them on this list, first, so that no one signs in between the two. */
  block: FrozenList.optional(),
  /** They come off it again so long after it began, milliseconds; absent: only when someone asks for it. */
  blockForMs: z.int().positive().optional(),
  /** /zt block would keep them out: what the card says beside that they can sign in again. */
  canBlock: z.literal(true).optional(),
  /** Names that were typed and left out, as they are not one Access user's: nothing happens to them. */
  leftOut: z.array(z.strictObject({ name: z.string(), why: z.string() })).optional(),
});
export type RevokeOptions = z.infer<typeof RevokeOptions>;

export type RevokePlan = PlanWith<"revoke", RevokeOptions>;

export interface RevokeWish extends Omit<
  RevokeOptions,
  "others" | "leftOut" | "block" | "blockForMs" | "canBlock"
> {
  action: "revoke";
  /** Also keep them out, by the block list. */
  block?: boolean;
  /** For how long, as it was typed: "8h"; absent: without an end. */
  duration?: string;
  /** More users, beside the one that is named otherwise (or no one is). */
  several?: readonly Who[];
  /** Words among them that look like an address and are none. */
  unreadable?: readonly string[];
  /** Names that the requester saw were not found, and goes on without. */
  mayLeaveOut?: readonly string[];
}
