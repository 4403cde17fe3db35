import { checkTrigger } from "../triggers.ts";
import type { StoredView } from "../types.ts";
import { validateView } from "../validate.ts";
import {
  addView,
  changeView,
  findByExternalId,
  findView,
  openView,
  publishHome,
  stackLimit,
  toWireView,
  viewStack,
} from "../views.ts";
import { findPerson } from "../workspace.ts";
import type { Trigger } from "../workspace.ts";
import { ApiError, refuse, refuseProblems, requiredArg, textArg } from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";

export const viewMethods: ApiMethod[] = [
  {
    name: "views.open",
    run(context, args) {
      const trigger = findTrigger(context, args);
      const input = readView(context, args, "modal");
      trigger.exchanged = true;
      return answer(openView(context.workspace, trigger.user, input));
    },
  },
  {
    name: "views.push",
    run(context, args) {
      const trigger = findTrigger(context, args);
      const input = readView(context, args, "modal");
      const stack = viewStack(context.workspace, trigger.user);
      // Only an interaction in a modal that is still open can put another one on it.
      if (stack.every((view) => view.id !== trigger.viewId)) throw new ApiError("not_found");
      if (stack.length >= stackLimit) {
        refuse(context, "push_limit_reached", `no more than ${stackLimit} views lie on one another`);
      }
      trigger.exchanged = true;
      return answer(addView(context.workspace, trigger.user, input));
    },
  },
  {
    name: "views.update",
    run(context, args) {
      const { workspace } = context;
      const externalId = textArg(args, "external_id");
      const view =
        externalId === undefined
          ? findView(workspace, requiredArg(args, "view_id"))
          : findByExternalId(workspace, externalId);
      const input = readView(context, args, undefined, view);
      if (view === undefined) throw new ApiError("not_found");
      checkHash(args, view);
      return answer(changeView(workspace, view, input));
    },
  },
  {
    name: "views.publish",
    run(context, args) {
      const { workspace } = context;
      if (workspace.options.hasHomeTab === false) throw new ApiError("not_enabled");
      const user = requiredArg(args, "user_id");
      if (findPerson(workspace, user) === undefined) throw new ApiError("user_not_found");
      const input = readView(context, args, "home");
      const current = workspace.data.homes.find((view) => view.user === user);
      if (current !== undefined) checkHash(args, current);
      return answer(publishHome(workspace, user, input));
    },
  },
];

function answer(view: StoredView): Record<string, unknown> {
  return { view: toWireView(view) };
}

function findTrigger(context: ApiContext, args: ApiArgs): Trigger {
  const id = textArg(args, "trigger_id") ?? requiredArg(args, "interactivity_pointer");
  const trigger = checkTrigger(context.workspace, id);
  if (typeof trigger === "string") throw new ApiError(trigger);
  return trigger;
}

/** The view, checked: the limits, the type that the method is for, an external_id that nobody else has. */
function readView(
  context: ApiContext,
  args: ApiArgs,
  type: "modal" | "home" | undefined,
  current?: StoredView,
): unknown {
  const view = args["view"];
  refuseProblems(context, validateView(view));
  const { type: given, external_id: externalId } = view as Partial<StoredView>;
  if (type !== undefined && given !== type) {
    refuse(context, "invalid_arguments", `the view must be of type ${type}`);
  }
  const holder = findByExternalId(context.workspace, externalId);
  if (holder !== undefined && holder !== current) throw new ApiError("duplicate_external_id");
  return view;
}

function checkHash(args: ApiArgs, view: StoredView): void {
  const hash = textArg(args, "hash");
  if (hash !== undefined && hash !== view.hash) throw new ApiError("hash_conflict");
}
