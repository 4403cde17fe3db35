import { z } from "zod";

import { sameEmail } from "../../api/cloudflare.ts";
import { NotFoundError } from "../../api/errors.ts";
import { OPTIONAL_WHO } from "../../commands/args.ts";
import { UserError } from "../../errors.ts";
import { countDevices } from "../../lookup/facts.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { textInput } from "../../views/forms/spec.ts";
import { defineAction, defineActionCommand, readOrNull, type Asked, type PlanWith } from "../define.ts";

type Plan = PlanWith<"delete-user", Record<string, never>>;

interface Wish {
  action: "delete-user";
  typedEmail: string;
}

/** The user stood there. */
interface Baseline {
  id: string;
}

export const deleteUser = defineAction<Plan, Wish, Baseline>({
  name: "delete-user",
  label: "Delete user",
  access: "takes",
  isIrreversible: true,
  options: z.strictObject({}),
  command: defineActionCommand({
    summary: "delete someone from Access for good",
    details:
      "Deletes seats, tokens, sessions and device registrations too; can't be undone. Type the email twice: in the form, or after --confirm. Needs approval.",
    examples: [
      "delete-user mallory@example.com",
      "delete-user mallory@example.com --confirm mallory@example.com --reason left the company",
    ],
    calls: ["list users", "get user", "delete user"],
    args: { who: OPTIONAL_WHO, confirm: { kind: "text", summary: "their email address again" } },
    read: ({ who = null, confirm }): Asked<Wish> => ({
      who,
      wish: { action: "delete-user", typedEmail: confirm ?? "" },
      isIncomplete: confirm === undefined,
    }),
  }),
  form: {
    title: "Delete a user",
    intro:
      "Requests approval to delete a user from Access, with seats, tokens, sessions and device registrations.",
    caution:
      "This can't be undone. They become a user again if they sign in: to keep them out, disable the account in your IdP.",
    about: "user",
    material: "none",
    fields: (_material, prefill) => [
      textInput({
        id: "typed",
        label: "Type their email to confirm",
        hint: "In full: a deletion can't be undone",
        initial: prefill.typedEmail,
        maxLength: 254,
      }),
    ],
    read: (values) => ({ ok: true, wish: { action: "delete-user", typedEmail: values.text("typed") } }),
  },
  prepare({ target, wish }) {
    if (target.email.trim() === "") {
      throw new UserError({
        what: `The Access user ${target.id} has no email address to confirm the deletion by.`,
        next: "Delete them in the Cloudflare dashboard: Zero Trust, My Team, Users.",
      });
    }
    if (!sameEmail(wish.typedEmail, target.email)) {
      throw new UserError({
        what: "That is not the user's email.",
        why: "A deletion can't be undone.",
        next: `Type ${target.email} to confirm.`,
      });
    }
    return Promise.resolve({});
  },
  question: ({ target }) =>
    `${target.email} is deleted from Access, with seat, sessions and devices. This can't be undone.`,
  describe: ({ target }, evidence) => ({
    headline: `Delete the Access user ${target.email}`,
    effects: ["Removes the user, with their seats, tokens and sessions", ...deletedDevices(evidence)],
    caution: "They become a user again if they sign in. To keep them out, disable the account in your IdP.",
    undo: `Can't be undone: the user id${hasDevices(evidence) ? " and the device registrations are" : " is"} gone for good.`,
  }),
  callText: ({ target }) => `delete Access user ${target.email}`,
  readBaseline: (cloudflare, { target }) =>
    readOrNull(cloudflare.accessUsers.get(target.id).then(({ id }) => ({ id }))),
  async execute(cloudflare, { target }, call) {
    try {
      return await cloudflare.accessUsers.remove(target.id, call);
    } catch (error) {
      // Gone already: an earlier attempt's doing, or someone else's. Either way it is so.
      if (!(error instanceof NotFoundError)) throw error;
      if ((await cloudflare.accessUsers.confirmGone(target)) === "there") throw error;
      return { cfRay: error.cfRay, status: error.status, wasSo: true };
    }
  },
  async verify(cloudflare, { target }, baseline, _sentAt, now) {
    const seen = await cloudflare.accessUsers.confirmGone(target);
    const confirmed = seen !== "there";
    return {
      confirmed,
      summary: confirmed ? "Deleted the user" : "The user is still there",
      notes:
        seen === "gone" || seen === "there" ? [] : [`a new Access user has this email, id ${seen.other.id}`],
      checkedAt: now,
      provesCall: confirmed && baseline !== null,
    };
  },
});

/** Where it is unknown, there may be some. */
function hasDevices(evidence: UserSummary | null): boolean {
  return evidence?.registrations.ok !== true || evidence.registrations.value.length > 0;
}

/** Where there is none, nothing is said. */
function deletedDevices(evidence: UserSummary | null): string[] {
  if (evidence?.registrations.ok !== true) return ["Deletes all of their device registrations"];
  if (!hasDevices(evidence)) return [];
  return [`Deletes ${countDevices(evidence.registrations, "device registration")}`];
}
