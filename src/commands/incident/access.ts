import { appendAudit } from "../../audit/append.ts";
import { refuseChannel } from "../../approvals/channel.ts";
import { auditContextOf } from "../../approvals/audit-context.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { authorise } from "../authorise.ts";
import { INCIDENT_CHANNEL } from "../../views/incident/words.ts";
import type { CommandContext, Role } from "../define.ts";

/**
 * May this person read an incident, or change it? As for other subcommands, and where the policy names who may read
 * incidents (`incidents.visible_to`), only they.
 * @throws UserError that says whom to ask; the refusal is recorded.
 */
export async function authoriseIncident(
  context: { deps: Deps; asker: Asker },
  role: Extract<Role, "viewer" | "auditor" | "operator">,
): Promise<void> {
  const { deps, asker } = context;
  await authorise(context, { name: "incident", role });
  if (await mayReadIncidents(context)) return;
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "command.refused",
    data: { command: "incident", code: "not-visible", ...auditContextOf(deps, asker) },
  });
  throw new UserError({
    what: "You can't read incidents.",
    why: "Only the people that zt-bot's policy names for them can.",
    ask: deps.policy.current().incidents.visibleTo ?? [],
  });
}

/** Whether the policy lets this person read incidents, where they may look at all. */
export async function mayReadIncidents({ deps, asker }: { deps: Deps; asker: Asker }): Promise<boolean> {
  const { visibleTo } = deps.policy.current().incidents;
  return visibleTo === null || (await deps.directory.members(visibleTo)).has(asker.userId);
}

/**
 * How to answer with what incidents hold. Who reads the place of a mention may not read them: everyone there gets the
 * answer only in the incident's own channel, while no one from outside reads it. `channel`: of the one incident that it
 * is about; null: there is no such one.
 */
export async function replyAbout(
  context: Pick<CommandContext, "deps" | "channelId" | "reply" | "replyPrivately">,
  channel: string | null,
): Promise<CommandContext["reply"]> {
  const { deps, channelId, reply, replyPrivately } = context;
  if (replyPrivately === undefined) return reply;
  const isItsOwn =
    channel === channelId && refuseChannel(await deps.channels.read(channel), INCIDENT_CHANNEL) === null;
  return isItsOwn ? reply : replyPrivately;
}
