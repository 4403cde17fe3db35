import { assignIds } from "./elements.ts";
import { newId, newShortId } from "./ids.ts";
import { collectState } from "./inputs.ts";
import type { StateValues } from "./inputs.ts";
import type { StoredView } from "./types.ts";
import type { Workspace } from "./workspace.ts";

/** At most three modals lie on one another. */
export const stackLimit = 3;

/** A view as the app sends it, after the validator has passed it. */
type ViewInput = Partial<StoredView> & Pick<StoredView, "type" | "blocks">;

/** The person's open modals, bottom first. */
export function viewStack(workspace: Workspace, user: string): StoredView[] {
  return workspace.data.views.filter((view) => view.user === user);
}

export function findView(workspace: Workspace, id: unknown): StoredView | undefined {
  return [...workspace.data.views, ...workspace.data.homes].find((view) => view.id === id);
}

export function findByExternalId(workspace: Workspace, externalId: unknown): StoredView | undefined {
  if (typeof externalId !== "string" || externalId === "") return undefined;
  return [...workspace.data.views, ...workspace.data.homes].find((view) => view.external_id === externalId);
}

/** Opens a modal alone: whatever this person had open is closed. */
export function openView(workspace: Workspace, user: string, input: unknown): StoredView {
  clearViews(workspace, user);
  return addView(workspace, user, input);
}

/** Puts a modal on top of the person's stack. */
export function addView(workspace: Workspace, user: string, input: unknown): StoredView {
  const stack = viewStack(workspace, user);
  const id = newId("V");
  const view: StoredView = {
    ...blankView(workspace, user, id),
    ...fromInput(input as ViewInput),
    root_view_id: stack[0]?.id ?? id,
    previous_view_id: stack.at(-1)?.id ?? null,
  };
  workspace.data.views.push(view);
  workspace.changed();
  return view;
}

/** Replaces what a view shows; its id and its place in the stack stay, its hash is new. */
export function changeView(workspace: Workspace, view: StoredView, input: unknown): StoredView {
  const { id, user, root_view_id, previous_view_id } = view;
  Object.assign(view, {
    ...blankView(workspace, user, id),
    ...fromInput(input as ViewInput),
    root_view_id,
    previous_view_id,
  });
  delete view.errors;
  workspace.changed();
  return view;
}

export function publishHome(workspace: Workspace, user: string, input: unknown): StoredView {
  const current = workspace.data.homes.find((view) => view.user === user);
  if (current !== undefined) return changeView(workspace, current, input);
  const id = newId("V");
  const view: StoredView = {
    ...blankView(workspace, user, id),
    ...fromInput(input as ViewInput),
    root_view_id: id,
  };
  workspace.data.homes.push(view);
  workspace.changed();
  return view;
}

/** Takes a modal away, and those above it. */
export function removeView(workspace: Workspace, view: StoredView): void {
  const stack = viewStack(workspace, view.user);
  const gone = new Set(stack.slice(stack.indexOf(view)));
  workspace.data.views = workspace.data.views.filter((each) => !gone.has(each));
  workspace.changed();
}

export function clearViews(workspace: Workspace, user: string): void {
  workspace.data.views = workspace.data.views.filter((view) => view.user !== user);
  workspace.changed();
}

/** The view as the Web API and the payloads show it. */
export function toWireView(view: StoredView, values: StateValues = {}): Record<string, unknown> {
  const { user: _user, errors: _errors, ...wire } = view;
  return { ...wire, state: { values: collectState(view.blocks, values) } };
}

function blankView(workspace: Workspace, user: string, id: string): StoredView {
  const { bot, team } = workspace.options;
  return {
    id,
    user,
    team_id: team.id,
    app_installed_team_id: team.id,
    app_id: bot.appId,
    bot_id: bot.botId,
    type: "modal",
    title: { type: "plain_text", text: "", emoji: true },
    close: null,
    submit: null,
    blocks: [],
    callback_id: "",
    external_id: "",
    private_metadata: "",
    state: { values: {} },
    hash: `${Math.floor(workspace.now() / 1000)}.${newShortId()}`,
    root_view_id: null,
    previous_view_id: null,
    clear_on_close: false,
    notify_on_close: false,
  };
}

function fromInput(input: ViewInput): Partial<StoredView> {
  return { ...structuredClone(input), blocks: assignIds(input.blocks) };
}
