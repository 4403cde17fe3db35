import { z } from "zod";

import { OPTIONAL_WHO } from "../../commands/args.ts";
import { UserError } from "../../errors.ts";
import { textInput } from "../../views/forms/spec.ts";
import { defineAction, defineActionCommand, readOrNull, type Asked, type PlanWith } from "../define.ts";

const Options = z.strictObject({ newName: z.string() });

type Plan = PlanWith<"rename-user", z.infer<typeof Options>>;

interface Wish {
  action: "rename-user";
  newName: string;
}

/** The name before. */
interface Baseline {
  name: string;
}

export const renameUser = defineAction<Plan, Wish, Baseline>({
  name: "rename-user",
  label: "Rename user",
  access: "keeps",
  options: Options,
  command: defineActionCommand({
    summary: "change the name Access shows for someone",
    details: "The email stays the same. Needs approval. Without <who> or a name it opens a form.",
    examples: ["rename-user alice@example.com Alice Moreau --reason married", "rename-user"],
    calls: ["list users", "get user", "update user"],
    args: { who: OPTIONAL_WHO, name: { kind: "rest", required: false, summary: "the new name" } },
    read: ({ who = null, name }): Asked<Wish> => ({
      who,
      wish: { action: "rename-user", newName: name ?? "" },
      isIncomplete: name === undefined,
    }),
  }),
  form: {
    title: "Rename a user",
    intro: "Requests approval to change the name that Access shows for a user.",
    caution: "Your IdP's name for them may come back at their next sign-in.",
    about: "user",
    material: "none",
    fields: (_material, prefill) => [
      textInput({ id: "name", label: "New name", initial: prefill.newName, maxLength: 200 }),
    ],
    read(values) {
      const newName = values.text("name");
      if (newName === "") return { ok: false, errors: { name: "Type the new name." } };
      return { ok: true, wish: { action: "rename-user", newName } };
    },
  },
  prepare({ target, wish }) {
    const newName = wish.newName.trim();
    if (newName === "")
      throw new UserError({
        what: "The new name is missing.",
        next: 'Usage: /zt rename-user <who> "New Name"',
      });
    if (newName === target.name)
      throw new UserError({
        what: `${target.email} already has that name.`,
        next: "Nothing to do.",
      });
    return Promise.resolve({ newName });
  },
  question: ({ target, options }) => `${target.email} is shown as “${options.newName}” from then on.`,
  describe: ({ target, options }) => ({
    headline: `Rename ${target.email} to ${options.newName}`,
    effects: [
      `Their name changes from “${target.name || "none"}” to “${options.newName}”`,
      "Their email stays the same",
    ],
    caution: "Your IdP's name for them may come back at their next sign-in.",
    undo: `Can be undone with /zt rename-user and the old name.`,
  }),
  callText: ({ target }) => `rename Access user ${target.email}`,
  async readBaseline(cloudflare, { target }) {
    const user = await readOrNull(cloudflare.accessUsers.get(target.id));
    return user === null ? null : { name: user.name };
  },
  execute: (cloudflare, { target: { id, email }, options }, call) =>
    cloudflare.accessUsers.update(id, { email, name: options.newName }, call),
  async verify(cloudflare, { target, options }, baseline, _sentAt, now) {
    const { name } = await cloudflare.accessUsers.get(target.id);
    const confirmed = name === options.newName;
    return {
      confirmed,
      summary: confirmed ? `Renamed to “${name}”` : `The name is “${name}”`,
      notes: [],
      checkedAt: now,
      provesCall: confirmed && baseline !== null && baseline.name !== name,
    };
  },
});
