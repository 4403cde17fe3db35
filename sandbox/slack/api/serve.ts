import express from "express";
import type { Request, Response, Router } from "express";
import { waitLatency } from "../trouble/faults.ts";
import type { Sockets } from "../delivery/socket.ts";
import type { ApiCall, Fault } from "../types.ts";
import { toText } from "../text/to-text.ts";
import { collectBroken, findConversation, findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { authMethods } from "./auth.ts";
import { blockMethods } from "./blocks.ts";
import { canvasMethods } from "./canvases.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import { ApiError, needScope } from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";
import { respond } from "./response-url.ts";
import { userGroupMethods } from "./usergroups.ts";
import { userMethods } from "./users.ts";
import { viewMethods } from "./views.ts";

const methods = new Map<string, ApiMethod>(
  [
    ...authMethods,
    ...blockMethods,
    ...canvasMethods,
    ...chatMethods,
    ...conversationMethods,
    ...fileMethods,
    ...userMethods,
    ...userGroupMethods,
    ...viewMethods,
  ].map((method) => [method.name, method]),
);

/** Arguments that hold JSON even when the call came as a form. */
const jsonArgs = ["blocks", "attachments", "message", "metadata", "view"];
const keptCalls = 10_000;

/** The Web API under `/api/:method` and the response URLs under `/actions/…`. */
export function createApiRouter(workspace: Workspace, sockets: Sockets): Router {
  const router = express.Router();
  // Only here: other routers on this server read their bodies as they like.
  router.use(
    ["/api", "/actions"],
    express.urlencoded({ extended: false, limit: "5mb" }),
    express.json({ limit: "5mb" }),
  );

  router.all("/api/:method", (request, response, next) => {
    const method = request.params.method;
    const args = readArgs(request);
    const effect = () => call({ workspace, sockets, method }, request, args);
    answer(workspace, request, response, method, args, effect).catch(next);
  });

  router.post("/actions/:team/:secret", (request, response, next) => {
    const args = readArgs(request);
    const effect = () => {
      respond({ workspace, sockets, method: "response_url" }, request.params.secret, args);
      return {};
    };
    answer(workspace, request, response, "response_url", args, effect).catch(next);
  });

  return router;
}

function call(context: ApiContext, request: Request, args: ApiArgs): Record<string, unknown> {
  const { bot } = context.workspace.options;
  const method = methods.get(context.method);
  if (method === undefined) throw new ApiError("unknown_method", { req_method: context.method });
  if (method.name !== "api.test") {
    const token = readToken(request);
    if (token === undefined) throw new ApiError("not_authed");
    if (token !== bot.botToken && token !== bot.appToken) throw new ApiError("invalid_auth");
    if (token !== (method.token === "app" ? bot.appToken : bot.botToken)) {
      throw new ApiError("not_allowed_token_type");
    }
    const { tokenError } = context.workspace;
    if (tokenError !== null && token === bot.botToken) throw new ApiError(tokenError);
  }
  if (method.scope !== undefined) needScope(context, method.scope);
  const broken = jsonArgs.find((name) => args[name] instanceof Error);
  if (broken !== undefined) {
    throw new ApiError(broken === "blocks" ? "invalid_blocks_format" : "invalid_arguments");
  }
  return method.run(context, args);
}

/** Takes the call down, applies the faults and holds around its effect, and answers. */
async function answer(
  workspace: Workspace,
  request: Request,
  response: Response,
  method: string,
  args: ApiArgs,
  effect: () => Record<string, unknown>,
): Promise<void> {
  const { token: _token, ...shown } = args;
  const record: ApiCall = { method, args: shown, at: new Date(workspace.now()).toISOString(), status: 0 };
  workspace.calls.push(record);
  workspace.calls.splice(0, workspace.calls.length - keptCalls);
  const ended = workspace.options.observe?.({
    way: "bot-to-slack",
    name: method,
    detail: describeArgs(workspace, shown),
    request: shown,
  });
  response.once("close", () => {
    if (response.writableFinished) return;
    record.lost = true;
    ended?.({ error: "connection cut" });
    workspace.changed();
  });
  workspace.changed();

  const fault = workspace.faults.take(method);
  await waitLatency(fault);
  await workspace.faults.wait(method, "before");
  // The caller is gone: as if the request had been lost on its way.
  if (request.socket.destroyed) return;
  if (fault?.dropConnection === true) {
    request.socket.destroy();
    return;
  }
  const retryAfter = fault?.retryAfter ?? workspace.rates.take(method, toText(args["channel"]));
  const refused = faultyAnswer(retryAfter === undefined ? fault : { ...fault, retryAfter });
  const { result, broken } = collectBroken(workspace, () => refused ?? run(effect, method));
  workspace.changed();
  await workspace.faults.wait(method, "answer");
  if (fault?.dropAnswer === true) {
    request.socket.destroy();
    return;
  }
  record.status = result.status;
  record.response = result.body;
  const { status, body } = result;
  ended?.({
    status,
    response: body,
    ...(body["ok"] === false && { error: toText(body["error"]) }),
    broken: status === 429 ? [...broken, `rate limit of ${method}`] : broken,
  });
  workspace.changed();
  if (retryAfter !== undefined) response.set("retry-after", String(retryAfter));
  response.set("x-oauth-scopes", workspace.options.bot.scopes.join(","));
  response.status(result.status).json(result.body);
}

/** Where it goes, and to whom, for the inspector. */
function describeArgs(workspace: Workspace, { channel, user, users }: ApiArgs): string {
  const place = channel === undefined ? undefined : findConversation(workspace, toText(channel));
  const to = user ?? users ?? place?.user;
  const person = to === undefined ? undefined : (findPerson(workspace, toText(to))?.realName ?? toText(to));
  return [place?.kind === "im" ? undefined : place && `#${place.name}`, person]
    .filter((part) => part !== undefined)
    .join(" · ");
}

interface Result {
  status: number;
  body: Record<string, unknown>;
}

function faultyAnswer(fault: Fault | undefined): Result | undefined {
  if (fault === undefined) return undefined;
  if (fault.retryAfter !== undefined || fault.status === 429) {
    return { status: 429, body: { ok: false, error: "ratelimited" } };
  }
  if (fault.error !== undefined)
    return { status: fault.status ?? 200, body: { ok: false, error: fault.error } };
  if (fault.status !== undefined)
    return { status: fault.status, body: { ok: false, error: "internal_error" } };
  return undefined;
}

/** Slack answers 200 whatever the outcome; a response_url answers 404 when it is used up, and 400 to bad content. */
function run(effect: () => Record<string, unknown>, method: string): Result {
  try {
    return { status: 200, body: { ok: true, ...effect() } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const body = { ok: false, error: error.error, ...error.fields };
    if (method !== "response_url") return { status: 200, body };
    return { status: error.error.endsWith("_url") ? 404 : 400, body };
  }
}

function readToken(request: Request): string | undefined {
  const header = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  const body = request.body as Record<string, unknown> | undefined;
  const token = header ?? body?.["token"] ?? request.query["token"];
  return typeof token === "string" && token !== "" ? token : undefined;
}

function readArgs(request: Request): ApiArgs {
  const args: ApiArgs = { ...request.query, ...(request.body as ApiArgs | undefined) };
  for (const name of jsonArgs) {
    const value = args[name];
    if (typeof value === "string") args[name] = parseJson(value);
  }
  return args;
}

/** The parsed text, or the error: the call answers for it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return error;
  }
}
