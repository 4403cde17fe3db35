import type { ActionsBlock } from "@slack/types";

import { othersOf } from "../../requests/plan.ts";
import type { Request } from "../../requests/request.ts";
import { actions } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { againButtons } from "./bulk.ts";

/** What a button to the same form again names beside the action. */
export const RETRY = "retry";

/**
 * Where nothing came of a request, a button that opens its form again, filled in. It leads to a request of its own:
 * who presses it is authorised again, and approvers decide again. Of several users, those who are left.
 */
export function retryButtons(request: Request): ActionsBlock[] {
  const { id, plan, status } = request;
  if (status !== "failed" && status !== "expired" && status !== "voided") return [];
  const again = againButtons(request);
  if (again.length > 0) return again;
  const text = status === "failed" ? "Retry…" : "Request again…";
  const label = `Open the form of ${id} again, filled in`;
  // Who is to be created is not there yet, and of several the form has a list.
  const isOne = plan.target.id !== "" && othersOf(plan).length === 0;
  const params = { ...(isOne && { user: plan.target.id }), request: id };
  return actions("retry", formButton(text, plan.action, RETRY, params, label));
}
