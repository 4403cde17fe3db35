import { addMessage, changeMessage, findVisible, removeMessage } from "../messages.ts";
import { checkResponseUrl } from "../triggers.ts";
import { validateMessage } from "../validate.ts";
import { addViolation } from "../workspace.ts";
import type { ResponseUrl, Workspace } from "../workspace.ts";
import {
  ApiError,
  flagArg,
  refuseMissingFile,
  refuseProblems,
  refuseUnknownBlocks,
  textArg,
} from "./method.ts";
import type { ApiArgs, ApiContext } from "./method.ts";

/**
 * A POST to a response_url: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses. It needs
 * no token and no membership, and an answer is shown to the one person alone unless it says `in_channel`.
 */
export function respond(context: ApiContext, secret: string, args: ApiArgs): void {
  const { workspace } = context;
  const target = checkResponseUrl(workspace, secret);
  if (typeof target === "string") {
    if (target !== "invalid_url") {
      addViolation(workspace, {
        method: "response_url",
        error: target,
        detail: "5 answers within 30 minutes",
      });
    }
    throw new ApiError(target);
  }
  if (flagArg(args, "delete_original")) {
    target.uses += 1;
    const original = findOriginal(workspace, target);
    if (original !== undefined) removeMessage(workspace, original);
    return;
  }
  refuseUnknownBlocks(context, args["blocks"]);
  refuseProblems(context, validateMessage(args, "response_url"));
  refuseMissingFile(context, args["blocks"]);
  target.uses += 1;
  const text = textArg(args, "text") ?? "";
  const blocks = Array.isArray(args["blocks"]) ? args["blocks"] : [];
  if (text === "") {
    const detail = "blocks without a text: notifications and screen readers have nothing to read";
    addViolation(workspace, { method: "response_url", error: "missing_text_in_message", detail });
  }
  const original = flagArg(args, "replace_original") ? findOriginal(workspace, target) : undefined;
  const isVerbatim = args["parse"] === "none";
  if (original !== undefined) {
    changeMessage(workspace, original, { text, isVerbatim, blocks });
    return;
  }
  const threadTs = textArg(args, "thread_ts");
  addMessage(workspace, {
    channel: target.channel,
    user: workspace.options.bot.userId,
    text,
    isVerbatim,
    blocks,
    ...(threadTs === undefined ? {} : { threadTs }),
    ...(args["response_type"] === "in_channel" ? {} : { ephemeralTo: target.user }),
  });
}

function findOriginal(workspace: Workspace, target: ResponseUrl) {
  if (target.messageTs === undefined) return undefined;
  return findVisible(workspace, target.user, target.channel, target.messageTs);
}
