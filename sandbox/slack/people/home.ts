import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { toTs } from "../ids.ts";
import { eventPayload } from "../payloads.ts";
import type { Delivery, OpenHomeInput } from "../types.ts";
import { toWireView } from "../views.ts";
import { dmChannel, findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";

/**
 * A person opens the app from the sidebar, at its Home tab unless told. The app hears of it each time, with the view that
 * it published last, where it subscribed: https://docs.slack.dev/reference/events/app_home_opened
 */
export async function openHome(
  workspace: Workspace,
  sockets: Sockets,
  { user, tab = "home" }: OpenHomeInput,
): Promise<Delivery> {
  const person = findPerson(workspace, user);
  if (person === undefined) return { ok: false, error: "user_not_found" };
  if (person.deleted === true) return { ok: false, error: "account_inactive" };
  const { events = [], hasHomeTab = true } = workspace.options;
  if (tab === "home" && !hasHomeTab) return { ok: false, error: "not_enabled" };
  if (!events.includes("app_home_opened")) return { ok: true };
  const view = workspace.data.homes.find((home) => home.user === user);
  const event = {
    type: "app_home_opened",
    user,
    channel: dmChannel(user),
    event_ts: toTs(Math.floor(workspace.now() * 1000)),
    tab,
    ...(tab === "home" && view !== undefined ? { view: toWireView(view) } : {}),
  };
  return await deliver(workspace, sockets, "events_api", eventPayload(workspace, event));
}
