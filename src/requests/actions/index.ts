import { ACTION_NAMES, type ActionName, type Plan } from "../plan.ts";
import type { Action } from "./define.ts";
import { deleteDevices, restoreDevices, revokeDevices } from "./devices.ts";
import { resetRisk } from "./reset-risk.ts";
import { revoke } from "./revoke.ts";
import { createUser, deleteUser, renameUser } from "./users.ts";

const ACTIONS = {
  revoke,
  "revoke-devices": revokeDevices,
  "restore-devices": restoreDevices,
  "delete-devices": deleteDevices,
  "reset-risk": resetRisk,
  "create-user": createUser,
  "rename-user": renameUser,
  "delete-user": deleteUser,
};

/** An action without its own types: what a workflow, which handles every one alike, works with. */
export type AnyAction = Action<ActionName, unknown>;

/**
 * The action of a plan. A plan's `action` picks the entry of the same name, so the pair always fits: the
 * compiler cannot follow that through a lookup.
 */
export function actionOf(plan: Pick<Plan, "action">): AnyAction {
  return ACTIONS[plan.action] as unknown as AnyAction;
}

/** The actions that do this to somebody's access. */
export function actionsThat(effect: AnyAction["effect"]): ActionName[] {
  return ACTION_NAMES.filter((action) => actionOf({ action }).effect === effect);
}
