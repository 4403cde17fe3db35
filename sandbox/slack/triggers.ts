import { newSecret } from "./ids.ts";
import type { ResponseUrl, Trigger, Workspace } from "./workspace.ts";

/** A trigger_id is good for 3 seconds and for one modal. */
const triggerLifeMs = 3000;
/** A response_url is good for 30 minutes and 5 messages. */
const responseUrlLifeMs = 30 * 60 * 1000;
const responseUrlUses = 5;
/** Old ones are forgotten after this long; until then Slack can say why they no longer work. */
const keepMs = 60 * 60 * 1000;

/** A new trigger_id for this person's interaction. */
export function issueTrigger(workspace: Workspace, user: string, viewId?: string): string {
  const now = workspace.now();
  const { triggers } = workspace.data;
  for (const [id, trigger] of Object.entries(triggers)) {
    if (now - trigger.issuedAt > keepMs) delete triggers[id];
  }
  const id = `${Math.floor(now)}.${Object.keys(triggers).length}.${newSecret()}`;
  triggers[id] = { user, issuedAt: now, exchanged: false, ...(viewId === undefined ? {} : { viewId }) };
  return id;
}

/** Checks a trigger_id without using it up; a string is Slack's error. */
export function checkTrigger(workspace: Workspace, id: unknown): Trigger | string {
  const trigger = typeof id === "string" ? workspace.data.triggers[id] : undefined;
  if (trigger === undefined) return "invalid_trigger_id";
  if (trigger.exchanged) return "exchanged_trigger_id";
  if (workspace.now() - trigger.issuedAt > triggerLifeMs) return "expired_trigger_id";
  return trigger;
}

/** The address at which the app can answer this interaction. */
export function issueResponseUrl(
  workspace: Workspace,
  origin: Pick<ResponseUrl, "user" | "channel" | "messageTs" | "threadTs">,
): string {
  const now = workspace.now();
  const { responseUrls } = workspace.data;
  for (const [id, each] of Object.entries(responseUrls)) {
    if (now - each.issuedAt > keepMs) delete responseUrls[id];
  }
  const secret = newSecret();
  responseUrls[secret] = { ...origin, issuedAt: now, uses: 0 };
  return `${workspace.baseUrl}/actions/${workspace.options.team.id}/${secret}`;
}

/** Checks a response_url without counting a use; a string is Slack's error. */
export function checkResponseUrl(workspace: Workspace, secret: string): ResponseUrl | string {
  const responseUrl = workspace.data.responseUrls[secret];
  if (responseUrl === undefined) return "invalid_url";
  if (workspace.now() - responseUrl.issuedAt > responseUrlLifeMs) return "expired_url";
  if (responseUrl.uses >= responseUrlUses) return "used_url";
  return responseUrl;
}
