import * as z from "zod";
import { homeBlocks, messageBlocks, modalBlocks } from "./validate/blocks.ts";
import { optionGroup, plainOption, plainText } from "./validate/texts.ts";
import { toText } from "./text/to-text.ts";

/** One thing that Slack would refuse. */
export interface Problem {
  /** The Web API's error: `invalid_blocks`, `msg_too_long`, `invalid_arguments`, … */
  error: string;
  /** In Slack's words. */
  message: string;
  /** Where, as a JSON pointer; empty when it is about the whole. */
  pointer: string;
}

export interface MessageArgs {
  text?: unknown;
  blocks?: unknown;
  metadata?: unknown;
}

/** Which call the message is for: Slack does not measure all of them alike. */
export type MessageSurface = "chat.postMessage" | "chat.update" | "chat.postEphemeral" | "response_url";

/** Slack cuts a text at 40,000 characters, and advises 4,000. */
const textMax = 40_000;
/** chat.update refuses a text of more than 4,000 bytes. */
const updateTextMaxBytes = 4000;
/**
 * The undocumented total, as measured in slackapi/bolt-js issue 2509: one block with 13,297 characters passes, with a
 * divider beside it 13,172. So each block costs about 125. Answers to a response_url are not measured (issue 2867).
 */
const blocksBudget = 13_422;
const blockCost = 125;
/**
 * Of all cells of all tables of a message together, those inside containers included:
 * https://docs.slack.dev/reference/block-kit/blocks/table-block
 */
const cellsBudget = 10_000;
const metadataMaxBytes = 16_000;
const viewMaxBytes = 250_000;

const metadata = z.strictObject({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
});

const viewFields = {
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
  private_metadata: z.string().max(3000).optional(),
};

const modal = z.strictObject({
  type: z.literal("modal"),
  title: plainText(24),
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
  ...viewFields,
  blocks: modalBlocks,
});

const home = z.strictObject({ type: z.literal("home"), ...viewFields, blocks: homeBlocks });

const suggestions = z.union([
  z.strictObject({ options: z.array(plainOption).max(100) }),
  z.strictObject({ option_groups: z.array(optionGroup).max(100) }),
]);

const anyView = z.discriminatedUnion("type", [modal, home]);

/** Everything Slack would refuse about a message's text, blocks and metadata; the first one names the error. */
export function validateMessage(args: MessageArgs, surface: MessageSurface = "chat.postMessage"): Problem[] {
  return [...checkText(args, surface), ...checkBlocks(args, surface), ...checkMetadata(args)];
}

/** Everything Slack would refuse about a view. */
export function validateView(view: unknown): Problem[] {
  const problems = run(anyView, view, "invalid_arguments", "/view");
  if (problems.length > 0) return problems;
  const { type, blocks, submit } = view as { type: string; blocks: SweepWork[]; submit?: unknown };
  if (JSON.stringify(view).length > viewMaxBytes) {
    return [{ error: "view_too_large", message: "the view is larger than 250 kB", pointer: "/view" }];
  }
  const needsSubmit =
    type === "modal" && submit === undefined && blocks.some((block) => block["type"] === "input");
  return [
    ...checkIds(blocks, "invalid_arguments", "/view/blocks"),
    ...checkFocus(blocks),
    ...(needsSubmit
      ? [{ error: "invalid_arguments", message: "missing required field: submit", pointer: "/view" }]
      : []),
  ];
}

/** Everything Slack would refuse about the ack of a block suggestion: 100 options or 100 groups of them at most. */
export function validateSuggestions(ack: unknown): Problem[] {
  const groups = typeof ack === "object" && ack !== null && "option_groups" in ack;
  const schema = suggestions.options[groups ? 1 : 0];
  return run(schema, ack ?? {}, "invalid_options", "");
}

type SweepWork = Record<string, unknown>;

function checkText(args: MessageArgs, surface: MessageSurface): Problem[] {
  const { text, blocks } = args;
  if (text !== undefined && typeof text !== "string") {
    return [{ error: "invalid_arguments", message: "must be a string", pointer: "/text" }];
  }
  const isEmpty = text === undefined || text === "";
  const hasBlocks = Array.isArray(blocks) && blocks.length > 0;
  if (isEmpty)
    return hasBlocks ? [] : [{ error: "no_text", message: "no message text provided", pointer: "" }];
  if (text.length > textMax || (surface === "chat.update" && Buffer.byteLength(text) > updateTextMaxBytes)) {
    return [{ error: "msg_too_long", message: "message text is too long", pointer: "/text" }];
  }
  return [];
}

function checkBlocks(args: MessageArgs, surface: MessageSurface): Problem[] {
  const { blocks } = args;
  if (blocks === undefined) return [];
  if (!Array.isArray(blocks)) {
    return [{ error: "invalid_blocks_format", message: "must be an array", pointer: "/blocks" }];
  }
  const problems = run(messageBlocks, blocks, "invalid_blocks", "/blocks");
  if (problems.length > 0) return problems;
  const tables = blocks.filter(
    (block: SweepWork) => block["type"] === "table" || block["type"] === "data_table",
  );
  const folded = blocks.flatMap(
    (block: SweepWork) => (block["child_blocks"] as SweepWork[] | undefined) ?? [],
  );
  const inCells = [...blocks, ...folded].reduce(
    (sum: number, block: SweepWork) => sum + countText(block["rows"]),
    0,
  );
  if (inCells > cellsBudget) {
    const message = `no more than ${cellsBudget} characters in the cells of all tables`;
    return [{ error: "invalid_blocks", message, pointer: "/blocks" }];
  }
  if (tables.length > 1) {
    return [{ error: "invalid_attachments", message: "only_one_table_allowed", pointer: "/blocks" }];
  }
  if (surface !== "response_url" && countText(blocks) + blocks.length * blockCost > blocksBudget) {
    return [{ error: "msg_blocks_too_long", message: "the blocks hold too much text", pointer: "/blocks" }];
  }
  return checkIds(blocks, "invalid_blocks", "/blocks");
}

