import { z } from "zod";

import { OPTIONAL_WHO } from "../../commands/args.ts";
import { UserError } from "../../errors.ts";
import { findOnList } from "../../lookup/block-list.ts";
import { readListed, requireBlockList, takeOffList, type BlockBaseline } from "../block/call.ts";
import { defineAction, defineActionCommand, type Asked, type PlanWith } from "../define.ts";

const Options = z.strictObject({ list: z.strictObject({ id: z.string(), name: z.string() }) });

type Plan = PlanWith<"unblock", z.infer<typeof Options>>;

interface Wish {
  action: "unblock";
}

export const unblock = defineAction<Plan, Wish, BlockBaseline>({
  name: "unblock",
  label: "Unblock",
  access: "gives",
  voidsAfterContainment: true,
  options: Options,
  command: defineActionCommand({
    summary: "take someone off the block list",
    details: "Undoes block: they are no longer on the list that policy.yml names. Needs approval.",
    examples: ["unblock alice@example.com --reason account secured"],
    calls: [
      "list users",
      "get user",
      "get list",
      "list items of a list",
      "list gateway rules",
      "change list",
    ],
    args: { who: OPTIONAL_WHO },
    read: ({ who = null }): Asked<Wish> => ({ who, wish: { action: "unblock" } }),
  }),
  form: {
    title: "Unblock",
    intro: "Requests approval to take a user off the block list.",
    caution: "This restores access: the list no longer keeps them out.",
    about: "user",
    material: "none",
    fields: () => [],
    read: () => ({ ok: true, wish: { action: "unblock" } }),
  },
  async prepare({ cloudflare, target, block }) {
    const { id, name } = await requireBlockList(cloudflare, block, target);
    const found = await findOnList(cloudflare, id, target.email);
    if (found.length === 0) {
      throw new UserError({
        what: `${target.email} is not on the list “${name}”.`,
        next: "Nothing to do. If something else keeps them out, look at your Gateway rules and your IdP.",
      });
    }
    return { list: { id, name } };
  },
  question: ({ target, options }) => `${target.email} comes off the list “${options.list.name}”.`,
  describe: ({ target, options }) => ({
    headline: `Unblock ${target.email}`,
    effects: [
      `Takes them off the list “${options.list.name}”`,
      "Also ends a block that was set for a limited time",
    ],
    caution: "This restores access: the list no longer keeps them out.",
    undo: "Can be undone: /zt block puts them on the list again.",
  }),
  callText: ({ target, options }) => `list “${options.list.name}”: remove ${target.email}`,
  readBaseline: (cloudflare, { target, options }) => readListed(cloudflare, options.list.id, target.email),
  execute: (cloudflare, { target, options }, call) =>
    takeOffList(cloudflare, options.list.id, target.email, call),
  async verify(cloudflare, { target, options }, baseline, _sentAt, now) {
    const confirmed = (await findOnList(cloudflare, options.list.id, target.email)).length === 0;
    const name = `the list “${options.list.name}”`;
    return {
      confirmed,
      summary: !confirmed
        ? `Still on ${name}`
        : baseline?.isListed === false
          ? `Was off ${name} already`
          : `Unblocked: off ${name}`,
      notes: [],
      checkedAt: now,
      provesCall: confirmed && baseline?.isListed === true,
    };
  },
});
