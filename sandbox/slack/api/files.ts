import express from "express";
import type { Router } from "express";
import type { Workspace } from "../workspace.ts";
import { isProcessed } from "../files.ts";
import type { StoredFile } from "../files.ts";
import { addMessage } from "../messages.ts";
import { findConversation } from "../workspace.ts";
import { ApiError, refuse, requiredArg, textArg } from "./method.ts";
import type { ApiArgs, ApiContext, ApiMethod } from "./method.ts";

export const fileMethods: ApiMethod[] = [
  {
    name: "files.getUploadURLExternal",
    scope: "files:write",
    run({ workspace }, args) {
      const name = requiredArg(args, "filename");
      const length = Number(requiredArg(args, "length"));
      const id = `F0FILE${String(workspace.data.files.length + 1).padStart(4, "0")}`;
      workspace.data.files.push({ id, name, title: name, length, content: null, completedAt: null });
      return { upload_url: `${workspace.baseUrl}/upload/${id}`, file_id: id };
    },
  },
  {
    name: "files.completeUploadExternal",
    scope: "files:write",
    run(context, args) {
      const { workspace } = context;
      const given = args["files"];
      const asked = (typeof given === "string" ? JSON.parse(given) : given) as {
        id: string;
        title?: string;
      }[];
      const files = asked.map(({ id, title }) => {
        const file = findFile(context, id);
        if (file.content === null) return refuse(context, "file_not_found", `${id} was never sent`);
        file.title = title ?? file.name;
        file.completedAt = workspace.now();
        return describe(workspace, file);
      });
      const channel = textArg(args, "channel_id");
      if (channel !== undefined)
        share(
          context,
          args,
          channel,
          asked.map(({ id }) => ({ id, name: findFile(context, id).name })),
        );
      return { files };
    },
  },
  {
    name: "files.info",
    scope: "files:read",
    run: (context, args) => ({
      file: describe(context.workspace, findFile(context, requiredArg(args, "file"))),
    }),
  },
];

/** The message with the files in it: https://docs.slack.dev/reference/methods/files.completeUploadExternal */
function share(
  { workspace }: ApiContext,
  args: ApiArgs,
  channel: string,
  files: { id: string; name: string }[],
): void {
  const conversation = findConversation(workspace, channel);
  if (conversation === undefined) throw new ApiError("channel_not_found");
  if (conversation.isArchived) throw new ApiError("is_archived");
  if (!conversation.botIsMember) throw new ApiError("not_in_channel");
  const threadTs = textArg(args, "thread_ts");
  addMessage(workspace, {
    channel: conversation.id,
    user: workspace.options.bot.userId,
    text: textArg(args, "initial_comment") ?? "",
    files,
    ...(threadTs !== undefined && { threadTs }),
  });
}

function findFile({ workspace }: ApiContext, id: string): StoredFile {
  const file = workspace.data.files.find((each) => each.id === id);
  if (file === undefined) throw new ApiError("file_not_found");
  return file;
}

function describe(workspace: Workspace, file: StoredFile): Record<string, unknown> {
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    size: file.length,
    mimetype: isProcessed(workspace, file) ? typeOf(file) : "",
    user: workspace.options.bot.userId,
    permalink: `https://${workspace.options.team.domain}.slack.com/${file.id.startsWith("F0CANVAS") ? "docs" : "files"}/${workspace.options.team.id}/${file.id}`,
    channels: [],
    groups: [],
    ims: [],
  };
}

/** By its name, as Slack tells it. */
function typeOf({ name }: StoredFile): string {
  if (name.endsWith(".json")) return "application/json";
  return name.endsWith(".md") ? "text/markdown" : "image/png";
}

/** Where the bytes are sent, and where the page reads them. */
export function createFileRouter(workspace: Workspace): Router {
  const router = express.Router();
  router.post("/upload/:id", express.raw({ type: () => true, limit: "5mb" }), (request, response, next) => {
    const file = workspace.data.files.find((each) => each.id === request.params["id"]);
    readBytes(request.body as Buffer, request.headers["content-type"] ?? "")
      .then((bytes) => {
        if (file === undefined || bytes.length !== file.length)
          return response.status(400).send("bad upload");
        file.content = bytes.toString("base64");
        workspace.changed();
        return response.send("OK");
      })
      .catch(next);
  });
  router.get("/files/:id", (request, response) => {
    const file = workspace.data.files.find((each) => each.id === request.params.id);
    if (file?.content == null) {
      response.sendStatus(404);
      return;
    }
    response.type(typeOf(file)).send(Buffer.from(file.content, "base64"));
  });
  return router;
}

/** Slack takes the bytes as they are, or as a part of a form. */
async function readBytes(body: Buffer, contentType: string): Promise<Buffer> {
  if (!contentType.startsWith("multipart/form-data")) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData();
  const [part] = [...form.values()].filter((value) => typeof value !== "string");
  return part === undefined ? Buffer.alloc(0) : Buffer.from(await part.arrayBuffer());
}
