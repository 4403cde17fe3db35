import type { Plan, Wish } from "../requests/plan.ts";
import { othersOf, targetsOf } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";
import { NO_REASON } from "./ask.ts";

/** What a request was for and why, to fill its form again: a new request, which is authorised and decided again. */
export function retryOf({ plan, reason }: Pick<Request, "plan" | "reason">): {
  prefill: Partial<Wish>;
  reason: string;
} {
  return { prefill: wishOf(plan), reason: reason === NO_REASON ? "" : reason };
}

function wishOf(plan: Plan): Partial<Wish> {
  switch (plan.action) {
    case "revoke": {
      const { devices, warpReauth, block, blockForMs } = plan.options;
      if (othersOf(plan).length === 0)
        return {
          devices,
          warpReauth,
          ...(block === undefined ? {} : { block: true, ...durationOf(blockForMs) }),
        };
      const several = targetsOf(plan).map(({ email }) => ({ kind: "email", email }) as const);
      return { devices, warpReauth, several };
    }
    case "revoke-devices": {
      const { registrations, whole } = plan.options;
      const registrationIds = registrations.map(({ id }) => id);
      return { registrationIds, ...(whole === undefined ? {} : { wholeDevice: true }) };
    }
    case "restore-devices":
    case "delete-devices":
      return { registrationIds: plan.options.registrations.map(({ id }) => id) };
    case "block":
      return durationOf(plan.options.forMs);
    case "rename-user":
      return { newName: plan.options.newName };
    case "create-user":
      return { email: plan.target.email, name: plan.target.name };
    // What is grave is classified, or typed, again.
    case "unblock":
    case "reset-risk":
    case "delete-user":
      return {};
  }
}

function durationOf(forMs: number | undefined): { duration?: string } {
  return forMs === undefined ? {} : { duration: `${Math.round(forMs / 60_000)}m` };
}
