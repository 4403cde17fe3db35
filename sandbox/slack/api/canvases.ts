import { findConversation } from "../workspace.ts";
import { ApiError, refuse, requiredArg, textArg } from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";

/** What Slack takes of a canvas in one call, in bytes. */
const maxMarkdown = 1 << 20;

/** A canvas is a file as well: https://docs.slack.dev/surfaces/canvases */
export const canvasMethods: ApiMethod[] = [
  { name: "canvases.create", scope: "canvases:write", run: createCanvas },
  {
    name: "canvases.delete",
    scope: "canvases:write",
    run({ workspace }, args) {
      const at = workspace.data.files.findIndex(({ id }) => id === requiredArg(args, "canvas_id"));
      if (at < 0) throw new ApiError("canvas_not_found");
      workspace.data.files.splice(at, 1);
      workspace.changed();
      return {};
    },
  },
  {
    name: "canvases.access.set",
    scope: "canvases:write",
    run(context, args) {
      const id = requiredArg(args, "canvas_id");
      if (!context.workspace.data.files.some((file) => file.id === id))
        throw new ApiError("canvas_not_found");
      for (const channel of listArg(args["channel_ids"]))
        if (findConversation(context.workspace, channel) === undefined)
          throw new ApiError("channel_not_found");
      return {};
    },
  },
];

function createCanvas(context: ApiContext, args: ApiArgs): Record<string, unknown> {
  const { workspace } = context;
  const channel = textArg(args, "channel_id");
  if (channel !== undefined && findConversation(workspace, channel) === undefined)
    throw new ApiError("channel_not_found");
  const given = args["document_content"];
  const content = (typeof given === "string" ? JSON.parse(given) : given) as {
    type?: string;
    markdown?: string;
  };
  if (content.type !== "markdown" || typeof content.markdown !== "string")
    refuse(context, "invalid_arguments", "document_content is no markdown");
  const bytes = Buffer.from(content.markdown);
  if (bytes.length > maxMarkdown) refuse(context, "canvas_creation_failed", "the markdown is over 1 MiB");
  const title = textArg(args, "title") ?? "Untitled";
  const id = `F0CANVAS${String(workspace.data.files.length + 1).padStart(4, "0")}`;
  workspace.data.files.push({
    id,
    name: `${title}.md`,
    title,
    length: bytes.length,
    content: bytes.toString("base64"),
    completedAt: workspace.now(),
  });
  workspace.changed();
  return { canvas_id: id };
}

/** A list of ids: as JSON, or with commas between them. */
function listArg(given: unknown): string[] {
  if (Array.isArray(given)) return given.map(String);
  if (typeof given !== "string" || given === "") return [];
  return given.startsWith("[") ? (JSON.parse(given) as string[]) : given.split(",");
}
