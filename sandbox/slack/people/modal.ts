import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { listElements } from "../elements.ts";
import { checkInput, enteredValue, initialValue } from "../inputs.ts";
import type { StateValues } from "../inputs.ts";
import { closedPayload, submissionPayload } from "../payloads.ts";
import type { CloseViewInput, Delivery, StoredView, SubmitInput, SubmittedValues } from "../types.ts";
import { clearViews, findView, removeView } from "../views.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";

/** A person submits a modal. What Slack's client checks itself never reaches the app. */
export async function submitView(
  workspace: Workspace,
  sockets: Sockets,
  input: SubmitInput,
): Promise<Delivery> {
  const view = findView(workspace, input.viewId);
  const person = findPerson(workspace, input.user);
  if (view === undefined || person === undefined || view.user !== input.user) {
    return { ok: false, error: "view_not_found" };
  }
  const { values, errors } = readValues(view, input.values);
  if (Object.keys(errors).length > 0) {
    view.errors = errors;
    workspace.changed();
    return { ok: false, error: "invalid_input", errors };
  }
  return await deliver(workspace, sockets, "interactive", submissionPayload(workspace, person, view, values));
}

/** A person closes a modal; with `clear_on_close` the whole stack goes. The app hears of it if it asked to. */
export async function closeView(
  workspace: Workspace,
  sockets: Sockets,
  input: CloseViewInput,
): Promise<Delivery> {
  const view = findView(workspace, input.viewId);
  const person = findPerson(workspace, input.user);
  if (view === undefined || person === undefined || view.user !== input.user) {
    return { ok: false, error: "view_not_found" };
  }
  if (view.clear_on_close) clearViews(workspace, input.user);
  else removeView(workspace, view);
  if (!view.notify_on_close) return { ok: true };
  const payload = closedPayload(workspace, person, view, view.clear_on_close);
  return await deliver(workspace, sockets, "interactive", payload);
}

/** What was entered, what stayed as it began, and what Slack's client objects to, by block_id. */
export function readValues(
  view: StoredView,
  given: SubmittedValues,
): { values: StateValues; errors: Record<string, string> } {
  const values: StateValues = {};
  const errors: Record<string, string> = {};
  for (const placed of listElements(view.blocks)) {
    const { blockId, element } = placed;
    const actionId = element.action_id;
    const isGiven = Object.hasOwn(given[blockId] ?? {}, actionId);
    const value = isGiven ? enteredValue(element, given[blockId]?.[actionId]) : initialValue(element);
    if (isGiven && value === undefined) errors[blockId] = "There is no such choice.";
    if (value !== undefined) values[blockId] = { ...values[blockId], [actionId]: value };
    if (placed.blockType !== "input") continue;
    const objection = checkInput(placed, value);
    if (objection !== undefined) errors[blockId] ??= objection;
  }
  return { values, errors };
}
