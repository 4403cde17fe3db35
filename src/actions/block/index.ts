import { OPTIONAL_WHO } from "../../commands/args.ts";
import { defineAction, defineActionCommand, type Asked } from "../define.ts";
import { addToList, readListed, requireBlockList, seeListed, type BlockBaseline } from "./call.ts";
import { form } from "./form.ts";
import { BlockOptions, freezeList, parseFor, type BlockPlan, type BlockWish } from "./options.ts";
import { callText, describe, question } from "./words.ts";

/** Durable where a revocation is not: what it keeps out is decided by the rules that use the list. */
export const block = defineAction<BlockPlan, BlockWish, BlockBaseline>({
  name: "block",
  label: "Block",
  access: "takes",
  isUrgent: true,
  namesTarget: true,
  options: BlockOptions,
  command: defineActionCommand({
    summary: "keep someone out with the block list",
    details:
      "Puts them on the Zero Trust list that policy.yml names, which your Gateway rules or Access policies use. With --for they are unblocked automatically; request it again to extend. Open sessions stay open: /zt revoke ends those. Needs approval.",
    examples: [
      "block mallory@example.com --reason phished",
      "block mallory@example.com --for 8h --reason laptop stolen",
    ],
    calls: [
      "list users",
      "get user",
      "get list",
      "list items of a list",
      "list gateway rules",
      "change list",
    ],
    args: {
      who: OPTIONAL_WHO,
      for: { kind: "text", takes: "time", summary: "for how long: 30m, 8h, 2d; without it, until unblocked" },
    },
    read: ({ who = null, for: duration }): Asked<BlockWish> => {
      // What can't be read is told before a form is filled in.
      if (duration !== undefined) parseFor(duration);
      return { who, wish: { action: "block", ...(duration === undefined ? {} : { duration }) } };
    },
  }),
  form,
  async prepare({ cloudflare, target, wish, block: policy }) {
    const forMs = wish.duration === undefined ? undefined : parseFor(wish.duration);
    const list = freezeList(await requireBlockList(cloudflare, policy, target));
    return { list, ...(forMs === undefined ? {} : { forMs }) };
  },
  question,
  describe,
  callText,
  readBaseline: (cloudflare, { target, options }) => readListed(cloudflare, options.list.id, target.email),
  execute: (cloudflare, { target, options }, call) =>
    addToList(cloudflare, options.list.id, target.email, call),
  async verify(cloudflare, { target, options }, baseline, _sentAt, now) {
    const seen = await seeListed(cloudflare, options.list, target.email, baseline);
    return { ...seen, checkedAt: now };
  },
});
