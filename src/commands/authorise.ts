import { appendAudit } from "../audit/append.ts";
import { sameEmail } from "../api/cloudflare.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { Policy } from "../policy-file.ts";
import { actsAsMember } from "../slack/membership.ts";
import { auditContextOf } from "../approvals/audit-context.ts";
import type { Role } from "./define.ts";

/**
 * Deny by default: only whom the policy names, and who belongs to this workspace, may use a subcommand. Asked
 * again at every click and form: seeing a button is no authority.
 * @throws UserError that says whom to ask; the refusal is recorded.
 */
export async function authorise(
  { deps, asker }: { deps: Deps; asker: Asker },
  command: { name: string; role: Role },
): Promise<void> {
  if (await mayUse({ deps, asker }, command.role)) return;
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "command.refused",
    data: { command: command.name, ...auditContextOf(deps, asker) },
  });
  throw new UserError({
    what: `You can't use /zt ${command.name}.`,
    why: `Only ${ROLE_WORDS[command.role]} can.`,
    next: "The people who run zt-bot can add you to policy.yml.",
    ask:
      command.role === "approver" || command.role === "decider"
        ? deps.policy.current().allApprovers
        : deps.policy.current().operators,
  });
}

/**
 * Someone who took over an account would say that all is well with it; and of someone without an address it is unknown
 * who they are. `what`: "your own sign-ins".
 * @throws UserError where an asker speaks about themselves.
 */
export async function checkNotAboutSelf(
  { deps, asker }: { deps: Pick<Deps, "directory">; asker: Asker },
  email: string,
  what: string,
): Promise<void> {
  const person = await deps.directory.person(asker.userId);
  // Someone without an address may be the asker.
  if (email !== "" && person?.email != null && !sameEmail(person.email, email)) return;
  throw new UserError({
    what: `You can't say that about ${what}.`,
    next: "Ask another operator or an approver.",
  });
}

const ROLE_WORDS: Record<Role, string> = {
  everyone: "people",
  viewer: "viewers and operators",
  auditor: "operators and approvers",
  operator: "operators",
  approver: "approvers",
  decider: "approvers and those who can use break-glass",
};

/** Of these subcommands, those that somebody may use now and those that they may not. */
export async function splitByRole<Command extends { role: Role }>(
  context: { deps: Deps; asker: Asker },
  commands: readonly Command[],
): Promise<{ usable: Command[]; refused: Command[] }> {
  const roles = [...new Set(commands.map((command) => command.role))];
  const may = new Map(
    await Promise.all(roles.map(async (role) => [role, await mayUse(context, role)] as const)),
  );
  const { usable = [], refused = [] } = Object.groupBy(commands, ({ role }) =>
    may.get(role) === true ? "usable" : "refused",
  );
  return { usable, refused };
}

/** Whether somebody has a role now. */
export async function mayUse(
  { deps, asker }: { deps: Pick<Deps, "directory" | "policy" | "homeTeamId">; asker: Asker },
  role: Role,
): Promise<boolean> {
  if (role === "everyone") return true;
  const [members, person] = await Promise.all([
    deps.directory.members(principalsOf(deps.policy.current(), role)),
    deps.directory.person(asker.userId),
  ]);
  if (person === null || !members.has(asker.userId)) return false;
  if (!actsAsMember(person, deps.homeTeamId, asker.teamId)) return false;
  return !(person.isBot || person.isDeactivated || person.isGuest);
}

/** Approvers decide, and review, what they can look up and read in the record: they may look, but not ask. */
function principalsOf(
  { operators, viewers, allApprovers, breakGlass }: Policy,
  role: Exclude<Role, "everyone">,
): readonly string[] {
  switch (role) {
    case "operator":
      return operators;
    case "approver":
      return allApprovers;
    case "decider":
      return [...allApprovers, ...(breakGlass?.members ?? [])];
    case "auditor":
      return [...operators, ...allApprovers];
    case "viewer":
      return [...operators, ...viewers, ...allApprovers, ...(breakGlass?.members ?? [])];
  }
}
