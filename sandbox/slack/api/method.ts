import type { Problem } from "../validate.ts";
import type { Sockets } from "../delivery/socket.ts";
import { addViolation } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { findMissingFile } from "../files.ts";
import { toText } from "../text/to-text.ts";

/** The arguments of a call, whether they came as a form or as JSON. */
export type ApiArgs = Record<string, unknown>;

export interface ApiContext {
  workspace: Workspace;
  sockets: Sockets;
  method: string;
}

export interface ApiMethod {
  name: string;
  /** The app-level token instead of the bot's. */
  token?: "app";
  /** Needed whatever the arguments are; finer ones are asked for with `needScope`. */
  scope?: string;
  /** Returns the answer without `ok`; throws ApiError for `ok: false`. */
  run(context: ApiContext, args: ApiArgs): Record<string, unknown>;
}

/** An `{ok: false}` answer: its error, and what else the answer carries. */
export class ApiError extends Error {
  readonly error: string;
  readonly fields: Record<string, unknown>;

  constructor(error: string, fields: Record<string, unknown> = {}) {
    super(error);
    this.name = "ApiError";
    this.error = error;
    this.fields = fields;
  }
}

/** Refuses a call as Slack does when a scope was not granted. */
export function needScope(context: ApiContext, scope: string): void {
  const { scopes } = context.workspace.options.bot;
  if (!scopes.includes(scope)) {
    throw new ApiError("missing_scope", { needed: scope, provided: scopes.join(",") });
  }
}

/** Refuses what the validator found, and remembers it as a broken limit. */
export function refuseProblems(context: ApiContext, problems: Problem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  const messages = problems.map((problem) => `[ERROR] ${problem.message} [json-pointer:${problem.pointer}]`);
  addViolation(context.workspace, {
    method: context.method,
    error: first.error,
    detail: messages.join("; "),
  });
  if (first.pointer === "") throw new ApiError(first.error);
  throw new ApiError(first.error, {
    errors: problems.map((problem) => `${problem.message} [json-pointer:${problem.pointer}]`),
    response_metadata: { messages },
  });
}

/** Refuses blocks that this workspace does not know yet. No rule is broken: the same message goes through elsewhere. */
export function refuseUnknownBlocks({ workspace }: ApiContext, blocks: unknown): void {
  const { unknownBlocks = [] } = workspace.options;
  if (!Array.isArray(blocks)) return;
  const types = (blocks as { type?: unknown }[]).map(({ type }) => toText(type));
  const at = types.findIndex((type) => unknownBlocks.includes(type));
  if (at === -1) return;
  const message = `unsupported type: ${types[at]} [json-pointer:/blocks/${at}/type]`;
  throw new ApiError("invalid_blocks", {
    errors: [message],
    response_metadata: { messages: [`[ERROR] ${message}`] },
  });
}

/** Refuses blocks that show a file which Slack does not have, or has not looked at yet. */
export function refuseMissingFile(context: ApiContext, blocks: unknown): void {
  const missing = findMissingFile(context.workspace, blocks);
  if (missing !== undefined) refuse(context, "invalid_blocks", `invalid slack file: ${missing}`);
}

/** Refuses a call that breaks a rule no schema holds, and remembers it. */
export function refuse(context: ApiContext, error: string, detail: string): never {
  addViolation(context.workspace, { method: context.method, error, detail });
  throw new ApiError(error);
}

export function textArg(args: ApiArgs, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === null || value === "") return undefined;
  return toText(value);
}

/** A required argument: Slack answers `invalid_arguments` and names it. */
export function requiredArg(args: ApiArgs, name: string): string {
  const value = textArg(args, name);
  if (value !== undefined) return value;
  const message = `[ERROR] missing required field: ${name}`;
  throw new ApiError("invalid_arguments", { response_metadata: { messages: [message] } });
}

export function flagArg(args: ApiArgs, name: string): boolean {
  return args[name] === true || args[name] === "true" || args[name] === "1" || args[name] === 1;
}

/** One page of a list: `limit` and `cursor` as every listing method takes them. */
export function paginate<T>(
  args: ApiArgs,
  items: readonly T[],
  defaultLimit: number,
): { page: T[]; nextCursor: string } {
  const limit = Number(args["limit"] ?? defaultLimit) || defaultLimit;
  const cursor = textArg(args, "cursor");
  const start =
    cursor === undefined ? 0 : Number(Buffer.from(cursor, "base64url").toString().replace("next:", ""));
  if (!Number.isInteger(start)) throw new ApiError("invalid_cursor");
  const end = start + Math.min(Math.max(limit, 1), 1000);
  const nextCursor = end < items.length ? Buffer.from(`next:${end}`).toString("base64url") : "";
  return { page: items.slice(start, end), nextCursor };
}
