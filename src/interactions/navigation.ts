import { showUser } from "../commands/look-ups/user.ts";
import { SUMMARY_ACTIONS } from "../views/look-ups/user-summary.ts";
import { getUser } from "../lookup/who.ts";
import { UserError } from "../errors.ts";
import { authorise } from "../commands/authorise.ts";
import { retryOf } from "../asking/retry.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Registry } from "../commands/registry.ts";
import { parseWhoList } from "../lookup/who-list.ts";
import type { Who } from "../lookup/who.ts";
import { readTargets } from "../requests/targets.ts";
import { readDraft } from "../requests/drafts.ts";
import { ACTION_NAMES, type ActionName } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";
import { readRequest } from "../requests/repository.ts";
import { RETRY } from "../views/card/retry.ts";
import type { Message } from "../views/blocks.ts";
import { FORM_PREFIX } from "../views/forms/button.ts";
import { parseChoice } from "../views/menu.ts";
import { parseScreenAction, SCREEN_PREFIX, unpackParams } from "../views/screen-button.ts";
import type { Asker, Deps } from "../deps.ts";
import type { Click, ClickHandler } from "./click.ts";
import { openDeviceForm, openForm } from "./open-form.ts";

/** A button that leads to a subcommand's screen: the role is asked again, and what it shows is read again. */
export async function showScreen(
  registry: Registry,
  actionId: string,
  { deps, asker, value, reply }: Click,
): Promise<void> {
  const { screen: name, inPlace } = parseScreenAction(actionId);
  const command = registry.find(name);
  if (command?.screen === undefined) throw leadsNowhere();
  await authorise({ deps, asker }, command);
  const answer = (message: Message) => reply(message, { replaceOriginal: inPlace });
  await answer(await command.screen(deps, unpackParams(value), asker, answer));
}

/** An option of a "•••" menu: what the button it stands for would do. `shown`: clicks that only show something. */
export async function showChosen(
  registry: Registry,
  shown: Readonly<Record<string, ClickHandler>>,
  click: Click,
): Promise<void> {
  const { actionId, value } = parseChoice(click.value);
  const meant = { ...click, value };
  if (actionId.startsWith(SCREEN_PREFIX)) return showScreen(registry, actionId, meant);
  if (actionId.startsWith(FORM_PREFIX)) return showForm(actionId, meant);
  const handle = Object.hasOwn(shown, actionId) ? shown[actionId] : undefined;
  if (handle === undefined) throw leadsNowhere();
  await handle(meant);
}

/** A button that opens an action's form, for the user (or the earlier request) whose id it carries. */
export async function showForm(actionId: string, click: Click): Promise<void> {
  const { deps, asker, triggerId, channelId, value } = click;
  const [, name, which] = actionId.split(":");
  const action = ACTION_NAMES.find((one) => one === name);
  if (action === undefined) throw leadsNowhere();
  const { user, request, draft, device, advice } = unpackParams(value);
  if (device !== undefined)
    return openDeviceForm(deps, triggerId, { asker, originChannel: channelId }, { action, device });
  // A list of users is for operators only: it is not read before that is known.
  if (request !== undefined || draft !== undefined)
    await authorise({ deps, asker }, { name: action, role: "operator" });
  const filled =
    request !== undefined
      ? await fillFromRequest(deps, request, action, which)
      : draft !== undefined
        ? await fillFromDraft(deps, draft, asker, { action, isTicked: which === "without" })
        : { ...NOTHING, isAdvised: advice === "yes" };
  const who = user === undefined || user === "" ? null : ({ kind: "id", id: user } as const);
  await openForm(deps, triggerId, { asker, originChannel: channelId }, { action, who, ...filled });
}

type Filled = Pick<FormRequest, "prefill" | "reason" | "revokedBy" | "isAdvised" | "without">;
const NOTHING: Filled = { prefill: {}, reason: "" };

/** What an earlier request was for, where nothing came of it. Of one that left something to do, just that: its devices to restore, or its users who failed or were not touched. */
async function fillFromRequest(
  deps: Deps,
  requestId: string,
  action: ActionName,
  which: string | undefined,
): Promise<Filled> {
  const request = await readRequest(deps.db, requestId);
  if (which === RETRY) return request?.plan.action === action ? retryOf(request) : NOTHING;
  if (action === "restore-devices") return request === null ? NOTHING : fillWithDevices(deps, request);
  if (request?.plan.action !== "revoke") return NOTHING;
  const state = which === "untouched" ? "stopped" : "failed";
  const rows = await readTargets(deps.db, requestId, { states: [state] });
  const { devices, warpReauth } = request.plan.options;
  return {
    prefill: { devices, warpReauth, several: whosOf(rows.map((row) => row.target.email)) },
    reason: request.reason,
  };
}

/** The devices that a request revoked: those it named, or those that went while it ended all of a user's sessions. */
function fillWithDevices({ now }: Deps, { id, plan, startedAt, finishedAt }: Request): Filled {
  if (plan.action === "revoke-devices")
    return { ...NOTHING, prefill: { registrationIds: plan.options.registrations.map((one) => one.id) } };
  if (plan.action !== "revoke" || !plan.options.devices || startedAt === null) return NOTHING;
  return { ...NOTHING, revokedBy: { requestId: id, from: startedAt, to: finishedAt ?? now() } };
}

/** @throws UserError when there is no such draft, or it is another person's. */
async function fillFromDraft(
  deps: Deps,
  draftId: string,
  { userId }: Asker,
  { action, isTicked }: { action: ActionName; isTicked: boolean },
): Promise<Filled> {
  const draft = await readDraft(deps.db, draftId, userId);
  if (draft === null) {
    throw new UserError({
      what: "This list is no longer kept.",
      why: "It is kept for a day, and only for the person who typed it.",
      next: "Type the command again.",
    });
  }
  const { users, devices, warpReauth, block, duration, reason, notFound = [] } = draft;
  if (action !== "revoke")
    return { ...NOTHING, reason, ...(duration === undefined ? {} : { prefill: { duration } }) };
  const { whos: several, unreadable } = parseWhoList(users.join("\n"));
  const hasFound = several.length + unreadable.length > notFound.length;
  return {
    prefill: {
      devices,
      warpReauth,
      ...(block === true ? { block } : {}),
      ...(users.length === 0 ? {} : { several, unreadable }),
    },
    reason,
    ...(notFound.length > 0 && hasFound && { without: { draft: draftId, count: notFound.length, isTicked } }),
  };
}

function whosOf(words: readonly string[]): Who[] {
  return parseWhoList(words.join("\n")).whos;
}

/** A button of another version of the bot. */
function leadsNowhere(): UserError {
  return new UserError({
    what: "This button no longer works.",
    why: "It is from another version of zt-bot.",
    next: "Type the command: /zt help lists them all.",
  });
}

/** What a summary's own controls do; the others lead to forms and screens. Each asks for the role again: people who lack it see a shared summary. */
export const summaryClicks: Record<string, ClickHandler> = {
  async [SUMMARY_ACTIONS.share]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "user", role: "viewer" });
    // Read again: the channel gets what is so now.
    const user = await getUser(deps.cloudflare, value);
    await reply(await showUser(deps, user, asker.userId), { inChannel: true });
  },

  // A link opens by itself; Slack reports the click all the same.
  [SUMMARY_ACTIONS.dashboard]: () => Promise.resolve(),
};
