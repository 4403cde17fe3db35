import { addMessage } from "../messages.ts";
import type { Delivery, SentRequest } from "../types.ts";
import { validateMessage, validateSuggestions, validateView } from "../validate.ts";
import type { Problem } from "../validate.ts";
import { addView, changeView, clearViews, findView, removeView, stackLimit, viewStack } from "../views.ts";
import { addNotice, addViolation } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";

type Outcome = Pick<Delivery, "ok" | "error" | "errors">;

/** What an ack may carry: a message, or what to do with the modal. */
interface AckBody {
  text?: unknown;
  blocks?: unknown;
  response_type?: unknown;
  response_action?: unknown;
  errors?: unknown;
  view?: unknown;
}

/** Does what the app's ack asks for. */
export function applyAck(workspace: Workspace, request: SentRequest, body: unknown): Outcome {
  const ack = (typeof body === "object" && body !== null ? body : {}) as AckBody;
  if (request.kind === "slash_commands") return answerCommand(workspace, request, ack);
  if (request.payload["type"] === "view_submission") return answerSubmission(workspace, request, ack);
  if (request.payload["type"] === "block_suggestion") return answerSuggestion(workspace, body);
  return { ok: true };
}

/** An ack of a slash command may be the answer itself, shown to the person alone unless it says `in_channel`. */
function answerCommand(workspace: Workspace, request: SentRequest, ack: AckBody): Outcome {
  if (ack.text === undefined && ack.blocks === undefined) return { ok: true };
  const problem = validateMessage(ack, "response_url")[0];
  const user = String(request.payload["user_id"]);
  if (problem !== undefined) {
    report(workspace, "ack of a slash command", problem);
    addNotice(
      workspace,
      user,
      `${String(request.payload["command"])} failed with the error "invalid_command_response"`,
    );
    return { ok: false, error: "invalid_command_response" };
  }
  addMessage(workspace, {
    channel: String(request.payload["channel_id"]),
    user: workspace.options.bot.userId,
    text: typeof ack.text === "string" ? ack.text : "",
    blocks: Array.isArray(ack.blocks) ? ack.blocks : [],
    ...(ack.response_type === "in_channel" ? {} : { ephemeralTo: user }),
  });
  return { ok: true };
}

/** Options that break a limit are none. */
function answerSuggestion(workspace: Workspace, body: unknown): Outcome {
  const problem = validateSuggestions(body)[0];
  if (problem === undefined) return { ok: true };
  report(workspace, "ack of a block suggestion", problem);
  return { ok: false, error: problem.error };
}

/** https://docs.slack.dev/surfaces/modals#response_actions */
function answerSubmission(workspace: Workspace, request: SentRequest, ack: AckBody): Outcome {
  const view = findView(workspace, (request.payload["view"] as { id: string }).id);
  // The person closed it meanwhile.
  if (view === undefined) return { ok: true };
  delete view.errors;
  switch (ack.response_action) {
    case undefined:
      removeView(workspace, view);
      return { ok: true };
    case "clear":
      clearViews(workspace, view.user);
      return { ok: true };
    case "errors": {
      const errors = ack.errors as Record<string, string> | undefined;
      const inputs = new Set(
        view.blocks.filter((block) => block.type === "input").map((block) => block.block_id),
      );
      const unknown = Object.keys(errors ?? {}).filter((blockId) => !inputs.has(blockId));
      if (errors === undefined || Object.keys(errors).length === 0 || unknown.length > 0) {
        const message = `errors must name input blocks of the view: ${unknown.join(", ") || "none named"}`;
        return trouble(workspace, view.user, { error: "invalid_errors", message, pointer: "/errors" });
      }
      view.errors = errors;
      workspace.changed();
      return { ok: false, error: "validation_errors", errors };
    }
    case "update":
    case "push": {
      const problem = validateView(ack.view)[0];
      if (problem !== undefined) return trouble(workspace, view.user, problem);
      if (ack.response_action === "update") {
        changeView(workspace, view, ack.view);
        return { ok: true };
      }
      if (viewStack(workspace, view.user).length >= stackLimit) {
        const message = `no more than ${stackLimit} views`;
        return trouble(workspace, view.user, { error: "push_limit_reached", message, pointer: "" });
      }
      addView(workspace, view.user, ack.view);
      return { ok: true };
    }
    default: {
      const message = `unknown response_action: ${String(ack.response_action)}`;
      return trouble(workspace, view.user, { error: "invalid_response_action", message, pointer: "" });
    }
  }
}

/** The modal stays, and the person reads that something went wrong. */
function trouble(workspace: Workspace, user: string, problem: Problem): Outcome {
  report(workspace, "ack of a view submission", problem);
  addNotice(workspace, user, "We had some trouble connecting. Try again?");
  return { ok: false, error: problem.error };
}

function report(workspace: Workspace, method: string, problem: Problem): void {
  addViolation(workspace, {
    method,
    error: problem.error,
    detail: `${problem.message} [json-pointer:${problem.pointer}]`,
  });
}
