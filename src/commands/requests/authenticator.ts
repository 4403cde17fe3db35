import { readEnrolled, readOwn } from "../../approvals/step-up/authenticators.ts";
import { stepUpKeyOf } from "../../approvals/step-up/code.ts";
import { authenticatorStatus } from "../../views/authenticator.ts";
import { defineCommand } from "../define.ts";

export const authenticator = defineCommand({
  name: "authenticator",
  group: "Respond",
  summary: "set up an authenticator app for approvals that need a code",
  details:
    "Some approvals need a code from your authenticator app. Another approver needs to confirm a new app: call them and read out the number you are shown.",
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
