import { NotFoundError } from "../../api/errors.ts";
import { sameEmail } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { plural } from "../../words.ts";
import { defineAction } from "./define.ts";
import { NOTHING_SENT } from "./receipt.ts";

export const createUser = defineAction<"create-user", null>({
  name: "create-user",
  label: "Create user",
  effect: "changes",
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
  question: (plan) => `${plan.target.email} becomes an Access user.`,
  describe: (plan) => ({
    headline: `Create the Access user ${plan.target.email}`,
    effects: [
      `Adds ${plan.target.name === "" ? plan.target.email : `${plan.target.name} (${plan.target.email})`} to Access`,
      "Takes no seat until they log in",
    ],
    caution:
      "This grants nothing by itself: what they reach is decided by your Access policies when they log in.",
    undo: "Can be undone: /zt delete-user removes them.",
  }),
  callText: (plan) => `create Access user ${plan.target.email}`,
  async checkTarget(cloudflare, plan) {
    const found = await cloudflare.accessUsers.findByEmail(plan.target.email);
    // Our own earlier attempt may be what is found: the verification tells, and creating twice is refused by Cloudflare.
    return found.length <= 1
      ? { ok: true }
      : {
          ok: false,
          why: `${plural(found.length, "Access user")} have this e-mail by now.`,
          next: "Look at them before creating another.",
        };
  },
  readBaseline: () => Promise.resolve(null),
  async execute(cloudflare, plan) {
    const [existing] = await cloudflare.accessUsers.findByEmail(plan.target.email);
    if (existing !== undefined) return NOTHING_SENT;
    return cloudflare.accessUsers.create({
      email: plan.target.email,
      ...(plan.target.name === "" ? {} : { name: plan.target.name }),
    });
  },
  async verify(cloudflare, plan, _baseline, _sentAt, now) {
    const [user] = await cloudflare.accessUsers.findByEmail(plan.target.email);
    return {
      confirmed: user !== undefined,
      summary:
        user === undefined ? "the user is not in the list" : `the user is there, with the id ${user.id}`,
      notes: [],
      checkedAt: now,
    };
  },
});

export const renameUser = defineAction<"rename-user", null>({
  name: "rename-user",
  label: "Rename user",
  effect: "changes",
  prepare({ target, wish }) {
    const newName = wish.newName.trim();
    if (newName === "")
      throw new UserError({
        what: "The new name is missing.",
        next: 'Usage: /zt rename-user <who> "New Name"',
      });
    if (newName === target.name)
      throw new UserError({
        what: `${target.email} has that name already.`,
        next: "Nothing has to be asked for.",
      });
    return Promise.resolve({ newName });
  },
  question: (plan) => `${plan.target.email} is shown as “${plan.options.newName}” from then on.`,
  describe: (plan) => ({
    headline: `Rename ${plan.target.email} to ${plan.options.newName}`,
    effects: [
      `Their name changes from “${plan.target.name || "none"}” to “${plan.options.newName}”`,
      "Their e-mail is sent along as a confirmation and does not change",
    ],
    caution: "The identity provider's name for them is not touched: it may come back at their next log-in.",
    undo: `Can be undone: /zt rename-user with the old name.`,
  }),
  callText: (plan) => `rename Access user ${plan.target.email}`,
  readBaseline: () => Promise.resolve(null),
  execute: (cloudflare, plan) =>
    cloudflare.accessUsers.update(plan.target.id, {
      email: plan.target.email,
      name: plan.options.newName,
    }),
  async verify(cloudflare, plan, _baseline, _sentAt, now) {
    const user = await cloudflare.accessUsers.get(plan.target.id);
    return {
      confirmed: user.name === plan.options.newName,
      summary: `the name is now “${user.name}”`,
      notes: [],
      checkedAt: now,
    };
  },
});

export const deleteUser = defineAction<"delete-user", null>({
  name: "delete-user",
  label: "Delete user",
  effect: "contains",
  isIrreversible: true,
  prepare({ target, wish }) {
    if (!sameEmail(wish.typedEmail, target.email)) {
      throw new UserError({
        what: "The e-mail that was typed is not the user's.",
        why: "A deletion cannot be undone, so it has to be typed in full.",
        next: `Type ${target.email} to ask for it.`,
      });
    }
    return Promise.resolve({});
  },
  question: (plan) =>
    `${plan.target.email} is deleted from Access, with seat, sessions and devices. This cannot be undone.`,
  describe: (plan, evidence) => ({
    headline: `Delete the Access user ${plan.target.email}`,
    effects: [
      "Removes the user, with their seats, tokens and sessions",
      ...(evidence?.registrations.ok === true
        ? deletedDevices(evidence.registrations.value.length)
        : ["Deletes all of their device registrations"]),
    ],
    caution:
      "This is not a ban: they become a user again, under another id, when they log in and your policies allow it.",
    undo: "Cannot be undone: deleted registrations cannot be restored, and the id is gone for good.",
  }),
  callText: (plan) => `delete Access user ${plan.target.email}`,
  readBaseline: () => Promise.resolve(null),
  async execute(cloudflare, plan) {
    try {
      return await cloudflare.accessUsers.remove(plan.target.id);
    } catch (error) {
      // Gone already: an earlier attempt's doing, or somebody else's. Either way it is so.
      if (!(error instanceof NotFoundError)) throw error;
      return { cfRay: error.cfRay, status: error.status, wasSo: true };
    }
  },
  async verify(cloudflare, plan, _baseline, _sentAt, now) {
    try {
      await cloudflare.accessUsers.get(plan.target.id);
      return { confirmed: false, summary: "the user is still there", notes: [], checkedAt: now };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return { confirmed: true, summary: "the user is gone", notes: [], checkedAt: now };
    }
  },
});

/** Where there is none, nothing is said. */
function deletedDevices(count: number): string[] {
  return count === 0 ? [] : [`Deletes ${plural(count, "device registration")}`];
}
