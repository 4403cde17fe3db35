import { UNLISTED_PERMISSION } from "../src/api/call.ts";
import { CALLS } from "../src/api/cloudflare.ts";
import { createCommands } from "../src/commands/index.ts";
import { usageOf } from "../src/commands/define.ts";

const ROLES = {
  everyone: "everyone",
  viewer: "viewers, operators, approvers",
  auditor: "operators, approvers",
  operator: "operators",
  approver: "approvers",
  decider: "approvers, those who may break the glass",
};

/**
 * The README's table of subcommands: usage, what for, who, and the Cloudflare token permissions, as Markdown.
 * @throws Error when a subcommand names a call that the client does not have.
 */
export function renderCommandTable(): string {
  const rows = createCommands().all.map((command) => {
    return [
      `\`${usageOf(command).replaceAll("|", "\\|")}\``,
      command.summary,
      ROLES[command.role],
      permissionsOf(command.calls),
    ];
  });
  const head = ["`/zt` …", "what for", "who", "Cloudflare token permissions"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Where Cloudflare names none for a call, that is said: the others alone may not be enough. */
function permissionsOf(names: readonly string[]): string {
  const permissions = new Set(names.map((name) => findCall(name).permission));
  const listed = [...permissions].filter((permission) => permission !== null).join("; ");
  return (
    [listed, permissions.has(null) ? UNLISTED_PERMISSION : ""].filter((part) => part !== "").join(" + ") ||
    "–"
  );
}

function findCall(name: string) {
  const call = CALLS.find((one) => one.name === name);
  if (call === undefined) throw new Error(`no Cloudflare call is named “${name}”`);
  return call;
}
