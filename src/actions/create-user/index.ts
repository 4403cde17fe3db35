import { z } from "zod";

import { UserError } from "../../errors.ts";
import { parseWho } from "../../lookup/who.ts";
import { plural } from "../../pluralize.ts";
import { textInput } from "../../views/forms/spec.ts";
import { defineAction, defineActionCommand, readOrNull, type Asked, type PlanWith } from "../define.ts";
import { NOTHING_SENT } from "../receipt.ts";

type Plan = PlanWith<"create-user", Record<string, never>>;

interface Wish {
  action: "create-user";
  email: string;
  name: string;
}

/** How many users had the address. */
interface Baseline {
  count: number;
}

export const createUser = defineAction<Plan, Wish, Baseline>({
  name: "create-user",
  label: "Create user",
  access: "keeps",
  options: z.strictObject({}),
  command: defineActionCommand({
    summary: "add someone to Access before their first sign-in",
    details: "Grants nothing by itself and takes no seat. Needs approval. Without an email it opens a form.",
    examples: ["create-user new.person@example.com New Person --reason starts on Monday", "create-user"],
    calls: ["list users", "create user"],
    args: {
      email: { kind: "word", required: false, summary: "their email address" },
      name: { kind: "rest", required: false, summary: "their name" },
    },
    read({ email, name = "" }): Asked<Wish> {
      if (email !== undefined && parseWho(email)?.kind !== "email") {
        throw new UserError({
          what: `“${email}” is not a valid email address.`,
          next: "Usage: /zt create-user <email> [<name>]",
        });
      }
      return { wish: { action: "create-user", email: email ?? "", name }, isIncomplete: email === undefined };
    },
  }),
  form: {
    title: "Create a user",
    intro: "Requests approval to add someone to Access before their first sign-in.",
    caution: "Grants nothing by itself: your Access policies decide what they reach.",
    about: "nobody-yet",
    material: "none",
    fields: (_material, prefill) => [
      textInput({
        id: "email",
        label: "Email",
        placeholder: "name@example.com",
        initial: prefill.email,
        maxLength: 254,
      }),
      textInput({ id: "name", label: "Name", initial: prefill.name, optional: true, maxLength: 200 }),
    ],
    read(values) {
      const email = values.text("email");
      if (!z.email().safeParse(email).success)
        return { ok: false, errors: { email: `“${email.slice(0, 100)}” is not a valid email address.` } };
      return { ok: true, wish: { action: "create-user", email, name: values.text("name") } };
    },
  },
  newTarget: ({ email, name }) => ({ id: "", email, name }),
  async prepare({ cloudflare, target }) {
    const [existing] = await cloudflare.accessUsers.findByEmail(target.email);
    if (existing !== undefined) {
      throw new UserError({
        what: `${target.email} is an Access user already.`,
        why: `Their id is ${existing.id}.`,
        next: `/zt user ${target.email} shows them.`,
      });
    }
    return {};
  },
  question: ({ target }) => `${target.email} becomes an Access user.`,
  describe: ({ target: { email, name } }) => ({
    headline: `Create the Access user ${email}`,
    effects: [
      `Adds ${name === "" ? email : `${name} (${email})`} to Access`,
      "Takes no seat until they sign in",
    ],
    caution: "Grants nothing by itself: your Access policies decide what they reach.",
    undo: "Can be undone: /zt delete-user removes them.",
  }),
  callText: ({ target }) => `create Access user ${target.email}`,
  async checkTarget(cloudflare, { target }) {
    const found = await cloudflare.accessUsers.findByEmail(target.email);
    // Our own earlier attempt may be what is found: the verification tells, and creating twice is refused by Cloudflare.
    if (found.length <= 1) return { ok: true };
    return {
      ok: false,
      why: `${plural(found.length, "Access user")} have this email now.`,
      next: "Check them before creating another.",
    };
  },
  async readBaseline(cloudflare, { target }) {
    const found = await readOrNull(cloudflare.accessUsers.findByEmail(target.email));
    return found === null ? null : { count: found.length };
  },
  async execute(cloudflare, { target: { email, name } }, call) {
    const [existing] = await cloudflare.accessUsers.findByEmail(email);
    if (existing !== undefined) return NOTHING_SENT;
    return cloudflare.accessUsers.create({ email, ...(name === "" ? {} : { name }) }, call);
  },
  async verify(cloudflare, { target }, baseline, _sentAt, now) {
    const [user] = await cloudflare.accessUsers.findByEmail(target.email);
    return {
      confirmed: user !== undefined,
      summary:
        user === undefined
          ? "The user is not in the list"
          : `${(baseline?.count ?? 0) > 0 ? "The user was there already" : "Created the user"}, id ${user.id}`,
      notes: [],
      checkedAt: now,
      provesCall: user !== undefined && baseline?.count === 0,
    };
  },
});
