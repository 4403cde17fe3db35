import { readEnrolled, readOwn } from "../../approvals/step-up/authenticators.ts";
import { stepUpKeyOf } from "../../approvals/step-up/code.ts";
import { authenticatorStatus } from "../../views/authenticator.ts";
import { defineCommand } from "../define.ts";

export const authenticator = defineCommand({
  name: "authenticator",
  group: "Respond",
  summary: "set up the app whose codes some approvals take",
  details:
    "For approvals that the policy lists under step_up, Approve asks for a code from an authenticator app. The first one that you set up, and one that you set up without a code of the one before, counts once another approver has confirmed it: call them, and read out the number that you are shown.",
  examples: ["authenticator"],
  role: "decider",
  calls: [],
  args: {},
  async run({ deps, asker }) {
    const key = stepUpKeyOf(deps);
    const [own, enrolled, approvers] = await Promise.all([
      readOwn(deps.db, key, asker.userId, deps.now()),
      readEnrolled(deps.db, key),
      deps.directory.members(deps.policy.current().allApprovers),
    ]);
    const others = [...enrolled].filter((id) => id !== asker.userId && approvers.has(id));
    return authenticatorStatus({ ...own, others });
  },
});
