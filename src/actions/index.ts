import type { Access, Action, PlanInput, PlanWith } from "./define.ts";
import { block } from "./block/index.ts";
import { createUser } from "./create-user/index.ts";
import { deleteDevices } from "./delete-devices/index.ts";
import { deleteUser } from "./delete-user/index.ts";
import { renameUser } from "./rename-user/index.ts";
import { resetRisk } from "./reset-risk/index.ts";
import { restoreDevices } from "./restore-devices/index.ts";
import { revokeDevices } from "./revoke-devices/index.ts";
import { revoke } from "./revoke/index.ts";
import { unblock } from "./unblock/index.ts";

/** Every action, in the order of help. A new one is a folder and a line here. */
const REGISTERED = [
  revoke,
  block,
  unblock,
  revokeDevices,
  restoreDevices,
  deleteDevices,
  resetRisk,
  createUser,
  renameUser,
  deleteUser,
] as const;

type Registered = (typeof REGISTERED)[number];
type PlanIn<A> = A extends { callText(plan: infer P): string } ? P : never;
type WishIn<A> = A extends { prepare(input: PlanInput<infer W>): unknown } ? W : never;

/** The names are those of the subcommands. */
export type ActionName = Registered["name"];
export type Plan = PlanIn<Registered>;
export type PlanOf<Name extends ActionName> = Extract<Plan, { action: Name }>;
/** What someone wishes, before it is looked up and becomes a plan. */
export type Wish = WishIn<Registered>;
export type WishFor<Name extends ActionName> = Extract<Wish, { action: Name }>;

/** An action without its own types: what handles every one alike works with it. */
export type AnyAction = Action<PlanWith<ActionName, unknown>, Wish, unknown>;

// A plan's `action` picks the entry of the same name, so the pair always fits: the compiler cannot follow that.
export const ACTIONS = REGISTERED as unknown as readonly AnyAction[];

/** What can be asked for. */
export const ACTION_NAMES: readonly ActionName[] = ACTIONS.map(({ name }) => name);

const BY_NAME = new Map(ACTIONS.map((action) => [action.name, action]));

/** The action of a plan or of a wish. @throws Error when there is none of that name. */
export function actionOf({ action }: { action: ActionName }): AnyAction {
  const found = BY_NAME.get(action);
  if (found === undefined) throw new Error(`no action is called ${action}`);
  return found;
}

/** The form of an action. */
export function formOf(action: ActionName): AnyAction["form"] {
  return actionOf({ action }).form;
}

/** The actions that do this to someone's access. */
export function actionsThat(access: Access): ActionName[] {
  return ACTIONS.filter((action) => action.access === access).map(({ name }) => name);
}
