import type { BlockAction, BlockElementAction } from "@slack/bolt";

import type { Asker, Deps } from "../deps.ts";
import { respond, type RespondOptions } from "../slack/respond.ts";
import type { Message } from "../views/blocks.ts";

/** A button press, reduced to what handlers need. `value` is an id that is looked up again, never data. */
export interface Click {
  deps: Deps;
  asker: Asker;
  value: string;
  triggerId: string;
  channelId: string;
  /** Answers only the clicker, unless told otherwise. */
  reply(message: Message, options?: RespondOptions): Promise<void>;
}

export type ClickHandler = (click: Click) => Promise<void>;

export function readClick(deps: Deps, body: BlockAction, action: BlockElementAction): Click {
  const responseUrl = body.response_url;
  return {
    deps,
    asker: { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? "" },
    value: "value" in action && typeof action.value === "string" ? action.value : "",
    triggerId: body.trigger_id,
    channelId: body.channel?.id ?? body.container["channel_id"] ?? "",
    async reply(message, options) {
      if (responseUrl) await respond(responseUrl, message, options);
    },
  };
}
