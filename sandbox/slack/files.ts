import type { Workspace } from "./workspace.ts";

/**
 * Files: a URL to send the bytes to, then the upload is completed
 * (https://docs.slack.dev/messaging/working-with-files). Slack looks at a file afterwards: until it has, `mimetype` is
 * empty, and a block that shows it is refused.
 */
export interface StoredFile {
  id: string;
  name: string;
  title: string;
  length: number;
  /** Base64; null until it was sent. */
  content: string | null;
  /** Milliseconds since 1970; null until the upload was completed. */
  completedAt: number | null;
}

const processingMs = 300;

/** Whether Slack has looked at it. */
export function isProcessed(workspace: Workspace, { completedAt }: StoredFile): boolean {
  return completedAt !== null && workspace.now() - completedAt >= processingMs;
}

/** The first file that blocks show and Slack does not have, or has not looked at yet; undefined when all is well. */
export function findMissingFile(workspace: Workspace, blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return undefined;
  for (const block of blocks as { type?: unknown; slack_file?: { id?: string }; child_blocks?: unknown }[]) {
    const id = block.slack_file?.id;
    const file = workspace.data.files.find((each) => each.id === id);
    if (id !== undefined && (file === undefined || !isProcessed(workspace, file))) return id;
    const inside = findMissingFile(workspace, block.child_blocks);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