function checkMetadata(args: MessageArgs): Problem[] {
  // An empty object removes the metadata in chat.update.
  if (args.metadata === undefined || isEmptyObject(args.metadata)) return [];
  const problems = run(metadata, args.metadata, "invalid_metadata_format", "/metadata");
  if (problems.length === 0 && Buffer.byteLength(JSON.stringify(args.metadata)) > metadataMaxBytes) {
    return [{ error: "metadata_too_large", message: "metadata is too large", pointer: "/metadata" }];
  }
  return problems;
}

/** A block_id is unique in its message or view, an action_id in its block. */
function checkIds(blocks: SweepWork[], error: string, base: string): Problem[] {
  const seen = new Set<unknown>();
  return blocks.flatMap((block, index) => {
    const blockId = block["block_id"];
    const isDouble = blockId !== undefined && seen.has(blockId);
    seen.add(blockId);
    const actionIds = childrenOf(block).flatMap((child) => child["action_id"] ?? []);
    return [
      ...(isDouble
        ? [
            {
              error,
              message: `block_id already exists: ${toText(blockId)}`,
              pointer: `${base}/${index}/block_id`,
            },
          ]
        : []),
      ...(new Set(actionIds).size < actionIds.length
        ? [{ error, message: "action_id already exists in this block", pointer: `${base}/${index}` }]
        : []),
    ];
  });
}

/** Only one control of a view may take the focus. */
function checkFocus(blocks: SweepWork[]): Problem[] {
  const focused = blocks.flatMap(childrenOf).filter((child) => child["focus_on_load"] === true);
  if (focused.length < 2) return [];
  return [
    {
      error: "invalid_arguments",
      message: "only one element can have focus_on_load",
      pointer: "/view/blocks",
    },
  ];
}

function childrenOf(block: SweepWork): SweepWork[] {
  const children = [block["accessory"], block["element"], block["elements"]].flat();
  return children.filter((child): child is SweepWork => typeof child === "object" && child !== null);
}

/** All characters of all texts below this node. */
function countText(node: unknown): number {
  if (Array.isArray(node)) return node.reduce((sum: number, each) => sum + countText(each), 0);
  if (typeof node !== "object" || node === null) return 0;
  return Object.entries(node).reduce(
    (sum, [key, value]) =>
      sum +
      (typeof value === "string" && (key === "text" || key === "alt_text") ? value.length : countText(value)),
    0,
  );
}

function run(schema: z.ZodType, value: unknown, error: string, base: string): Problem[] {
  // What is undefined never reaches the wire, and a view under test may hold it.
  const sent: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  const result = schema.safeParse(sent);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => toProblems(issue, sent, error, base));
}

/** Says what zod found in the words Slack uses. */
function toProblems(issue: z.core.$ZodIssue, root: unknown, error: string, base: string): Problem[] {
  const at = (path: readonly PropertyKey[]): string => [base, ...path.map(String)].join("/");
  const parent = at(issue.path.slice(0, -1));
  const last = String(issue.path.at(-1) ?? "");
  const one = (message: string, pointer = at(issue.path)): Problem[] => [{ error, message, pointer }];
  if (lookUp(root, issue.path) === undefined && issue.code !== "custom" && issue.path.length > 0) {
    return one(`missing required field: ${last}`, parent);
  }
  switch (issue.code) {
    case "too_big":
      if (issue.origin === "string") return one(`must be less than ${Number(issue.maximum) + 1} characters`);
      if (issue.origin === "array") return one(`no more than ${issue.maximum} items allowed`);
      return one(`must be at most ${issue.maximum}`);
    case "too_small":
      if (issue.origin === "string") return one(`must be more than ${Number(issue.minimum) - 1} characters`);
      if (issue.origin === "array") return one(`no fewer than ${issue.minimum} items allowed`);
      return one(`must be at least ${issue.minimum}`);
    case "unrecognized_keys":
      return issue.keys.flatMap((key) => one(`invalid additional property: ${key}`));
    case "invalid_union":
      return unionProblems(issue, root, error, base);
    case "invalid_value":
      return one(`must be one of: ${issue.values.map(String).join(", ")}`);
    case "invalid_type":
      return one(`must be a valid ${issue.expected}`);
    default:
      return one(issue.message);
  }
}

function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  root: unknown,
  error: string,
  base: string,
): Problem[] {
  const here = [base, ...issue.path.map(String)].join("/");
  const discriminator = "discriminator" in issue ? issue.discriminator : undefined;
  if (discriminator !== undefined) {
    const type = lookUp(root, issue.path);
    if (type === undefined) {
      const parent = [base, ...issue.path.slice(0, -1).map(String)].join("/");
      return [{ error, message: `missing required field: ${discriminator}`, pointer: parent }];
    }
    return [{ error, message: `unsupported type: ${toText(type)}`, pointer: here }];
  }
  return [{ error, message: "failed to match all allowed schemas", pointer: here }];
}

function lookUp(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === "object" && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
