import { toText } from "../text/to-text.ts";
import type { SentRequest } from "../types.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";

/** What of the payloads is looked at. Slack sends one kind in one shape: what another has is undefined. */
interface Told {
  command?: string;
  text?: string;
  user_id?: string;
  event?: { type: string; user?: string; text?: string };
  type?: string;
  actions?: { action_id: string }[];
  action_id?: string;
  callback_id?: string;
  view?: { callback_id?: string };
  user?: { id: string };
}

/** What a person would call it, for the inspector: the command and its text, the control, the event; and who it was. */
export function describeDelivery(
  workspace: Workspace,
  request: SentRequest,
): { name: string; detail: string } {
  const told = request.payload as Told;
  const { actions, event } = told;
  const what =
    event === undefined
      ? (told.text ?? actions?.[0]?.action_id ?? told.action_id ?? told.callback_id ?? told.view?.callback_id)
      : event.text;
  const user = told.user_id ?? event?.user ?? told.user?.id;
  const by = user === undefined ? undefined : (findPerson(workspace, user)?.realName ?? user);
  return {
    name: toText(told.command ?? event?.type ?? told.type ?? request.kind),
    detail: [what, by].filter((part) => part !== undefined && part !== "").join(" · "),
  };
}
