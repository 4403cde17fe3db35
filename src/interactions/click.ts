import type { BlockAction, BlockElementAction } from "@slack/bolt";

import type { Asker, Deps, Surface } from "../deps.ts";
import type { RespondOptions } from "../slack/respond.ts";
import type { Message } from "../views/blocks.ts";

/**
 * A button press, reduced to what handlers need. `value` is an id that is looked up again, never data; of a text field,
 * what was typed.
 */
export interface Click {
  deps: Deps;
  asker: Asker;
  value: string;
  /** Of the block that the button stands in. */
  blockId: string;
  triggerId: string;
  channelId: string;
  /** The button stands in a modal, not in the App Home. */
  isInModal: boolean;
  /** Answers only the clicker, unless told otherwise. */
  reply(message: Message, options?: RespondOptions): Promise<void>;
}

export type ClickHandler = (click: Click) => Promise<void>;

/** Who did something, from the parts of a payload that all kinds have alike. */
export function readAsker(
  body: {
    user: { id: string; team_id?: string };
    team?: { id: string; enterprise_id?: string } | null;
    enterprise?: { id: string } | null;
  },
  surface: Surface,
  channelId: string | null = null,
): Asker {
  const enterpriseId = body.enterprise?.id ?? body.team?.enterprise_id;
  return {
    userId: body.user.id,
    teamId: body.user.team_id ?? body.team?.id ?? "",
    ...(enterpriseId !== undefined && { enterpriseId }),
    channelId,
    surface,
  };
}

export function readClick(deps: Deps, body: BlockAction, action: BlockElementAction): Click {
  const responseUrl = body.response_url;
  const threadTs = threadOf(body.container);
  const channelId = body.channel?.id ?? body.container["channel_id"] ?? "";
  return {
    deps,
    asker: readAsker(body, surfaceOf(body, channelId), channelId === "" ? null : channelId),
    value: readValue(action),
    blockId: action.block_id,
    triggerId: body.trigger_id,
    channelId,
    isInModal: body.view?.type === "modal",
    async reply(message, options) {
      if (responseUrl) await deps.slack.respond(responseUrl, message, { ...options, threadTs });
    },
  };
}

function surfaceOf(body: BlockAction, channelId: string): Surface {
  if (body.view?.type === "home") return "home";
  return channelId.startsWith("D") ? "direct message" : "button";
}

/** The thread of the message whose button was pressed; of a message in the channel itself, none. */
export function threadOf(container: Record<string, unknown> | undefined): string | undefined {
  const { thread_ts: thread, message_ts: own } = container ?? {};
  return typeof thread === "string" && thread !== own ? thread : undefined;
}

/** The thread that a message stands in as a reply; of one in the channel itself, none. */
export function threadOfMessage({
  ts,
  thread_ts,
}: {
  ts?: unknown;
  thread_ts?: unknown;
}): string | undefined {
  return threadOf({ message_ts: ts, thread_ts });
}

/** A button's value, or the chosen option's of a menu. */
function readValue(action: BlockElementAction): string {
  if (action.type === "button") return action.value ?? "";
  if (action.type === "static_select" || action.type === "overflow")
    return action.selected_option.value ?? "";
  if (action.type === "plain_text_input") return action.value ?? "";
  if (action.type === "external_select") return action.selected_option?.value ?? "";
  return "";
}
